/* Answers in a content coding, whatever the client takes: /gzip, /deflate, /brotli, /zstd. */
#include "httpbin.h"

#include <string.h>

/* The request, and a member that says how its description was coded. */
static int show_coded(garm_ctx *c, enum garm_coding coding, const char *said)
{
    struct request_view req;
    const void *data = NULL;
    size_t size = 0;
    GARM_TRY(view_request(c, &req));
    const char *const json = garm_json_format(
        c, garm_obj(NULL, garm_kv_bool(said, true), req.headers, req.method, req.origin));
    const char *const text = garm_strf(c, "%s\n", json);
    GARM_TRY(garm_encode(c, coding, 0, text, strlen(text), &data, &size));
    GARM_TRY(garm_set_header(c, "Content-Encoding", garm_coding_name(coding)));
    return garm_bytes_view(c, 200, "application/json", data, size);
}

static int show_gzip(garm_ctx *c)
{
    return show_coded(c, GARM_GZIP, "gzipped");
}

static int show_deflate(garm_ctx *c)
{
    return show_coded(c, GARM_DEFLATE, "deflated");
}

static int show_brotli(garm_ctx *c)
{
    return show_coded(c, GARM_BROTLI, "brotli");
}

static int show_zstd(garm_ctx *c)
{
    return show_coded(c, GARM_ZSTD, "zstd");
}

void add_compressed(garm_app *app)
{
    garm_route(app, "GET /gzip", show_gzip);
    garm_route(app, "GET /deflate", show_deflate);
    garm_route(app, "GET /brotli", show_brotli);
    garm_route(app, "GET /zstd", show_zstd);
}
