/* What the tests of JSON share: a parser, and memory that is freed after each test. */
#ifndef GARM_TESTS_CODEC_JSON_SUPPORT_H
#define GARM_TESTS_CODEC_JSON_SUPPORT_H

#include "codec/json.h"

/** An engine that all tests use; made when it is first asked for. */
struct json_engine *json_test_engine(void);
/** Memory by mem_alloc. */
extern const struct json_memory json_test_memory;
/** Frees all that json_test_memory gave: a checked fixture's teardown. */
void json_test_free(void);

/** Parses `text` from before an unreadable page; fails the test unless json_check agrees. The error
 *  may be NULL. */
int json_test_parse(struct slice text, const struct garm_json_value **ret_root,
                    struct json_error *ret_error);
/** The tree of what must be JSON. */
const struct garm_json_value *json_test_tree(const char *text);

#endif
