/* Opening and reading stored files. What might wait for a disk is tried with RESOLVE_CACHED and
 * RWF_NOWAIT first, and done over on the offload pool if the kernel declines. */
#include "app/file_open.h"

#include "app/server.h"
#include "base/sys.h"
#include "base/text.h"
#include "run/offload.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* O_NONBLOCK: a FIFO would wait for its other end. */
#define OPEN_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

/* How often a file that changes while it is read is read again. */
#define TRIES 3

/* Two changes within one tick of the kernel's clock leave the same time; a file system that counts
 * whole seconds leaves the same one for two. */
#define TICK_NS        (20 * NS_PER_MS)
#define COARSE_TICK_NS (2 * NS_PER_SEC)

/* What is read at a time to bring a file into the page cache. */
#define FETCH_BYTES KIB(16)

struct file_identity file_identity_of(const struct stat *stat)
{
    return (struct file_identity){
        .device = stat->st_dev,
        .inode = stat->st_ino,
        .size = (uint64_t)stat->st_size,
        .modified_ns = date_ns_of(&stat->st_mtim),
        .changed_ns = date_ns_of(&stat->st_ctim),
    };
}

bool file_identity_eq(const struct file_identity *a, const struct file_identity *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->modified_ns == b->modified_ns && a->changed_ns == b->changed_ns;
}

bool file_same(const struct file *known, const struct file *found)
{
    if (!known->there || !found->there) {
        return known->there == found->there;
    }
    return !known->fresh && file_identity_eq(&known->identity, &found->identity);
}

/* Inode, size and time of the last change of any kind: unlike the time of modification nobody can
 * set it, so that equal tags mean equal bytes - but within one tick, where the tag is weak. */
static void write_etag(struct file *file)
{
    char *out = file->etag;
    if (file->fresh) {
        *out++ = 'W';
        *out++ = '/';
    }
    *out++ = '"';
    out += text_from_hex(file->identity.inode, out);
    *out++ = '-';
    out += text_from_hex(file->identity.size, out);
    *out++ = '-';
    out += text_from_hex((uint64_t)file->identity.changed_ns, out);
    *out++ = '"';
    *out = '\0';
    file->etag_len = (uint8_t)(out - file->etag);
}

static void describe(struct file *file, const struct stat *stat)
{
    const int64_t now_ns = sys_realtime_ns();
    file->identity = file_identity_of(stat);
    file->size = file->identity.size;
    file->there = true;
    const int64_t tick_ns = file->identity.changed_ns % NS_PER_SEC == 0 ? COARSE_TICK_NS : TICK_NS;
    file->fresh = file->identity.changed_ns > now_ns - tick_ns;
    /* RFC 9110 section 8.8.2.1: never later than the answer's Date. */
    const int64_t now_s = now_ns / NS_PER_SEC;
    file->modified_s = stat->st_mtim.tv_sec < now_s ? stat->st_mtim.tv_sec : now_s;
    date_to_http(file->modified_s, file->modified);
    write_etag(file);
}

/* What cannot be opened because of how its path is made is not there. */
static int not_there(int error)
{
    return error == -ENOTDIR || error == -ENAMETOOLONG || error == -ELOOP || error == -EXDEV ||
                   error == -EINVAL || error == -ENXIO || error == -ENODEV
               ? -ENOENT
               : error;
}

static int open_place(const struct file_place *place, bool may_wait)
{
    int fd = -EAGAIN;
    if (!may_wait) {
        fd = sys_open_at_hand(place->dir_fd, place->path, OPEN_FLAGS, place->beneath);
    } else if (place->beneath) {
        fd = sys_open_beneath(place->dir_fd, place->path, OPEN_FLAGS);
    } else {
        fd = sys_open(place->path, OPEN_FLAGS);
    }
    return fd < 0 ? not_there(fd) : fd;
}

static int read_all(int fd, char *data, size_t size, int64_t offset, bool may_wait)
{
    size_t have = 0;
    while (have < size) {
        const int64_t at = offset + (int64_t)have;
        ssize_t n = may_wait ? sys_pread(fd, data + have, size - have, at)
                             : sys_pread_at_hand(fd, data + have, size - have, at);
        if (n == -EOPNOTSUPP) {
            n = sys_in_memory(fd) ? sys_pread(fd, data + have, size - have, at) : -EAGAIN;
        }
        if (n <= 0) {
            return n < 0 ? (int)n : -EIO;
        }
        have += (size_t)n;
    }
    return 0;
}

int file_read_unchanged(const struct file *file, char *data)
{
    struct stat after;
    TRY(read_all(file->fd, data, file->size, 0, true));
    TRY(sys_fstat(file->fd, &after));
    const struct file_identity identity = file_identity_of(&after);
    return file_identity_eq(&identity, &file->identity) ? 0 : -ESTALE;
}

/* Reads the file into file->data: 0; 1 if it changed meanwhile; or negative. */
static int read_once(struct file *file, bool may_wait)
{
    struct stat after;
    char *const data = mem_alloc(file->size > 0 ? file->size : 1);
    if (data == NULL) {
        return -ENOMEM;
    }
    int rc = read_all(file->fd, data, file->size, 0, may_wait);
    const int looked = sys_fstat(file->fd, &after);
    rc = rc == -EIO ? 1 : rc < 0 ? rc : looked;
    if (rc == 0) {
        const struct file_identity identity = file_identity_of(&after);
        rc = file_identity_eq(&identity, &file->identity) ? 0 : 1;
    }
    if (rc != 0) {
        mem_free(data);
        return rc;
    }
    file->data = data;
    return 0;
}

/* A file that never holds still stays open, and is sent as it then is. */
static int read_content(struct file *file, uint64_t memory_max, bool may_wait)
{
    for (int i = 0; i < TRIES && file->size <= memory_max; i++) {
        struct stat stat;
        const int rc = read_once(file, may_wait);
        if (rc <= 0) {
            return rc;
        }
        TRY(sys_fstat(file->fd, &stat));
        describe(file, &stat);
    }
    return 0;
}

static int look(struct file *file, uint64_t memory_max, bool may_wait)
{
    struct stat stat;
    TRY(sys_fstat(file->fd, &stat));
    if (!S_ISREG(stat.st_mode)) {
        return S_ISDIR(stat.st_mode) ? -EISDIR : -ENOENT;
    }
    describe(file, &stat);
    TRY(read_content(file, memory_max, may_wait));
    if (file->data != NULL) {
        sys_close(file->fd);
        file->fd = -1;
    }
    return 0;
}

int file_open_now(const struct file_place *place, uint64_t memory_max, bool may_wait,
                  struct file *ret_file)
{
    struct file file = {.fd = open_place(place, may_wait)};
    if (file.fd < 0) {
        return file.fd;
    }
    const int rc = look(&file, memory_max, may_wait);
    if (rc < 0) {
        file_deinit(&file);
        return rc;
    }
    *ret_file = file;
    return 0;
}

void file_deinit(struct file *file)
{
    sys_close(file->fd);
    mem_free(file->data);
    *file = FILE_NONE;
}

/* On the offload pool. */

static int offload(garm_ctx *c, void (*fn)(void *arg), void *arg)
{
    return offload_run(&c->worker->application->server->offload, fn, arg);
}

struct opening {
    const struct file_place *place;
    uint64_t memory_max;
    struct file *file;
    int result;
};

static void open_waiting(void *arg)
{
    struct opening *const opening = arg;
    opening->result = file_open_now(opening->place, opening->memory_max, true, opening->file);
}

int file_open(garm_ctx *c, const struct file_place *place, uint64_t memory_max,
              struct file *ret_file)
{
    const int rc = file_open_now(place, memory_max, false, ret_file);
    if (rc != -EAGAIN) {
        return rc;
    }
    struct opening opening = {place, memory_max, ret_file, 0};
    TRY(offload(c, open_waiting, &opening));
    return opening.result;
}

struct reading {
    int fd;
    char *buf; /* NULL: what is read is not wanted but in the page cache */
    size_t size;
    int64_t offset;
    int result;
};

static void read_waiting(void *arg)
{
    struct reading *const reading = arg;
    reading->result = read_all(reading->fd, reading->buf, reading->size, reading->offset, true);
}

int file_read(garm_ctx *c, int fd, void *buf, size_t size, int64_t offset)
{
    const int rc = read_all(fd, buf, size, offset, false);
    if (rc != -EAGAIN) {
        return rc;
    }
    struct reading reading = {fd, buf, size, offset, 0};
    TRY(offload(c, read_waiting, &reading));
    return reading.result;
}

static void fetch_waiting(void *arg)
{
    struct reading *const reading = arg;
    char piece[FETCH_BYTES];
    for (size_t done = 0; done < reading->size && reading->result == 0;) {
        const size_t left = reading->size - done;
        const ssize_t n = sys_pread(reading->fd, piece, left < sizeof(piece) ? left : sizeof(piece),
                                    reading->offset + (int64_t)done);
        reading->result = n < 0 ? (int)n : n == 0 ? -EIO : 0;
        done += n > 0 ? (size_t)n : 0;
    }
}

/* One byte at each end: readahead fills what lies between, and a look at every page would cost as
 * much as sending them. */
static bool at_hand(int fd, int64_t offset, size_t size)
{
    char byte;
    const ssize_t last = sys_pread_at_hand(fd, &byte, 1, offset + (int64_t)size - 1);
    if (last == -EOPNOTSUPP) {
        return sys_in_memory(fd);
    }
    return last != -EAGAIN && sys_pread_at_hand(fd, &byte, 1, offset) != -EAGAIN;
}

int file_fetch(garm_ctx *c, int fd, int64_t offset, size_t size)
{
    if (at_hand(fd, offset, size)) {
        return 1;
    }
    struct reading reading = {.fd = fd, .size = size, .offset = offset};
    TRY(offload(c, fetch_waiting, &reading));
    return reading.result;
}
