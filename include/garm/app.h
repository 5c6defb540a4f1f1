/* The application: routes, groups, hooks and flags. All of this is set up once, before the server
 * starts; a mistake found here stops the start and names the line. */
#ifndef GARM_APP_H
#define GARM_APP_H

#include <garm/base.h>

/* The binary interface that headers and library must share. */
#define GARM_ABI 1

/* How a program, or a loadable application, presents itself. */
typedef struct garm_app_entry {
    int abi;          /* GARM_ABI */
    const char *file; /* where it was written */
    void (*setup)(garm_app *app);
} garm_app_entry;

/* A garm_app_entry's initialiser, for a program with a main of its own. */
#define GARM_ENTRY(setup)                                                                          \
    {                                                                                              \
        GARM_ABI, __FILE__, (setup)                                                                \
    }

/* Defines the application: its set-up function follows as a block. One source serves as a
 * program (main is defined, weakly, to call garm_main) and as a loadable .so. */
#define GARM_APP(app)                                                                              \
    static void garm_app_setup_(garm_app *app);                                                    \
    const garm_app_entry garm_app_entry_ = GARM_ENTRY(garm_app_setup_);                            \
    GARM_EXPORT __attribute__((weak)) int main(int argc, char **argv)                              \
    {                                                                                              \
        return garm_main(argc, argv, &garm_app_entry_);                                            \
    }                                                                                              \
    static void garm_app_setup_(garm_app *app)

/* How many functions the `use` of a route or group holds. */
#define GARM_USE_MAX 8

/* Options of a route or a group. What is 0 is inherited from the group around; GARM_NONE lifts
 * the bound, but for .stack_kb. */
typedef struct garm_route_opts {
    size_t size;
    const char *where;
    int64_t body_bytes_max GARM_UNSET_; /* a longer request body: 413. Default 1 MiB */
    int64_t deadline_ms GARM_UNSET_;    /* for the whole chain: 504. Default none */
    /* for one read from or write to the client. Default: the server's */
    int64_t idle_ms GARM_UNSET_;
    int64_t stack_kb GARM_UNSET_; /* of the chain's stack, 1024 at most. Default 64 */
    /* inside the group's, outermost first, up to a NULL; one behind it stops the start */
    garm_handler *use[GARM_USE_MAX] GARM_UNSET_;
    const char *name GARM_UNSET_; /* for logs; default: the pattern */
    void *arg GARM_UNSET_;        /* the handler's garm_arg; borrowed */
    /* served even by a worker that is overloaded; of a group, all of its routes: see overload.h */
    bool always GARM_UNSET_;
} garm_route_opts;

/* Options of garm_use. */
typedef struct garm_use_opts {
    size_t size;
    const char *where;
    void *arg GARM_UNSET_;        /* its garm_arg; borrowed */
    const char *name GARM_UNSET_; /* in listings; default: the function's, where it is known */
    bool always GARM_UNSET_;      /* runs around the refusals of overload.h too; should be quick */
} garm_use_opts;

/* When a hook is called. */
enum garm_event {
    GARM_START, /* before the workers start, on the starting thread (the worker's index is -1) */
    GARM_WORKER_START, /* on each worker's thread, before its first connection */
    GARM_WORKER_STOP,  /* on each worker's thread, after its last connection */
    GARM_STOP,         /* after the workers have stopped */
};

/* Puts a reply to an error in the place of the default one. `cause` is the negative errno behind
 * it, or 0. Replies and returns 0; or returns anything else to get the default one. May suspend. */
typedef int garm_error_fn(garm_ctx *c, int status, int cause);
/* Work without a request: `c` has an arena, waits and logs, and no reply. Its result is logged
 * if negative. May suspend. */
typedef int garm_job_fn(garm_ctx *c, void *arg);
/* A hook: 0, or a negative errno, which stops the start. Must not suspend. */
typedef int garm_hook_fn(garm_worker *worker);

GARM_BEGIN

/* Defined by GARM_APP. */
extern GARM_EXPORT const garm_app_entry garm_app_entry_;

/** Runs an application as a program: reads flags and environment, raises the descriptor limit,
 *  serves until SIGTERM or SIGINT, drains. The only function of Garm that touches argv, signals,
 *  limits, standard output. Tasks that do not end a second after the second signal, or six seconds
 *  after the grace, are named in the log, and the process is ended with status 1 under them.
 *  returns  the exit status: 0; 1 for a failure at run time; 2 for a bad flag, address, pattern or
 *           file, after one line
 *            on standard error. */
GARM_EXPORT int garm_main(int argc, char **argv, const garm_app_entry *entry);

/** Adds a route: `pattern` is "[METHOD ][HOST]/PATH" with Go 1.22's rules (a GET route answers
 *  HEAD; {name} is one segment, {name:int} an integer, {name...} the rest, {$} the end; the most
 *  specific pattern wins). The group's prefix goes before it. `pattern` and `name` are copied.
 *  Mistakes and conflicts stop the start. See garm_route. */
GARM_EXPORT void garm_route_with(garm_app *app, const char *pattern, garm_handler *handler,
                                 const garm_route_opts *opts);
/* garm_route(app, "GET /users/{id:int}", show_user, .deadline_ms = 2000, .use = {auth}) */
#define garm_route(app, pattern, ...)                                                              \
    garm_route_with((app), (pattern), GARM_HEAD_(__VA_ARGS__, ),                                   \
                    GARM_OPTS_(garm_route_opts, __VA_ARGS__))

/** A group of routes below `prefix` ("/api", "example.com", "/users/{id}"; "" for none): they
 *  share its middleware, options and error handler, inside those of `app`. Returns the group,
 *  owned by the application; never NULL. See garm_group. */
GARM_EXPORT garm_app *garm_group_with(garm_app *app, const char *prefix,
                                      const garm_route_opts *opts);
/* garm_app *api = garm_group(app, "/api", .body_bytes_max = GARM_MIB(8)); */
#define garm_group(app, ...)                                                                       \
    garm_group_with((app), GARM_HEAD_(__VA_ARGS__, ), GARM_OPTS_(garm_route_opts, __VA_ARGS__))

/** Sets bounds of all routes of the application or group that have none of their own: .deadline_ms,
 *  .body_bytes_max, .idle_ms, .stack_kb. What is 0 stays as it was; other options are not looked
 *  at. See garm_limits. */
GARM_EXPORT void garm_limits_with(garm_app *app, const garm_route_opts *opts);
/* garm_limits(app, .deadline_ms = 5000, .body_bytes_max = GARM_KIB(64)) */
#define garm_limits(...)                                                                           \
    garm_limits_with(GARM_HEAD_(__VA_ARGS__, ), GARM_OPTS_(garm_route_opts, __VA_ARGS__))

/** Sets up another application below `prefix`, as a group of this one. See garm_mount. */
GARM_EXPORT void garm_mount_at(garm_app *app, const char *where, const char *prefix,
                               void (*setup)(garm_app *app));
/* garm_mount(app, "/shop", setup_shop) */
#define garm_mount(app, ...) garm_mount_at((app), GARM_HERE, __VA_ARGS__)

/** Adds middleware around all routes of the application or group, earlier and later ones; the
 *  first added is the outermost. The application's is around 404, 405 and automatic OPTIONS
 *  answers too, and so is a group's below its prefix. See garm_use. */
GARM_EXPORT void garm_use_with(garm_app *app, garm_handler *middleware, const garm_use_opts *opts);
/* garm_use(app, timing); garm_use(app, check_key, .arg = &keys) */
#define garm_use(app, ...)                                                                         \
    garm_use_with((app), GARM_HEAD_(__VA_ARGS__, ), GARM_OPTS_(garm_use_opts, __VA_ARGS__))

/** How errors below this application or group are rendered. */
GARM_EXPORT void garm_on_error(garm_app *app, garm_error_fn *fn);

/** Adds a hook. Start hooks run in the order added, stop hooks in the reverse order, and only if
 *  all start hooks of the same kind before them succeeded. See garm_on. */
GARM_EXPORT void garm_on_at(garm_app *app, const char *where, enum garm_event event,
                            garm_hook_fn *fn);
/* garm_on(app, GARM_START, open_database) */
#define garm_on(app, ...) garm_on_at((app), GARM_HERE, __VA_ARGS__)

/** Runs fn(c, arg) every `period_ns` (> 0), once per process and never two at a time, first
 *  after one period. A drain cancels and joins it. See garm_every. */
GARM_EXPORT void garm_every_at(garm_app *app, const char *where, int64_t period_ns, garm_job_fn *fn,
                               void *arg);
/* garm_every(app, GARM_SEC(60), sweep, NULL) */
#define garm_every(app, ...) garm_every_at((app), GARM_HERE, __VA_ARGS__)

/** The value of the flag --name, from the command line, else from the environment (--data-dir:
 *  GARM_DATA_DIR), else `def`. `help` is its line in --help. Lives as long as the server. A name
 *  that is none ("data_dir"), or that of a flag which every program has ("listen"), no default, or
 *  another one than at an earlier call, stops the start. See garm_flag. */
GARM_EXPORT const char *garm_flag_at(garm_app *app, const char *where, const char *name,
                                     const char *def, const char *help);
/* garm_flag(app, "data-dir", "/var/lib/shop", "where orders are kept") */
#define garm_flag(app, ...) garm_flag_at((app), GARM_HERE, __VA_ARGS__)

/** Refuses the start, with a reason. The first one counts; see garm_fail, which adds the place. */
GARM_EXPORT void garm_fail_at(garm_app *app, const char *where, const char *format, ...)
    GARM_PRINTF_(3, 4);
/* garm_fail(app, "no directory %s", dir) */
#define garm_fail(app, ...) garm_fail_at((app), GARM_HERE, __VA_ARGS__)

/** Zeroed memory of the set-up, which lives as long as the application; for what middleware and
 *  handlers are given as `arg`. NULL when memory runs out, and the start is refused. */
GARM_EXPORT void *garm_app_alloc(garm_app *app, size_t size);
/** A copy of `text` that lives as long. "" when memory runs out, and the start is refused. */
GARM_EXPORT const char *garm_app_dup(garm_app *app, const char *text);
/** Keeps a pointer with the application (a group's is the same one), for a library whose functions
 *  are called one by one in the set-up. `key` is any address of yours. 0; or -ENOMEM, and the start
 *  is refused. */
GARM_EXPORT int garm_app_set(garm_app *app, const void *key, void *value);
/** The pointer set under `key` last, or NULL. */
GARM_EXPORT void *garm_app_get(garm_app *app, const void *key);
/** Calls fn(arg) when the application is freed, after the STOP hooks; the last one added first. */
GARM_EXPORT void garm_app_defer(garm_app *app, void (*fn)(void *arg), void *arg);

/** The `arg` that the function of the chain which runs now was registered with, before and after
 *  its garm_next; NULL if there was none. */
GARM_EXPORT void *garm_arg(garm_ctx *c);

/** Data of the application, one pointer per server, owned by the caller. Set in the set-up or in
 *  a START hook. */
GARM_EXPORT void garm_set_app_data(garm_app *app, void *data);
/** NULL if none was set. */
GARM_EXPORT void *garm_app_data(garm_ctx *c);

/** Data of one worker (a database handle, say), owned by the caller: set in WORKER_START, freed
 *  in WORKER_STOP. */
GARM_EXPORT void garm_set_worker_data(garm_worker *worker, void *data);
/** That of the worker that `c` runs on; NULL if none was set. */
GARM_EXPORT void *garm_worker_data(garm_ctx *c);

/** The worker that `c` runs on; lives as the server does. */
GARM_EXPORT garm_worker *garm_worker_of(garm_ctx *c);
/** For hooks: the worker's own data; the application's; and its number from 0 (-1 in START and
 *  STOP). */
GARM_EXPORT void *garm_worker_own_data(garm_worker *worker);
GARM_EXPORT void *garm_worker_app_data(garm_worker *worker);
GARM_EXPORT int garm_worker_index(garm_worker *worker);

/** Changes the application's data from a hook (START, say). */
GARM_EXPORT void garm_worker_set_app_data(garm_worker *worker, void *data);

GARM_END

#endif
