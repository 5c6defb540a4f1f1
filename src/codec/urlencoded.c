/* Urlencoded forms (the URL standard, section 5.1), as they come. */
#include "codec/urlencoded.h"

#include "base/text.h"

enum state {
    STATE_NAME,
    STATE_VALUE,
    STATE_BAD,
};

void urlencoded_init(struct urlencoded *urlencoded, const struct form_limits *limits, char *text)
{
    *urlencoded =
        (struct urlencoded){.reader = {.limits = *limits, .text = text}, .state = STATE_NAME};
}

static enum form_event refuse(struct urlencoded *u, uint16_t status, const char *reason)
{
    u->state = STATE_BAD;
    return form_refuse(&u->reader, status, u->reader.seen, reason);
}

/* What a byte came to. */
enum step {
    STEP_BYTE,   /* *byte is decoded */
    STEP_TAKEN,  /* it is part of an escape */
    STEP_BROKEN, /* the escape before it is none: it stays what it was, and the byte comes again */
};

static enum step step(struct urlencoded *u, char *byte)
{
    if (u->escape_len == 0 && *byte != '%') {
        *byte = (char)(*byte == '+' ? ' ' : *byte);
        return STEP_BYTE;
    }
    if (u->escape_len > 0 && text_hex_digit(*byte) < 0) {
        return STEP_BROKEN;
    }
    if (u->escape_len == 2) {
        *byte = (char)(text_hex_digit(u->escape[1]) * 16 + text_hex_digit(*byte));
        u->escape_len = 0;
        return STEP_BYTE;
    }
    u->escape[u->escape_len++] = *byte;
    return STEP_TAKEN;
}

/* The bytes of an escape that is none. Valid until the next escape. */
static struct slice take_broken(struct urlencoded *u)
{
    const struct slice bytes = slice_of(u->escape, u->escape_len);
    u->escape_len = 0;
    return bytes;
}

/* Names. */

static enum form_event append(struct urlencoded *u, struct slice bytes)
{
    struct form_reader *const reader = &u->reader;
    if (bytes.len > reader->limits.head_bytes - reader->text_len) {
        return refuse(u, 413, "a name is larger than allowed");
    }
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.ptr[i] == '\0') {
            return refuse(u, 400, "a NUL in a name");
        }
        reader->text[reader->text_len++] = bytes.ptr[i];
    }
    return FORM_MORE;
}

static enum form_event begin_value(struct urlencoded *u)
{
    struct form_reader *const reader = &u->reader;
    const enum form_event event = append(u, take_broken(u));
    if (event == FORM_BAD) {
        return event;
    }
    reader->head = (struct form_head){
        .name = slice_of(reader->text, reader->text_len), .filename = SLICE(""), .type = SLICE("")};
    const enum form_event begun = form_begin_part(reader);
    u->state = begun == FORM_BAD ? STATE_BAD : STATE_VALUE;
    return begun;
}

static bool name_begun(const struct urlencoded *u)
{
    return u->reader.text_len > 0 || u->escape_len > 0;
}

/* One byte of a name, or behind it. *ret_taken is 0 if it is to come again. */
static enum form_event read_name(struct urlencoded *u, char c, size_t *ret_taken)
{
    *ret_taken = 1;
    if (c == '=') {
        return begin_value(u);
    }
    if (c == '&') {
        *ret_taken = !name_begun(u);
        return name_begun(u) ? begin_value(u) : FORM_MORE;
    }
    switch (step(u, &c)) {
    case STEP_BYTE: return append(u, slice_of(&c, 1));
    case STEP_BROKEN: *ret_taken = 0; return append(u, take_broken(u));
    case STEP_TAKEN: break;
    }
    return FORM_MORE;
}

/* Values. */

static enum form_event give(struct urlencoded *u, struct slice run, struct slice *ret_run)
{
    *ret_run = run;
    const enum form_event event = form_count(&u->reader, run.len);
    u->state = event == FORM_BAD ? STATE_BAD : u->state;
    return event;
}

static enum form_event end_value(struct urlencoded *u)
{
    u->state = STATE_NAME;
    u->reader.text_len = 0;
    return FORM_PART_END;
}

/* Decodes in place up to the value's end, a broken escape, or the end of what is there. */
static size_t decode(struct urlencoded *u, char *data, size_t len, size_t *ret_taken)
{
    size_t out = 0;
    size_t i = 0;
    for (; i < len && data[i] != '&'; i++) {
        char c = data[i];
        const enum step what = step(u, &c);
        if (what == STEP_BROKEN) {
            break;
        }
        data[out] = c;
        out += what == STEP_BYTE;
    }
    *ret_taken = i;
    return out;
}

static enum form_event read_value(struct urlencoded *u, char *data, size_t len, size_t *ret_taken,
                                  struct slice *ret_run)
{
    const size_t size = decode(u, data, len, ret_taken);
    if (size > 0) {
        return give(u, slice_of(data, size), ret_run);
    }
    if (*ret_taken == len) {
        return FORM_MORE;
    }
    if (u->escape_len > 0) {
        return give(u, take_broken(u), ret_run);
    }
    (*ret_taken)++; /* the '&' */
    return end_value(u);
}

/* All together. */

enum form_event urlencoded_read(struct urlencoded *urlencoded, char *data, size_t len,
                                size_t *ret_consumed, struct slice *ret_run)
{
    enum form_event event = urlencoded->state == STATE_BAD ? FORM_BAD : FORM_MORE;
    size_t i = 0;
    while (event == FORM_MORE && i < len) {
        size_t taken = 0;
        event = urlencoded->state == STATE_NAME
                    ? read_name(urlencoded, data[i], &taken)
                    : read_value(urlencoded, data + i, len - i, &taken, ret_run);
        taken = event == FORM_BAD ? 0 : taken;
        i += taken;
        urlencoded->reader.seen += taken;
    }
    *ret_consumed = i;
    return event;
}

enum form_event urlencoded_end(struct urlencoded *urlencoded, struct slice *ret_run)
{
    switch ((enum state)urlencoded->state) {
    case STATE_BAD: return FORM_BAD;
    case STATE_NAME: return name_begun(urlencoded) ? begin_value(urlencoded) : FORM_END;
    case STATE_VALUE: break;
    }
    return urlencoded->escape_len > 0 ? give(urlencoded, take_broken(urlencoded), ret_run)
                                      : end_value(urlencoded);
}
