/* Problem details (RFC 9457 section 3) and the HTML page that says the same. */
#include "app/problem.h"

#include "app/json_out.h"
#include "base/utf8.h"
#include "codec/status.h"

static const char page_begin[] =
    "<!doctype html>\n"
    "<html lang=\"en\">\n"
    "<head>\n"
    "<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<title>";
static const char page_style[] =
    "</title>\n"
    "<style>\n"
    "body { margin: 20vh auto 0; max-width: 36rem; padding: 0 1.5rem;"
    " font: 1rem/1.6 system-ui, sans-serif; color: #24292f; background: #fff; }\n"
    "b { display: block; font-size: 3.5rem; line-height: 1.2; font-weight: 600; color: #b35900; }\n"
    "h1 { margin: 0; font-size: 1.4rem; font-weight: 600; }\n"
    "p { overflow-wrap: anywhere; }\n"
    "small { color: #656d76; }\n"
    "@media (prefers-color-scheme: dark) {\n"
    "body { color: #e6edf3; background: #0d1117; }\n"
    "b { color: #f0a050; }\n"
    "small { color: #9198a1; }\n"
    "}\n"
    "</style>\n"
    "</head>\n"
    "<body>\n";

static bool filled(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static struct slice title_of(const struct problem *problem)
{
    if (filled(problem->title)) {
        return slice_cstr(problem->title);
    }
    const struct slice reason = status_reason(problem->status);
    return reason.len > 0 ? reason : SLICE("Error");
}

static void member(struct json *json, struct slice name, const char *value)
{
    if (filled(value)) {
        json_key(json, name);
        json_string(json, slice_cstr(value));
    }
}

int problem_json(const struct problem *problem, struct buf *out)
{
    struct json json;
    json_init(&json, out);
    json_begin_object(&json);
    member(&json, SLICE("type"), "about:blank");
    json_key(&json, SLICE("title"));
    json_string(&json, title_of(problem));
    json_key(&json, SLICE("status"));
    json_int(&json, problem->status);
    member(&json, SLICE("detail"), problem->detail);
    member(&json, SLICE("instance"), problem->instance);
    json_end_object(&json);
    return json_finish(&json);
}

struct slice html_entity(char c)
{
    switch (c) {
    case '&': return SLICE("&amp;");
    case '<': return SLICE("&lt;");
    case '>': return SLICE("&gt;");
    case '"': return SLICE("&quot;");
    case '\'': return SLICE("&#39;");
    default: return SLICE("");
    }
}

static int escape(struct slice text, struct buf *out)
{
    size_t i = 0;
    while (i < text.len) {
        const struct slice name = html_entity(text.ptr[i]);
        bool valid = true;
        const size_t size = name.len > 0 ? 1 : utf8_take(text.ptr + i, text.len - i, &valid);
        if (name.len > 0) {
            buf_append_slice(out, name);
        } else if (valid) {
            buf_append(out, text.ptr + i, size);
        } else {
            buf_append_slice(out, SLICE(UTF8_REPLACEMENT));
        }
        i += size;
    }
    return out->error;
}

int html_escape(const char *text, struct buf *out)
{
    return escape(slice_cstr(text), out);
}

static void paragraph(const char *tag, const char *text, struct buf *out)
{
    if (filled(text)) {
        buf_printf(out, "<p><%s>", tag);
        html_escape(text, out);
        buf_printf(out, "</%s></p>\n", tag);
    }
}

int problem_html(const struct problem *problem, struct buf *out)
{
    const struct slice title = title_of(problem);
    buf_append(out, page_begin, sizeof(page_begin) - 1);
    buf_printf(out, "%d ", problem->status);
    escape(title, out);
    buf_append(out, page_style, sizeof(page_style) - 1);
    buf_printf(out, "<b>%d</b>\n<h1>", problem->status);
    escape(title, out);
    buf_append_slice(out, SLICE("</h1>\n"));
    paragraph("span", problem->detail, out);
    paragraph("small", problem->instance, out);
    buf_append_slice(out, SLICE("</body>\n</html>\n"));
    return out->error;
}
