/* Content codings: which of them a client takes, and bytes made smaller by them. RFC 9110 sections
 * 8.4.1 and 12.5.3. For whole applications see garm_compress in mw/compress.h. */
#ifndef GARM_CODING_H
#define GARM_CODING_H

#include <garm/base.h>

enum garm_coding {
    GARM_IDENTITY, /* as it is */
    GARM_BROTLI,   /* "br", RFC 7932. Levels 1 to 9, default 4 */
    GARM_ZSTD,     /* "zstd", RFC 8878. Levels 1 to 12, default 3 */
    GARM_GZIP,     /* "gzip", RFC 1952. Levels 1 to 9, default 6 */
    GARM_DEFLATE,  /* "deflate": the zlib format, RFC 1950. Levels as gzip */
};

/* What is to become of the bytes that an encoder was given. */
enum garm_encode {
    GARM_ENCODE_MORE,  /* more follows; it may keep some back */
    GARM_ENCODE_FLUSH, /* more follows; a reader shall see all that was given so far */
    GARM_ENCODE_END,   /* that was all */
};

/* Makes coded bytes of bytes. It holds 0.3 to 1.5 MB, of a pool that each worker has. */
typedef struct garm_encoder garm_encoder;

/* Takes coded bytes, borrowed for the call. 0, or a negative errno, which ends the encoding. May
 * suspend. */
typedef int garm_encoder_out(void *arg, const void *data, size_t size);

GARM_BEGIN

/** Its name in Content-Encoding; "identity" for none. Any thread. */
GARM_EXPORT const char *garm_coding_name(enum garm_coding coding);
/** Is it a level of the coding? 0, the default, is one of each. Any thread. */
GARM_EXPORT bool garm_coding_has_level(enum garm_coding coding, int level);
/** How much the client wants the coding, by Accept-Encoding: 1 to 1000 (q=1); 0 it refuses it, or
 *  did not name it. Without the field only the identity is wanted. Of GARM_DEFLATE always 0: what
 *  clients mean by it differs. */
GARM_EXPORT int garm_accepts_coding(garm_ctx *c, enum garm_coding coding);
/** Is content of this type ("text/html; charset=utf-8") worth it? Text, JSON, XML, scripts, SVG,
 *  WebAssembly and their like are; what is compressed already is not, and neither are event
 *  streams, of which each event must arrive at once. Any thread. */
GARM_EXPORT bool garm_type_compressible(const char *type);

/** An encoder for one text of `size` bytes, or of -1 for an unknown size. It ends with the request.
 *  0; -EINVAL no such coding or level; -EBUSY the worker has as many under way as it may (64);
 *  -ENOMEM. */
GARM_EXPORT GARM_MUST_CHECK_ int garm_encoder_new(garm_ctx *c, enum garm_coding coding, int level,
                                                  int64_t size, garm_encoder **ret_encoder);
/** Gives it the next `size` bytes; calls out(arg, ...) with what has become of them so far. After
 *  GARM_ENCODE_END its memory goes back to the pool, and it takes no more (-EINVAL). 0; -ENOMEM;
 *  -EIO a bug of the library behind it; what `out` returned; -ECANCELED. Long input is taken in
 *  pieces, and other requests run in between: may suspend. */
GARM_EXPORT GARM_MUST_CHECK_ int garm_encoder_write(garm_encoder *encoder, const void *data,
                                                    size_t size, enum garm_encode how,
                                                    garm_encoder_out *out, void *arg);

/** Encodes a whole text, into memory that lives as the request does. As the functions above, and
 *  -EMSGSIZE when more than 64 MiB would come of it. May suspend. */
GARM_EXPORT GARM_MUST_CHECK_ int garm_encode(garm_ctx *c, enum garm_coding coding, int level,
                                             const void *data, size_t size, const void **ret_data,
                                             size_t *ret_size);

GARM_END

#endif
