/* The framing of multipart bodies: boundaries, heads as they come, content in runs. What a head
 * says is multipart_head.c's. */
#include "codec/multipart_head.h"

#include "base/text.h"
#include "codec/chars.h"

#include <errno.h>
#include <string.h>

/* A Content-Type longer than this is no browser's. */
#define CONTENT_TYPE_MAX 512
#define FIELDS_MAX       16

enum state {
    STATE_PREAMBLE,
    STATE_CONTENT,
    STATE_BOUNDARY,    /* behind the delimiter */
    STATE_DASH,        /* and one '-' */
    STATE_PADDING,     /* and blanks */
    STATE_BOUNDARY_LF, /* and a CR */
    STATE_HEAD,
    STATE_HEAD_LF, /* behind a CR in the head */
    STATE_LAST,    /* behind the last boundary, and blanks */
    STATE_LAST_LF, /* and a CR */
    STATE_EPILOGUE,
    STATE_BAD,
};

/* The boundary (RFC 2046 section 5.1.1). */

static bool is_boundary_char(char c)
{
    return text_is_letter(c) || text_is_digit(c) ||
           (c != '\0' && strchr("'()+_,-./:=? ", c) != NULL);
}

static bool is_boundary(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_boundary_char(text.ptr[i])) {
            return false;
        }
    }
    return text.len > 0 && text.len <= MULTIPART_BOUNDARY_MAX && text.ptr[text.len - 1] != ' ';
}

/* The type alone, without its parameters. */
static struct slice media_type(struct slice content_type)
{
    return slice_trim(slice_of(content_type.ptr, slice_find(content_type, ';')));
}

enum form_type form_type_of(struct slice content_type)
{
    const struct slice type = media_type(content_type);
    if (slice_eq_nocase(type, SLICE("multipart/form-data"))) {
        return FORM_MULTIPART;
    }
    return slice_eq_nocase(type, SLICE("application/x-www-form-urlencoded")) ? FORM_URLENCODED
                                                                             : FORM_OTHER;
}

static const char *find_boundary(char *pos, char *end, struct slice *ret_boundary)
{
    struct param param;
    bool found = false;
    int rc = 0;
    while ((rc = param_next(&pos, end, &param)) > 0) {
        if (slice_eq_nocase(param.name, SLICE("boundary"))) {
            if (found) {
                return "the Content-Type has two boundaries";
            }
            found = true;
            *ret_boundary = param.value;
        }
    }
    if (rc < 0) {
        return "the Content-Type has a bad parameter";
    }
    return found ? NULL : "the Content-Type has no boundary";
}

static void set_boundary(struct multipart *m, struct slice boundary)
{
    memcpy(m->delimiter, "\r\n--", 4);
    memcpy(m->delimiter + 4, boundary.ptr, boundary.len);
    m->delimiter_len = (uint8_t)(4 + boundary.len);
}

int multipart_init(struct multipart *multipart, const struct form_limits *limits, char *text,
                   struct slice content_type, const char **ret_reason)
{
    char copy[CONTENT_TYPE_MAX];
    if (content_type.len > sizeof(copy)) {
        *ret_reason = "the Content-Type is too long";
        return -EINVAL;
    }
    memcpy(copy, content_type.ptr, content_type.len);
    struct slice boundary = {0};
    const char *const reason =
        find_boundary(copy + slice_find(content_type, ';'), copy + content_type.len, &boundary);
    if (reason != NULL || !is_boundary(boundary)) {
        *ret_reason = reason != NULL ? reason : "the Content-Type has a bad boundary";
        return -EINVAL;
    }
    *multipart = (struct multipart){.reader = {.limits = *limits, .text = text}};
    set_boundary(multipart, boundary);
    /* A boundary may be the first thing of all: as if a CRLF had been before it. */
    multipart->matched = multipart->unsent = 2;
    return 0;
}

static enum form_event refuse(struct multipart *m, uint16_t status, uint64_t offset,
                              const char *reason)
{
    m->state = STATE_BAD;
    return form_refuse(&m->reader, status, offset, reason);
}

/* Refuses the byte that comes next. */
static enum form_event refuse_byte(struct multipart *m, const char *reason)
{
    return refuse(m, 400, m->reader.seen, reason);
}

/* Content, and what stands before the first boundary. */

/* Where the delimiter, or as much of it as is there, begins; `len` if nowhere. Its CR may be
 * missing (see multipart.h). Its only LF is its second byte: no other place has to be looked at
 * twice. */
static size_t find_delimiter(const struct multipart *m, const char *data, size_t len)
{
    const char *lf = memchr(data, '\n', len);
    while (lf != NULL) {
        const size_t left = len - (size_t)(lf - data);
        const size_t size = left < m->delimiter_len - 1U ? left : m->delimiter_len - 1U;
        if ((left == 1 || lf[1] == '-') && memcmp(lf, m->delimiter + 1, size) == 0) {
            return (size_t)(lf - data) - (lf > data && lf[-1] == '\r' ? 1 : 0);
        }
        lf = memchr(lf + 1, '\n', left - 1);
    }
    return len > 0 && data[len - 1] == '\r' ? len - 1 : len;
}

/* Content goes out; what stands before the first boundary goes nowhere. */
static enum form_event give(struct multipart *m, struct slice run, struct slice *ret_run)
{
    if (m->state == STATE_PREAMBLE || run.len == 0) {
        return FORM_MORE;
    }
    *ret_run = run;
    const enum form_event event = form_count(&m->reader, run.len);
    m->state = event == FORM_BAD ? STATE_BAD : m->state;
    return event;
}

/* Goes on with a delimiter that has begun. If it is none, what looked like it was content. */
static enum form_event match(struct multipart *m, const char *data, size_t len, size_t *ret_taken,
                             struct slice *ret_run)
{
    size_t n = 0;
    if (m->matched == 0 && data[0] == '\n') {
        m->matched = m->unsent = 1; /* as if the CR had been there */
    }
    while (n < len && m->matched < m->delimiter_len && data[n] == m->delimiter[m->matched]) {
        n++;
        m->matched++;
    }
    *ret_taken = n;
    if (m->matched == m->delimiter_len) {
        m->matched = m->unsent = 0;
        m->state = STATE_BOUNDARY;
        return FORM_MORE;
    }
    if (n == len) {
        return FORM_MORE;
    }
    const struct slice held = slice_of(m->delimiter + m->unsent, (size_t)(m->matched - m->unsent));
    m->matched = m->unsent = 0;
    return give(m, held, ret_run);
}

static enum form_event read_content(struct multipart *m, const char *data, size_t len,
                                    size_t *ret_taken, struct slice *ret_run)
{
    const size_t run = m->matched > 0 ? 0 : find_delimiter(m, data, len);
    if (run > 0) {
        *ret_taken = run;
        return give(m, slice_of(data, run), ret_run);
    }
    return match(m, data, len, ret_taken, ret_run);
}

/* Behind a boundary: nothing but "--", blanks and the line's end. */

static enum form_event end_part(struct multipart *m)
{
    const bool ends = m->in_part;
    m->in_part = false;
    return ends ? FORM_PART_END : FORM_MORE;
}

static enum form_event begin_head(struct multipart *m)
{
    m->state = STATE_HEAD;
    m->reader.text_len = 0;
    m->field_count = 0;
    m->head_at = m->line_at = m->reader.seen + 1;
    return end_part(m);
}

static enum form_event read_boundary(struct multipart *m, char c)
{
    if (m->state == STATE_BOUNDARY_LF) {
        return c == '\n' ? begin_head(m) : refuse_byte(m, "a bare CR behind a boundary");
    }
    if (m->state == STATE_DASH) {
        m->state = STATE_LAST;
        return c == '-' ? end_part(m) : refuse_byte(m, "more bytes behind a boundary");
    }
    if (char_is_blank(c)) {
        m->state = STATE_PADDING;
    } else if (c == '\r') {
        m->state = STATE_BOUNDARY_LF;
    } else if (c == '-' && m->state == STATE_BOUNDARY) {
        m->state = STATE_DASH;
    } else {
        return refuse_byte(m, c == '\n' ? "a bare LF behind a boundary"
                                        : "more bytes behind a boundary");
    }
    return FORM_MORE;
}

static enum form_event read_last(struct multipart *m, char c)
{
    if (m->state == STATE_LAST_LF) {
        m->state = STATE_EPILOGUE;
        return c == '\n' ? FORM_MORE : refuse_byte(m, "a bare CR behind the last boundary");
    }
    if (c == '\r') {
        m->state = STATE_LAST_LF;
    } else if (!char_is_blank(c)) {
        return refuse_byte(m, c == '\n' ? "a bare LF behind the last boundary"
                                        : "more bytes behind the last boundary");
    }
    return FORM_MORE;
}

/* The head: its lines are kept as they come, and looked at when the empty one has come. */

static enum form_event finish_head(struct multipart *m)
{
    uint32_t offset = 0;
    const char *const reason =
        multipart_head_parse(m->reader.text, m->reader.text_len, &m->reader.head, &offset);
    if (reason != NULL) {
        return refuse(m, 400, m->head_at + offset, reason);
    }
    m->state = STATE_CONTENT;
    m->in_part = true;
    /* A boundary may stand right behind the head, whose empty line is its CRLF. */
    m->matched = m->unsent = 2;
    const enum form_event event = form_begin_part(&m->reader);
    m->state = event == FORM_BAD ? STATE_BAD : m->state;
    return event;
}

static enum form_event end_line(struct multipart *m, char c)
{
    if (c != '\n') {
        return refuse_byte(m, "a bare CR in a part's head");
    }
    m->state = STATE_HEAD;
    const uint64_t line_at = m->line_at;
    m->line_at = m->reader.seen + 1;
    if (line_at + 1 == m->reader.seen) {
        return finish_head(m);
    }
    if (++m->field_count > FIELDS_MAX) {
        return refuse(m, 413, line_at, "a part's head has more fields than allowed");
    }
    return FORM_MORE;
}

static enum form_event read_head(struct multipart *m, char c)
{
    if (c != '\r' && c != '\n' && !char_is(c, CHAR_VALUE)) {
        return refuse_byte(m, "a control byte in a part's head");
    }
    if (m->state != STATE_HEAD_LF && c == '\n') {
        return refuse_byte(m, "a bare LF in a part's head");
    }
    if (m->reader.text_len == m->reader.limits.head_bytes) {
        return refuse(m, 413, m->head_at, "a part's head is larger than allowed");
    }
    m->reader.text[m->reader.text_len++] = c;
    if (m->state == STATE_HEAD_LF) {
        return end_line(m, c);
    }
    m->state = c == '\r' ? STATE_HEAD_LF : STATE_HEAD;
    return FORM_MORE;
}

/* All together. */

static enum form_event read_some(struct multipart *m, const char *data, size_t len,
                                 size_t *ret_taken, struct slice *ret_run)
{
    enum form_event event = FORM_MORE;
    *ret_taken = 1;
    switch ((enum state)m->state) {
    case STATE_PREAMBLE:
    case STATE_CONTENT: return read_content(m, data, len, ret_taken, ret_run);
    case STATE_BOUNDARY:
    case STATE_DASH:
    case STATE_PADDING:
    case STATE_BOUNDARY_LF: event = read_boundary(m, data[0]); break;
    case STATE_HEAD:
    case STATE_HEAD_LF: event = read_head(m, data[0]); break;
    case STATE_LAST:
    case STATE_LAST_LF: event = read_last(m, data[0]); break;
    case STATE_EPILOGUE: *ret_taken = len; break;
    case STATE_BAD: event = FORM_BAD; break;
    }
    *ret_taken = event == FORM_BAD ? 0 : *ret_taken;
    return event;
}

enum form_event multipart_read(struct multipart *multipart, const char *data, size_t len,
                               size_t *ret_consumed, struct slice *ret_run)
{
    enum form_event event = multipart->state == STATE_BAD ? FORM_BAD : FORM_MORE;
    size_t i = 0;
    while (event == FORM_MORE && i < len) {
        size_t taken = 0;
        event = read_some(multipart, data + i, len - i, &taken, ret_run);
        i += taken;
        multipart->reader.seen += taken;
    }
    *ret_consumed = i;
    return event;
}

enum form_event multipart_end(struct multipart *multipart)
{
    switch ((enum state)multipart->state) {
    case STATE_LAST:
    case STATE_EPILOGUE: return FORM_END;
    case STATE_BAD: return FORM_BAD;
    default: return refuse_byte(multipart, "the body ends before its last boundary");
    }
}
