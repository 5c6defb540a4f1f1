/* An acceptor: one listening socket of one shard. */
#ifndef GARM_SERVE_ACCEPTOR_H
#define GARM_SERVE_ACCEPTOR_H

#include "serve/shard.h"

struct acceptor {
    struct io_watch watch;
    struct shard *shard;
    int *fd;     /* the listener's */
    bool shared; /* other shards accept from the same descriptor */
    bool watching;
    bool useless;       /* it listens no more */
    bool finished;      /* and nobody waits in its queue any more */
    struct timer retry; /* after descriptors ran out */
};

/** `fd` is an entry of its listener. */
void acceptor_init(struct acceptor *acceptor, struct shard *shard, int *fd, bool shared);
/** Watches the socket: 0 or a negative errno. A no-op while watching. */
int acceptor_resume(struct acceptor *acceptor);
void acceptor_pause(struct acceptor *acceptor);
/** Accepts all that waits, if `welcome`, without a budget, and stops watching for good; for whom no
 *  descriptor is left is answered with 503. Closes the descriptor unless it is shared. False: even
 *  for that there is none now, and shard_finish_accepting is called again before long. */
bool acceptor_finish(struct acceptor *acceptor, bool welcome);
/** Closes the descriptor of a finished acceptor, once nobody accepts from it any more. */
void acceptor_close(struct acceptor *acceptor);

#endif
