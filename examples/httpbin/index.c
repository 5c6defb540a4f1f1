/* The page at /: what there is, with a link to try where a browser can. */
#include "httpbin.h"

#include <string.h>

/* An endpoint, or, with `pattern` alone, the heading of those that follow. */
struct endpoint {
    const char *pattern, *link, *what;
};

static const struct endpoint endpoints[] = {
    {"Methods", NULL, NULL},
    {"GET /get", "/get?a=1&b=2&b=3", "The query, the fields, where from and where to."},
    {"POST /post, PUT /put, PATCH /patch, DELETE /delete", NULL,
     "The same, and the body: text, JSON, a form's fields and files."},
    {"/anything/{path...}", "/anything/at/all?a=1",
     "The same for every method, and the request byte for byte, as \"raw\"."},
    {"GET /forms/post", "/forms/post", "A form that posts to /post."},
    {"POST /upload, PUT /upload, PATCH /upload", NULL,
     "How many bytes came, and of a form its files and fields."},
    {"Inspection", NULL, NULL},
    {"/dump/request", "/dump/request", "The request as text; so does /dump."},
    {"GET /headers", "/headers", "The request's fields."},
    {"GET /ip", "/ip", "Where the request came from."},
    {"GET /user-agent", "/user-agent", "What the client calls itself."},
    {"GET /cookies", "/cookies", "The cookies that came."},
    {"GET /cookies/set?name=value", "/cookies/set?hound=garm",
     "Sets cookies; /cookies/set/{name}/{value} does, too. ?attr[Path]=/x sets an attribute."},
    {"GET /cookies/delete?name", "/cookies/delete?hound", "Deletes cookies."},
    {"Answers", NULL, NULL},
    {"/status/{codes}", "/status/418", "A status, or one of several: /status/200:3,503:1."},
    {"GET /response-headers?name=value", "/response-headers?X-Hound=garm",
     "Sets fields of the answer."},
    {"GET /redirect/{n}", "/redirect/3", "Redirects n times."},
    {"GET /relative-redirect/{n}", "/relative-redirect/3", "The same by paths."},
    {"GET /absolute-redirect/{n}", "/absolute-redirect/3", "The same by whole URLs."},
    {"/redirect-to?url=", "/redirect-to?url=/get&status_code=307",
     "Redirects anywhere, with ?status_code from 300 to 399."},
    {"/basic-auth/{user}/{passwd}", "/basic-auth/user/passwd", "Asks for name and password."},
    {"/hidden-basic-auth/{user}/{passwd}", "/hidden-basic-auth/user/passwd",
     "The same, but says 404 to who lacks them."},
    {"GET /bearer", "/bearer", "Wants a bearer token, any."},
    {"GET /jwt-bearer", "/jwt-bearer",
     "Wants a JSON Web Token: HS256, by the secret \"httpbin: everybody knows this secret\"."},
    {"Caching", NULL, NULL},
    {"GET /cache", "/cache", "304 for a conditional request."},
    {"GET /cache/{seconds}", "/cache/60", "May be kept for some seconds."},
    {"GET /etag/{etag}", "/etag/abc", "Heeds If-None-Match and If-Match."},
    {"GET /range/{n}", "/range/1024",
     "Letters, of which a Range field may ask for some. ?chunk_size, ?duration."},
    {"Size and time", NULL, NULL},
    {"GET /bytes/{n}", "/bytes/16?seed=0", "Random bytes, 100 KiB at most. ?seed."},
    {"GET /stream-bytes/{n}", "/stream-bytes/1024?chunk_size=64",
     "The same in pieces. ?chunk_size, ?seed."},
    {"GET /stream/{n}", "/stream/3", "Lines of JSON, 100 at most."},
    {"/delay/{seconds}", "/delay/0.5", "Waits first, 10 seconds at most."},
    {"GET /drip", "/drip?duration=1&numbytes=5",
     "Drips bytes. ?duration, ?numbytes, ?delay, ?code."},
    {"Formats", NULL, NULL},
    {"GET /json", "/json", "JSON."},
    {"GET /html", "/html", "HTML."},
    {"GET /xml", "/xml", "XML."},
    {"GET /encoding/utf8", "/encoding/utf8", "Many scripts in UTF-8."},
    {"GET /image/{kind}", "/image/svg", "png, jpeg, webp or svg."},
    {"GET /image", "/image", "The one that the client likes best, by its Accept field."},
    {"GET /gzip", "/gzip", "JSON, compressed whatever the client takes."},
    {"GET /deflate", "/deflate", "The same in zlib's format."},
    {"GET /brotli", "/brotli", "The same by Brotli."},
    {"GET /zstd", "/zstd", "The same by Zstandard."},
    {"GET /robots.txt", "/robots.txt", "What robots may see."},
    {"GET /deny", "/deny", "What they may not."},
    {"Values", NULL, NULL},
    {"GET /uuid", "/uuid", "A random UUID."},
    {"GET /base64/{value}", "/base64/SFRUUEJJTiBpcyBhd2Vzb21l",
     "Decodes; so does /base64/decode, and /base64/encode encodes."},
    {"GET /links/{n}", "/links/10/0", "A page of links to pages like itself."},
};

static const char top[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
    "<title>httpbin on Garm</title><link rel=\"icon\" href=\"/image/svg\"><style>"
    ":root{color-scheme:light dark;--ink:#1c2430;--soft:#5c6675;--line:#d9dee6;--page:#f6f7f9;"
    "--card:#fff;--mark:#0b6e4f}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6e9ee;--soft:#98a2b3;--line:#2c3440;"
    "--page:#12161c;--card:#1a2029;--mark:#5fd3a9}}"
    "*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);"
    "font:16px/1.5 system-ui,sans-serif}main{max-width:56rem;margin:0 auto;padding:3rem 1.25rem}"
    "header{display:flex;gap:1rem;align-items:center}header img{border-radius:.8rem}"
    "h1{margin:0;font-size:2rem;letter-spacing:-.02em}p{margin:.2rem 0 0;color:var(--soft)}"
    "h2{font-size:.85rem;text-transform:uppercase;letter-spacing:.06em;color:var(--soft);"
    "margin:2.25rem 0 .6rem}"
    "dl{margin:0;background:var(--card);border:1px solid var(--line);border-radius:.6rem}"
    "dl div{display:grid;grid-template-columns:minmax(0,22rem) 1fr;gap:.2rem 1rem;"
    "padding:.55rem .9rem}dl div+div{border-top:1px solid var(--line)}"
    "dt{font:.9rem/1.6 ui-monospace,monospace;overflow-wrap:anywhere}dd{margin:0}"
    "a{color:var(--mark);text-decoration:none}a:hover,a:focus{text-decoration:underline}"
    "code{font-family:ui-monospace,monospace;font-size:.9em}"
    "@media(max-width:40rem){dl div{grid-template-columns:1fr}}"
    "</style></head><body><main>\n"
    "<header><img src=\"/image/svg\" width=\"56\" height=\"56\" alt=\"\"><div><h1>httpbin</h1>"
    "<p>Answers with what it was asked, or as it was asked to. Served by Garm ";

static const char below[] = ", an HTTP application server for C; the source is in "
                            "<code>examples/httpbin</code>.</p></div></header>\n";

static int put(garm_ctx *c, const char *text)
{
    return garm_write(c, text, strlen(text));
}

/* Patterns without a link of their own are not linked. */
static int put_endpoint(garm_ctx *c, const struct endpoint *endpoint)
{
    const char *const pattern = garm_html_escape(c, endpoint->pattern);
    const char *const link = garm_html_escape(c, endpoint->link != NULL ? endpoint->link : "");
    const char *const what = garm_html_escape(c, endpoint->what);
    const char *const name =
        *link != '\0' ? garm_strf(c, "<a href=\"%s\">%s</a>", link, pattern) : pattern;
    return put(c, garm_strf(c, "<div><dt>%s</dt><dd>%s</dd></div>\n", name, what));
}

static int put_endpoints(garm_ctx *c)
{
    for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++) {
        const garm_memory_mark mark = garm_mark(c);
        if (endpoints[i].what != NULL) {
            GARM_TRY(put_endpoint(c, &endpoints[i]));
        } else {
            GARM_TRY(put(c, garm_strf(c, "%s<h2>%s</h2><dl>\n", i > 0 ? "</dl>" : "",
                                      endpoints[i].pattern)));
        }
        garm_release(c, mark);
    }
    return put(c, "</dl></main></body></html>\n");
}

/* The page is streamed: its parts are written as they are made. */
int show_index(garm_ctx *c)
{
    GARM_TRY(garm_set_header(c, "Content-Type", "text/html; charset=utf-8"));
    GARM_TRY(garm_set_header(c, "Content-Security-Policy",
                             "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'"));
    GARM_TRY(put(c, top));
    GARM_TRY(put(c, garm_version()));
    GARM_TRY(put(c, below));
    return put_endpoints(c);
}
