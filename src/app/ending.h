/* The end of a program: its signals, and what happens when something does not end. */
#ifndef GARM_APP_ENDING_H
#define GARM_APP_ENDING_H

#include "base/compiler.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct garm_server;

struct ending {
    int signal_fd; /* -1: none yet */
    struct garm_server *server;
    pthread_mutex_t lock; /* around the rest, and the reading of signals */
    int64_t grace_ns;
    unsigned asked; /* how often */
    int64_t due_ns; /* when all should have ended; INT64_MAX: not asked yet */
    unsigned overdue_ticks;
};

void ending_init(struct ending *ending);
void ending_deinit(struct ending *ending);
/** Until ending_begin a signal ends the process at once, also where its default action would not,
 *  for process 1. 0 or a negative errno. */
MUST_CHECK int ending_prepare(struct ending *ending);
/** From now on signals wait to be taken, in this thread and in those of the application; workers
 *  are deaf to them from their start. */
void ending_begin(void);
/** Has somebody asked for the end? */
MUST_CHECK bool ending_asked(struct ending *ending);
/** The server has ended: from now on a signal ends the process at once again. */
void ending_over(struct ending *ending);

/** The signals end this server, before its start. What still runs a second after the second signal,
 *  or after the grace and what deferred functions may take, is named in the log, and the process
 *  is ended under it. */
void ending_of(struct ending *ending, struct garm_server *server, int64_t grace_ns);
/** Takes the signals that have come: the first drains the server, the second stops it. Any
 *  thread: the watchdog takes them too, for a worker that is stuck takes none. */
void ending_on_signal(void *arg);

#endif
