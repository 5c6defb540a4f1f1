/* A server with checks, and a limit that its workers share. */
#include <garm/garm.h>

#include <errno.h>
#include <unistd.h>

static int file_there(garm_ctx *c, void *arg)
{
    (void)c;
    return access(arg, F_OK) == 0 ? 0 : -ENOENT;
}

static int hello(garm_ctx *c)
{
    return garm_text(c, 200, "hello\n");
}

GARM_APP(app)
{
    static char flag[4096];
    const char *const path = garm_flag(app, "wants", "/", "A file without which it is not ready.");
    for (size_t i = 0; path[i] != '\0' && i < sizeof(flag) - 1; i++) {
        flag[i] = path[i];
    }
    garm_health(app);
    garm_ready_check(app, "file", file_there, .arg = flag, .fresh_ms = GARM_NONE);
    garm_app *const limited = garm_group(app, "/limited");
    garm_rate_limit(limited, .per_second = 1, .burst = 1000);
    garm_route(limited, "GET /{$}", hello);
    garm_route(app, "GET /{$}", hello);
}
