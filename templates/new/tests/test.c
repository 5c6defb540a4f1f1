/* Tests of the application: in this process, without a network, in virtual time. */
#include <garm/garm.h>

#include <stdio.h>
#include <string.h>

static int failures;

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            failures++;                                                                            \
        }                                                                                          \
    } while (0)

static void home_tells_the_name(garm_test *test)
{
    const garm_response *const res = garm_test_do(test, "GET", "/");
    EXPECT(res->status == 200);
    EXPECT(strcmp(garm_test_header(test, "Content-Type"), "application/json") == 0);
    EXPECT(strcmp(garm_test_json(test, "/name"), "\"@NAME@\"") == 0);
}

static void hello_greets_whom_the_path_names(garm_test *test)
{
    const garm_response *const res = garm_test_do(test, "GET", "/hello/Ada");
    EXPECT(res->status == 200);
    EXPECT(strcmp(res->body, "Hello, Ada!\n") == 0);
}

static void what_is_no_route_is_not_found(garm_test *test)
{
    EXPECT(garm_test_do(test, "GET", "/nowhere")->status == 404);
    EXPECT(garm_test_do(test, "DELETE", "/")->status == 405);
}

static void every_answer_is_timed(garm_test *test)
{
    (void)garm_test_do(test, "GET", "/nowhere");
    EXPECT(strncmp(garm_test_header(test, "Server-Timing"), "app;dur=", 8) == 0);
}

int main(void)
{
    static void (*const tests[])(garm_test * test) = {
        home_tells_the_name,
        hello_greets_whom_the_path_names,
        what_is_no_route_is_not_found,
        every_answer_is_timed,
    };
    const size_t count = sizeof(tests) / sizeof(tests[0]);
    garm_test *const test = garm_test_new(&garm_app_entry_, NULL);
    for (size_t i = 0; i < count; i++) {
        tests[i](test);
    }
    garm_test_free(test);
    printf("%zu tests, %d failures\n", count, failures);
    return failures == 0 ? 0 : 1;
}
