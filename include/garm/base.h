/* What holds for all functions: they return 0 (or a count), and a negative errno on failure.
 * Strings they give live until the request's last deferred function, end in NUL, are never NULL,
 * and are never freed by the caller. They may be called only from the task that was given the
 * garm_ctx, unless their comment says "any thread". "May suspend" means that other requests run
 * meanwhile: hold no pthread lock across such a call. When memory runs out, string functions
 * give "", and the request is answered with 503, whatever the handler does. */
#ifndef GARM_BASE_H
#define GARM_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
#define GARM_BEGIN extern "C" {
#define GARM_END   }
/* The address of a temporary, which lives until the end of the full expression. */
template <class T> inline const T *garm_temporary_(const T &value)
{
    return &value;
}
#define GARM_TEMPORARY_(T, ...) garm_temporary_<T>(T{__VA_ARGS__})
/* A member that an initialiser may leave out without a warning. */
#define GARM_UNSET_                                                                                \
    {                                                                                              \
    }
#else
#define GARM_BEGIN
#define GARM_END
#define GARM_TEMPORARY_(T, ...) (&(const T){__VA_ARGS__})
#define GARM_UNSET_
#endif

#define GARM_EXPORT           __attribute__((visibility("default")))
#define GARM_PRINTF_(f, args) __attribute__((format(printf, f, args)))
#define GARM_MUST_CHECK_      __attribute__((warn_unused_result))

/* "file.c:12", for error messages that say where. */
#define GARM_TEXT2_(x) #x
#define GARM_TEXT_(x)  GARM_TEXT2_(x)
#define GARM_HERE      __FILE__ ":" GARM_TEXT_(__LINE__)

/* Named options: the first of the variadic arguments is an ordinary one, the others are
 * designated initialisers. */
#define GARM_HEAD_(head, ...) head
#define GARM_TAIL_(head, ...) __VA_ARGS__
#define GARM_OPTS_(T, ...)                                                                         \
    GARM_TEMPORARY_(T, .size = sizeof(T), .where = GARM_HERE, GARM_TAIL_(__VA_ARGS__, ))
/* Reads them into *known, which is all zero: a program that was built with another version of the
 * header may give fewer of them, or more. */
#define GARM_OPTS_READ_(known, opts)                                                               \
    __builtin_memcpy((known), (opts),                                                              \
                     (opts)->size < sizeof(*(known)) ? (opts)->size : sizeof(*(known)))

/* As an option's value: no bound at all, where 0 means the default. */
#define GARM_NONE (-1)

/* Durations in nanoseconds, sizes in bytes. */
#define GARM_MS(n)  ((int64_t)(n)*1000000)
#define GARM_SEC(n) ((int64_t)(n)*1000000000)
#define GARM_KIB(n) ((int64_t)(n)*1024)
#define GARM_MIB(n) ((int64_t)(n)*1024 * 1024)

/* Leaves the function with the value of `expr` if it is negative. */
#define GARM_TRY(expr)                                                                             \
    do {                                                                                           \
        const int garm_try_rc_ = (expr);                                                           \
        if (garm_try_rc_ < 0) {                                                                    \
            return garm_try_rc_;                                                                   \
        }                                                                                          \
    } while (0)

/* An application, or a group of its routes: see app.h. */
typedef struct garm_app garm_app;
/* What a running function belongs to: a request, or work without one (children, jobs: then reply
 * functions give -ENOTCONN). */
typedef struct garm_ctx garm_ctx;
/* One worker thread of a server. */
typedef struct garm_worker garm_worker;
/* A server: see server.h. */
typedef struct garm_server garm_server;

/* A handler or a middleware. Returns 0 once it has replied; a status to be rendered (204, 304,
 * or a registered 4xx or 5xx); or a negative errno, which becomes one: ENOENT 404, EACCES and
 * EPERM 403, EEXIST 409, ENOMEM, EMFILE, ENFILE and EAGAIN 503, ECONNREFUSED, ECONNRESET and
 * EPROTO 502, ETIMEDOUT 504, any other 500. Any other positive value, and 0 without a reply, is a
 * bug: 500, and a log line that names the route. Whatever it returns, a client that is gone gets
 * nothing, and a request whose deadline passed gets 504. */
typedef int garm_handler(garm_ctx *c);

#endif
