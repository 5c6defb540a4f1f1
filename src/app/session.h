/* One request's session, and where it is kept: what the session*.c files share. */
#ifndef GARM_APP_SESSION_H
#define GARM_APP_SESSION_H

#include "app/keys.h"

#include <garm/session.h>

/* Random bytes of a session's name, and its text. */
#define SESSION_ID_SIZE 32
#define SESSION_ID_LEN  43
/* Version and two times. */
#define SESSION_HEAD_SIZE 17
/* Version, a key and its NUL. */
#define SESSION_GONE_SIZE (SESSION_ID_LEN + 2)

struct session;

/* Where sessions are: a store, or cookies. All may suspend. */
struct session_place {
    /** Looks for what the client's cookies name: 1 found and read, 0 there is none, or negative. */
    int (*load)(garm_ctx *c, struct session *session);
    /** Keeps it, under a new name if it needs one, and sets the cookie if that changes. 0; -ENOENT
     *  it was ended meanwhile; or negative. */
    int (*save)(garm_ctx *c, struct session *session);
    int (*remove)(garm_ctx *c, struct session *session);
};
extern const struct session_place session_in_store;
extern const struct session_place session_in_cookie;

/* What garm_sessions was given. */
struct sessions {
    const struct session_place *place;
    garm_keys *keys;
    garm_session_store store;
    const char *where;
    const char *wire; /* the cookie's name, with its prefix */
    int64_t idle_s, absolute_s;
    size_t bytes_max;
    garm_cookie_opts cookie;
};

/* A name and what is kept under it. */
struct session_entry {
    struct session_entry *next;
    const char *name;
    const char *value; /* NULL: removed */
    bool changed;      /* by this request */
};

struct session {
    const struct sessions *config;
    bool loaded;
    bool presented; /* the client has a cookie, good or not */
    bool found;     /* it is kept already */
    bool changed;
    bool renew;
    bool ended; /* by this request */
    bool sealed;
    int64_t created_s, saved_s;        /* wall clock */
    unsigned char id[SESSION_ID_SIZE]; /* what the client has */
    char key[SESSION_ID_LEN + 1];      /* what the store has */
    bool key_is_old;                   /* the hash is one of a former secret */
    uint64_t version;
    struct session_entry *entries; /* in the order they came */
    size_t size;                   /* of its record */
};

/** Seconds since 1970. */
int64_t session_now_s(void);
/** How long it may be kept from now on. */
int64_t session_ttl_s(const struct session *session);
/** Adds the Set-Cookie line. 0 or as garm_set_cookie. */
MUST_CHECK int session_set_cookie(garm_ctx *c, const struct session *session, const char *value);

/** Empties it. */
void session_clear(struct session *session);
/** The entry; NULL if there is none, or it was removed. */
struct session_entry *session_find(const struct session *session, const char *name);
/** Puts a value (NULL: removes it), both borrowed. 0; -EMSGSIZE past its bound, and then nothing is
 *  changed; -ENOMEM. */
MUST_CHECK int session_put(garm_ctx *c, struct session *session, const char *name,
                           const char *value);
/** Takes over a record, borrowed for the request's life, and puts this request's own changes on
 *  top. 1; 0 if it is over or none of ours; -ENOMEM. */
MUST_CHECK int session_read(garm_ctx *c, struct session *session, struct slice record);
/** The record, as of now. .ptr is NULL when memory runs out. */
struct slice session_write(garm_ctx *c, struct session *session);
/** Writes to `record`, of SESSION_GONE_SIZE bytes, that the session is not under this key any more:
 *  it has gone to the key `next`, or was ended (""). No session is read from that. */
struct slice session_write_gone(const char *next, char *record);
/** Where the session of this record has gone, borrowed from it; "" if it was ended, NULL if it has
 *  not gone. */
const char *session_read_gone(struct slice record);

/** Does the answer to this request depend on a session? */
bool session_used(garm_ctx *c);
/** The session of this request, loaded; NULL if it cannot be, and then the request is broken. */
MUST_CHECK struct session *session_of(garm_ctx *c);
/** The same for what changes it: 0, or negative. */
MUST_CHECK int session_open(garm_ctx *c, struct session **ret_session);

#endif
