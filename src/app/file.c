/* Files as replies: opened for one request each, by a path of the application's or the client's. */
#include "app/file_reply.h"
#include "app/reply.h"

#include "app/file_path.h"
#include "app/mime.h"
#include "base/sys.h"

#include <garm/reply.h>

#include <fcntl.h>

/* One request's own file. */
static void release(void *holder)
{
    file_deinit(holder);
}

static int reply_with(garm_ctx *c, const struct file_place *place)
{
    struct file *const file = ctx_alloc(c, sizeof(*file));
    if (file == NULL) {
        return -ENOMEM;
    }
    *file = FILE_NONE;
    const int rc = file_open(c, place, 0, file);
    if (rc < 0) {
        return rc == -EISDIR ? -ENOENT : rc;
    }
    const struct representation representation = {
        .file = file,
        .type = mime_type(slice_cstr(place->path)),
        .release = release,
        .holder = file,
    };
    return file_reply_take(c, &representation);
}

int garm_file(garm_ctx *c, const char *path)
{
    TRY(reply_open(c, 200));
    const struct file_place place = {AT_FDCWD, false, path};
    return reply_with(c, &place);
}

int garm_file_beneath(garm_ctx *c, int dir_fd, const char *path)
{
    TRY(reply_open(c, 200));
    if (path[0] == '\0' || file_path_suspect(slice_cstr(path))) {
        return -ENOENT;
    }
    const struct file_place place = {dir_fd, true, path};
    return reply_with(c, &place);
}
