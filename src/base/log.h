/* Log lines: one line each, logfmt, whole or not at all, to one sink. Never blocks on a lock held
 * across I/O of another thread: a line is one write. */
#ifndef GARM_BASE_LOG_H
#define GARM_BASE_LOG_H

#include "base/compiler.h"
#include "base/slice.h"

#include <stdarg.h>

enum log_level {
    LOG_DEBUG,
    LOG_INFO,
    LOG_WARN,
    LOG_ERROR,
    LOG_OFF, /* as a threshold only */
};

/* Takes one finished line, without a newline. Called from any thread. */
typedef void log_sink_fn(void *arg, enum log_level level, struct slice line);

/* Where lines go, and which. One per server; a zeroed one writes everything to standard error. */
struct logger {
    enum log_level threshold;
    log_sink_fn *sink; /* NULL: standard error */
    void *sink_arg;
};

/** Writes `time=... level=... msg="..."` with the formatted text if `level` reaches the threshold.
 *  Quotes, backslashes, control characters (those of writing direction too) and what is not UTF-8
 *  are escaped (\", \n, \x1b); text beyond 1 KiB is cut, and ends in "...". Saves errno. `logger`
 *  may be NULL: nothing is written. */
void log_write(const struct logger *logger, enum log_level level, const char *format, ...)
    PRINTF_LIKE(3, 4);
void log_vwrite(const struct logger *logger, enum log_level level, const char *format, va_list args)
    PRINTF_LIKE(3, 0);

/** "debug", "info", "warn", "error", "off": 0, or -EINVAL. */
MUST_CHECK int log_level_parse(struct slice name, enum log_level *ret_level);
const char *log_level_name(enum log_level level);

#endif
