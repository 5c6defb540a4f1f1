/* What the tests of the simulated server share: a world whose end is checked, and visitors that say
 * and hear. */
#ifndef GARM_TESTS_SIM_STAGE_H
#define GARM_TESTS_SIM_STAGE_H

#include "answers.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/sys.h"
#include "suites.h"
#include "world.h"

/* The test's world. A test of a stage_case opens it; when the test is over it is freed, and must
 * have left neither memory nor descriptors behind. */
extern struct world world;
void open_world(const struct world_options *options);
/** Frees it before the test's end, with its visitors; another one may be opened. */
void close_world(void);

/** A test case whose tests are checked so. */
TCase *stage_case(const char *name);

/* A client with a memory for what it read; freed with the world. */
struct visitor {
    struct list node;
    struct sim_client *client;
    struct buf bytes; /* read and not judged yet */
};

/** One that connects and says this. */
struct visitor *visitor(const char *text);
/** Frees the visitor; its client stays the world's. */
void leave(struct visitor *visitor);
void say(struct visitor *visitor, const char *text);
/** `size` bytes, all 'x'. */
void say_bytes(struct visitor *visitor, size_t size);
/** A whole request without a body: GET and Host. */
void ask(struct visitor *visitor, const char *target);

/* The last answer heard; valid until the next one. */
extern struct answer heard;
/** Lets arrive what is on its way, reads it, and cuts the next answer into `heard`. Its status, or
 * 0 if no whole one is there. What no server may answer fails the test. */
int hear(struct visitor *visitor);
/** The same, letting up to `ms_max` pass until there is one. */
int hear_within(struct visitor *visitor, int64_t ms_max);
/** As hear, for the answer to a HEAD. */
int hear_to_head(struct visitor *visitor);
/** Hears answers up to the first that has not this status: how many had it. */
size_t hear_all(struct visitor *visitor, int status);
/** Is this the body of `heard`? */
bool heard_body(const char *text);
/** A field of `heard`: ptr NULL if it has none. */
struct slice heard_field(const char *name);

/** Neither bytes nor an end have come, or are on their way. */
bool is_silent(struct visitor *visitor);
/** How the server ended it. SIM_OPEN also while bytes are there that were not heard. */
enum sim_end end_of(struct visitor *visitor);
/** Descriptors of connections that the server holds. */
size_t connections_open(void);

/** Runs until something comes, bytes or an end, for `ms_max` at most: the milliseconds that it
 * took, or -1. */
int64_t ms_until_word(struct visitor *visitor, int64_t ms_max);
/** Runs until the server holds `count` connections. */
int64_t ms_until_open(size_t count, int64_t ms_max);

#endif
