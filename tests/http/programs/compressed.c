/* Compressed answers for test_compress.py: held, streamed, flushed, with entity tags, and files. */
#include <garm/garm.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A page of `lines` lines; a script in it counts them, so that a browser says what it has read. */
static int page(garm_ctx *c)
{
    int64_t lines = 0;
    GARM_TRY(garm_query_int(c, "lines", 1, 100000, 100, &lines));
    const size_t cap = (size_t)lines * 40 + 400;
    char *const text = garm_alloc(c, cap);
    size_t len = 0;
    if (text == NULL) {
        return -ENOMEM;
    }
    len +=
        (size_t)snprintf(text, cap, "<!doctype html><meta charset=utf-8><title>page</title><ul>");
    for (int64_t i = 0; i < lines; i++) {
        len += (size_t)snprintf(text + len, cap - len, "<li>line %lld</li>\n", (long long)i);
    }
    len += (size_t)snprintf(text + len, cap - len,
                            "</ul><p id=n></p><script>document.getElementById('n').textContent="
                            "'items: '+document.querySelectorAll('li').length</script>");
    return garm_bytes_view(c, 200, "text/html; charset=utf-8", text, len);
}

/* The same as a stream. */
static int stream(garm_ctx *c)
{
    int64_t lines = 0;
    char line[64];
    GARM_TRY(garm_query_int(c, "lines", 1, 100000, 100, &lines));
    GARM_TRY(garm_set_header(c, "Content-Type", "text/plain"));
    for (int64_t i = 0; i < lines; i++) {
        const int len = snprintf(line, sizeof(line), "line %lld\n", (long long)i);
        GARM_TRY(garm_write(c, line, (size_t)len));
    }
    return 0;
}

/* One line that is flushed; the next comes when the client has said so: in its body. */
static int slow(garm_ctx *c)
{
    char byte[1];
    GARM_TRY(garm_set_header(c, "Content-Type", "text/plain"));
    GARM_TRY(garm_write(c, "first\n", 6));
    GARM_TRY(garm_flush(c));
    const ssize_t got = garm_read(c, byte, sizeof(byte));
    return got < 0 ? (int)got : garm_write(c, "second\n", 7);
}

static int events(garm_ctx *c)
{
    GARM_TRY(garm_set_header(c, "Content-Type", "text/event-stream"));
    return garm_write(c, "data: x\n\n", 9);
}

/* Long enough to hold a worker for a while, if nobody else could run in between. */
static int huge(garm_ctx *c)
{
    static char text[8 << 20];
    uint32_t state = 1;
    for (size_t i = 0; text[0] == '\0' && i < sizeof(text); i++) {
        state = state * 1664525U + 1013904223U;
        text[sizeof(text) - 1 - i] = (char)("etaoin shrdlu\n{}"[state >> 28]);
    }
    return garm_bytes_view(c, 200, "text/plain", text, sizeof(text));
}

static int ping(garm_ctx *c)
{
    return garm_text(c, 200, "pong");
}

/* A page that says in which coding the server sent it. */
static int coding(garm_ctx *c)
{
    return garm_html(c, 200,
                     "<!doctype html><meta charset=utf-8><title>coding</title><p id=c></p><script>"
                     "const r=new XMLHttpRequest();r.open('GET','page',false);r.send();"
                     "document.getElementById('c').textContent="
                     "'coding: '+r.getResponseHeader('Content-Encoding')</script>");
}

static int served_file(garm_ctx *c)
{
    return garm_file(c, garm_query(c, "path"));
}

GARM_APP(app)
{
    garm_compress(app);
    garm_etag(app);
    garm_route(app, "GET /page", page);
    garm_route(app, "GET /stream", stream);
    garm_route(app, "POST /slow", slow);
    garm_route(app, "GET /events", events);
    garm_route(app, "GET /huge", huge);
    garm_route(app, "GET /ping", ping);
    garm_route(app, "GET /secret", page, .use = {garm_no_compress});
    garm_route(app, "GET /file", served_file);
    garm_static(app, "/files", garm_flag(app, "dir", ".", "what is served"), .compress = true);
    static const enum garm_coding codings[] = {GARM_GZIP, GARM_BROTLI, GARM_ZSTD};
    for (size_t i = 0; i < 3; i++) {
        char prefix[32];
        snprintf(prefix, sizeof(prefix), "/only/%s", garm_coding_name(codings[i]));
        garm_app *const only = garm_group(app, prefix);
        garm_compress(only, .codings = {codings[i]}, .bytes_min = 1);
        garm_route(only, "GET /page", page);
        garm_route(only, "GET /coding", coding);
    }
}
