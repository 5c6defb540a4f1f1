/* What a server is. For server.c and server_stop.c only. */
#ifndef GARM_SERVE_SERVER_IMPL_H
#define GARM_SERVE_SERVER_IMPL_H

#include "run/watchdog.h"
#include "serve/server.h"
#include "serve/shard.h"

#include <pthread.h>

struct server {
    struct server_options options;
    struct shard *shards;
    size_t shard_count;   /* initialised ones */
    pthread_mutex_t lock; /* start results, ends and posts; never held across a turn */
    pthread_cond_t changed;
    size_t started_count;
    int start_error;
    enum { VERDICT_OPEN, VERDICT_SERVE, VERDICT_ABANDON } verdict; /* of the start */
    _Atomic bool stopping;                                         /* told to */
    _Atomic bool draining;     /* and the drain has begun, or is about to */
    _Atomic size_t deaf_count; /* shards that accept no more */
    struct watchdog watchdog;
    int outer_fd; /* epoll over an attached loop and its timer */
    int timer_fd;
};

#endif
