/* The applications of a command line. One command, one set of them: a set-up function takes no
 * argument of ours, so they are kept in static storage. */
#include "cli/apps.h"

#include "app/server.h"
#include "base/limits.h"
#include "cli/crash.h"
#include "cli/object.h"

#include <garm/garm.h>

#include <errno.h>
#include <stdio.h>

static const garm_app_entry *entries[APPS_MAX];
static const char *paths[APPS_MAX];
static size_t entry_count;
static char who[32]; /* the command's name */

/* Data is one pointer per server: of two applications that set it one would get the other's. */
static void mount(garm_app *app, const garm_app_entry *entry)
{
    void *const before = app->application->data;
    app->application->data = NULL;
    garm_mount(app, "", entry->setup);
    if (before != NULL && app->application->data != NULL) {
        garm_fail_at(app, entry->file,
                     "another of these applications calls garm_set_app_data "
                     "too, and there is one pointer: run them apart");
    }
    if (before != NULL) {
        app->application->data = before;
    }
}

static void set_up(garm_app *app)
{
    for (size_t i = 0; i < entry_count; i++) {
        crash_watch(who, paths[i], "set up");
        if (entry_count == 1) {
            entries[i]->setup(app);
        } else {
            mount(app, entries[i]);
        }
        crash_unwatch();
    }
}

const garm_app_entry apps_entry = GARM_ENTRY(set_up);

bool apps_load(struct command *command, size_t first)
{
    struct buf error;
    int rc = 0;
    buf_init(&error, KIB(64));
    snprintf(who, sizeof(who), "%s", command->name);
    for (size_t i = 0; rc == 0 && i < APPS_MAX; i++) {
        const char *const path = command_argument(command, first + i);
        if (path == NULL) {
            break;
        }
        crash_watch(who, path, "loaded");
        rc = object_load(path, &entries[i], &error);
        crash_unwatch();
        paths[i] = path;
        entry_count = i + 1;
    }
    if (rc < 0) {
        command_fail(command, VERB_FAILED, "%s", buf_cstr(&error));
    } else if (entry_count == 0) {
        rc = command_missing(command, "an application's .so");
    }
    buf_deinit(&error);
    return rc == 0;
}

struct garm_server *apps_set_up(struct command *command)
{
    const garm_server_opts opts = {.size = sizeof(opts), .workers = 1, .log_level = GARM_LOG_WARN};
    struct garm_server *server = NULL;
    struct buf error;
    buf_init(&error, KIB(64));
    int rc = garm_server_make(&opts, command->flags, &server, &error);
    rc = rc < 0 ? rc : garm_server_setup(server, &apps_entry, &error);
    if (server != NULL && !command_check(command)) {
        rc = -EINVAL;
    } else if (rc < 0) {
        command_fail(command, VERB_FAILED, "%s", buf_cstr(&error));
    }
    buf_deinit(&error);
    if (rc < 0) {
        garm_server_free(server);
        return NULL;
    }
    return server;
}
