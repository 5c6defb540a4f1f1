/* An application under test: set up as in a program, then driven by a fake exchange, which notes
 * all that is done to it, on a task of a loop in a simulated world. */
#ifndef TESTS_UNIT_APP_FAKE_H
#define TESTS_UNIT_APP_FAKE_H

#include "app/server.h"
#include "base/buf.h"
#include "run/sim.h"
#include "serve/exchange.h"

#include <garm/garm.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the client does besides sending its request. */
struct fake_client {
    const char *body; /* the request's; NULL: none */
    size_t body_size; /* 0: up to its NUL */
    size_t piece;     /* bytes per read; 0: as many as fit */
    int fail_read;    /* after the body, read gives this negative errno, */
    uint16_t fault;   /* and this is the fault */
    int64_t read_ns;  /* each read takes so long */
    bool goes;        /* is gone when the handler first waits or reads */
    int fail_complete;
    int fail_send; /* respond, head, write, flush and finish give this negative errno */
};

/* What it got. */
struct answer {
    uint16_t status;  /* 0: none */
    uint64_t length;  /* as the head tells it */
    char head[16384]; /* the fields, a line each: "Name: value\n" */
    char body[8192];
    size_t body_size;
    unsigned responds, heads, writes, flushes, finishes, completes, aborts;
    bool close;
    uint64_t file_bytes;
};

/** Sets up an application; what its START would need is there. Fails the test if it is refused. */
void fake_start(void (*setup)(garm_app *app));
/** The line with which a set-up is refused; "" if it is not. */
const char *fake_refusal(void (*setup)(garm_app *app));
/** The same with the application's flags. */
void fake_start_with(void (*setup)(garm_app *app), const char *const *flags);
/** Ends it, with all that belongs to it; fails the test if a task is left. */
void fake_end(void);

/** The answer to a request: its line and fields, lines apart by "\n" ("GET /x HTTP/1.1\nHost:
 *  a"). Valid until the next one. */
const struct answer *fake_ask(const char *head);
const struct answer *fake_ask_as(const char *head, const struct fake_client *client);

/** Is there such a field line in the answer? */
bool answer_has(const struct answer *answer, const char *line);
/** What was logged since the start. */
const char *fake_log(void);
struct garm_server *fake_server(void);
struct sim *fake_sim(void);
struct loop *fake_loop(void);

/* The handler of the one route "/" of fake_setup_one, for tests that need no more. */
extern garm_handler *fake_handler;
void fake_setup_one(garm_app *app);

#endif
