/* Answers made smaller on their way out, for clients that take it. */
#ifndef GARM_MW_COMPRESS_H
#define GARM_MW_COMPRESS_H

#include <garm/base.h>
#include <garm/coding.h>

#define GARM_COMPRESS_CODINGS_MAX 4
#define GARM_COMPRESS_TYPES_MAX   16

typedef struct garm_compress_opts {
    size_t size;
    const char *where;
    /* in the server's order of preference, which decides between those that a client likes
     * equally. Default: GARM_ZSTD, GARM_BROTLI, GARM_GZIP */
    enum garm_coding codings[GARM_COMPRESS_CODINGS_MAX] GARM_UNSET_;
    /* 0: the coding's default; see coding.h */
    int gzip_level GARM_UNSET_, brotli_level GARM_UNSET_, zstd_level GARM_UNSET_;
    /* shorter bodies, as far as their length is known, stay as they are. Default 1024 */
    int64_t bytes_min GARM_UNSET_;
    /* "text/html", or "text/" for all that begin so. Default: those of garm_type_compressible */
    const char *types[GARM_COMPRESS_TYPES_MAX] GARM_UNSET_;
    bool off GARM_UNSET_; /* nothing is compressed: for a group within others */
} garm_compress_opts;

GARM_BEGIN

/** Compresses the answers of the application or group with the coding that the client likes best
 *  (q-values, `*`, `identity`), else sends them as they are. The answer then has
 *  Content-Encoding, and its ETag is weak; all that could have been compressed has
 *  `Vary: Accept-Encoding`. Left alone are: other types, short bodies, event streams, parts (206),
 *  what has a Content-Encoding or digest already, and `Cache-Control: no-transform`. Held bodies
 *  get the right Content-Length, and long ones let others run in between; streams are compressed
 *  as they are written, and garm_flush sends all that was written so far.
 *
 *  Do not compress what holds a secret beside text that somebody else can choose (BREACH): see
 *  garm_no_compress. See garm_compress. */
GARM_EXPORT void garm_compress_with(garm_app *app, const garm_compress_opts *opts);
/* garm_compress(app); garm_compress(app, .codings = {GARM_GZIP}, .bytes_min = 4096) */
#define garm_compress(...)                                                                         \
    garm_compress_with(GARM_HEAD_(__VA_ARGS__, ), GARM_OPTS_(garm_compress_opts, __VA_ARGS__))

/** Middleware for single routes whose answers shall never be compressed, whatever is around them:
 *  garm_route(app, "GET /token", show_token, .use = {garm_no_compress}). */
GARM_EXPORT int garm_no_compress(garm_ctx *c);

GARM_END

#endif
