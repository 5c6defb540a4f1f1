/* Takes back the files of a form that turned out to be broken, so that nothing is left of it. */
#include "app/save.h"

#include "app/form.h"
#include "base/sys.h"

#include <sys/stat.h>

/* By its path: a process that has no descriptor left can do that too. */
static void remove_one(const struct saved *saved)
{
    struct stat stat;
    if (sys_lstat(saved->path, &stat) == 0 && stat.st_dev == saved->dev &&
        stat.st_ino == saved->inode) {
        sys_unlink(saved->path);
    }
}

static int remove_all(void *first)
{
    for (const struct saved *saved = first; saved != NULL; saved = saved->next) {
        remove_one(saved);
    }
    return 0;
}

void save_undo(struct form *form)
{
    struct saved *const first = form->saved;
    form->saved = NULL;
    if (first == NULL) {
        return;
    }
    task_mask();
    const int rc = garm_offload(form->c, remove_all, first);
    task_unmask();
    if (rc < 0) {
        remove_all(first); /* no thread is to be had: better late than not */
    }
}
