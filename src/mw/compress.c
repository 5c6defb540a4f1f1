/* Compression: a filter that encodes the body, if the answer allows it and the client wants it. */
#include <garm/garm.h>

#include "mw/valid.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define BYTES_MIN 1024

struct compress {
    enum garm_coding codings[GARM_COMPRESS_CODINGS_MAX];
    size_t coding_count;
    int levels[GARM_DEFLATE + 1];
    int64_t bytes_min;
    const char *types[GARM_COMPRESS_TYPES_MAX];
    size_t type_count;
};

/* One answer. */
struct job {
    const struct compress *self;
    garm_encoder *encoder; /* NULL: it stays as it is */
    int64_t left;          /* of a body of known length; else -1 */
    bool ended;
};

static const char off; /* its address names what garm_no_compress sets */

/* May this answer be compressed? */

/* Is the word in a list with commas in it? Arguments ("private=x") do not count. */
static bool list_has(const char *list, const char *word)
{
    const size_t len = strlen(word);
    while (*list != '\0') {
        list += strspn(list, ", \t");
        const size_t size = strcspn(list, ",= \t");
        if (size == len && strncasecmp(list, word, len) == 0) {
            return true;
        }
        list += strcspn(list, ",");
    }
    return false;
}

static bool type_allowed(const struct compress *self, const char *type)
{
    if (self->type_count == 0) {
        return garm_type_compressible(type);
    }
    for (size_t i = 0; i < self->type_count; i++) {
        const size_t len = strlen(self->types[i]);
        const bool family = self->types[i][len - 1] == '/';
        if (strncasecmp(type, self->types[i], len) == 0 &&
            (family || strchr("; \t", type[len]) != NULL)) {
            return true;
        }
    }
    return false;
}

static bool is_set(garm_ctx *c, const char *name)
{
    return garm_res_header(c, name)[0] != '\0';
}

static bool compressible(garm_ctx *c, const struct compress *self, int64_t length)
{
    return garm_get(c, &off) == NULL && garm_status(c) != 206 &&
           (length < 0 || length >= self->bytes_min) &&
           type_allowed(self, garm_res_header(c, "Content-Type")) &&
           !is_set(c, "Content-Encoding") && !is_set(c, "Content-Range") &&
           !is_set(c, "Content-Digest") && !is_set(c, "Repr-Digest") &&
           !list_has(garm_res_header(c, "Cache-Control"), "no-transform");
}

/* What the client likes best; the identity, if it likes that better, or nothing that we have. */
static enum garm_coding choose(garm_ctx *c, const struct compress *self)
{
    enum garm_coding best = GARM_IDENTITY;
    int best_quality = 0;
    if (!garm_has_header(c, "Accept-Encoding")) {
        return best;
    }
    for (size_t i = 0; i < self->coding_count; i++) {
        const int quality = garm_accepts_coding(c, self->codings[i]);
        if (quality > best_quality) {
            best_quality = quality;
            best = self->codings[i];
        }
    }
    return best_quality >= garm_accepts_coding(c, GARM_IDENTITY) ? best : GARM_IDENTITY;
}

/* Fields. */

static int weaken_etag(garm_ctx *c)
{
    const char *const etag = garm_res_header(c, "ETag");
    return etag[0] == '"' ? garm_set_headerf(c, "ETag", "W/%s", etag) : 0;
}

/* Ranges would be those of the identity, which nobody may join with what is sent here. */
static int put_fields(garm_ctx *c, enum garm_coding coding)
{
    GARM_TRY(garm_set_header(c, "Content-Encoding", garm_coding_name(coding)));
    GARM_TRY(weaken_etag(c));
    return is_set(c, "Accept-Ranges") ? garm_set_header(c, "Accept-Ranges", "none") : 0;
}

/* A 304 names the validator that its 200 would have had: the weak one, if that is what the client
 * has from us. */
static void match_not_modified(garm_ctx *c, void *arg)
{
    (void)arg;
    if (garm_status(c) != 304 || garm_get(c, &off) != NULL) {
        return;
    }
    const char *const sent = garm_header(c, "If-None-Match");
    const char *const found = strstr(sent, garm_res_header(c, "ETag"));
    (void)garm_add_vary(c, "Accept-Encoding");
    if (found != NULL && found - sent >= 2 && strncmp(found - 2, "W/", 2) == 0) {
        (void)weaken_etag(c);
    }
}

/* The filter. */

static int begin(garm_ctx *c, void *arg)
{
    struct job *const job = arg;
    const int64_t length = garm_res_length(c);
    if (!compressible(c, job->self, length)) {
        return 1;
    }
    GARM_TRY(garm_add_vary(c, "Accept-Encoding"));
    const enum garm_coding coding = choose(c, job->self);
    if (coding == GARM_IDENTITY) {
        return 1;
    }
    const int rc = garm_encoder_new(c, coding, job->self->levels[coding], length, &job->encoder);
    if (rc == -EBUSY) {
        return 1;
    }
    GARM_TRY(rc);
    job->left = length;
    return put_fields(c, coding);
}

static int pass_on(void *out, const void *data, size_t size)
{
    return garm_filter_write(out, data, size);
}

static int data(garm_ctx *c, void *arg, const void *bytes, size_t size, garm_filter_out *out)
{
    (void)c;
    struct job *const job = arg;
    if (job->left >= 0 && size > (uint64_t)job->left) {
        return -EMSGSIZE;
    }
    job->left -= job->left >= 0 ? (int64_t)size : 0;
    job->ended = job->left == 0;
    return garm_encoder_write(job->encoder, bytes, size,
                              job->ended ? GARM_ENCODE_END : GARM_ENCODE_MORE, pass_on, out);
}

static int end(garm_ctx *c, void *arg, garm_filter_out *out)
{
    (void)c;
    struct job *const job = arg;
    if (job->ended) {
        return 0;
    }
    return job->left > 0 ? -EIO
                         : garm_encoder_write(job->encoder, NULL, 0, GARM_ENCODE_END, pass_on, out);
}

static int flush(garm_ctx *c, void *arg, garm_filter_out *out)
{
    (void)c;
    struct job *const job = arg;
    return job->ended ? 0
                      : garm_encoder_write(job->encoder, NULL, 0, GARM_ENCODE_FLUSH, pass_on, out);
}

static int compress(garm_ctx *c)
{
    static const garm_filter_ops ops = {begin, data, end, flush};
    struct job *const job = garm_alloc(c, sizeof(*job));
    if (job == NULL) {
        return -ENOMEM;
    }
    *job = (struct job){.self = garm_arg(c), .left = -1};
    GARM_TRY(garm_filter(c, &ops, job));
    GARM_TRY(garm_before_head(c, match_not_modified, NULL));
    return garm_next(c);
}

int garm_no_compress(garm_ctx *c)
{
    static char set;
    GARM_TRY(garm_set(c, &off, &set));
    return garm_next(c);
}

/* Setting up. */

static void copy_codings(garm_app *app, const garm_compress_opts *opts, struct compress *self)
{
    static const enum garm_coding all[GARM_COMPRESS_CODINGS_MAX] = {GARM_ZSTD, GARM_BROTLI,
                                                                    GARM_GZIP};
    const enum garm_coding *const from = opts->codings[0] != GARM_IDENTITY ? opts->codings : all;
    while (self->coding_count < GARM_COMPRESS_CODINGS_MAX &&
           from[self->coding_count] != GARM_IDENTITY) {
        const enum garm_coding coding = from[self->coding_count];
        if (coding != GARM_BROTLI && coding != GARM_ZSTD && coding != GARM_GZIP) {
            garm_fail_at(app, opts->where,
                         "garm_compress: .codings are of GARM_BROTLI, GARM_ZSTD and GARM_GZIP");
            return;
        }
        self->codings[self->coding_count++] = coding;
    }
}

static void copy_level(garm_app *app, const char *where, enum garm_coding coding, int level,
                       struct compress *self)
{
    if (!garm_coding_has_level(coding, level)) {
        garm_fail_at(app, where, "garm_compress: %s has no level %d here; see garm/coding.h",
                     garm_coding_name(coding), level);
    }
    self->levels[coding] = level;
}

static void copy_types(garm_app *app, const garm_compress_opts *opts, struct compress *self)
{
    for (size_t i = 0; i < GARM_COMPRESS_TYPES_MAX && opts->types[i] != NULL; i++) {
        const char *const slash = strchr(opts->types[i], '/');
        if (slash == NULL || slash == opts->types[i] ||
            opts->types[i][strcspn(opts->types[i], "*; \t")] != '\0') {
            garm_fail_at(app, opts->where,
                         "garm_compress: \"%s\" is no type; write \"text/html\", or \"text/\" for "
                         "all of a family",
                         opts->types[i]);
            return;
        }
        self->types[self->type_count++] = garm_app_dup(app, opts->types[i]);
    }
}

void garm_compress_with(garm_app *app, const garm_compress_opts *opts)
{
    garm_compress_opts known = {0};
    GARM_OPTS_READ_(&known, opts);
    (void)VALID_LIST(app, known.where, "garm_compress: .codings", known.codings);
    (void)VALID_LIST(app, known.where, "garm_compress: .types", known.types);
    struct compress *const self = garm_app_alloc(app, sizeof(*self));
    if (self == NULL) {
        return;
    }
    if (known.off) {
        garm_use(app, garm_no_compress, .name = "no_compress");
        return;
    }
    if (known.bytes_min < 0) {
        garm_fail_at(app, known.where, "garm_compress: .bytes_min is negative");
    }
    self->bytes_min = known.bytes_min == 0 ? BYTES_MIN : known.bytes_min;
    copy_codings(app, &known, self);
    copy_level(app, known.where, GARM_GZIP, known.gzip_level, self);
    copy_level(app, known.where, GARM_BROTLI, known.brotli_level, self);
    copy_level(app, known.where, GARM_ZSTD, known.zstd_level, self);
    copy_types(app, &known, self);
    garm_use(app, compress, .arg = self, .name = "compress");
}
