/* Log lines: logfmt, one line each, whole or not at all, to standard error or to a sink. */
#ifndef GARM_LOG_H
#define GARM_LOG_H

#include <garm/base.h>

enum garm_log_level {
    GARM_LOG_DEBUG,
    GARM_LOG_INFO,
    GARM_LOG_WARN,
    GARM_LOG_ERROR,
    GARM_LOG_OFF, /* as a threshold only */
};

/* Takes a finished line of `size` bytes, without a newline and not NUL-terminated. Called from
 * any thread. Must not suspend. */
typedef void garm_log_fn(void *arg, enum garm_log_level level, const char *line, size_t size);

GARM_BEGIN

/** Logs a formatted text, cut at 1 KiB, if `level` reaches the server's threshold. Quotes,
 *  backslashes, control characters (those of writing direction too) and what is not UTF-8 are
 *  escaped. */
GARM_EXPORT void garm_log(garm_ctx *c, enum garm_log_level level, const char *format, ...)
    GARM_PRINTF_(3, 4);

/** Gives all lines of a server that has not started to `fn` instead of standard error. -EBUSY
 *  once it has started. */
GARM_EXPORT int garm_set_log_sink(garm_server *server, garm_log_fn *fn, void *arg);

GARM_END

#endif
