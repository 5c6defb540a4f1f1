/* The JSON writer (RFC 8259). */
#include "app/json_out.h"

#include "base/text.h"
#include "base/utf8.h"
#include "codec/json.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define EACH_BYTE(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Has any of eight bytes to be looked at: a control, '"', '\\', or one from 0x80 on? */
static bool eight_are_plain(const char *p)
{
    uint64_t word = 0;
    memcpy(&word, p, sizeof(word));
    const uint64_t quote = word ^ EACH_BYTE('"');
    const uint64_t backslash = word ^ EACH_BYTE('\\');
    const uint64_t below =
        (word - EACH_BYTE(0x20)) | (quote - EACH_BYTE(1)) | (backslash - EACH_BYTE(1));
    return ((below | word) & EACH_BYTE(0x80)) == 0;
}

static bool byte_is_plain(char c)
{
    return (unsigned char)c >= 0x20 && (unsigned char)c < 0x80 && c != '"' && c != '\\';
}

/* How many bytes from `start` on stand for themselves. */
static size_t plain_run(struct slice text, size_t start)
{
    size_t i = start;
    while (text.len - i >= 8 && eight_are_plain(text.ptr + i)) {
        i += 8;
    }
    while (i < text.len && byte_is_plain(text.ptr[i])) {
        i++;
    }
    return i - start;
}

static void append_escape(struct buf *out, char c)
{
    static const char names[] = "\"\\\b\f\n\r\t";
    static const char letters[] = "\"\\bfnrt";
    const char *const name = memchr(names, c, sizeof(names) - 1);
    if (name != NULL) {
        const char escape[2] = {'\\', letters[name - names]};
        buf_append(out, escape, sizeof(escape));
    } else {
        buf_printf(out, "\\u%04x", (unsigned)(unsigned char)c);
    }
}

/* Appends the one character at the head of `text`; returns how many bytes it took. */
static size_t append_character(struct buf *out, struct slice text)
{
    if ((unsigned char)text.ptr[0] < 0x80) {
        append_escape(out, text.ptr[0]);
        return 1;
    }
    bool valid = true;
    const size_t size = utf8_take(text.ptr, text.len, &valid);
    if (valid) {
        buf_append(out, text.ptr, size);
    } else {
        buf_append_slice(out, SLICE(UTF8_REPLACEMENT));
    }
    return size;
}

/* Text without anything to escape, in one piece. */
static int quote_plain(struct slice text, struct buf *out)
{
    TRY(buf_reserve(out, text.len + 2));
    char *const p = out->data + out->len;
    p[0] = '"';
    memcpy(p + 1, text.len > 0 ? text.ptr : "", text.len);
    p[text.len + 1] = '"';
    out->len += text.len + 2;
    return 0;
}

/* Appends what stands between the quotes; `run` bytes of it are plain. */
static void append_escaped(struct slice text, size_t run, struct buf *out)
{
    for (size_t i = 0; i < text.len;) {
        buf_append(out, text.ptr + i, run);
        i += run;
        if (i < text.len) {
            i += append_character(out, slice_of(text.ptr + i, text.len - i));
        }
        run = plain_run(text, i);
    }
}

int json_quote(struct slice text, struct buf *out)
{
    const size_t run = plain_run(text, 0);
    if (run == text.len) {
        return quote_plain(text, out);
    }
    buf_append_byte(out, '"');
    append_escaped(text, run, out);
    buf_append_byte(out, '"');
    return out->error;
}

void json_init(struct json *json, struct buf *out)
{
    *json = (struct json){.out = out};
}

static void fail(struct json *json, int error)
{
    if (json->error == 0) {
        json->error = error;
    }
}

/* Hands on what is there, if it is much. */
static void settle(struct json *json)
{
    if (json->drain != NULL && json->error == 0 && json->out->len >= JSON_PIECE) {
        const int rc = json->drain(json->arg);
        if (rc < 0) {
            fail(json, rc);
        }
    }
}

bool json_in_object(const struct json *json)
{
    return (json->objects[json->depth / 64] >> json->depth % 64 & 1) != 0;
}

/* Marks that something is written at this depth; was there anything before? */
static bool fill(struct json *json)
{
    uint64_t *const word = &json->filled[json->depth / 64];
    const uint64_t bit = UINT64_C(1) << json->depth % 64;
    const bool before = (*word & bit) != 0;
    *word |= bit;
    return before;
}

/* What goes before a value; false if none may stand here. */
static bool begin_value(struct json *json)
{
    if (json->error != 0) {
        return false;
    }
    if (json_in_object(json)) {
        if (!json->keyed) {
            fail(json, -EINVAL);
            return false;
        }
        json->keyed = false;
        return true;
    }
    const bool before = fill(json);
    if (before && json->depth == 0) {
        fail(json, -EINVAL);
        return false;
    }
    if (before) {
        buf_append_byte(json->out, ',');
    }
    return true;
}

static void begin_nested(struct json *json, bool object)
{
    if (!begin_value(json)) {
        return;
    }
    if (json->depth == JSON_DEPTH_MAX) {
        fail(json, -EOVERFLOW);
        return;
    }
    json->depth++;
    const uint64_t bit = UINT64_C(1) << json->depth % 64;
    uint64_t *const objects = &json->objects[json->depth / 64];
    json->filled[json->depth / 64] &= ~bit;
    *objects = object ? *objects | bit : *objects & ~bit;
    buf_append_byte(json->out, object ? '{' : '[');
}

static void end_nested(struct json *json, bool object)
{
    if (json->error != 0) {
        return;
    }
    if (json->depth == 0 || json->keyed || json_in_object(json) != object) {
        fail(json, -EINVAL);
        return;
    }
    json->depth--;
    buf_append_byte(json->out, object ? '}' : ']');
    settle(json);
}

void json_begin_object(struct json *json)
{
    begin_nested(json, true);
}

void json_end_object(struct json *json)
{
    end_nested(json, true);
}

void json_begin_array(struct json *json)
{
    begin_nested(json, false);
}

void json_end_array(struct json *json)
{
    end_nested(json, false);
}

void json_key(struct json *json, struct slice name)
{
    if (json->error != 0) {
        return;
    }
    if (!json_in_object(json) || json->keyed) {
        fail(json, -EINVAL);
        return;
    }
    if (fill(json)) {
        buf_append_byte(json->out, ',');
    }
    json_quote(name, json->out);
    buf_append_byte(json->out, ':');
    json->keyed = true;
}

static void plain_value(struct json *json, struct slice text)
{
    if (begin_value(json)) {
        buf_append_slice(json->out, text);
        settle(json);
    }
}

void json_null(struct json *json)
{
    plain_value(json, SLICE("null"));
}

void json_bool(struct json *json, bool value)
{
    plain_value(json, value ? SLICE("true") : SLICE("false"));
}

void json_int(struct json *json, int64_t value)
{
    char text[TEXT_INT_MAX];
    plain_value(json, slice_of(text, text_from_i64(value, text)));
}

void json_uint(struct json *json, uint64_t value)
{
    char text[TEXT_INT_MAX];
    plain_value(json, slice_of(text, text_from_u64(value, text)));
}

void json_double(struct json *json, double value)
{
    char text[JSON_DOUBLE_MAX];
    if (!isfinite(value)) {
        json_null(json);
    } else if (fabs(value) < 1e15 && (double)(int64_t)value == value &&
               !(value == 0 && signbit(value))) {
        json_int(json, (int64_t)value);
    } else {
        plain_value(json, slice_of(text, json_double_text(value, text)));
    }
}

/* How much of a long text goes into one piece: no character is cut. */
static size_t piece_size(struct slice text)
{
    size_t size = text.len < JSON_PIECE ? text.len : JSON_PIECE;
    for (int i = 0; i < 3 && size < text.len && (text.ptr[size] & 0xc0) == 0x80; i++) {
        size--;
    }
    return size;
}

static void write_pieces(struct json *json, struct slice text)
{
    buf_append_byte(json->out, '"');
    while (text.len > 0 && json->error == 0) {
        const size_t size = piece_size(text);
        const struct slice piece = slice_of(text.ptr, size);
        append_escaped(piece, plain_run(piece, 0), json->out);
        settle(json);
        text = slice_of(text.ptr + size, text.len - size);
    }
    buf_append_byte(json->out, '"');
}

void json_string(struct json *json, struct slice value)
{
    if (!begin_value(json)) {
        return;
    }
    if (json->drain != NULL && value.len > JSON_PIECE) {
        write_pieces(json, value);
    } else {
        json_quote(value, json->out);
    }
    settle(json);
}

/* Writes a value, or the beginning of a nested one. */
static void write_parsed(struct json *json, const struct garm_json_value *value)
{
    switch ((enum json_type)value->type) {
    case JSON_NULL: json_null(json); break;
    case JSON_BOOL: json_bool(json, value->as.boolean); break;
    case JSON_INT: json_int(json, value->as.integer); break;
    case JSON_UINT: json_uint(json, value->as.natural); break;
    case JSON_DOUBLE: json_double(json, value->as.number); break;
    case JSON_STRING: json_string(json, slice_of(value->as.text, value->count)); break;
    case JSON_ARRAY: json_begin_array(json); break;
    case JSON_OBJECT: json_begin_object(json); break;
    }
}

/* A nested value of which `next` children are written. */
struct place {
    const struct garm_json_value *value;
    size_t next;
};

static bool is_nested(const struct garm_json_value *value)
{
    return value->type == JSON_ARRAY || value->type == JSON_OBJECT;
}

void json_tree(struct json *json, const struct garm_json_value *value)
{
    struct place places[LIMIT_JSON_DEPTH] = {{value, 0}};
    size_t depth = is_nested(value) ? 1 : 0;
    write_parsed(json, value);
    while (depth > 0 && json->error == 0) {
        struct place *const place = &places[depth - 1];
        struct slice name = {0};
        const struct garm_json_value *const child = json_item(place->value, place->next, &name);
        if (child == NULL) {
            end_nested(json, place->value->type == JSON_OBJECT);
            depth--;
            continue;
        }
        place->next++;
        if (place->value->type == JSON_OBJECT) {
            json_key(json, name);
        }
        write_parsed(json, child);
        if (is_nested(child)) {
            places[depth++] = (struct place){child, 0};
        }
    }
}

int json_finish(const struct json *json)
{
    if (json->error != 0) {
        return json->error;
    }
    if (json->out->error != 0) {
        return json->out->error;
    }
    return json->depth == 0 && (json->filled[0] & 1) != 0 ? 0 : -EINVAL;
}
