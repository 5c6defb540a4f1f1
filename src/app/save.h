/* Files that are being saved, as save.c drives them and save_file.c makes them; and what is taken
 * back of a form that turns out to be broken. */
#ifndef GARM_APP_SAVE_H
#define GARM_APP_SAVE_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct form;

/* 130 random bits in 26 letters and digits. */
#define RANDOM_NAME_LEN 26
#define HIDDEN_PREFIX   ".garm-"

/* A file on its way to its name. All of it belongs to one thread at a time: the task's, or that of
 * the pool which works for it. */
struct save_file {
    const char *dir, *name;
    unsigned mode;
    bool replace, sync;
    int dir_fd, fd;                                       /* -1: not open */
    char hidden[sizeof(HIDDEN_PREFIX) + RANDOM_NAME_LEN]; /* its name until it has its own, or "" */
    char *data;                                           /* what is to be written */
    size_t len;
    int result;          /* of the last step: 0 or a negative errno */
    uint64_t dev, inode; /* once it has its name */
};

/** The steps, called on the pool with a struct save_file: they leave what they came to in `result`
 *  and return 0. Writes `data`, having opened the file if it is not yet. */
int save_file_write(void *file);
/** The same, then gives the file its name and closes it. */
int save_file_finish(void *file);
/** Closes what is open, and removes what has a hidden name. */
int save_file_drop(void *file);

/** Fills `out` with a random name and a NUL. */
void save_random_name(char out[RANDOM_NAME_LEN + 1]);

/* A file that was saved of a form. */
struct saved {
    struct saved *next;
    const char *path;
    uint64_t dev, inode;
};

/** Removes the files that were saved of the form, if they still are what was saved. May suspend. */
void save_undo(struct form *form);

#endif
