/* Lines on their way to a file. Each worker gathers into a buffer of its own; a job that begins
 * with the first line waits a moment for more, then has the pool write all of it, until nothing is
 * left. */
#include "app/app.h"

#include "app/ctx.h"
#include "base/sys.h"

#include <garm/appender.h>
#include <garm/log.h>
#include <garm/task.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GATHER_NS    (50 * NS_PER_MS)
#define REOPEN_NS    (1 * NS_PER_SEC)
#define BUFFER_BYTES KIB(256)
#define APPEND_FLAGS (O_WRONLY | O_APPEND | O_CREAT)

/* What one worker has gathered. Only its own thread touches it, but for `out` while that is
 * written. */
struct lane {
    struct garm_appender *appender;
    struct buf gathered;
    uint64_t gathered_lines;
    struct buf out;
    uint64_t out_lines;
    bool job; /* one is under way */
};

struct garm_appender {
    const char *path; /* NULL: the standard error */
    size_t lane_bytes;
    struct lane *lanes[LIMIT_WORKERS]; /* made with a worker's first line */
    atomic_uint_least64_t dropped;
    pthread_mutex_t lock; /* around the file, held by threads that write; never by a task */
    int fd;
    int64_t looked_ns; /* when the path was last looked at */
};

/* The file. On a thread of the pool, or when all workers have stopped. */

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
    const int64_t now_ns = sys_monotonic_ns();
    if (self->path == NULL || now_ns - self->looked_ns < REOPEN_NS) {
        return;
    }
    self->looked_ns = now_ns;
    const int fd = moved(self) ? sys_open(self->path, APPEND_FLAGS) : -1;
    if (fd >= 0) {
        sys_close(self->fd);
        self->fd = fd;
    }
}

static int write_all(int fd, struct slice text)
{
    while (text.len > 0) {
        const ssize_t n = sys_write(fd, text.ptr, text.len);
        if (n < 0 && n != -EINTR) {
            return (int)n;
        }
        const size_t taken = n > 0 ? (size_t)n : 0;
        text = slice_of(text.ptr + taken, text.len - taken);
    }
    return 0;
}

static int write_out(void *arg)
{
    struct lane *const lane = arg;
    struct garm_appender *const self = lane->appender;
    pthread_mutex_lock(&self->lock);
    follow_path(self);
    const int rc = write_all(self->fd, buf_slice(&lane->out));
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
    const struct buf empty = lane->out;
    lane->out = lane->gathered;
    lane->out_lines = lane->gathered_lines;
    lane->gathered = empty;
    lane->gathered_lines = 0;
}

/* Ends early when it is cancelled: what is left is written when the application is freed. */
static int write_lane(garm_ctx *c, void *arg)
{
    struct lane *const lane = arg;
    while (lane->gathered.len > 0 && garm_sleep(c, GATHER_NS) == 0) {
        swap(lane);
        const int rc = garm_offload(c, write_out, lane);
        if (lane->out_lines > 0) {
            break; /* it was not called */
        }
        if (rc < 0) {
            garm_log(c, GARM_LOG_ERROR, "lines for %s are lost: %s",
                     lane->appender->path != NULL ? lane->appender->path : "the standard error",
                     sys_error_text(rc));
        }
    }
    lane->job = false;
    return 0;
}

static struct lane *lane_of(garm_ctx *c, struct garm_appender *self)
{
    struct lane **const place = &self->lanes[c->worker->index];
    if (*place == NULL) {
        *place = mem_zalloc(sizeof(**place));
        if (*place != NULL) {
            (*place)->appender = self;
            buf_init(&(*place)->gathered, self->lane_bytes);
            buf_init(&(*place)->out, self->lane_bytes);
        }
    }
    return *place;
}

static int drop(struct garm_appender *self, int rc)
{
    atomic_fetch_add_explicit(&self->dropped, 1, memory_order_relaxed);
    return rc;
}

int garm_append(garm_ctx *c, garm_appender *appender, const void *line, size_t size)
{
    ctx_own(c);
    struct lane *const lane = lane_of(c, appender);
    if (lane == NULL) {
        return drop(appender, -ENOMEM);
    }
    const int rc = buf_append(&lane->gathered, line, size);
    if (rc < 0) {
        lane->gathered.error = 0;
        return drop(appender, rc == -EMSGSIZE ? -ENOBUFS : rc);
    }
    lane->gathered_lines++;
    if (!lane->job) {
        lane->job = garm_spawn_take(c, write_lane, lane, NULL) == 0;
    }
    return 0;
}

uint64_t garm_appender_dropped(const garm_appender *appender)
{
    return atomic_load_explicit(&appender->dropped, memory_order_relaxed);
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
    memcpy(&known, opts, opts->size < sizeof(known) ? opts->size : sizeof(known));
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
    self->fd = path == NULL ? STDERR_FILENO : sys_open(path, APPEND_FLAGS);
    if (self->fd < 0) {
        garm_fail_at(app, known.where, "%s cannot be opened for appending: %s", path,
                     sys_error_text(self->fd));
        return NULL;
    }
    self->path = path == NULL ? NULL : garm_app_dup(app, path);
    pthread_mutex_init(&self->lock, NULL);
    garm_app_defer(app, end, self);
    return self;
}
