/* Secrets, and where they come from: the set-up, or a file that is read again when it changes.
 * Those that hold now are one value, replaced as a whole. */
#include "app/keys.h"

#include "app/file_open.h"
#include "app/option_list.h"
#include "base/sys.h"

#include <garm/log.h>
#include <garm/sync.h>

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define LOOK_NS        GARM_SEC(1)
#define FILE_BYTES_MAX KIB(16)

struct garm_keys {
    garm_shared *ring;
    bool insecure;
    const char *path; /* NULL: no file */
    /* as the file was when it was last looked at, and when it was last read: of the job alone */
    struct file_identity seen, taken;
};

/* Rings. */

struct key_ring *key_ring_new(const struct slice *secrets, size_t count)
{
    struct key_ring *const ring = mem_zalloc(sizeof(*ring));
    for (size_t i = 0; ring != NULL && i < count; i++) {
        ring->keys[i] = seal_key_new(secrets[i]);
        if (ring->keys[i] == NULL) {
            key_ring_free(ring);
            return NULL;
        }
        ring->count++;
    }
    return ring;
}

void key_ring_free(void *ring)
{
    struct key_ring *const self = ring;
    if (self == NULL) {
        return;
    }
    for (size_t i = 0; i < self->count; i++) {
        seal_key_free(self->keys[i]);
    }
    mem_free(self);
}

const struct key_ring *keys_ring(garm_ctx *c, garm_keys *keys)
{
    const struct key_ring *const ring = garm_shared_get(c, keys->ring);
    if (ring == NULL) {
        ctx_poison(c);
    }
    return ring;
}

bool keys_insecure(const garm_keys *keys)
{
    return keys->insecure;
}

/* Files. */

int key_text_parse(struct slice text, struct slice *secrets, char *reason, size_t cap)
{
    struct slice line;
    int count = 0;
    for (size_t number = 1; slice_cut(&text, '\n', &line); number++) {
        line = slice_trim(line);
        if (line.len > 0 && line.ptr[line.len - 1] == '\r') {
            line.len--;
        }
        if (line.len == 0 || line.ptr[0] == '#') {
            continue;
        }
        if (line.len < GARM_SECRET_SIZE_MIN) {
            snprintf(reason, cap, "the secret in line %zu has %zu bytes, less than %d", number,
                     line.len, GARM_SECRET_SIZE_MIN);
            return -EINVAL;
        }
        if (count == GARM_KEYS_MAX) {
            snprintf(reason, cap, "it has more than %d secrets", GARM_KEYS_MAX);
            return -EINVAL;
        }
        secrets[count++] = line;
    }
    if (count == 0) {
        snprintf(reason, cap, "it has no secret");
        return -EINVAL;
    }
    return count;
}

/* The whole of an open file: bytes, or negative. */
static ssize_t read_whole(int fd, char *out, size_t cap)
{
    const ssize_t size = sys_pread_all(fd, out, cap, 0);
    return size == (ssize_t)cap ? -EFBIG : size;
}

static int open_regular(const char *path, struct stat *ret_stat)
{
    const int fd = sys_open(path, O_RDONLY | O_NONBLOCK);
    TRY(fd);
    int rc = sys_fstat(fd, ret_stat);
    rc = rc == 0 && !S_ISREG(ret_stat->st_mode) ? -EINVAL : rc;
    if (rc < 0) {
        sys_close(fd);
        return rc;
    }
    return fd;
}

static int parse_text(struct slice text, struct key_ring **ret_ring, char *reason, size_t cap)
{
    struct slice secrets[GARM_KEYS_MAX];
    const int count = key_text_parse(text, secrets, reason, cap);
    TRY(count);
    *ret_ring = key_ring_new(secrets, (size_t)count);
    if (*ret_ring == NULL) {
        snprintf(reason, cap, "out of memory");
        return -ENOMEM;
    }
    return 0;
}

/* The ring of the secrets in the file; NULL, with why. */
static struct key_ring *read_file(const char *path, struct stat *ret_stat, char *reason, size_t cap)
{
    char text[FILE_BYTES_MAX];
    struct key_ring *ring = NULL;
    const int fd = open_regular(path, ret_stat);
    const ssize_t size = fd < 0 ? fd : read_whole(fd, text, sizeof(text));
    if (fd >= 0) {
        sys_close(fd);
    }
    if (size < 0) {
        snprintf(reason, cap, "%s", sys_error_text((int)size));
    } else {
        (void)parse_text(slice_of(text, (size_t)size), &ring, reason, cap);
    }
    explicit_bzero(text, sizeof(text)); /* a read that failed may have left some */
    return ring;
}

/* Looking again: a job of the first worker, with a thread of the pool. */

struct look {
    struct garm_keys *keys;
    struct key_ring *ring; /* new keys */
    bool changed;
    char reason[128];
};

/* A file that changes is read when it has rested from one look to the next: a write in place is not
 * read by halves. */
static int look_at_file(void *arg)
{
    struct look *const look = arg;
    struct garm_keys *const keys = look->keys;
    struct stat file;
    const int fd = open_regular(keys->path, &file);
    if (fd >= 0) {
        sys_close(fd);
    }
    const struct file_identity found = fd < 0 ? (struct file_identity){0} : file_identity_of(&file);
    const bool rests = file_identity_eq(&found, &keys->seen);
    keys->seen = found;
    if (!rests || file_identity_eq(&found, &keys->taken)) {
        return 0;
    }
    keys->taken = found;
    look->changed = true;
    look->ring = read_file(keys->path, &file, look->reason, sizeof(look->reason));
    return 0;
}

static int look_again(garm_ctx *c, void *arg)
{
    struct look look = {.keys = arg};
    GARM_TRY(garm_offload(c, look_at_file, &look));
    if (!look.changed) {
        return 0;
    }
    if (look.ring == NULL) {
        garm_log(c, GARM_LOG_ERROR, "%s: the old keys stay: %s", look.keys->path, look.reason);
        return 0;
    }
    const size_t count = look.ring->count;
    GARM_TRY(garm_shared_set_take(look.keys->ring, look.ring));
    garm_log(c, GARM_LOG_INFO, "%s: %zu keys taken", look.keys->path, count);
    return 0;
}

/* Set-up. */

static void end(void *arg)
{
    struct garm_keys *const keys = arg;
    garm_shared_free(keys->ring);
}

static garm_keys *new_keys(garm_app *app, struct key_ring *ring)
{
    struct garm_keys *const keys = garm_app_alloc(app, sizeof(*keys));
    garm_shared *const shared = keys == NULL ? NULL : garm_shared_new(key_ring_free);
    if (ring == NULL || shared == NULL) {
        key_ring_free(ring);
        garm_shared_free(shared);
        garm_fail_at(app, NULL, "keys: out of memory");
        return NULL;
    }
    keys->ring = shared;
    garm_app_defer(app, end, keys);
    if (garm_shared_set_take(shared, ring) < 0) {
        garm_fail_at(app, NULL, "keys: out of memory");
        return NULL;
    }
    return keys;
}

garm_keys *keys_new_random(garm_app *app)
{
    char secret[GARM_SECRET_SIZE_MIN];
    sys_random(secret, sizeof(secret));
    const struct slice only = slice_of(secret, sizeof(secret));
    garm_keys *const keys = new_keys(app, key_ring_new(&only, 1));
    explicit_bzero(secret, sizeof(secret));
    return keys;
}

static garm_keys *keys_of_file(garm_app *app, const garm_keys_opts *opts)
{
    char reason[128] = "";
    struct stat file;
    struct key_ring *const ring = read_file(opts->file, &file, reason, sizeof(reason));
    if (ring == NULL) {
        garm_fail_at(app, opts->where, "garm_keys_new: %s: %s", opts->file, reason);
        return NULL;
    }
    if ((file.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        log_write(&app->application->logger, LOG_WARN,
                  "%s: others than its owner may read the secrets: chmod 600", opts->file);
    }
    garm_keys *const keys = new_keys(app, ring);
    if (keys != NULL) {
        keys->path = garm_app_dup(app, opts->file);
        keys->seen = file_identity_of(&file);
        keys->taken = keys->seen;
        garm_every(app, LOOK_NS, look_again, keys);
    }
    return keys;
}

static garm_keys *keys_of_secrets(garm_app *app, const garm_keys_opts *opts)
{
    struct slice secrets[GARM_KEYS_MAX];
    size_t count = 0;
    for (; count < GARM_KEYS_MAX && opts->secrets[count] != NULL; count++) {
        secrets[count] = slice_cstr(opts->secrets[count]);
        if (secrets[count].len < GARM_SECRET_SIZE_MIN) {
            garm_fail_at(app, opts->where,
                         "garm_keys_new: .secrets[%zu] has %zu bytes, less than %d: make one by "
                         "`openssl rand -base64 32`",
                         count, secrets[count].len, GARM_SECRET_SIZE_MIN);
            return NULL;
        }
    }
    return new_keys(app, key_ring_new(secrets, count));
}

garm_keys *garm_keys_new_with(garm_app *app, const garm_keys_opts *opts)
{
    garm_keys_opts known = {0};
    GARM_OPTS_READ_(&known, opts);
    if (!OPTION_LIST_WHOLE(app->application, known.where, "garm_keys_new: .secrets",
                           known.secrets)) {
        return NULL;
    }
    if ((known.secrets[0] == NULL) == (known.file == NULL)) {
        garm_fail_at(app, known.where, "garm_keys_new: either .secrets or .file is needed");
        return NULL;
    }
    garm_keys *const keys =
        known.file != NULL ? keys_of_file(app, &known) : keys_of_secrets(app, &known);
    if (keys != NULL && known.insecure) {
        keys->insecure = true;
        log_write(&app->application->logger, LOG_WARN,
                  "%s: .insecure keys: cookies go over plain http, for development only",
                  known.where);
    }
    return keys;
}
