/* Parses a head, or a trailer section, in every way its bytes may come, and fails the test
 * unless all ways give the same: whole, cut short at every byte, split at every byte, byte by
 * byte; each time before an unreadable page, and with every implementation of the scans. */
#ifndef GARM_TESTS_CODEC_WAYS_H
#define GARM_TESTS_CODEC_WAYS_H

#include "codec/h1.h"

struct parsed {
    enum h1_result result;
    struct h1_error error; /* with H1_BAD */
    struct h1_head head;   /* with H1_DONE */
};

/** Gives what the whole text gives. `limits` NULL: the defaults. */
const struct parsed *parse_every_way(struct slice text, const struct h1_limits *limits,
                                     bool trailers);

/** parse_every_way of a request head with default limits. */
const struct parsed *parse_head(struct slice text);

#endif
