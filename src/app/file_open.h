/* Stored files: opened, looked at, and small ones read, without waiting for a disk on a loop's
 * thread. Knows no requests, but for file_open's suspension. */
#ifndef GARM_APP_FILE_OPEN_H
#define GARM_APP_FILE_OPEN_H

#include "app/ctx.h"
#include "base/date.h"

#include <stdbool.h>
#include <stdint.h>

struct stat;

/* "W/", '"', three numbers in hex with two '-' between, '"', NUL. */
#define FILE_ETAG_SIZE (3 * 16 + 7)

/* What changes when a file is another one, or changed. */
struct file_identity {
    uint64_t device, inode, size;
    int64_t modified_ns, changed_ns;
};

struct file_identity file_identity_of(const struct stat *stat);
bool file_identity_eq(const struct file_identity *a, const struct file_identity *b);

/* A regular file as it was found. */
struct file {
    int fd;     /* -1: it is in memory, or was not there */
    char *data; /* all of it; or NULL */
    uint64_t size;
    struct file_identity identity;
    bool there;
    bool fresh; /* changed so lately that its times need not show another change */
    uint8_t etag_len;
    char etag[FILE_ETAG_SIZE];
    char modified[DATE_HTTP_SIZE + 1]; /* never later than now */
    int64_t modified_s;
    int64_t at_hand_ns; /* monotonic: until then all of it counts as in the page cache */
};

#define FILE_NONE ((struct file){.fd = -1})

/* Where to look for a file. */
struct file_place {
    int dir_fd;
    bool beneath; /* it cannot be left, by dots, links or otherwise */
    const char *path;
};

/** Opens and looks; a file of at most `memory_max` bytes is read into memory, and closed. It is
 *  never torn: what changes while it is read is read again, and stays open in the end. `may_wait`:
 *  on a thread that may block; else -EAGAIN where the disk would be waited for. -ENOENT also for
 *  what cannot be because of how the path is made, and for what is neither file nor directory;
 *  -EISDIR; else as open(2). *ret_file is closed by file_deinit. */
MUST_CHECK int file_open_now(const struct file_place *place, uint64_t memory_max, bool may_wait,
                             struct file *ret_file);
/** What is left is FILE_NONE, which is accepted, too. */
void file_deinit(struct file *file);

/** Does `found` stand for the same content as `known`, for sure? */
bool file_same(const struct file *known, const struct file *found);

/** Reads all of an open file: 0; -ESTALE if it is not any more as it was found; or as pread. May
 *  block. */
MUST_CHECK int file_read_unchanged(const struct file *file, char *data);

/** file_open_now, on the offload pool where it must wait. May suspend. */
MUST_CHECK int file_open(garm_ctx *c, const struct file_place *place, uint64_t memory_max,
                         struct file *ret_file);

/** As pread of all `size` bytes, on the offload pool where the disk must be waited for: 0, -EIO if
 *  the file ends before, or as pread. May suspend. */
MUST_CHECK int file_read(garm_ctx *c, int fd, void *buf, size_t size, int64_t offset);
/** Sees to it that `size` bytes from `offset` are in the page cache, as far as a look at their ends
 *  tells; else reads them on the offload pool. 1: they were there; 0: they are now; or negative.
 *  May suspend. */
MUST_CHECK int file_fetch(garm_ctx *c, int fd, int64_t offset, size_t size);

#endif
