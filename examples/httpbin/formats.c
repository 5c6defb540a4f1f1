/* Fixed documents: /json, /html, /xml, /encoding/utf8, /robots.txt, /deny. */
#include "httpbin.h"

#include <string.h>

static int reply_text(garm_ctx *c, const char *type, const char *text)
{
    return garm_bytes_view(c, 200, type, text, strlen(text));
}

static int show_json(garm_ctx *c)
{
    return garm_json(
        c, 200,
        garm_obj("slideshow", garm_kv("author", "Yours Truly"),
                 garm_kv("date", "date of publication"),
                 garm_arr("slides",
                          garm_obj(NULL, garm_kv("title", "Wake up to WonderWidgets!"),
                                   garm_kv("type", "all")),
                          garm_obj(NULL,
                                   garm_arr("items",
                                            garm_kv(NULL, "Why <em>WonderWidgets</em> are great"),
                                            garm_kv(NULL, "Who <em>buys</em> WonderWidgets")),
                                   garm_kv("title", "Overview"), garm_kv("type", "all"))),
                 garm_kv("title", "Sample Slide Show")));
}

/* The same slides. */
static int show_xml(garm_ctx *c)
{
    return reply_text(c, "application/xml",
                      "<?xml version='1.0' encoding='us-ascii'?>\n"
                      "<slideshow title=\"Sample Slide Show\" date=\"Date of publication\" "
                      "author=\"Yours Truly\">\n"
                      "  <slide type=\"all\">\n"
                      "    <title>Wake up to WonderWidgets!</title>\n"
                      "  </slide>\n"
                      "  <slide type=\"all\">\n"
                      "    <title>Overview</title>\n"
                      "    <item>Why <em>WonderWidgets</em> are great</item>\n"
                      "    <item/>\n"
                      "    <item>Who <em>buys</em> WonderWidgets</item>\n"
                      "  </slide>\n"
                      "</slideshow>\n");
}

static int show_html(garm_ctx *c)
{
    return garm_html(
        c, 200,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<title>Moby-Dick</title>\n</head>\n<body>\n"
        "<h1>Herman Melville - Moby-Dick</h1>\n"
        "<p>Call me Ishmael. Some years ago&mdash;never mind how long precisely&mdash;having "
        "little or no money in my purse, and nothing particular to interest me on shore, I "
        "thought I would sail about a little and see the watery part of the world. It is a way "
        "I have of driving off the spleen and regulating the circulation.</p>\n"
        "</body>\n</html>\n");
}

static int show_utf8(garm_ctx *c)
{
    return garm_html(c, 200,
                     "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<title>UTF-8</title>\n</head>\n<body>\n<h1>Unicode in UTF-8</h1>\n<pre>\n"
                     "Greetings    Hello world, Καλημέρα κόσμε, コンニチハ\n"
                     "             Здравствуй, мир · שלום עולם · مرحبا بالعالم · नमस्ते दुनिया\n"
                     "             你好，世界 · 안녕, 세상 · สวัสดีชาวโลก · Բարեւ աշխարհ\n"
                     "Mathematics  ∮ E⋅da = Q,  n → ∞, ∑ f(i) = ∏ g(i), ∀x∈ℝ: ⌈x⌉ = −⌊−x⌋\n"
                     "Phonetics    ˈjuːnɪkoʊd, ɡɑːrm\n"
                     "Runes        ᚷᚨᚱᛗ\n"
                     "Quotes       ‘single’ “double” „low“ «French» … — – € † ‡ • ™\n"
                     "Combining    e\u0301 a\u030a u\u0308 o\u0302\u0301\n"
                     "Boxes        ╔══╦══╗ ┌──┬──┐ ▁▂▃▄▅▆▇█ ░▒▓\n"
                     "             ║  ║  ║ │  │  │\n"
                     "             ╚══╩══╝ └──┴──┘\n"
                     "Four bytes   🐺 😀 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝄞\n"
                     "</pre>\n</body>\n</html>\n");
}

static int show_robots(garm_ctx *c)
{
    return garm_text(c, 200, "User-agent: *\nDisallow: /deny\n");
}

static int show_deny(garm_ctx *c)
{
    return garm_text(c, 200, "%s",
                     "\n"
                     "      / \\__\n"
                     "     (    @\\___\n"
                     "     /         O\n"
                     "    /   (_____/\n"
                     "   /_____/   U\n"
                     "\n"
                     "   YOU SHOULDN'T BE HERE\n");
}

void add_formats(garm_app *app)
{
    garm_route(app, "GET /json", show_json);
    garm_route(app, "GET /xml", show_xml);
    garm_route(app, "GET /html", show_html);
    garm_route(app, "GET /encoding/utf8", show_utf8);
    garm_route(app, "GET /robots.txt", show_robots);
    garm_route(app, "GET /deny", show_deny);
}
