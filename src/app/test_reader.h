/* Reading answers as a test's client does: heads, bodies with their framing, and what a JSON
 * pointer names. Made for what our own server sends: lenient, and no model of a client. */
#ifndef GARM_APP_TEST_READER_H
#define GARM_APP_TEST_READER_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>

struct test_answer {
    int status; /* of the final head; 0: none yet */
    bool complete;
    struct buf head;
    struct buf body;
};

void test_answer_clear(struct test_answer *answer);
void test_answer_deinit(struct test_answer *answer);
/** Reads all that was received so far, from its beginning. `ended`: the peer sends no more. True
 *  once the answer is complete. */
bool test_answer_read(struct test_answer *answer, struct slice received, bool head_only,
                      bool ended);
/** Makes buf_cstr of both buffers valid. */
void test_answer_end(struct test_answer *answer);
/** The value of a field of the head; empty if there is none. */
struct slice test_answer_field(const struct test_answer *answer, struct slice name);

/** The text of the JSON value that `pointer` (RFC 6901) names in `text`; empty if there is none. */
struct slice test_json_at(struct slice text, struct slice pointer);

#endif
