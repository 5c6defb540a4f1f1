/* Responses as a strict client reads them. */
#ifndef GARM_TESTS_SIM_ANSWERS_H
#define GARM_TESTS_SIM_ANSWERS_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>

struct answer {
    int status;
    bool close;          /* it said Connection: close */
    struct slice head;   /* with the empty line */
    struct slice target; /* X-Seen-Target; empty if absent */
    struct buf body;     /* decoded; the caller deinits it */
    size_t size;         /* on the wire */
};

enum answer_result { ANSWER_DONE, ANSWER_MORE, ANSWER_BAD };

/** Reads one response from the front of `data`. `head_only`: it answers HEAD. `ended`: the
 * connection has ended behind the data. ANSWER_BAD: this is no response that RFC 9112 allows,
 * *ret_why says what is wrong. */
enum answer_result answer_read(struct slice data, bool head_only, bool ended,
                               struct answer *ret_answer, const char **ret_why);

/** The value of the field in a head, or ptr NULL; *ret_count: how many lines it has. */
struct slice answer_field(struct slice head, const char *name, size_t *ret_count);

#endif
