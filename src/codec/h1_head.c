/* The syntax of a request head and of a trailer section (RFC 9112 sections 2 to 5): a state machine that
 * goes on where the last call stopped, one small function per state. What the fields mean is
 * h1_semantics.c's. */
#include "codec/chars.h"
#include "codec/h1_internal.h"
#include "codec/scan.h"

#include "base/compiler.h"

const struct h1_limits h1_limits_default = {
    .target_bytes = LIMIT_TARGET_BYTES,
    .head_bytes = LIMIT_HEAD_BYTES,
    .field_count = LIMIT_FIELD_COUNT,
    .trailer_bytes = LIMIT_TRAILER_BYTES,
    .chunk_ext_bytes = LIMIT_CHUNK_EXT_BYTES,
};

enum state {
    STATE_START,    /* before a request line, where empty lines are skipped */
    STATE_START_LF, /* behind the CR of one */
    STATE_METHOD,
    STATE_TARGET,
    STATE_VERSION,
    STATE_FIELD, /* at the beginning of a field line, or of the last, empty line */
    STATE_NAME,
    STATE_BEFORE_VALUE,
    STATE_VALUE,
    STATE_VALUE_LF,
    STATE_END_LF, /* behind the CR of the empty line */
    STATE_DONE,
    STATE_BAD,
};

/* The bytes at hand, cut to the limit. */
struct input {
    const char *data;
    uint32_t len;
};

enum h1_result h1_refuse(struct h1_error *error, uint16_t status, uint64_t offset,
                         const char *reason)
{
    *error = (struct h1_error){
        .status = status,
        .offset = offset < UINT32_MAX ? (uint32_t)offset : UINT32_MAX,
        .reason = reason,
    };
    return H1_BAD;
}

const char *h1_control_reason(char c, const char *otherwise)
{
    switch (c) {
    case '\n': return "bare LF";
    case '\r': return "bare CR";
    case '\0': return "NUL";
    default: return otherwise;
    }
}

static enum h1_result refuse(struct h1_parser *p, uint16_t status, uint32_t offset,
                             const char *reason)
{
    p->state = STATE_BAD;
    return h1_refuse(&p->error, status, offset, reason);
}

/* Refuses the byte at pos. */
static enum h1_result refuse_byte(struct h1_parser *p, struct input in, const char *reason)
{
    return refuse(p, 400, p->pos, h1_control_reason(in.data[p->pos], reason));
}

/* Goes on to `state` with the byte behind the one at pos, where a new element begins. */
static enum h1_result next(struct h1_parser *p, enum state state)
{
    p->pos++;
    p->mark = p->pos;
    p->state = (uint8_t)state;
    return H1_DONE;
}

static struct h1_span span_from_mark(const struct h1_parser *p)
{
    return (struct h1_span){p->mark, p->pos - p->mark};
}

/* Each of the functions below handles one state. It returns H1_DONE with the next state, or H1_MORE when
 * the bytes are used up, or H1_BAD; there is at least one byte at pos. */

static enum h1_result parse_start(struct h1_parser *p, struct input in)
{
    if (LIKELY(in.data[p->pos] != '\r')) {
        p->mark = p->pos;
        p->state = STATE_METHOD;
        return H1_DONE;
    }
    if (p->crlf_count == LIMIT_LEADING_CRLF_COUNT) {
        return refuse(p, 400, p->pos, "too many empty lines before the request");
    }
    return next(p, STATE_START_LF);
}

static enum h1_result parse_start_lf(struct h1_parser *p, struct input in)
{
    if (in.data[p->pos] != '\n') {
        return refuse(p, 400, p->pos - 1, "bare CR");
    }
    p->crlf_count++;
    return next(p, STATE_START);
}

static enum h1_result parse_method(struct h1_parser *p, struct input in)
{
    while (p->pos < in.len && char_is(in.data[p->pos], CHAR_TOKEN)) {
        p->pos++;
    }
    if (p->pos - p->mark > LIMIT_METHOD_BYTES) {
        return refuse(p, 501, p->mark + LIMIT_METHOD_BYTES, "method too long");
    }
    if (p->pos == in.len) {
        return H1_MORE;
    }
    if (in.data[p->pos] != ' ' || p->pos == p->mark) {
        return refuse_byte(p, in, "byte not allowed in a method");
    }
    p->head->method_text = span_from_mark(p);
    p->head->method = method_lookup(h1_span_slice(p->head->method_text, in.data));
    return next(p, STATE_TARGET);
}

static enum h1_result parse_target(struct h1_parser *p, struct input in)
{
    p->pos += (uint32_t)scan->target(in.data + p->pos, in.len - p->pos);
    if (p->pos - p->mark > p->limits->target_bytes) {
        return refuse(p, 414, p->mark + p->limits->target_bytes, "target too long");
    }
    if (p->pos == in.len) {
        return H1_MORE;
    }
    if (in.data[p->pos] == '\r') {
        return refuse(p, 400, p->pos, "request line without a version");
    }
    if (in.data[p->pos] != ' ' || p->pos == p->mark) {
        return refuse_byte(p, in, "byte not allowed in a target");
    }
    p->head->target = span_from_mark(p);
    return next(p, STATE_VERSION);
}

#define VERSION_SIZE  10
#define VERSION_MAJOR 5
#define VERSION_MINOR 7
static const char version_line[VERSION_SIZE + 1] = "HTTP/1.1\r\n";

static struct h1_span span_in(struct slice s, const char *data)
{
    return (struct h1_span){(uint32_t)(s.ptr - data), (uint32_t)s.len};
}

/* Takes the target apart. It had to wait for the version: "PRI * HTTP/2.0" is of another protocol. */
static enum h1_result split_target(struct h1_parser *p, struct input in)
{
    struct h1_head *const head = p->head;
    struct target target;
    const char *reason;
    const int rc =
        target_parse(h1_span_slice(head->target, in.data), head->method == METHOD_CONNECT,
                     head->method == METHOD_OPTIONS, p->limits->target_8bit, &target, &reason);
    if (rc < 0) {
        return refuse(p, 400, head->target.offset, reason);
    }
    head->form = target.form;
    head->path_plain = target.path_plain;
    head->has_query = target.has_query;
    head->path = span_in(target.path, in.data);
    head->query = span_in(target.query, in.data);
    head->authority = span_in(target.authority, in.data);
    return H1_DONE;
}

/* pos is at the LF of the request line. */
static enum h1_result end_request_line(struct h1_parser *p, struct input in)
{
    const char *const version = in.data + p->mark;
    if (version[VERSION_MAJOR] != '1') {
        return refuse(p, 505, p->mark + VERSION_MAJOR, "major version not 1");
    }
    p->head->minor = version[VERSION_MINOR] != '0';
    const enum h1_result result = split_target(p, in);
    return result == H1_DONE ? next(p, STATE_FIELD) : result;
}

/* Does the byte fit at this place of the version? Any digits are let through here. */
static bool version_byte_fits(char c, uint32_t index)
{
    if (index == VERSION_MAJOR || index == VERSION_MINOR) {
        return c >= '0' && c <= '9';
    }
    return c == version_line[index];
}

static enum h1_result parse_version(struct h1_parser *p, struct input in)
{
    if (in.len - p->mark >= VERSION_SIZE &&
        memcmp(in.data + p->mark, version_line, VERSION_SIZE) == 0) {
        p->pos = p->mark + VERSION_SIZE - 1;
        return end_request_line(p, in);
    }
    for (; p->pos < in.len; p->pos++) {
        const uint32_t index = p->pos - p->mark;
        if (!version_byte_fits(in.data[p->pos], index)) {
            return refuse_byte(p, in, "bad version in the request line");
        }
        if (index == VERSION_SIZE - 1) {
            return end_request_line(p, in);
        }
    }
    return H1_MORE;
}

static enum h1_result parse_field(struct h1_parser *p, struct input in)
{
    const char c = in.data[p->pos];
    if (c == '\r') {
        return next(p, STATE_END_LF);
    }
    if (char_is_blank(c)) {
        return refuse(p, 400, p->pos, "blank at the beginning of a field line");
    }
    if (p->head->field_count >= p->limits->field_count) {
        return refuse(p, 431, p->pos, "too many fields");
    }
    p->mark = p->pos;
    p->state = STATE_NAME;
    return H1_DONE;
}

static enum h1_result parse_name(struct h1_parser *p, struct input in)
{
    p->pos += (uint32_t)scan->token(in.data + p->pos, in.len - p->pos);
    if (p->pos - p->mark > UINT16_MAX) {
        return refuse(p, 431, p->mark + UINT16_MAX, "field name too long");
    }
    if (p->pos == in.len) {
        return H1_MORE;
    }
    if (in.data[p->pos] != ':' || p->pos == p->mark) {
        return refuse_byte(p, in, "byte not allowed in a field name");
    }
    struct h1_field *const field = &p->head->fields[p->head->field_count];
    field->name_offset = p->mark;
    field->name_len = (uint16_t)(p->pos - p->mark);
    field->id = (uint16_t)field_lookup(slice_of(in.data + p->mark, field->name_len));
    return next(p, STATE_BEFORE_VALUE);
}

static enum h1_result parse_before_value(struct h1_parser *p, struct input in)
{
    while (p->pos < in.len && char_is_blank(in.data[p->pos])) {
        p->pos++;
    }
    if (p->pos == in.len) {
        return H1_MORE;
    }
    p->mark = p->pos;
    p->state = STATE_VALUE;
    return H1_DONE;
}

static enum h1_result parse_value(struct h1_parser *p, struct input in)
{
    p->pos += (uint32_t)scan->value(in.data + p->pos, in.len - p->pos);
    if (p->pos == in.len) {
        return H1_MORE;
    }
    if (in.data[p->pos] != '\r') {
        return refuse_byte(p, in, "control byte in a field value");
    }
    uint32_t end = p->pos;
    while (end > p->mark && char_is_blank(in.data[end - 1])) {
        end--;
    }
    struct h1_field *const field = &p->head->fields[p->head->field_count];
    field->value_offset = p->mark;
    field->value_len = end - p->mark;
    return next(p, STATE_VALUE_LF);
}

/* Counts in the field that stands complete behind the others. */
static void keep_field(struct h1_head *head)
{
    const unsigned id = head->fields[head->field_count].id;
    head->field_count++;
    if (head->id_first[id] == 0) {
        head->id_first[id] = head->field_count;
    } else {
        head->id_repeated |= UINT64_C(1) << id;
    }
}

static enum h1_result parse_value_lf(struct h1_parser *p, struct input in)
{
    if (in.data[p->pos] != '\n') {
        return refuse(p, 400, p->pos - 1, "bare CR");
    }
    struct h1_head *const head = p->head;
    const enum field_id id = (enum field_id)head->fields[head->field_count].id;
    if (!p->trailers || field_trailer_allowed(id)) {
        keep_field(head);
    }
    return next(p, STATE_FIELD);
}

static enum h1_result parse_end_lf(struct h1_parser *p, struct input in)
{
    if (in.data[p->pos] != '\n') {
        return refuse(p, 400, p->pos - 1, "bare CR");
    }
    p->pos++;
    p->head->size = p->pos;
    if (!p->trailers && h1_check_semantics(p->head, in.data, &p->error) == H1_BAD) {
        p->state = STATE_BAD;
        return H1_BAD;
    }
    p->state = STATE_DONE;
    return H1_DONE;
}

static enum h1_result step(struct h1_parser *p, struct input in)
{
    switch ((enum state)p->state) {
    case STATE_START: return parse_start(p, in);
    case STATE_START_LF: return parse_start_lf(p, in);
    case STATE_METHOD: return parse_method(p, in);
    case STATE_TARGET: return parse_target(p, in);
    case STATE_VERSION: return parse_version(p, in);
    case STATE_FIELD: return parse_field(p, in);
    case STATE_NAME: return parse_name(p, in);
    case STATE_BEFORE_VALUE: return parse_before_value(p, in);
    case STATE_VALUE: return parse_value(p, in);
    case STATE_VALUE_LF: return parse_value_lf(p, in);
    case STATE_END_LF: return parse_end_lf(p, in);
    case STATE_DONE: return H1_DONE;
    case STATE_BAD: break;
    }
    return H1_BAD;
}

/* The head fills the limit and does not end there. */
static enum h1_result refuse_size(struct h1_parser *p, uint32_t size_max)
{
    if (p->state == STATE_TARGET) {
        return refuse(p, 414, size_max, "target too long");
    }
    return refuse(p, 431, size_max, p->trailers ? "trailers too large" : "head too large");
}

enum h1_result h1_head_parse(struct h1_parser *parser, const char *data, size_t len)
{
    const struct h1_limits *const limits = parser->limits;
    const uint32_t size_max = parser->trailers ? limits->trailer_bytes : limits->head_bytes;
    const struct input in = {data, len < size_max ? (uint32_t)len : size_max};
    while (parser->pos < in.len) {
        const enum h1_result result = step(parser, in);
        if (result == H1_BAD || parser->state == STATE_DONE) {
            return result;
        }
    }
    return in.len == size_max ? refuse_size(parser, size_max) : H1_MORE;
}

static void init(struct h1_parser *parser, const struct h1_limits *limits, struct h1_head *head,
                 bool trailers)
{
    *parser = (struct h1_parser){
        .limits = limits,
        .head = head,
        .state = trailers ? STATE_FIELD : STATE_START,
        .trailers = trailers,
    };
    /* The fields, most of the structure, are valid up to field_count. */
    memset(head, 0, offsetof(struct h1_head, fields));
    head->content_length = -1;
}

void h1_parser_init(struct h1_parser *parser, const struct h1_limits *limits, struct h1_head *head)
{
    init(parser, limits, head, false);
}

void h1_parser_init_trailers(struct h1_parser *parser, const struct h1_limits *limits,
                             struct h1_head *head)
{
    init(parser, limits, head, true);
}

struct slice h1_head_get(const struct h1_head *head, const char *data, enum field_id id)
{
    const uint16_t first = head->id_first[id];
    if (first == 0) {
        return slice_of(NULL, 0);
    }
    const struct h1_field *const field = &head->fields[first - 1];
    return slice_of(data + field->value_offset, field->value_len);
}
