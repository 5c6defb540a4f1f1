/* Overload control of one worker: how long requests wait for their turn, and when those that come
 * are refused. Times go in, decisions come out; see overload.c for the law. */
#ifndef GARM_APP_OVERLOAD_H
#define GARM_APP_OVERLOAD_H

#include "base/counter.h"

#include <stdbool.h>
#include <stdint.h>

struct garm_worker;
struct garm_ctx;

/* What the application asked for. */
struct overload_settings {
    bool off;
    int64_t delay_ns;      /* 0: the default */
    int64_t retry_after_s; /* 0: the default */
};

/* When a request is looked at. */
struct overload_moment {
    int64_t now_ns;  /* the clock's time */
    int64_t turn_ns; /* the time of this turn's poll, */
    int64_t idle_ns; /* and how long that poll waited; looked at only after a late request */
    uint64_t turn;   /* its number */
};

struct overload {
    int32_t credit;      /* requests that need no look */
    bool standing;       /* the queue has not been seen short since standing_ns began to count */
    bool late;           /* in the last turn that was looked at, a request waited too long */
    int64_t delay_ns;    /* what is too long; 0: the control is off */
    uint64_t turn;       /* of the last look, */
    int64_t look_ns;     /* and its time */
    uint64_t stood_turn; /* the turn in which the queue began to stand, */
    int64_t standing_ns; /* and how long it has */
    int64_t refused_ns;  /* when a request was refused, last */
    counter refusing;    /* 1 while the worker is overloaded, else 0 */
    counter refused;     /* requests */
    int64_t told_ns;     /* when an overload was logged, last */
    uint64_t told_count; /* requests that had been refused then */
    bool told;           /* and its end is owed */
};

/** Calm. A delay_ns of 0 switches it off. */
void overload_init(struct overload *overload, int64_t delay_ns);

/** Shall the request whose turn it is be refused? */
bool overload_decide(struct overload *overload, const struct overload_moment *moment);

/** The same on a worker, for a request that may be refused, or not. */
bool overload_look(struct garm_worker *worker, bool refusable);

/** Prepares the worker's control, as its application asked. */
void overload_start(struct garm_worker *worker);

/** The answer to a request that is refused. */
int overload_answer(struct garm_ctx *c);

#endif
