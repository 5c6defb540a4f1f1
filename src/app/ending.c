/* See ending.h. A call that blocks, and a handler that ignores its cancellation, cannot be ended:
 * only the process can, and only the watchdog's thread is certain to run. */
#include "app/ending.h"

#include "app/program.h"
#include "app/server.h"
#include "base/limits.h"
#include "base/sys.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <ucontext.h>
#include <unistd.h>

/* What goes on beyond all bounds has a second left. Ticks are counted: time in which the process
 * did not run, stopped or starved, is not held against it. */
#define OVERDUE_TICKS_MAX (1000 / LIMIT_WATCH_TICK_MS)
#define NAMES_BYTES_MAX   512

void ending_init(struct ending *ending)
{
    *ending = (struct ending){.signal_fd = -1, .due_ns = INT64_MAX};
    pthread_mutex_init(&ending->lock, NULL);
}

void ending_deinit(struct ending *ending)
{
    sys_close(ending->signal_fd);
    pthread_mutex_destroy(&ending->lock);
}

/* The handlers. They call only what is async-signal-safe. */

/* By the signal, for whoever waits for this process. raise returns in a process 1, which the
 * default action spares. */
static void end_now(int number)
{
    (void)raise(number);
    _exit(128 + number);
}

/* On a thread of the application's that does not block the signal: it does from now on, so that
 * the signal comes to wait in the descriptor. */
static void pass_on(int number, siginfo_t *info, void *context)
{
    ucontext_t *const interrupted = context;
    (void)info;
    sigaddset(&interrupted->uc_sigmask, SIGTERM);
    sigaddset(&interrupted->uc_sigmask, SIGINT);
    (void)kill(getpid(), number);
}

static void handle(const struct sigaction *action)
{
    CHECK(sigaction(SIGTERM, action, NULL) == 0);
    CHECK(sigaction(SIGINT, action, NULL) == 0);
}

static void handle_by_end(void)
{
    handle(
        &(struct sigaction){.sa_handler = end_now, .sa_flags = (int)(SA_RESETHAND | SA_NODEFER)});
}

static sigset_t asking_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    return signals;
}

/* Not by sys.h: no test's fault may leave us deaf. */
static void mask(int how)
{
    const sigset_t signals = asking_signals();
    CHECK(pthread_sigmask(how, &signals, NULL) == 0);
}

int ending_prepare(struct ending *ending)
{
    const sigset_t signals = asking_signals();
    ending->signal_fd = sys_signalfd(&signals);
    TRY(ending->signal_fd);
    handle_by_end();
    return 0;
}

void ending_begin(void)
{
    mask(SIG_BLOCK);
    handle(&(struct sigaction){.sa_sigaction = pass_on, .sa_flags = SA_SIGINFO | SA_RESTART});
}

bool ending_asked(struct ending *ending)
{
    ending_on_signal(ending);
    pthread_mutex_lock(&ending->lock);
    const bool asked = ending->asked > 0;
    pthread_mutex_unlock(&ending->lock);
    return asked;
}

static bool take_one(struct ending *ending)
{
    struct signalfd_siginfo info;
    return sys_read(ending->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info);
}

/* What has come since the end is too late to mean anything. */
void ending_over(struct ending *ending)
{
    while (take_one(ending)) {
    }
    handle_by_end();
    mask(SIG_UNBLOCK);
}

/* Taking signals. */

/* When all has ended that keeps to its bounds. */
static int64_t due_ns(const struct ending *ending)
{
    const int64_t now_ns = sys_monotonic_ns();
    const int64_t rest_ns = ending->server->drain_delay_ns + LIMIT_DEFER_MS * NS_PER_MS;
    return ending->grace_ns > INT64_MAX - now_ns - rest_ns ? INT64_MAX
                                                           : now_ns + rest_ns + ending->grace_ns;
}

void ending_on_signal(void *arg)
{
    struct ending *const ending = arg;
    pthread_mutex_lock(&ending->lock);
    while (take_one(ending)) {
        ending->due_ns = ending->asked == 0 ? due_ns(ending) : 0;
        garm_server_stop(ending->server, ending->asked == 0 ? ending->grace_ns : 0);
        ending->asked++;
    }
    pthread_mutex_unlock(&ending->lock);
}

/* What runs. */

static size_t task_count(struct garm_server *server)
{
    size_t sum = 0;
    for (size_t i = 0; i < server_worker_count(server->server); i++) {
        sum += counter_get(&server_worker(server->server, i)->loop.task_count);
    }
    return sum;
}

static void add_name(struct buf *names, const char *name, size_t worker)
{
    if (name != NULL) {
        buf_printf(names, "%s%s on worker %zu", names->len > 0 ? ", " : "", name, worker);
    }
}

static void name_what_runs(struct garm_server *server, struct buf *names)
{
    const size_t calls = offload_busy(&server->offload);
    const size_t tasks = task_count(server);
    for (size_t i = 0; i < server_worker_count(server->server); i++) {
        struct loop *const loop = &server_worker(server->server, i)->loop;
        add_name(names, atomic_load_explicit(&loop->running, memory_order_acquire), i);
    }
    if (calls > 0) {
        buf_printf(names, "%s%zu offloaded call%s", names->len > 0 ? ", " : "", calls,
                   calls == 1 ? "" : "s");
    }
    if (names->len == 0 && tasks > 0) {
        buf_printf(names, "%zu task%s", tasks, tasks == 1 ? "" : "s");
    } else if (names->len == 0) {
        buf_printf(names, "the end of a worker");
    }
}

_Noreturn static void end_process(struct garm_server *server)
{
    const struct logger *const logger = &server->application.logger;
    struct buf names;
    buf_init(&names, NAMES_BYTES_MAX);
    name_what_runs(server, &names);
    appenders_rescue(&server->application);
    if (logger->sink != NULL || sys_writable(STDERR_FILENO)) {
        log_write(logger, LOG_ERROR, "stopped without waiting any longer for %s", buf_cstr(&names));
    }
    _exit(PROGRAM_FAILED);
}

/* A grace bounds tasks, not hooks that save what the application has; a second signal all. */
static void on_tick(void *arg, int64_t now_ns)
{
    struct ending *const ending = arg;
    ending_on_signal(ending);
    pthread_mutex_lock(&ending->lock);
    const bool overdue =
        now_ns >= ending->due_ns && (ending->asked > 1 || task_count(ending->server) > 0);
    ending->overdue_ticks = overdue ? ending->overdue_ticks + 1 : 0;
    const bool enough = ending->overdue_ticks > OVERDUE_TICKS_MAX;
    pthread_mutex_unlock(&ending->lock);
    if (enough) {
        end_process(ending->server);
    }
}

void ending_of(struct ending *ending, struct garm_server *server, int64_t grace_ns)
{
    ending->server = server;
    ending->grace_ns = grace_ns;
    server->on_tick = on_tick;
    server->tick_arg = ending;
}
