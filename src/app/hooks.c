/* Hooks of the application, in order at the start and in reverse at the end; and what they may
 * touch. */
#include "app/app.h"

#include "base/sys.h"

#include <errno.h>

void garm_on_at(garm_app *app, const char *where, enum garm_event event, garm_hook_fn *fn)
{
    struct application *const application = app->application;
    struct hook *const hook =
        application->frozen ? NULL : arena_zalloc(&application->arena, sizeof(*hook));
    const char *const fault = hook == NULL ? "out of memory, or too late"
                              : fn == NULL ? "no function"
                              : event < GARM_START || event > GARM_STOP ? "there is no such hook"
                                                                        : NULL;
    if (fault != NULL) {
        application_fail(application, where, "garm_on: %s", fault);
        return;
    }
    *hook = (struct hook){NULL, event, fn};
    struct hook **last = &application->hooks;
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = hook;
}

/* Calls those of `event` that stand before `end`, last first. */
static void call_in_reverse(const struct hook *hook, const struct hook *end,
                            struct garm_worker *worker, enum garm_event event)
{
    if (hook == end) {
        return;
    }
    call_in_reverse(hook->next, end, worker, event);
    if (hook->event == event && hook->fn(worker) < 0) {
        log_write(&worker->application->logger, LOG_WARN, "a stop hook failed");
    }
}

int application_start_hooks(struct application *application, struct garm_worker *worker,
                            enum garm_event event, enum garm_event undo)
{
    for (const struct hook *hook = application->hooks; hook != NULL; hook = hook->next) {
        const int rc = hook->event == event ? hook->fn(worker) : 0;
        if (rc < 0) {
            log_write(&application->logger, LOG_ERROR, "a %s hook failed: %s",
                      event == GARM_START ? "START" : "WORKER_START", sys_error_text(rc));
            call_in_reverse(application->hooks, hook, worker, undo);
            return rc;
        }
    }
    return 0;
}

void application_stop_hooks(struct application *application, struct garm_worker *worker,
                            enum garm_event event)
{
    call_in_reverse(application->hooks, NULL, worker, event);
}

void garm_set_worker_data(garm_worker *worker, void *data)
{
    worker->data = data;
}

void *garm_worker_own_data(garm_worker *worker)
{
    return worker->data;
}

void *garm_worker_app_data(garm_worker *worker)
{
    return worker->application->data;
}

void garm_worker_set_app_data(garm_worker *worker, void *data)
{
    worker->application->data = data;
}

int garm_worker_index(garm_worker *worker)
{
    return worker->index;
}
