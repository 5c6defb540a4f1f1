/* The public face of the log. */
#include "app/ctx.h"

#include "app/server.h"

#include <garm/log.h>
#include <garm/version.h>

_Static_assert((int)GARM_LOG_DEBUG == (int)LOG_DEBUG && (int)GARM_LOG_OFF == (int)LOG_OFF,
               "one list of levels");

void garm_log(garm_ctx *c, enum garm_log_level level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_vwrite(&c->worker->application->logger, (enum log_level)level, format, args);
    va_end(args);
}

/* The logger knows slices; applications get bytes and a count. */
static void to_sink(void *arg, enum log_level level, struct slice line)
{
    const struct garm_server *const server = arg;
    server->sink(server->sink_arg, (enum garm_log_level)level, line.ptr, line.len);
}

int garm_set_log_sink(garm_server *server, garm_log_fn *fn, void *arg)
{
    if (server->server != NULL) {
        return -EBUSY;
    }
    server->sink = fn;
    server->sink_arg = arg;
    server->application.logger.sink = fn == NULL ? NULL : to_sink;
    server->application.logger.sink_arg = server;
    return 0;
}

const char *garm_version(void)
{
    return GARM_VERSION;
}
