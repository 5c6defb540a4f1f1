/* Parsing of route patterns (the grammar of https://pkg.go.dev/net/http#ServeMux, plus types). */
#include "app/pattern.h"

#include "base/limits.h"
#include "base/text.h"
#include "codec/field.h"
#include "codec/target.h"

#include <errno.h>

struct parser {
    struct arena *arena;
    struct pattern pattern;
    struct segment segments[PATTERN_SEGMENT_MAX];
    struct buf *error;
};

/* Begins the one line of an error; the caller appends what is wrong and the remedy. */
static int refuse(struct parser *parser, const char *format, ...) PRINTF_LIKE(2, 3);

static int refuse(struct parser *parser, const char *format, ...)
{
    char shown[128];
    text_printable(slice_cstr(parser->pattern.text), shown, sizeof(shown));
    buf_printf(parser->error, "%s: pattern \"%s\": ", parser->pattern.where, shown);
    va_list args;
    va_start(args, format);
    buf_vprintf(parser->error, format, args);
    va_end(args);
    return -EINVAL;
}

static char upper(char c)
{
    return (char)(c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c);
}

/* "get" for "GET" is a slip, never a wish. */
static int check_method_case(struct parser *parser, struct slice method, struct slice rest)
{
    char text[32];
    if (method.len > sizeof(text)) {
        return 0;
    }
    for (size_t i = 0; i < method.len; i++) {
        text[i] = upper(method.ptr[i]);
    }
    const struct slice standard = slice_of(text, method.len);
    if (slice_eq(standard, method) || method_lookup(standard) == METHOD_OTHER) {
        return 0;
    }
    return refuse(parser, "methods are case-sensitive; write \"%.*s %.*s\"", SLICE_ARG(standard),
                  SLICE_ARG(rest));
}

/* Takes "METHOD " off *rest, if there is one. */
static int parse_method(struct parser *parser, struct slice *rest)
{
    size_t end = 0;
    while (end < rest->len && rest->ptr[end] != ' ' && rest->ptr[end] != '\t') {
        end++;
    }
    if (end == rest->len || slice_find(*rest, '/') < end) {
        return 0;
    }
    const struct slice method = slice_of(rest->ptr, end);
    const struct slice after = slice_trim(slice_of(rest->ptr + end, rest->len - end));
    if (method.len > LIMIT_METHOD_BYTES || !field_name_valid(method)) {
        return refuse(parser, "\"%.*s\" is no method: a method is one token of at most %d bytes",
                      SLICE_ARG(method), LIMIT_METHOD_BYTES);
    }
    TRY(check_method_case(parser, method, after));
    parser->pattern.method = method_lookup(method);
    parser->pattern.method_text = method;
    *rest = after;
    return 0;
}

/* There is no '/' in `rest`. */
static int refuse_path(struct parser *parser, struct slice rest)
{
    const struct slice method = parser->pattern.method_text;
    if (method.len == 0 && method_lookup(rest) != METHOD_OTHER) {
        return refuse(parser, "it has no path; write \"%.*s /\"", SLICE_ARG(rest));
    }
    return refuse(parser, "the path must begin with '/'; write \"%.*s%s/%.*s\"", SLICE_ARG(method),
                  method.len > 0 ? " " : "", SLICE_ARG(rest));
}

static int parse_host(struct parser *parser, struct slice *rest)
{
    const size_t slash = slice_find(*rest, '/');
    if (slash == rest->len) {
        return refuse_path(parser, *rest);
    }
    const struct slice host = slice_of(rest->ptr, slash);
    *rest = slice_of(rest->ptr + slash, rest->len - slash);
    if (host.len == 0) {
        return 0;
    }
    if (slice_find(host, '{') < host.len) {
        return refuse(parser, "a host has no parameters; write it without '{', or leave it out");
    }
    if (host.len > PATTERN_HOST_MAX || !authority_valid(host)) {
        return refuse(parser, "\"%.*s\" is no host name", SLICE_ARG(host));
    }
    if (authority_host(host).len != host.len) {
        const struct slice bare = authority_host(host);
        return refuse(parser, "a host is matched without its port; write \"%.*s%.*s\"",
                      SLICE_ARG(bare), SLICE_ARG(*rest));
    }
    char *const lower = arena_dup(parser->arena, host);
    if (lower == NULL) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < host.len; i++) {
        lower[i] = text_lower(lower[i]);
    }
    parser->pattern.host = slice_of(lower, host.len);
    return 0;
}

static int add_segment(struct parser *parser, enum segment_kind kind, struct slice text)
{
    struct pattern *const pattern = &parser->pattern;
    if (pattern->segment_count == PATTERN_SEGMENT_MAX) {
        return refuse(parser, "it has more than %d segments", PATTERN_SEGMENT_MAX);
    }
    const char *const copy = arena_dup(parser->arena, text);
    if (copy == NULL) {
        return -ENOMEM;
    }
    parser->segments[pattern->segment_count++] =
        (struct segment){.kind = kind, .text = slice_of(copy, text.len)};
    return 0;
}

static int add_literal(struct parser *parser, struct slice raw)
{
    char decoded[3 * PATTERN_LITERAL_MAX];
    size_t len = 0;
    for (size_t i = 0; i < raw.len; i++) {
        const unsigned char c = (unsigned char)raw.ptr[i];
        if (c <= ' ' || c == 0x7f) {
            return refuse(parser,
                          "a blank or control byte in the path is written as an escape: %%%02X", c);
        }
        if (c == '?' || c == '#') {
            return refuse(parser,
                          "a route has no query; write '%c' as %%%02X if it is part of the path", c,
                          c);
        }
        if (c == '{' || c == '}') {
            return refuse(
                parser,
                "a parameter is a whole segment: \"/{name}/\"; a plain '%c' is written %%%02X", c,
                c);
        }
    }
    if (raw.len > sizeof(decoded) || percent_decode(raw, false, decoded, &len) < 0) {
        return refuse(parser, raw.len > sizeof(decoded)
                                  ? "a segment is too long"
                                  : "bad escape; a plain '%%' is written %%25");
    }
    const struct slice text = slice_of(decoded, len);
    if (len > PATTERN_LITERAL_MAX) {
        return refuse(parser, "a segment is longer than %d bytes", PATTERN_LITERAL_MAX);
    }
    if (slice_eq(text, SLICE(".")) || slice_eq(text, SLICE(".."))) {
        return refuse(parser, "\"%.*s\" never matches: dot segments are resolved before",
                      SLICE_ARG(text));
    }
    return add_segment(parser, SEGMENT_LITERAL, text);
}

static bool name_valid(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        const char c = name.ptr[i];
        if (!text_is_letter(c) && c != '_' && !(i > 0 && text_is_digit(c))) {
            return false;
        }
    }
    return name.len > 0;
}

static int check_name(struct parser *parser, struct slice name)
{
    if (!name_valid(name)) {
        return refuse(parser, "\"%.*s\" is no parameter name; it is letters, digits and '_'",
                      SLICE_ARG(name));
    }
    for (size_t i = 0; i < parser->pattern.segment_count; i++) {
        const struct segment *const other = &parser->segments[i];
        if (other->kind != SEGMENT_LITERAL && slice_eq(other->text, name)) {
            return refuse(parser, "the parameter \"%.*s\" is there twice", SLICE_ARG(name));
        }
    }
    if (parser->pattern.param_count == PATTERN_PARAM_MAX) {
        return refuse(parser, "it has more than %d parameters", PATTERN_PARAM_MAX);
    }
    parser->pattern.param_count++;
    return 0;
}

/* `inner` is what stands between the braces. */
static int add_param(struct parser *parser, struct slice inner, bool last)
{
    if (slice_eq(inner, SLICE("$"))) {
        return last ? add_segment(parser, SEGMENT_SLASH, SLICE(""))
                    : refuse(parser, "{$} stands for the path's end, and nothing follows it");
    }
    const bool rest = inner.len >= 3 && memcmp(inner.ptr + inner.len - 3, "...", 3) == 0;
    struct slice name = rest ? slice_of(inner.ptr, inner.len - 3) : inner;
    const size_t colon = slice_find(name, ':');
    if (colon == name.len) {
        TRY(check_name(parser, name));
        if (rest && !last) {
            return refuse(parser, "{%.*s...} takes the rest of the path, and nothing follows it",
                          SLICE_ARG(name));
        }
        return add_segment(parser, rest ? SEGMENT_REST : SEGMENT_STRING, name);
    }
    const struct slice type = slice_of(name.ptr + colon + 1, name.len - colon - 1);
    name.len = colon;
    if (rest || !slice_eq(type, SLICE("int"))) {
        return refuse(parser, "unknown type in {%.*s}; write {%.*s:int}, {%.*s} or {%.*s...}",
                      SLICE_ARG(inner), SLICE_ARG(name), SLICE_ARG(name), SLICE_ARG(name));
    }
    TRY(check_name(parser, name));
    return add_segment(parser, SEGMENT_INT, name);
}

/* `path` begins with '/'. */
static int parse_path(struct parser *parser, struct slice path)
{
    struct slice raw = {0};
    while (path_next(&path, &raw)) {
        const bool last = path.len == 0;
        if (raw.len >= 2 && raw.ptr[0] == '{' && raw.ptr[raw.len - 1] == '}') {
            TRY(add_param(parser, slice_of(raw.ptr + 1, raw.len - 2), last));
        } else if (raw.len == 0 && last) {
            TRY(add_segment(parser, SEGMENT_REST, raw));
        } else {
            TRY(add_literal(parser, raw));
        }
    }
    return 0;
}

int pattern_parse(const char *text, const char *where, struct arena *arena,
                  struct pattern *ret_pattern, struct buf *ret_error)
{
    struct parser parser = {.arena = arena, .error = ret_error};
    struct pattern *const pattern = &parser.pattern;
    pattern->text = arena_dup(arena, slice_cstr(text));
    pattern->where = arena_dup(arena, slice_cstr(where));
    if (pattern->text == NULL || pattern->where == NULL) {
        return -ENOMEM;
    }
    struct slice rest = slice_cstr(pattern->text);
    if (rest.len == 0) {
        return refuse(&parser, "it is empty; write \"/\" for every path");
    }
    TRY(parse_method(&parser, &rest));
    TRY(parse_host(&parser, &rest));
    TRY(parse_path(&parser, rest));
    const size_t size = pattern->segment_count * sizeof(parser.segments[0]);
    struct segment *const segments = arena_alloc(arena, size);
    if (segments == NULL) {
        return -ENOMEM;
    }
    memcpy(segments, parser.segments, size);
    pattern->segments = segments;
    *ret_pattern = *pattern;
    return 0;
}
