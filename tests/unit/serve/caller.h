/* A client of a site, on a non-blocking socket. It calls the kernel past base/sys.h, whose calls
 * are made to fail. */
#ifndef GARM_TESTS_UNIT_SERVE_CALLER_H
#define GARM_TESTS_UNIT_SERVE_CALLER_H

#include "sim/answers.h"
#include "site.h"

struct caller {
    int fd;
    const char *text; /* what is not sent yet */
    struct buf got;   /* and not cut into answers yet */
    bool ended;       /* by FIN or RST */
};

void caller_open(struct caller *caller, const struct site *site, const char *text);
void caller_close(struct caller *caller);
/** Sends and receives what goes at once. */
void caller_move(struct caller *caller);
/** Cuts the next answer off: its status, and its body's size; or 0. What is no lawful answer fails
 * the test. */
int caller_hear(struct caller *caller, size_t *ret_body_len);
/** Waits for the next answer, while other threads serve. 0: there is none. */
int caller_await(struct caller *caller, size_t *ret_body_len);

#endif
