/* The syntax of a request head and of a trailer section (RFC 9112 sections 2 to 5): a state
 * machine that goes on where the last call stopped, one small function per state. What the
 * fields mean is h1_semantics.c's. */
#include "codec/chars.h"
#include "codec/h1_internal.h"
#include "codec/scan.h"
#include "codec/words.h"

#include "base/compiler.h"
#include "base/text.h"

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

/* One call of h1_head_parse: the bytes at hand, cut to the limit, and the parser's place in
 * them. It lives in registers, as all functions that take it are inlined into the one loop. */
struct walk {
    struct h1_parser *p;
    const char *data;
    uint32_t len;
    uint32_t pos;
    uint32_t mark;
    enum state state;
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
    case '\r': return "misplaced CR";
    case '\0': return "NUL";
    default: return otherwise;
    }
}

static enum h1_result refuse(struct walk *w, uint16_t status, uint32_t offset, const char *reason)
{
    w->state = STATE_BAD;
    return h1_refuse(&w->p->error, status, offset, reason);
}

/* Refuses the byte at pos. */
static enum h1_result refuse_byte(struct walk *w, const char *reason)
{
    return refuse(w, 400, w->pos, h1_control_reason(w->data[w->pos], reason));
}

/* Goes on to `state` with the byte behind the one at pos, where a new element begins. */
static enum h1_result next(struct walk *w, enum state state)
{
    w->pos++;
    w->mark = w->pos;
    w->state = state;
    return H1_DONE;
}

static struct h1_span span_from_mark(const struct walk *w)
{
    return (struct h1_span){w->mark, w->pos - w->mark};
}

/* Each of the functions below handles one state. It returns H1_DONE with the next state, or
 * H1_MORE when the bytes are used up, or H1_BAD; there is at least one byte at pos. */

static enum h1_result parse_start(struct walk *w)
{
    if (LIKELY(w->data[w->pos] != '\r')) {
        w->mark = w->pos;
        w->state = STATE_METHOD;
        return H1_DONE;
    }
    if (w->p->crlf_count == LIMIT_LEADING_CRLF_COUNT) {
        return refuse(w, 400, w->pos, "too many empty lines before the request");
    }
    return next(w, STATE_START_LF);
}

static enum h1_result parse_start_lf(struct walk *w)
{
    if (w->data[w->pos] != '\n') {
        return refuse(w, 400, w->pos - 1, "bare CR");
    }
    w->p->crlf_count++;
    return next(w, STATE_START);
}

static enum h1_result parse_method(struct walk *w)
{
    w->pos += (uint32_t)char_run(w->data + w->pos, w->len - w->pos, CHAR_TOKEN);
    if (UNLIKELY(w->pos - w->mark > LIMIT_METHOD_BYTES)) {
        return refuse(w, 501, w->mark + LIMIT_METHOD_BYTES, "method too long");
    }
    if (w->pos == w->len) {
        return H1_MORE;
    }
    if (UNLIKELY(w->data[w->pos] != ' ' || w->pos == w->mark)) {
        return refuse_byte(w, "byte not allowed in a method");
    }
    struct h1_head *const head = w->p->head;
    head->method_text = span_from_mark(w);
    head->method = method_lookup(h1_span_slice(head->method_text, w->data));
    return next(w, STATE_TARGET);
}

static enum h1_result parse_target(struct walk *w)
{
    w->pos += (uint32_t)scan->target(w->data + w->pos, w->len - w->pos);
    const uint32_t size_max = w->p->limits->target_bytes;
    if (UNLIKELY(w->pos - w->mark > size_max)) {
        return refuse(w, 414, w->mark + size_max, "target too long");
    }
    if (w->pos == w->len) {
        return H1_MORE;
    }
    if (UNLIKELY(w->data[w->pos] != ' ' || w->pos == w->mark)) {
        return refuse_byte(w, "byte not allowed in a target");
    }
    w->p->head->target = span_from_mark(w);
    return next(w, STATE_VERSION);
}

#define VERSION_SIZE  10
#define VERSION_MAJOR 5
#define VERSION_MINOR 7
static const char version_line[VERSION_SIZE + 1] = "HTTP/1.1\r\n";

static struct h1_span span_in(struct slice s, const char *data)
{
    return (struct h1_span){(uint32_t)(s.ptr - data), (uint32_t)s.len};
}

/* Takes the target apart; NULL, or what is wrong with it. */
static const char *split_target(const struct h1_parser *p, const char *data)
{
    struct h1_head *const head = p->head;
    struct target target;
    const char *reason;
    if (target_parse(h1_span_slice(head->target, data), head->method == METHOD_CONNECT,
                     head->method == METHOD_OPTIONS, p->limits->target_8bit, &target,
                     &reason) < 0) {
        return reason;
    }
    head->form = target.form;
    head->path_plain = target.path_plain;
    head->has_query = target.has_query;
    head->path = span_in(target.path, data);
    head->query = span_in(target.query, data);
    head->authority = span_in(target.authority, data);
    return NULL;
}

/* pos is at the LF of the request line. The target had to wait for the version: "PRI * HTTP/2.0" is
 * of another protocol. */
static enum h1_result end_request_line(struct walk *w)
{
    struct h1_head *const head = w->p->head;
    if (w->data[w->mark + VERSION_MAJOR] != '1') {
        return refuse(w, 505, w->mark + VERSION_MAJOR, "major version not 1");
    }
    head->minor = w->data[w->mark + VERSION_MINOR] != '0';
    const char *const reason = split_target(w->p, w->data);
    if (UNLIKELY(reason != NULL)) {
        return refuse(w, 400, head->target.offset, reason);
    }
    return next(w, STATE_FIELD);
}

/* Does the byte fit at this place of the version? Any digits are let through here. */
static bool version_byte_fits(char c, uint32_t index)
{
    if (index == VERSION_MAJOR || index == VERSION_MINOR) {
        return text_is_digit(c);
    }
    return c == version_line[index];
}

static enum h1_result parse_version(struct walk *w)
{
    const char *const version = w->data + w->mark;
    uint32_t index = w->pos - w->mark;
    const uint32_t last = VERSION_SIZE - 1;
    if (LIKELY(w->len - w->mark > last && word_load8(version) == word_load8(version_line))) {
        index = last - 1;
    }
    while (index < last && w->mark + index < w->len && version_byte_fits(version[index], index)) {
        index++;
    }
    w->pos = w->mark + index;
    if (w->pos == w->len) {
        return H1_MORE;
    }
    if (!version_byte_fits(version[index], index)) {
        return refuse_byte(w, "bad version in the request line");
    }
    return end_request_line(w);
}

static enum h1_result parse_field(struct walk *w)
{
    const char c = w->data[w->pos];
    if (c == '\r') {
        return next(w, STATE_END_LF);
    }
    if (char_is_blank(c)) {
        return refuse(w, 400, w->pos, "blank at the beginning of a field line");
    }
    if (w->p->head->field_count >= w->p->limits->field_count) {
        return refuse(w, 431, w->pos, "too many fields");
    }
    w->mark = w->pos;
    w->state = STATE_NAME;
    return H1_DONE;
}

/* The field that is being parsed, behind those that are complete. */
static struct h1_field *current_field(const struct walk *w)
{
    return &w->p->head->fields[w->p->head->field_count];
}

static enum h1_result parse_name(struct walk *w)
{
    w->pos += (uint32_t)char_run(w->data + w->pos, w->len - w->pos, CHAR_TOKEN);
    if (UNLIKELY(w->pos - w->mark > UINT16_MAX)) {
        return refuse(w, 431, w->mark + UINT16_MAX, "field name too long");
    }
    if (w->pos == w->len) {
        return H1_MORE;
    }
    if (UNLIKELY(w->data[w->pos] != ':' || w->pos == w->mark)) {
        return refuse_byte(w, "byte not allowed in a field name");
    }
    struct h1_field *const field = current_field(w);
    field->name_offset = w->mark;
    field->name_len = (uint16_t)(w->pos - w->mark);
    field->id = (uint16_t)field_lookup(slice_of(w->data + w->mark, field->name_len));
    return next(w, STATE_BEFORE_VALUE);
}

static enum h1_result parse_before_value(struct walk *w)
{
    while (w->pos < w->len && char_is_blank(w->data[w->pos])) {
        w->pos++;
    }
    if (w->pos == w->len) {
        return H1_MORE;
    }
    w->mark = w->pos;
    w->state = STATE_VALUE;
    return H1_DONE;
}

static enum h1_result parse_value(struct walk *w)
{
    w->pos += (uint32_t)scan->value(w->data + w->pos, w->len - w->pos);
    if (w->pos == w->len) {
        return H1_MORE;
    }
    if (UNLIKELY(w->data[w->pos] != '\r')) {
        return refuse_byte(w, "control byte in a field value");
    }
    uint32_t end = w->pos;
    while (end > w->mark && char_is_blank(w->data[end - 1])) {
        end--;
    }
    struct h1_field *const field = current_field(w);
    field->value_offset = w->mark;
    field->value_len = end - w->mark;
    return next(w, STATE_VALUE_LF);
}

/* Counts the current field in. */
static void keep_field(struct h1_head *head, unsigned id)
{
    head->field_count++;
    if (head->id_first[id] == 0) {
        head->id_first[id] = head->field_count;
    } else {
        head->id_repeated |= UINT64_C(1) << id;
    }
}

static enum h1_result parse_value_lf(struct walk *w)
{
    if (UNLIKELY(w->data[w->pos] != '\n')) {
        return refuse(w, 400, w->pos - 1, "bare CR");
    }
    const enum field_id id = (enum field_id)current_field(w)->id;
    if (!w->p->trailers || field_trailer_allowed(id)) {
        keep_field(w->p->head, id);
    }
    return next(w, STATE_FIELD);
}

static enum h1_result parse_end_lf(struct walk *w)
{
    if (w->data[w->pos] != '\n') {
        return refuse(w, 400, w->pos - 1, "bare CR");
    }
    w->p->head->size = w->pos + 1;
    if (!w->p->trailers && h1_check_semantics(w->p->head, w->data, &w->p->error) == H1_BAD) {
        w->state = STATE_BAD;
        return H1_BAD;
    }
    return next(w, STATE_DONE);
}

static enum h1_result step(struct walk *w)
{
    switch (w->state) {
    case STATE_START: return parse_start(w);
    case STATE_START_LF: return parse_start_lf(w);
    case STATE_METHOD: return parse_method(w);
    case STATE_TARGET: return parse_target(w);
    case STATE_VERSION: return parse_version(w);
    case STATE_FIELD: return parse_field(w);
    case STATE_NAME: return parse_name(w);
    case STATE_BEFORE_VALUE: return parse_before_value(w);
    case STATE_VALUE: return parse_value(w);
    case STATE_VALUE_LF: return parse_value_lf(w);
    case STATE_END_LF: return parse_end_lf(w);
    case STATE_DONE:
    case STATE_BAD: break;
    }
    return H1_BAD;
}

/* The head fills the limit and does not end there. */
static enum h1_result refuse_size(struct walk *w)
{
    if (w->state == STATE_TARGET) {
        return refuse(w, 414, w->len, "target too long");
    }
    return refuse(w, 431, w->len, w->p->trailers ? "trailers too large" : "head too large");
}

enum h1_result h1_head_parse(struct h1_parser *parser, const char *data, size_t len)
{
    const struct h1_limits *const limits = parser->limits;
    const uint32_t size_max = parser->trailers ? limits->trailer_bytes : limits->head_bytes;
    struct walk w = {
        .p = parser,
        .data = data,
        .len = len < size_max ? (uint32_t)len : size_max,
        .pos = parser->pos,
        .mark = parser->mark,
        .state = (enum state)parser->state,
    };
    if (w.state >= STATE_DONE) {
        return w.state == STATE_DONE ? H1_DONE : H1_BAD;
    }
    enum h1_result result;
    do {
        result = w.pos < w.len ? step(&w) : H1_MORE;
    } while (result == H1_DONE && w.state != STATE_DONE);
    if (result == H1_MORE && w.len == size_max) {
        result = refuse_size(&w);
    }
    parser->pos = w.pos;
    parser->mark = w.mark;
    parser->state = (uint8_t)w.state;
    return result;
}

/* All but the fields, of which only those up to field_count are valid. In pieces, because gcc makes
 * a slow `rep stos` of a longer memset. */
static void clear_head(struct h1_head *head)
{
    enum { PIECE = 64, SIZE = offsetof(struct h1_head, fields) };
    char *const bytes = (char *)head;
    for (size_t at = 0; at < SIZE / PIECE * PIECE; at += PIECE) {
        memset(bytes + at, 0, PIECE);
    }
    memset(bytes + SIZE / PIECE * PIECE, 0, SIZE % PIECE);
    head->content_length = -1;
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
    clear_head(head);
}

bool h1_parser_idle(const struct h1_parser *parser)
{
    return parser->state == STATE_START || parser->state == STATE_START_LF;
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
