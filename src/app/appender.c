/* Lines on their way to a file. Each worker gathers into a buffer of its own; a job that begins
 * with the first line waits a moment for more, then has the pool write all of it, until nothing is
 * left. */
#include "app/app.h"

#include "app/ctx.h"
#include "app/tasks.h"
#include "base/sys.h"

#include <garm/appender.h>
#include <garm/log.h>
#include <garm/task.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#define GATHER_NS    (50 * NS_PER_MS)
#define REOPEN_NS    (1 * NS_PER_SEC)
#define BUFFER_BYTES MIB(1)

/* What one worker has gathered. Only its own thread touches it, but for `out` while that is
 * written, and for appenders_rescue. */
struct lane {
    struct garm_appender *appender;
    pthread_mutex_t lock; /* around what is gathered; nobody waits for it */
    struct buf gathered;
    uint64_t gathered_lines;
    struct buf out;
    uint64_t out_lines;
    bool job;            /* one is under way, */
    struct task *asleep; /* and waits for more; NULL: it does not */
    int64_t told_ns;     /* when a loss was last told of, */
    uint64_t told;       /* and how many lines had been dropped then */
};

struct garm_appender {
    struct garm_appender *next; /* of the application's */
    const char *path;           /* NULL: the standard error */
    size_t lane_bytes;
    _Atomic(struct lane *) lanes[LIMIT_WORKERS]; /* made with a worker's first line */
    atomic_uint_least64_t dropped;
    pthread_mutex_t lock; /* around the file, held by threads that write; never by a task */
    int fd;
    bool torn;         /* the last write ended within a line */
    int64_t looked_ns; /* when the path was last looked at */
};

/* The file. On a thread of the pool, or when all workers have stopped. */

/* Does not wait for a FIFO's reader: -ENXIO if there is none. */
static int open_path(const char *path)
{
    const int fd = sys_open(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK);
    const int rc = fd < 0 ? fd : sys_fcntl(fd, F_SETFL, O_APPEND);
    if (fd >= 0 && rc < 0) {
        sys_close(fd);
    }
    return rc < 0 ? rc : fd;
}

/* Has the file been moved away, so that its path names another, or none? */
static bool moved(const struct garm_appender *self)
{
    struct stat ours;
    struct stat named;
    if (sys_fstat(self->fd, &ours) < 0) {
        return false;
    }
    const int rc = sys_lstat(self->path, &named);
    return rc == -ENOENT || (rc == 0 && S_ISREG(named.st_mode) &&
                             (ours.st_ino != named.st_ino || ours.st_dev != named.st_dev));
}

static void follow_path(struct garm_appender *self)
{
    const int64_t now_ns = garm_now_ns();
    if (self->path == NULL || now_ns - self->looked_ns < REOPEN_NS) {
        return;
    }
    self->looked_ns = now_ns;
    const int fd = moved(self) ? open_path(self->path) : -1;
    if (fd >= 0) {
        sys_close(self->fd);
        self->fd = fd;
    }
}

/* All of it, and a line's end before it if the last write left half a line. */
static int write_all(struct garm_appender *self, struct slice text)
{
    if (self->torn) {
        self->torn = sys_write(self->fd, "\n", 1) != 1;
    }
    const size_t whole = text.len;
    while (text.len > 0) {
        const ssize_t n = sys_write(self->fd, text.ptr, text.len);
        if (n <= 0) {
            self->torn = self->torn || text.len < whole;
            return n < 0 ? (int)n : -EIO;
        }
        text = slice_of(text.ptr + n, text.len - (size_t)n);
    }
    return 0;
}

static int write_out(void *arg)
{
    struct lane *const lane = arg;
    struct garm_appender *const self = lane->appender;
    pthread_mutex_lock(&self->lock);
    follow_path(self);
    const int rc = write_all(self, buf_slice(&lane->out));
    pthread_mutex_unlock(&self->lock);
    if (rc < 0) {
        atomic_fetch_add_explicit(&self->dropped, lane->out_lines, memory_order_relaxed);
    }
    buf_clear(&lane->out);
    lane->out_lines = 0;
    return rc;
}

/* Gathering. On the worker. */

static void swap(struct lane *lane)
{
    pthread_mutex_lock(&lane->lock);
    const struct buf empty = lane->out;
    lane->out = lane->gathered;
    lane->out_lines = lane->gathered_lines;
    lane->gathered = empty;
    lane->gathered_lines = 0;
    pthread_mutex_unlock(&lane->lock);
}

static bool leave_sleep(void *arg)
{
    struct lane *const lane = arg;
    const bool asleep = lane->asleep != NULL;
    lane->asleep = NULL;
    return asleep;
}

/* Waits for more lines: a moment, or until half of the buffer is full. 0, or -ECANCELED. */
static int gather(struct lane *lane)
{
    if (lane->gathered.len >= lane->appender->lane_bytes / 2) {
        return 0;
    }
    lane->asleep = task_self();
    const int rc = task_park(leave_sleep, lane, due_from_now(GATHER_NS));
    return rc == -ECANCELED ? rc : 0;
}

static const char *name_of(const struct garm_appender *self)
{
    return self->path != NULL ? self->path : "the standard error";
}

/* Once a second at most. */
static void tell_losses(garm_ctx *c, struct lane *lane)
{
    const uint64_t dropped = garm_appender_dropped(lane->appender);
    const int64_t now_ns = garm_now_ns();
    if (dropped != lane->told && now_ns - lane->told_ns >= NS_PER_SEC) {
        garm_log(c, GARM_LOG_WARN,
                 "%s: %llu lines are lost so far; they come faster than they can be written",
                 name_of(lane->appender), (unsigned long long)dropped);
        lane->told = dropped;
        lane->told_ns = now_ns;
    }
}

/* Ends early when it is cancelled: what is left is written when the application is freed. */
static int write_lane(garm_ctx *c, void *arg)
{
    struct lane *const lane = arg;
    while (lane->gathered.len > 0 && gather(lane) == 0) {
        swap(lane);
        const int rc = garm_offload(c, write_out, lane);
        if (lane->out_lines > 0) {
            break; /* it was not called */
        }
        if (rc < 0) {
            garm_log(c, GARM_LOG_ERROR, "lines for %s are lost: %s", name_of(lane->appender),
                     sys_error_text(rc));
        }
        tell_losses(c, lane);
    }
    lane->job = false;
    return 0;
}

static struct lane *lane_of(garm_ctx *c, struct garm_appender *self)
{
    _Atomic(struct lane *) *const place = &self->lanes[c->worker->index];
    struct lane *lane = atomic_load_explicit(place, memory_order_relaxed);
    if (lane == NULL && (lane = mem_zalloc(sizeof(*lane))) != NULL) {
        lane->appender = self;
        pthread_mutex_init(&lane->lock, NULL);
        buf_init(&lane->gathered, self->lane_bytes);
        buf_init(&lane->out, self->lane_bytes);
        atomic_store_explicit(place, lane, memory_order_release);
    }
    return lane;
}

static int drop(struct garm_appender *self, int rc)
{
    atomic_fetch_add_explicit(&self->dropped, 1, memory_order_relaxed);
    return rc;
}

static int gather_line(struct lane *lane, const void *line, size_t size)
{
    pthread_mutex_lock(&lane->lock);
    const int rc = buf_append(&lane->gathered, line, size);
    lane->gathered_lines += rc == 0;
    lane->gathered.error = 0;
    pthread_mutex_unlock(&lane->lock);
    return rc;
}

int garm_append(garm_ctx *c, garm_appender *appender, const void *line, size_t size)
{
    ctx_own(c);
    struct lane *const lane = lane_of(c, appender);
    if (lane == NULL) {
        return drop(appender, -ENOMEM);
    }
    const int rc = gather_line(lane, line, size);
    if (rc < 0) {
        return drop(appender, rc == -EMSGSIZE ? -ENOBUFS : rc);
    }
    if (!lane->job) {
        lane->job = garm_spawn_take(c, write_lane, lane, NULL) == 0;
    } else if (lane->asleep != NULL && lane->gathered.len >= appender->lane_bytes / 2) {
        struct task *const writer = lane->asleep;
        lane->asleep = NULL;
        task_wake(writer, 0);
    }
    return 0;
}

uint64_t appenders_dropped(const struct application *application)
{
    uint64_t sum = 0;
    for (const struct garm_appender *a = application->appenders; a != NULL; a = a->next) {
        sum += garm_appender_dropped(a);
    }
    return sum;
}

uint64_t garm_appender_dropped(const garm_appender *appender)
{
    return atomic_load_explicit(&appender->dropped, memory_order_relaxed);
}

/* The rescue. */

static void write_ready(int fd, struct slice text)
{
    while (text.len > 0 && sys_writable(fd)) {
        const ssize_t n = sys_write(fd, text.ptr, text.len < PIPE_BUF ? text.len : PIPE_BUF);
        if (n <= 0) {
            return;
        }
        text = slice_of(text.ptr + n, text.len - (size_t)n);
    }
}

/* Under the appender's lock, which who writes has. */
static void rescue_lane(struct lane *lane)
{
    if (pthread_mutex_trylock(&lane->lock) != 0) {
        return;
    }
    write_ready(lane->appender->fd, buf_slice(&lane->out));
    write_ready(lane->appender->fd, buf_slice(&lane->gathered));
    buf_clear(&lane->out);
    buf_clear(&lane->gathered);
    pthread_mutex_unlock(&lane->lock);
}

static void rescue(struct garm_appender *self)
{
    if (pthread_mutex_trylock(&self->lock) != 0) {
        return; /* a write blocks */
    }
    write_ready(self->fd, slice_of("\n", self->torn ? 1 : 0));
    for (size_t i = 0; i < LIMIT_WORKERS; i++) {
        struct lane *const lane = atomic_load_explicit(&self->lanes[i], memory_order_acquire);
        if (lane != NULL) {
            rescue_lane(lane);
        }
    }
    pthread_mutex_unlock(&self->lock);
}

void appenders_rescue(struct application *application)
{
    for (struct garm_appender *a = application->appenders; a != NULL; a = a->next) {
        rescue(a);
    }
}

/* Beginning and end. */

static void free_lane(struct lane *lane)
{
    if (lane == NULL) {
        return;
    }
    (void)write_out(lane);
    swap(lane);
    (void)write_out(lane);
    buf_deinit(&lane->gathered);
    buf_deinit(&lane->out);
    pthread_mutex_destroy(&lane->lock);
    mem_free(lane);
}

static void end(void *arg)
{
    struct garm_appender *const self = arg;
    for (size_t i = 0; i < LIMIT_WORKERS; i++) {
        free_lane(self->lanes[i]);
    }
    if (self->path != NULL) {
        sys_close(self->fd);
    }
    pthread_mutex_destroy(&self->lock);
}

garm_appender *garm_appender_new_with(garm_app *app, const char *path,
                                      const garm_appender_opts *opts)
{
    garm_appender_opts known = {0};
    GARM_OPTS_READ_(&known, opts);
    struct garm_appender *const self = garm_app_alloc(app, sizeof(*self));
    if (self == NULL) {
        return NULL;
    }
    if (known.buffer_bytes < 0 || known.buffer_bytes > (int64_t)MIB(1024)) {
        garm_fail_at(app, known.where,
                     "garm_appender_new: .buffer_bytes is below 0 or above 1 GiB");
        return NULL;
    }
    self->lane_bytes = known.buffer_bytes > 0 ? (size_t)known.buffer_bytes : BUFFER_BYTES;
    self->fd = path == NULL ? STDERR_FILENO : open_path(path);
    if (self->fd < 0) {
        garm_fail_at(app, known.where, "%s cannot be opened for appending: %s", path,
                     self->fd == -ENXIO ? "nobody reads from it" : sys_error_text(self->fd));
        return NULL;
    }
    self->path = path == NULL ? NULL : garm_app_dup(app, path);
    pthread_mutex_init(&self->lock, NULL);
    self->next = app->application->appenders;
    app->application->appenders = self;
    garm_app_defer(app, end, self);
    return self;
}
