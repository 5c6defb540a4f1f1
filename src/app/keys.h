/* Keys within the application: the secrets that hold now, and tokens, which are texts that only
 * their holder can make. Knows no fields but Cookie. */
#ifndef GARM_APP_KEYS_H
#define GARM_APP_KEYS_H

#include "app/ctx.h"
#include "app/crypto_seal.h"
#include "base/compiler.h"
#include "base/slice.h"

#include <garm/keys.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How long a cookie can last: browsers make that of more (RFC 6265bis section 5.6.2). */
#define COOKIE_AGE_MAX_S (INT64_C(400) * 86400)
/* Of a whole Set-Cookie value: RFC 6265 section 6.1. */
#define COOKIE_BYTES_MAX 4096

struct key_ring {
    size_t count;
    struct seal_key *keys[GARM_KEYS_MAX]; /* newest first */
};

/* What a token is. */
enum token_kind {
    TOKEN_SIGNED = 1, /* readable */
    TOKEN_SEALED,
};

/* What a token has besides its data, before it becomes base64: kind, time and life; and the mark,
 * or what sealing adds. */
#define TOKEN_HEAD_SIZE 13
#define TOKEN_OVERHEAD  (TOKEN_HEAD_SIZE + SEAL_OVERHEAD)

/** A ring of these secrets; NULL when memory runs out. */
MUST_CHECK struct key_ring *key_ring_new(const struct slice *secrets, size_t count);
/** Accepts NULL. */
void key_ring_free(void *ring);
/** Reads the secrets of a text, a line each: how many, at most GARM_KEYS_MAX; or -EINVAL, with what
 *  is wrong in `reason`. They are slices of it. */
MUST_CHECK int key_text_parse(struct slice text, struct slice *secrets, char *reason, size_t cap);

/** Keys of one secret that nobody knows, for what does not outlive the process. NULL: the start is
 *  refused. */
MUST_CHECK garm_keys *keys_new_random(garm_app *app);
bool keys_insecure(const garm_keys *keys);
/** Those that hold now, until the request ends; NULL when memory runs out: the answer is 503. */
MUST_CHECK const struct key_ring *keys_ring(garm_ctx *c, garm_keys *keys);

/** A token of `data` under `name`, as text; NULL when memory runs out: the answer is 503. */
MUST_CHECK const char *token_make(garm_ctx *c, garm_keys *keys, enum token_kind kind,
                                  struct slice name, struct slice data, int64_t life_s);
/** The data of a token, with a NUL behind it. 0; -EBADMSG if it is none, was made with other keys
 *  or under another name, is past its life or older than `age_max_s` (0: does not matter);
 *  -ENOMEM. */
MUST_CHECK int token_read(garm_ctx *c, garm_keys *keys, enum token_kind kind, struct slice name,
                          struct slice text, int64_t age_max_s, struct slice *ret_data);

/* A walk over the cookies that a request has under one name. */
struct cookie_walk {
    size_t field;
    struct slice rest;
};
/** The next value, beginning with a zeroed walk. False at the end. */
bool cookie_walk_next(const garm_ctx *c, struct cookie_walk *walk, struct slice name,
                      struct slice *ret_value);

/** The prefix that the name of a secure cookie with `opts` may have: "__Host-" if it is this host's
 *  alone, for all paths, else "__Secure-" (RFC 6265bis section 4.1.3). */
const char *cookie_prefix(const garm_cookie_opts *opts);

#endif
