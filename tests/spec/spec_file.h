/* Reads the specification files of this folder; README.md describes their form. Used by the codec's
 * runner, by the simulator, and for the fuzzers' seeds. */
#ifndef GARM_TESTS_SPEC_FILE_H
#define GARM_TESTS_SPEC_FILE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"

#include <stddef.h>

/* "field=Host: a", "done" or "error 400", escapes resolved. */
struct spec_event {
    struct slice kind;
    struct slice value;
};

enum spec_after {
    SPEC_KEEP,    /* the connection persists after this answer */
    SPEC_CLOSE,   /* the answer says Connection: close, and the connection ends */
    SPEC_INTERIM, /* a 1xx answer */
    SPEC_WAIT,    /* no answer: the server waits for more; status is 0 */
};

struct spec_answer {
    int status;
    enum spec_after after;
};

struct spec_case {
    const char *file; /* its name without the folder */
    size_t line;      /* of the title */
    const char *title;
    struct slice request;
    const struct spec_event *events;
    size_t event_count;
    const struct spec_answer *answers;
    size_t answer_count;
};

struct spec_set {
    struct arena arena;
    struct spec_case *cases;
    size_t count;
    size_t cap;
};

/** Loads every case of every *.md file in `dir` but README.md, files in the order of their
 *  names. 0, or a negative errno with "file:line: what" in *ret_error. spec_unload frees the set
 *  in either case. */
MUST_CHECK int spec_load(const char *dir, struct spec_set *ret_set, struct buf *ret_error);
void spec_unload(struct spec_set *set);

#endif
