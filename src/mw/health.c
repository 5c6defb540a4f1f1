/* Health: routes that say that the worker lives, and whether the server is ready. What the checks
 * said is kept for a while, so that nobody can hammer a database with questions about it. */
#include <garm/garm.h>

#include "mw/valid.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MS_DEFAULT 1000
#define MS_MAX     3600000

struct check {
    const char *name;
    garm_task_fn *fn;
    void *arg;
    int64_t deadline_ns, fresh_ns;
    /* Under the lock. */
    bool known;
    int result;
    int64_t checked_ns;
};

/* Of an application, whose groups share it. */
struct health {
    bool served;
    garm_mutex *lock; /* tasks wait for it; held while checks run */
    size_t count;
    struct check checks[GARM_READY_CHECKS_MAX];
};

static const char key; /* its address names the application's health */

/* Running the checks. */

/* A run of one check. It lives as long as the request, which may give up before the run is over. */
struct run {
    struct check *check;
    int result;
};

static int run_check(garm_ctx *c, void *arg)
{
    struct run *const run = arg;
    const struct check *const check = run->check;
    const int rc = garm_with_deadline(c, check->deadline_ns, check->fn, check->arg);
    run->result = rc > 0 ? -EIO : rc;
    return 0; /* what the others say counts, too */
}

static void keep(garm_ctx *c, const struct run *run)
{
    struct check *const check = run->check;
    if (run->result < 0 && run->result != check->result) {
        garm_log(c, GARM_LOG_WARN, "not ready: the check \"%s\" fails: %s", check->name,
                 strerrordesc_np(-run->result));
    } else if (run->result == 0 && check->result < 0) {
        garm_log(c, GARM_LOG_INFO, "the check \"%s\" of readiness passes again", check->name);
    }
    check->known = true;
    check->result = run->result;
    check->checked_ns = garm_now_ns();
}

static bool fresh(const struct check *check)
{
    return check->known && garm_now_ns() - check->checked_ns < check->fresh_ns;
}

/* Runs those of which nothing fresh is known. Under the lock. */
static int refresh(garm_ctx *c, struct health *self)
{
    struct run *const runs = garm_alloc(c, (self->count + 1) * sizeof(*runs));
    garm_tasks *const tasks = runs != NULL ? garm_tasks_new(c) : NULL;
    size_t count = 0;
    if (tasks == NULL) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < self->count; i++) {
        if (!fresh(&self->checks[i])) {
            runs[count] = (struct run){&self->checks[i], -EIO};
            GARM_TRY(garm_tasks_go(tasks, run_check, &runs[count++]));
        }
    }
    GARM_TRY(garm_tasks_wait(tasks));
    for (size_t i = 0; i < count; i++) {
        keep(c, &runs[i]);
    }
    return 0;
}

static int read_results(garm_ctx *c, struct health *self, int *results)
{
    GARM_GUARD(c, self->lock);
    GARM_TRY(refresh(c, self));
    for (size_t i = 0; i < self->count; i++) {
        results[i] = self->checks[i].result;
    }
    return 0;
}

/* Answering. */

static const char *word_of(int result)
{
    return result == 0 ? "ok" : result == -ETIMEDOUT ? "timed out" : "failed";
}

static int ready(garm_ctx *c)
{
    struct health *const self = garm_arg(c);
    garm_json_member members[GARM_READY_CHECKS_MAX + 1];
    int results[GARM_READY_CHECKS_MAX];
    const char *status = garm_server_stopping(garm_server_of(c)) ? "stopping" : "ready";
    GARM_TRY(read_results(c, self, results));
    for (size_t i = 0; i < self->count; i++) {
        members[i] = garm_kv(self->checks[i].name, word_of(results[i]));
        status = results[i] < 0 && strcmp(status, "ready") == 0 ? "failing" : status;
    }
    members[self->count] = (garm_json_member){.type = GARM_JSON_END};
    const garm_json_member checks = {
        .name = "checks", .type = GARM_JSON_OBJECT, .value = {.members = members}};
    GARM_TRY(garm_set_header(c, "Cache-Control", "no-store"));
    return garm_json(c, strcmp(status, "ready") == 0 ? 200 : 503, garm_kv("status", status),
                     checks);
}

static int live(garm_ctx *c)
{
    GARM_TRY(garm_set_header(c, "Cache-Control", "no-store"));
    return garm_json(c, 200, garm_kv("status", "alive"));
}

/* Setting up. */

static void forget(void *arg)
{
    const struct health *const self = arg;
    garm_mutex_free(self->lock);
}

static struct health *health_of(garm_app *app)
{
    struct health *self = garm_app_get(app, &key);
    if (self != NULL) {
        return self;
    }
    self = garm_app_alloc(app, sizeof(*self));
    if (self == NULL || garm_app_set(app, &key, self) < 0) {
        return NULL;
    }
    self->lock = garm_mutex_new();
    garm_app_defer(app, forget, self);
    if (self->lock == NULL) {
        garm_fail(app, "out of memory while setting up");
        return NULL;
    }
    return self;
}

static void add_route(garm_app *app, const char *where, const char *path, garm_handler *handler,
                      void *arg)
{
    char pattern[256];
    if (path[0] != '/' || strlen(path) > sizeof(pattern) - 5) {
        garm_fail_at(app, where, "garm_health: \"%s\" is no path for a route", path);
        return;
    }
    snprintf(pattern, sizeof(pattern), "GET %s", path);
    const garm_route_opts opts = {.size = sizeof(opts), .where = where, .arg = arg, .always = true};
    garm_route_with(app, pattern, handler, &opts);
}

void garm_health_with(garm_app *app, const garm_health_opts *opts)
{
    garm_health_opts known = {0};
    GARM_OPTS_READ_(&known, opts);
    struct health *const self = health_of(app);
    if (self == NULL) {
        return;
    }
    if (self->served) {
        garm_fail_at(app, known.where, "garm_health is called a second time");
    }
    self->served = true;
    add_route(app, known.where, known.live != NULL ? known.live : "/livez", live, NULL);
    add_route(app, known.where, known.ready != NULL ? known.ready : "/readyz", ready, self);
}

static bool name_free(const struct health *self, const char *name)
{
    for (size_t i = 0; i < self->count; i++) {
        if (strcmp(self->checks[i].name, name) == 0) {
            return false;
        }
    }
    return true;
}

/* What is wrong with the check, or NULL. */
static const char *fault_of(const struct health *self, const char *name, garm_task_fn *fn,
                            const garm_ready_check_opts *opts)
{
    if (!valid_label(name)) {
        return "a name is [a-z0-9_-], 64 characters at most";
    }
    if (fn == NULL) {
        return "it needs a function";
    }
    if (!name_free(self, name)) {
        return "there is a check of that name already";
    }
    if (opts->deadline_ms < 0 || opts->deadline_ms > MS_MAX) {
        return ".deadline_ms is 1 to 3600000";
    }
    if (opts->fresh_ms < GARM_NONE || opts->fresh_ms > MS_MAX) {
        return ".fresh_ms is 1 to 3600000, or GARM_NONE";
    }
    return self->count == GARM_READY_CHECKS_MAX ? "there are 32 checks already" : NULL;
}

void garm_ready_check_with(garm_app *app, const char *name, garm_task_fn *fn,
                           const garm_ready_check_opts *opts)
{
    garm_ready_check_opts known = {0};
    GARM_OPTS_READ_(&known, opts);
    struct health *const self = health_of(app);
    if (self == NULL) {
        return;
    }
    const char *const fault = fault_of(self, name, fn, &known);
    if (fault != NULL) {
        garm_fail_at(app, known.where, "garm_ready_check: the check \"%s\" cannot be: %s",
                     name != NULL ? name : "", fault);
        return;
    }
    self->checks[self->count++] = (struct check){
        .name = garm_app_dup(app, name),
        .fn = fn,
        .arg = known.arg,
        .deadline_ns = GARM_MS(known.deadline_ms != 0 ? known.deadline_ms : MS_DEFAULT),
        .fresh_ns = known.fresh_ms == GARM_NONE
                        ? 0
                        : GARM_MS(known.fresh_ms != 0 ? known.fresh_ms : MS_DEFAULT),
    };
}
