/* Tests of an application without a network: requests go through the real parser, router and
 * chain, in one thread, in virtual time. Sleeping costs nothing, clients vanish and memory runs
 * out when you say so.
 *
 *     garm_test *t = garm_test_new(&garm_app_entry_, NULL);
 *     const garm_response *res = garm_test_do(t, "GET", "/users/7");
 *     assert(res->status == 200 && garm_test_json_int(t, "/id") == 7);
 *     garm_test_free(t); */
#ifndef GARM_TEST_H
#define GARM_TEST_H

#include <garm/app.h>
#include <garm/base.h>

#define GARM_TEST_HEADERS_MAX 16

/* An application that runs in a simulated world. */
typedef struct garm_test garm_test;

/* What a request has besides its method and target. */
typedef struct garm_test_opts {
    size_t size;
    const char *where;
    const char *json GARM_UNSET_; /* a body, with its Content-Type */
    /* "Name: value"; without a Host the request is for "test" */
    const char *headers[GARM_TEST_HEADERS_MAX] GARM_UNSET_;
    const char *body GARM_UNSET_; /* a body without a type */
    size_t body_size GARM_UNSET_; /* 0: up to its NUL */
    /* where the client is: "198.51.100.7", "2001:db8::1". Default "192.0.2.1", for every request */
    const char *ip GARM_UNSET_;
} garm_test_opts;

/* What came back. */
typedef struct garm_response {
    int status;       /* 0: nothing that could be taken for an answer */
    bool complete;    /* all of the body came, as far as its framing tells */
    const char *head; /* status line and fields as sent */
    const char *body; /* without chunk framing, a NUL behind it */
    size_t body_size;
} garm_response;

GARM_BEGIN

/** Sets an application up and starts it. `flags`: "--name=value", up to a NULL, or NULL for
 *  none. If it cannot, the process is aborted, with a line on standard error. One thread at a
 *  time; free it before the next one is made. */
GARM_EXPORT garm_test *garm_test_new(const garm_app_entry *entry, const char *const *flags);
/** Stops the application as SIGTERM would, and frees it. Accepts NULL. */
GARM_EXPORT void garm_test_free(garm_test *test);

/** Sends a request on a new connection, and lets virtual time pass until the answer is complete,
 *  the connection ends, or an hour has gone by. The response is valid until the next call; its
 *  status is 0 if the application has stopped itself before. See garm_test_do. */
GARM_EXPORT const garm_response *garm_test_do_with(garm_test *test, const char *method,
                                                   const char *target, const garm_test_opts *opts);
/* In C++ the options stand in the order of garm_test_opts: json, headers, body, body_size, ip.
 * garm_test_do(t, "POST", "/users", .json = "{}", .headers = {"Accept: text/html"}) */
#define garm_test_do(test, method, ...)                                                            \
    garm_test_do_with((test), (method), GARM_HEAD_(__VA_ARGS__, ),                                 \
                      GARM_OPTS_(garm_test_opts, __VA_ARGS__))

/** The value of the response's first field `name`, in any case; "" if there is none. Valid until
 *  the next call of a garm_test_ function. */
GARM_EXPORT const char *garm_test_header(garm_test *test, const char *name);
/** The JSON text of what `pointer` (RFC 6901: "/users/0/id") names in the body, written as
 *  garm_json would, without blanks; "" if there is no such thing, or the body is no JSON. Valid
 *  until the next call of a garm_test_ function. */
GARM_EXPORT const char *garm_test_json(garm_test *test, const char *pointer);
/** It as an integer; INT64_MIN if it is none. */
GARM_EXPORT int64_t garm_test_json_int(garm_test *test, const char *pointer);

/** Lets `ns` of virtual time pass. */
GARM_EXPORT void garm_test_advance(garm_test *test, int64_t ns);
/** Makes the nth allocation from now on fail (1: the next one), in the whole process; 0: none. */
GARM_EXPORT void garm_test_fail_alloc(garm_test *test, unsigned nth);
/** The client of the next request resets the connection when it has got `after_bytes` of the
 *  answer (0: as soon as the request is sent). */
GARM_EXPORT void garm_test_drop_client(garm_test *test, size_t after_bytes);

GARM_END

#endif
