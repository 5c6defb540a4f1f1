/* Reading answers as a test's client does: heads, bodies with their framing, and what a JSON
 * pointer names. Made for what our own server sends: lenient, and no model of a client. */
#ifndef GARM_APP_TEST_READER_H
#define GARM_APP_TEST_READER_H

#include "base/arena.h"
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

/* An answer's body as JSON, parsed when it is first asked for. Zeroed is empty. */
struct test_json {
    struct json_engine *engine;
    struct arena arena;
    const struct garm_json_value *root; /* NULL: it is no JSON */
    bool parsed;
};

/** For another body. */
void test_json_clear(struct test_json *json);
void test_json_deinit(struct test_json *json);
/** Appends the text of what `pointer` (RFC 6901) names in `body` to `out`: nothing if there is no
 *  such thing, or the body is no JSON. Memory must not run out. */
void test_json_text(struct test_json *json, struct slice body, struct slice pointer,
                    struct buf *out);

#endif
