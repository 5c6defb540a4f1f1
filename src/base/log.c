/* Log lines in logfmt. A line is put together on the stack and leaves by one write, so that lines
 * of several threads do not mix. */
#include "base/log.h"
#include "base/date.h"
#include "base/sys.h"
#include "base/text.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MAX 1024

static const char cut[] = "...";

/* Room for what stands in front of the text (47), the text, dots, a quote and a newline. */
struct line {
    char bytes[TEXT_MAX + 64 + sizeof(cut) + 2];
    size_t len;
};

static const char *const level_names[] = {
    [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn",
    [LOG_ERROR] = "error", [LOG_OFF] = "off",
};

const char *log_level_name(enum log_level level)
{
    return level_names[level];
}

int log_level_parse(struct slice name, enum log_level *ret_level)
{
    for (size_t i = 0; i < COUNT_OF(level_names); i++) {
        if (slice_eq(name, slice_cstr(level_names[i]))) {
            *ret_level = (enum log_level)i;
            return 0;
        }
    }
    return -EINVAL;
}

static void add(struct line *line, struct slice s)
{
    memcpy(line->bytes + line->len, s.ptr, s.len);
    line->len += s.len;
}

/* Some terminals obey U+0080 to U+009F; others end a line or turn its direction, so that it reads
 * as another one: U+061C, U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069. */
static bool is_control(struct slice s)
{
    const unsigned char *const p = (const unsigned char *)s.ptr;
    if (s.len == 2) {
        return (p[0] == 0xc2 && p[1] < 0xa0) || (p[0] == 0xd8 && p[1] == 0x9c);
    }
    if (s.len != 3 || p[0] != 0xe2) {
        return false;
    }
    return p[1] == 0x80 ? p[2] == 0x8e || p[2] == 0x8f || (p[2] >= 0xa8 && p[2] <= 0xae)
                        : p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9;
}

/* The escape of the byte that `s` begins with, in `out`. */
static struct slice escape(char c, char out[4])
{
    static const char plain[] = "\"\\\n\r\t";
    static const char letter[] = "\"\\nrt";
    const char *const at = c == '\0' ? NULL : strchr(plain, c);
    out[0] = '\\';
    if (at != NULL) {
        out[1] = letter[at - plain];
        return slice_of(out, 2);
    }
    const unsigned byte = (unsigned char)c;
    out[1] = 'x';
    text_from_hex(byte >> 4, out + 2);
    text_from_hex(byte & 15, out + 3);
    return slice_of(out, 4);
}

/* What stands in a line for the beginning of `s`; *ret_taken: how many bytes of `s` that is. */
static struct slice next_unit(struct slice s, char out[4], size_t *ret_taken)
{
    const size_t size = utf8_size(s);
    const char c = s.ptr[0];
    if (size == 1 ? c >= ' ' && c != 0x7f && c != '"' && c != '\\'
                  : size > 1 && !is_control(slice_of(s.ptr, size))) {
        *ret_taken = size;
        return slice_of(s.ptr, size);
    }
    *ret_taken = 1;
    return escape(c, out);
}

/* Adds the text, escaped, at most TEXT_MAX bytes of it; `more`: it was cut already. */
static void add_text(struct line *line, struct slice s, bool more)
{
    const size_t limit = line->len + TEXT_MAX;
    while (s.len > 0) {
        char out[4];
        size_t taken;
        const struct slice unit = next_unit(s, out, &taken);
        if (line->len + unit.len > limit) {
            more = true;
            break;
        }
        add(line, unit);
        s = slice_of(s.ptr + taken, s.len - taken);
    }
    if (more) {
        add(line, slice_cstr(cut));
    }
}

static void add_head(struct line *line, enum log_level level)
{
    char date[DATE_ISO_SIZE];
    date_to_iso(sys_realtime_ns(), date);
    add(line, SLICE("time="));
    add(line, slice_of(date, sizeof(date)));
    add(line, SLICE(" level="));
    add(line, slice_cstr(log_level_name(level)));
    add(line, SLICE(" msg=\""));
}

static void emit(const struct logger *logger, enum log_level level, struct line *line)
{
    if (logger->sink != NULL) {
        logger->sink(logger->sink_arg, level, slice_of(line->bytes, line->len));
        return;
    }
    line->bytes[line->len++] = '\n';
    /* A log that cannot be written has nobody to complain to. */
    (void)!sys_write(STDERR_FILENO, line->bytes, line->len);
}

void log_vwrite(const struct logger *logger, enum log_level level, const char *format, va_list args)
{
    if (logger == NULL || level < logger->threshold || level >= LOG_OFF) {
        return;
    }
    const int saved_errno = errno;
    char text[TEXT_MAX + 1];
    const int len = vsnprintf(text, sizeof(text), format, args);
    const bool more = len > TEXT_MAX;
    struct line line;
    line.len = 0;
    add_head(&line, level);
    add_text(&line, len < 0 ? slice_cstr(format) : slice_of(text, more ? TEXT_MAX : (size_t)len),
             more);
    add(&line, SLICE("\""));
    emit(logger, level, &line);
    errno = saved_errno;
}

void log_write(const struct logger *logger, enum log_level level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_vwrite(logger, level, format, args);
    va_end(args);
}
