/* The steps of saving a file, as a thread that may block takes them: opened without a name in its
 * directory, written, named. Knows no request. */
#include "app/save.h"

#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

void save_random_name(char out[RANDOM_NAME_LEN + 1])
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
    unsigned char bytes[RANDOM_NAME_LEN];
    sys_random(bytes, sizeof(bytes));
    for (size_t i = 0; i < RANDOM_NAME_LEN; i++) {
        out[i] = alphabet[bytes[i] % 32];
    }
    out[RANDOM_NAME_LEN] = '\0';
}

static void make_hidden(struct save_file *file)
{
    memcpy(file->hidden, HIDDEN_PREFIX, sizeof(HIDDEN_PREFIX) - 1);
    save_random_name(file->hidden + sizeof(HIDDEN_PREFIX) - 1);
}

static int create(struct save_file *file)
{
    file->fd = sys_create_nameless(file->dir_fd);
    if (file->fd == -EOPNOTSUPP || file->fd == -EISDIR) {
        make_hidden(file);
        file->fd = sys_create_at(file->dir_fd, file->hidden);
        if (file->fd < 0) {
            file->hidden[0] = '\0';
        }
    }
    return file->fd < 0 ? file->fd : 0;
}

/* A name that is taken is better found out before gigabytes are written than after. */
static int open_file(struct save_file *file)
{
    struct stat stat;
    file->dir_fd = sys_open(file->dir, O_PATH | O_DIRECTORY);
    if (file->dir_fd < 0) {
        return file->dir_fd;
    }
    if (!file->replace) {
        const int rc = sys_lstat_at(file->dir_fd, file->name, &stat);
        if (rc != -ENOENT) {
            return rc < 0 ? rc : -EEXIST;
        }
    }
    return create(file);
}

static int write_piece(struct save_file *file)
{
    if (file->fd < 0) {
        TRY(open_file(file));
    }
    TRY(sys_write_all(file->fd, file->data, file->len));
    file->len = 0;
    return 0;
}

int save_file_write(void *file)
{
    struct save_file *const f = file;
    f->result = write_piece(f);
    return 0;
}

static int take_hidden_name(struct save_file *file)
{
    make_hidden(file);
    const int rc = sys_link_fd(file->fd, file->dir_fd, file->hidden);
    if (rc < 0) {
        file->hidden[0] = '\0';
    }
    return rc;
}

/* A link cannot take the place of a file: what shall do so gets a hidden name first. */
static int take_name(struct save_file *file)
{
    if (file->hidden[0] == '\0') {
        const int rc = sys_link_fd(file->fd, file->dir_fd, file->name);
        if (rc != -EEXIST || !file->replace) {
            return rc;
        }
        TRY(take_hidden_name(file));
    }
    TRY(sys_rename_at(file->dir_fd, file->hidden, file->name, file->replace));
    file->hidden[0] = '\0';
    return 0;
}

static int finish(struct save_file *file)
{
    struct stat stat;
    TRY(write_piece(file));
    TRY(sys_fchmod(file->fd, file->mode));
    TRY(sys_fstat(file->fd, &stat));
    if (file->sync) {
        TRY(sys_fdatasync(file->fd));
    }
    TRY(take_name(file));
    file->dev = stat.st_dev;
    file->inode = stat.st_ino;
    return 0;
}

int save_file_finish(void *file)
{
    struct save_file *const f = file;
    f->result = finish(f);
    return f->result < 0 ? 0 : save_file_drop(f);
}

int save_file_drop(void *file)
{
    struct save_file *const f = file;
    if (f->hidden[0] != '\0') {
        sys_unlink_at(f->dir_fd, f->hidden);
        f->hidden[0] = '\0';
    }
    sys_close(f->fd);
    sys_close(f->dir_fd);
    f->fd = f->dir_fd = -1;
    return 0;
}
