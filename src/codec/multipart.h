/* multipart/form-data (RFC 7578, RFC 2046 section 5.1), strictly: lines end in CRLF, behind a
 * boundary come only blanks, "--" or the line's end, a part has a Content-Disposition with a name,
 * and the last boundary must come. One thing is forgiven: the line break before a boundary may be a
 * bare LF, as clients that put a body together by hand send it; it is no part of the content, like
 * the CRLF. A multipart within a part is content like any other. */
#ifndef GARM_CODEC_MULTIPART_H
#define GARM_CODEC_MULTIPART_H

#include "base/compiler.h"
#include "codec/form.h"

#define MULTIPART_BOUNDARY_MAX 70
/* CRLF "--" boundary */
#define MULTIPART_DELIMITER_MAX (4 + MULTIPART_BOUNDARY_MAX)

struct multipart {
    struct form_reader reader;
    char delimiter[MULTIPART_DELIMITER_MAX];
    uint8_t delimiter_len;
    uint8_t matched; /* bytes of the delimiter that the content ended in so far, */
    uint8_t unsent;  /* and how many of them were never in the content */
    uint8_t state;
    uint8_t field_count;
    bool in_part;
    uint64_t line_at; /* where the head's line, and */
    uint64_t head_at; /* where the head begins */
};

/** What a Content-Type says the body is. */
enum form_type form_type_of(struct slice content_type);

/** Ready for a body of this Content-Type, whose type is FORM_MULTIPART. `text` has
 *  limits->head_bytes bytes and outlives the reader. 0; or -EINVAL for a boundary that is missing
 *  or cannot be, with a static phrase in *ret_reason. */
MUST_CHECK int multipart_init(struct multipart *multipart, const struct form_limits *limits,
                              char *text, struct slice content_type, const char **ret_reason);

/** Consumes bytes from the front of data[0..len) up to the next event: how many goes to
 *  *ret_consumed. Of FORM_DATA *ret_run is the run, inside data or the reader, valid until the next
 *  call. FORM_BAD stays. */
enum form_event multipart_read(struct multipart *multipart, const char *data, size_t len,
                               size_t *ret_consumed, struct slice *ret_run);
/** The body has ended: FORM_END, or FORM_BAD if the last boundary is missing. */
enum form_event multipart_end(struct multipart *multipart);

/* A parameter of a field's value: "; name=value". */
struct param {
    struct slice name;
    struct slice value; /* without quotes and escapes */
};

/** Takes the next parameter off the text [*pos, end), which is changed: escapes are resolved in
 *  place ("\"" and "%22" within quotes are a quote, "\\" is a backslash). 1; 0 at the end; -EINVAL.
 *  RFC 9110 section 5.6.6. */
MUST_CHECK int param_next(char **pos, char *end, struct param *ret_param);

#endif
