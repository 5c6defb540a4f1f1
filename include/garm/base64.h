/* Base64 (RFC 4648): bytes as text for JSON, fields, cookies, URLs. */
#ifndef GARM_BASE64_H
#define GARM_BASE64_H

#include <garm/base.h>

GARM_BEGIN

/** `size` bytes as base64: with '+' and '/', padded with '='. "" when memory runs out: the answer
 *  is 503 then. RFC 4648 section 4. */
GARM_EXPORT const char *garm_base64(garm_ctx *c, const void *data, size_t size);
/** The same for URLs and file names: with '-' and '_', without padding. RFC 4648 section 5. */
GARM_EXPORT const char *garm_base64url(garm_ctx *c, const void *data, size_t size);

/** The bytes that `text` stands for, with a NUL behind them. Takes either alphabet, padded or not.
 *  ret_size  how many there are; may be NULL.
 *  returns   0; -EINVAL for anything else: blanks, line breaks, two alphabets in one text, padding
 *            that is too short or too long, bits at the end that no byte needs and that are set;
 *            -ENOMEM. */
GARM_EXPORT GARM_MUST_CHECK_ int garm_base64_decode(garm_ctx *c, const char *text, void **ret_data,
                                                    size_t *ret_size);

/* What garm_base64_decode_as takes. */
enum garm_base64 {
    GARM_BASE64_ANY, /* what garm_base64_decode takes */
    GARM_BASE64,     /* only what garm_base64 gives: one text for one sequence of bytes */
    GARM_BASE64URL,  /* only what garm_base64url gives */
};

/** The same for `len` characters, which need no NUL behind them, in one alphabet. For tokens and
 *  credentials: RFC 7515 and RFC 7617 name the alphabet, and whether it is padded. */
GARM_EXPORT GARM_MUST_CHECK_ int garm_base64_decode_as(garm_ctx *c, enum garm_base64 kind,
                                                       const char *text, size_t len,
                                                       void **ret_data, size_t *ret_size);

GARM_END

#endif
