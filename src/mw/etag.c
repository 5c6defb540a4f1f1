/* Entity tags of held answers, and the conditions that they decide. */
#include <garm/garm.h>

#include <string.h>

#define ETAG_BYTES 16 /* of the digest */

struct etag {
    int64_t bytes_max;
};

static bool wants_one(garm_ctx *c, const struct etag *self, size_t size)
{
    return size <= (size_t)self->bytes_max && garm_res_header(c, "ETag")[0] == '\0' &&
           strcasestr(garm_res_header(c, "Cache-Control"), "no-store") == NULL;
}

static int put_etag(garm_ctx *c, const void *data, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[GARM_SHA256_SIZE];
    char text[2 * ETAG_BYTES + 3];
    garm_sha256(data, size, digest);
    text[0] = '"';
    for (size_t i = 0; i < ETAG_BYTES; i++) {
        text[1 + 2 * i] = digits[digest[i] >> 4];
        text[2 + 2 * i] = digits[digest[i] & 15];
    }
    memcpy(text + 1 + 2 * ETAG_BYTES, "\"", 2);
    return garm_set_header(c, "ETag", text);
}

static int validate(garm_ctx *c)
{
    const struct etag *const self = garm_arg(c);
    const char *const method = garm_method(c);
    const void *data = NULL;
    size_t size = 0;
    GARM_TRY(garm_next(c));
    if (garm_status(c) != 200 || garm_res_body(c, &data, &size) < 0 ||
        (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)) {
        return 0;
    }
    if (wants_one(c, self, size)) {
        GARM_TRY(put_etag(c, data, size));
    }
    return garm_judge_conditions(c);
}

void garm_etag_with(garm_app *app, const garm_etag_opts *opts)
{
    garm_etag_opts known = {0};
    GARM_OPTS_READ_(&known, opts);
    struct etag *const self = garm_app_alloc(app, sizeof(*self));
    if (known.bytes_max < 0) {
        garm_fail_at(app, known.where, "garm_etag: .bytes_max is negative");
    }
    if (self != NULL) {
        self->bytes_max = known.bytes_max == 0 ? GARM_KIB(256) : known.bytes_max;
        garm_use(app, validate, .arg = self, .name = "etag");
    }
}
