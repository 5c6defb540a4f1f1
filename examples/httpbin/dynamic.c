/* /uuid, /base64, /links. */
#include "httpbin.h"

#include <errno.h>
#include <string.h>

/* RFC 9562 version 4: random, but for the version and the variant. */
static int show_uuid(garm_ctx *c)
{
    const uint64_t high = (random_u64() & ~UINT64_C(0xf000)) | UINT64_C(0x4000);
    const uint64_t low = random_u64() >> 2 | UINT64_C(1) << 63;
    return garm_json(
        c, 200,
        garm_kv("uuid",
                garm_strf(c, "%08x-%04x-%04x-%04x-%012llx", (unsigned)(high >> 32),
                          (unsigned)(high >> 16 & 0xffff), (unsigned)(high & 0xffff),
                          (unsigned)(low >> 48), (unsigned long long)(low & 0xffffffffffff))));
}

/* As the type that was asked for; escaped, if a browser might take it for a page. */
static int reply_as_asked(garm_ctx *c, const char *data, size_t size)
{
    const char *const type = garm_query(c, "content-type");
    if (*type == '\0') {
        return garm_bytes(c, 200, "text/plain; charset=utf-8", data, size);
    }
    if (is_dangerous_type(type)) {
        data = garm_html_escape(c, data);
        size = strlen(data);
    }
    return garm_header_valid("Content-Type", type)
               ? garm_bytes(c, 200, type, data, size)
               : garm_problem(c, 400, "this is no content type");
}

static int decode(garm_ctx *c)
{
    void *data = NULL;
    size_t size = 0;
    const int rc = garm_base64_decode(c, garm_param(c, "value"), &data, &size);
    if (rc == -EINVAL) {
        return garm_problem(c, 400, "base64 decode failed; try SFRUUEJJTiBpcyBhd2Vzb21l");
    }
    GARM_TRY(rc);
    return reply_as_asked(c, data, size);
}

/* For URLs, and padded all the same. */
static int encode(garm_ctx *c)
{
    static const char *const paddings[] = {"", "==", "="};
    const char *const value = garm_param(c, "value");
    const size_t size = strlen(value);
    const char *const text =
        garm_strf(c, "%s%s", garm_base64url(c, value, size), paddings[size % 3]);
    return reply_as_asked(c, text, strlen(text));
}

static int no_operation(garm_ctx *c)
{
    return garm_problem(c, 400, "invalid operation: %s is not encode or decode",
                        garm_param(c, "operation"));
}

static int put(garm_ctx *c, const char *text)
{
    return garm_write(c, text, strlen(text));
}

/* A page of `n` links to pages like itself; the one at `offset` is not linked. */
static int show_links(garm_ctx *c)
{
    int64_t n = 0;
    int64_t offset = 0;
    if (!param_int(c, "n", 0, LINKS_MAX, &n) ||
        !param_int(c, "offset", INT64_MIN, INT64_MAX, &offset)) {
        return garm_problem(c, 400, "0 to %d links, and a whole number as offset", (int)LINKS_MAX);
    }
    GARM_TRY(garm_set_header(c, "Content-Type", "text/html; charset=utf-8"));
    GARM_TRY(put(c, "<html><head><title>Links</title></head><body>"));
    for (int64_t i = 0; i < n; i++) {
        const char *const link = i == offset
                                     ? garm_strf(c, "%lld ", (long long)i)
                                     : garm_strf(c, "<a href=\"/links/%lld/%lld\">%lld</a> ",
                                                 (long long)n, (long long)i, (long long)i);
        GARM_TRY(put(c, link));
    }
    return put(c, "</body></html>");
}

static int go_to_links(garm_ctx *c)
{
    int64_t n = 0;
    return param_int(c, "n", 0, LINKS_MAX, &n)
               ? garm_redirect(c, 302, garm_strf(c, "/links/%lld/0", (long long)n))
               : garm_problem(c, 400, "0 to %d links", (int)LINKS_MAX);
}

void add_dynamic(garm_app *app)
{
    garm_route(app, "GET /uuid", show_uuid);
    garm_route(app, "GET /base64/{value}", decode);
    garm_route(app, "GET /base64/decode/{value}", decode);
    garm_route(app, "GET /base64/encode/{value}", encode);
    garm_route(app, "GET /base64/{operation}/{value}", no_operation);
    garm_route(app, "GET /links/{n}", go_to_links);
    garm_route(app, "GET /links/{n}/{offset}", show_links);
}
