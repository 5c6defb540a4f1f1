/* Every bound and deadline of the server, with its default, in one place (sizes in bytes). */
#ifndef GARM_BASE_LIMITS_H
#define GARM_BASE_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/* clang-format off */
#define KIB(n) ((size_t)(n) * 1024)
#define MIB(n) ((size_t)(n) * 1024 * 1024)
#define NS_PER_MS  INT64_C(1000000)
#define NS_PER_SEC INT64_C(1000000000)

/* The request head (RFC 9112 sections 2 to 5). */
#define LIMIT_LEADING_CRLF_COUNT  8        /* empty lines skipped before a request */
#define LIMIT_METHOD_BYTES        64       /* longer: 501 */
#define LIMIT_TARGET_BYTES        KIB(16)  /* longer: 414 */
#define LIMIT_HEAD_BYTES          KIB(64)  /* longer: 431 */
#define LIMIT_FIELD_COUNT         100      /* more: 431 */

/* The body (RFC 9112 sections 6 and 7). */
#define LIMIT_BODY_BYTES          MIB(1)   /* more: 413; per route */
#define LIMIT_CHUNK_EXT_BYTES     KIB(16)  /* all chunk extensions of a body; more: 400 */
#define LIMIT_TRAILER_BYTES       KIB(16)  /* more: 431 */
#define LIMIT_DRAIN_BYTES         KIB(256) /* of an unread body, skipped to keep the connection */
#define LIMIT_LINGER_BYTES        MIB(4)   /* thrown away after an error answer, before the close */

/* JSON (RFC 8259 section 9). */
#define LIMIT_JSON_BYTES          MIB(32)  /* of a text that is read; more: 413 */
#define LIMIT_JSON_DEPTH          128      /* objects and arrays within one another; more: 400 */
#define LIMIT_JSON_KEPT_BYTES     MIB(1)   /* texts whose parser, 15 times that, is kept */

/* Static files; each worker has a cache of its own. */
#define LIMIT_FILE_MEMORY_BYTES   KIB(64)  /* files up to this size are kept in memory */
#define LIMIT_FILE_CACHE_BYTES    MIB(32)  /* of their contents */
#define LIMIT_FILE_CACHE_COUNT    1024     /* files, open or in memory */
#define LIMIT_FILE_CHECK_MS       500      /* after which a file is looked at again */
#define LIMIT_FILE_SLICE          MIB(1)   /* of a file, fetched and sent at a time */
#define LIMIT_FILE_CODED_MIN      1024     /* files from this size on are compressed on the fly, */
#define LIMIT_FILE_CODED_MAX      MIB(1)   /* up to this one */
#define LIMIT_LISTING_COUNT       200000   /* names in a listing; others are cut */
#define LIMIT_LISTING_BYTES       MIB(32)  /* of listings that are being sent; more: 503 */

/* Passwords; each takes 64 MiB and a processor while it is hashed. */
#define LIMIT_PASSWORD_COUNT      4        /* hashed at once; at most half the processors, too */
#define LIMIT_PASSWORD_WAITING    128      /* that wait for it; more: 503 */
#define LIMIT_PASSWORD_WAIT_MS    3000     /* how long they do; longer: 503 */

/* Compression. */
#define LIMIT_ENCODER_COUNT       64       /* a worker's, at a time; more answers: as they are */

/* Form bodies, and bodies that become files; see garm_form_opts. */
#define LIMIT_PART_COUNT          1000     /* of a form; more: 413 */
#define LIMIT_PART_HEAD_BYTES     KIB(4)   /* of a part's head, or of a name; more: 413 */
#define LIMIT_FORM_TEXT_BYTES     MIB(1)   /* of the fields that are kept by name; more: 413 */
#define LIMIT_FORM_READ_BYTES     KIB(16)  /* of a form that are taken at a time */
#define LIMIT_SAVE_BYTES          KIB(48)  /* of a file that are written at a time */

/* Deadlines, in milliseconds. */
#define LIMIT_SILENT_MS           60000    /* a new connection that says nothing */
#define LIMIT_IDLE_MS             75000    /* between requests */
#define LIMIT_HEAD_MS             10000    /* from a head's first byte to its end */
#define LIMIT_BODY_STALL_MS       10000    /* a body without progress */
#define LIMIT_WRITE_STALL_MS      10000    /* a peer that takes nothing */
#define LIMIT_RATE_GRACE_MS       5000     /* after which the floor below holds */
#define LIMIT_RATE_BYTES_PER_SEC  240      /* slowest body in either direction */
#define LIMIT_LINGER_MS           2000     /* waiting for the peer's end after an error answer */
#define LIMIT_WATCH_TICK_MS       100      /* between two looks of the watchdog */
#define LIMIT_BLOCKED_MS          250      /* a task that holds its loop so long is told of */
#define LIMIT_DEFER_MS            5000     /* all deferred functions of a request */

/* Memory. */
#define LIMIT_UNFINISHED_COUNT    16       /* requests of one connection whose answer is gathered */
#define LIMIT_ARENA_BYTES         MIB(16)  /* a request's arena */
#define LIMIT_REF_BYTES           KIB(16)  /* bodies from this size on are sent without a copy */
#define LIMIT_UNSENT_BYTES        524288   /* what the kernel holds for a peer that takes nothing */
#define LIMIT_UNSENT_FILE_BYTES   2097152  /* of a file, for a peer that has taken some of it */
#define LIMIT_UNSENT_FILE_COUNT   128      /* a worker's peers of which it holds so much */

/* Threads that serve. */
#define LIMIT_WORKERS             1024

/* Work per turn of a loop. */
#define LIMIT_ACCEPT_PER_TURN     64
#define LIMIT_EVENTS_PER_TURN     256
#define LIMIT_PIPELINE_PER_TURN   64       /* requests of one connection, then others */
#define LIMIT_SEND_SLICE          KIB(128) /* of one answer, then others */
#define LIMIT_READ_SLICE          KIB(128) /* of one request's body, then others */

#endif
