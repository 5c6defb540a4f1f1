/* A page that shows the server it came from, and links to try. */
#include <garm/garm.h>

#include <errno.h>
#include <string.h>

static const char style[] =
    ":root{color-scheme:light "
    "dark;--ink:#1c2430;--soft:#5c6675;--line:#d9dee6;--page:#f6f7f9;--card:#fff;"
    "--mark:#0b6e4f}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6e9ee;--soft:#98a2b3;--line:#2c3440;--page:#"
    "12161c;"
    "--card:#1a2029;--mark:#5fd3a9}}"
    "*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);"
    "font:16px/1.55 system-ui,sans-serif}main{max-width:46rem;margin:0 auto;padding:3rem 1.25rem}"
    "h1{margin:0;font-size:2rem;letter-spacing:-.02em}h2{font-size:1rem;margin:2.25rem 0 .6rem}"
    "p{margin:.4rem 0 "
    "0;color:var(--soft)}a{color:var(--mark)}code,td,dd{font-family:ui-monospace,monospace}"
    "dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.75rem;margin:0}"
    "dl div{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.7rem "
    ".9rem}"
    "dt{color:var(--soft);font-size:.85rem}dd{margin:0;font-size:1.15rem}"
    "ul{margin:0;padding:0;list-style:none}li{padding:.3rem 0}"
    "table{border-collapse:collapse;width:100%;font-size:.85rem;table-layout:fixed}"
    "td{border-top:1px solid var(--line);padding:.4rem .5rem .4rem 0;vertical-align:top;"
    "overflow-wrap:anywhere}td:first-child{color:var(--soft);width:35%}";

/* "3 h 7 min", as long as it is worth saying. */
static const char *duration(garm_ctx *c, int64_t ns)
{
    const long long seconds = (long long)(ns / GARM_SEC(1));
    if (seconds < 60) {
        return garm_strf(c, "%lld s", seconds);
    }
    if (seconds < 3600) {
        return garm_strf(c, "%lld min %lld s", seconds / 60, seconds % 60);
    }
    return garm_strf(c, "%lld h %lld min", seconds / 3600, seconds / 60 % 60);
}

static int put(garm_ctx *c, const char *text)
{
    return garm_write(c, text, strlen(text));
}

/* A table row per field, written as it is made: the memory of each is released. */
static int put_fields(garm_ctx *c)
{
    const char *name = "";
    for (size_t i = 0;; i++) {
        const char *const value = garm_header_at(c, i, &name);
        if (*name == '\0') {
            return 0;
        }
        const garm_memory_mark mark = garm_mark(c);
        GARM_TRY(put(c, garm_strf(c, "<tr><td>%s</td><td>%s</td></tr>\n", garm_html_escape(c, name),
                                  garm_html_escape(c, value))));
        garm_release(c, mark);
    }
}

static int put_figures(garm_ctx *c)
{
    garm_server_stats now = {.size = sizeof(now)};
    GARM_TRY(garm_server_get_stats(garm_server_of(c), &now));
    return put(c, garm_strf(c,
                            "<h2>This server</h2><dl>"
                            "<div><dt>Version</dt><dd>%s</dd></div>"
                            "<div><dt>Workers</dt><dd>%d</dd></div>"
                            "<div><dt>Up for</dt><dd>%s</dd></div>"
                            "<div><dt>Requests</dt><dd>%llu</dd></div>"
                            "<div><dt>Connections</dt><dd>%llu</dd></div></dl>\n",
                            garm_version(), now.workers, duration(c, now.uptime_ns),
                            (unsigned long long)now.requests, (unsigned long long)now.connections));
}

static const char top[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
    "<title>Garm is running</title><link rel=\"icon\" href=\"data:,\"><style>";
static const char heading[] =
    "</style></head><body><main>\n<h1>Garm is running</h1>"
    "<p>An HTTP application server for C. This page is <code>examples/welcome.c</code>.</p>\n";
static const char links[] =
    "<h2>Try</h2><ul>"
    "<li><a href=\"/hello/Ada\">/hello/Ada</a> &mdash; a path parameter</li>"
    "<li><a href=\"/json\">/json</a> &mdash; JSON from C values</li>"
    "<li><a href=\"/stream\">/stream</a> &mdash; ten lines, one every 300 ms, from a blocking "
    "loop</li>"
    "<li><a href=\"/error\">/error</a> &mdash; a handler that returns <code>-EIO</code></li>"
    "<li><a href=\"/nowhere\">/nowhere</a> &mdash; a path without a route</li></ul>\n"
    "<h2>What your browser sent</h2><table>\n";

/* The page is streamed: its parts are written as they are made. */
static int welcome(garm_ctx *c)
{
    garm_set_header(c, "Cache-Control", "no-store");
    garm_set_header(c, "Content-Security-Policy",
                    "default-src 'none'; style-src 'unsafe-inline'; img-src data:");
    garm_set_header(c, "Content-Type", "text/html; charset=utf-8");
    GARM_TRY(put(c, top));
    GARM_TRY(put(c, style));
    GARM_TRY(put(c, heading));
    GARM_TRY(put_figures(c));
    GARM_TRY(put(c, links));
    GARM_TRY(put_fields(c));
    return put(c, "</table></main></body></html>\n");
}

static int hello(garm_ctx *c)
{
    return garm_text(c, 200, "Hello, %s!\n", garm_param(c, "name"));
}

static int json(garm_ctx *c)
{
    garm_server_stats now = {.size = sizeof(now)};
    GARM_TRY(garm_server_get_stats(garm_server_of(c), &now));
    return garm_json(
        c, 200, garm_kv("version", garm_version()), garm_kv("workers", now.workers),
        garm_kv("uptime_s", (double)now.uptime_ns / 1e9),
        garm_obj("requests", garm_kv("served", now.requests), garm_kv("refused", now.refused)),
        garm_kv_bool("fine", true));
}

/* Plain blocking code: while it sleeps, or the client is slow, the worker serves others. */
static int stream(garm_ctx *c)
{
    garm_set_header(c, "Content-Type", "text/plain; charset=utf-8");
    for (int i = 1; i <= 10; i++) {
        const char *const line = garm_strf(c, "line %d of 10\n", i);
        GARM_TRY(garm_write(c, line, strlen(line)));
        GARM_TRY(garm_flush(c));
        GARM_TRY(garm_sleep(c, GARM_MS(300)));
    }
    return 0;
}

static int error(garm_ctx *c)
{
    (void)c;
    return -EIO;
}

GARM_APP(app)
{
    garm_route(app, "GET /{$}", welcome);
    garm_route(app, "GET /hello/{name}", hello);
    garm_route(app, "GET /json", json);
    garm_route(app, "GET /stream", stream);
    garm_route(app, "GET /error", error);
}
