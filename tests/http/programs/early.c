/* Blocks before it serves, where --block says, until somebody writes to the FIFO --fifo; and has a
 * thread of its own that was started before the server, and is not deaf to signals. */
#include <garm/garm.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *where;
static const char *fifo;

static int block(const char *here)
{
    if (strcmp(where, here) == 0) {
        (void)fprintf(stderr, "blocks\n");
        close(open(fifo, O_RDONLY));
    }
    return 0;
}

static int on_start(garm_worker *worker)
{
    (void)worker;
    return block("start");
}

static int on_worker_start(garm_worker *worker)
{
    (void)worker;
    return block("worker");
}

static int on_stop(garm_worker *worker)
{
    (void)worker;
    return block("stop");
}

static void *wait_for_ever(void *arg)
{
    for (;;) {
        pause();
    }
    return arg;
}

static int after(garm_ctx *c)
{
    GARM_TRY(garm_sleep(c, GARM_MS(300)));
    return garm_text(c, 200, "waited\n");
}

GARM_APP(app)
{
    pthread_t thread;
    where = garm_flag(app, "block", "", "Where to block.");
    fifo = garm_flag(app, "fifo", "", "The FIFO to block on.");
    if (pthread_create(&thread, NULL, wait_for_ever, NULL) == 0) {
        pthread_detach(thread);
    }
    block("set-up");
    garm_on(app, GARM_START, on_start);
    garm_on(app, GARM_WORKER_START, on_worker_start);
    garm_on(app, GARM_STOP, on_stop);
    garm_route(app, "GET /after", after);
}
