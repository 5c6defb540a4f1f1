/* Sessions in a store: the client has a random name, and the store a keyed hash of it, so that
 * whoever reads the store can take over no session. */
#include "app/session.h"

#include "app/base64url.h"
#include "base/sys.h"

/* Cookies of our name that are looked at, of one request: a neighbouring host can plant some. */
#define CANDIDATES_MAX 4
/* Saves that others came before, of one request. */
#define SAVE_TRIES 16
/* For how long a key tells where its session went: for requests that have seen it there. */
#define GONE_S 300
/* Renewals during one request, which its end follows. */
#define RENEWALS_MAX 100

_Static_assert(SEAL_MAC_SIZE == SESSION_ID_SIZE, "a name's hash is as long as the name");

/* Under which the store knows the session of this id. */
static int make_key(garm_ctx *c, const struct seal_key *secret, const unsigned char *id,
                    char *ret_key)
{
    unsigned char mac[SEAL_MAC_SIZE];
    const struct slice name = slice_of((const char *)id, SESSION_ID_SIZE);
    if (seal_mac(secret, SEAL_INDEX, SLICE("session"), name, mac) < 0) {
        ctx_poison(c);
        return -ENOMEM;
    }
    base64url_encode(mac, sizeof(mac), ret_key);
    return 0;
}

/* Loads the record under session->key: 1, 0 or negative. */
static int load_record(garm_ctx *c, struct session *session)
{
    const garm_session_store *const store = &session->config->store;
    const void *data = NULL;
    size_t size = 0;
    const int rc = store->load(c, store->arg, session->key, &data, &size, &session->version);
    if (rc < 0) {
        return rc == -ENOENT ? 0 : rc;
    }
    return session_read(c, session, slice_of(data, size));
}

/* With the secrets that hold, newest first: a name that was given out under an older one is still
 * good. Then the newest once more: another request may have moved it there between two looks. */
static int load_id(garm_ctx *c, struct session *session)
{
    const struct key_ring *const ring = keys_ring(c, session->config->keys);
    const size_t count = ring == NULL ? 0 : ring->count;
    for (size_t i = 0; i < count + (count > 1); i++) {
        TRY(make_key(c, ring->keys[i % count], session->id, session->key));
        const int rc = load_record(c, session);
        if (rc != 0) {
            session->key_is_old = i % count > 0;
            return rc;
        }
    }
    return ring != NULL ? 0 : -ENOMEM;
}

static int load(garm_ctx *c, struct session *session)
{
    struct cookie_walk walk = {0};
    struct slice value;
    const struct slice name = slice_cstr(session->config->wire);
    for (int i = 0; i < CANDIDATES_MAX && cookie_walk_next(c, &walk, name, &value); i++) {
        session->presented = true;
        if (value.len != SESSION_ID_LEN || base64url_decode(value, session->id) < 0) {
            continue;
        }
        const int rc = load_id(c, session);
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

static int save_record(garm_ctx *c, struct session *session)
{
    const garm_session_store *const store = &session->config->store;
    const struct slice record = session_write(c, session);
    return record.ptr == NULL ? -ENOMEM
                              : store->save(c, store->arg, session->key, record.ptr, record.len,
                                            session->version, session_ttl_s(session));
}

/* Takes what another request has saved, with our changes on top. */
static int take_over(garm_ctx *c, struct session *session)
{
    const int rc = load_record(c, session);
    session->saved_s = session_now_s();
    return rc == 0 ? -ENOENT : rc < 0 ? rc : 0;
}

/* Saves over what was loaded. If another request was faster, its changes are taken. */
static int save_again(garm_ctx *c, struct session *session)
{
    int rc = save_record(c, session);
    for (int i = 1; rc == -EEXIST && i < SAVE_TRIES; i++) {
        TRY(take_over(c, session));
        rc = save_record(c, session);
    }
    return rc;
}

static int send_id(garm_ctx *c, const struct session *session)
{
    char text[SESSION_ID_LEN + 1];
    base64url_encode(session->id, sizeof(session->id), text);
    return session_set_cookie(c, session, text);
}

/* The key that a session has from now on. */
static int newest_key(garm_ctx *c, const struct session *session, char *ret_key)
{
    const struct key_ring *const ring = keys_ring(c, session->config->keys);
    return ring == NULL ? -ENOMEM : make_key(c, ring->keys[0], session->id, ret_key);
}

/* Keeps it under a name that nobody has yet. */
static int save_as_new(garm_ctx *c, struct session *session)
{
    sys_random(session->id, sizeof(session->id));
    TRY(newest_key(c, session, session->key));
    session->version = 0;
    return save_record(c, session);
}

static int remove_key(garm_ctx *c, const struct session *session, const char *key)
{
    const garm_session_store *const store = &session->config->store;
    return store->remove(c, store->arg, key);
}

/* Whether there is a session under this key: 1, 0 or negative. *ret_next: NULL, or where one has
 * gone from here (see session_read_gone). */
static int look(garm_ctx *c, const struct session *session, const char *key, uint64_t *ret_version,
                const char **ret_next)
{
    const garm_session_store *const store = &session->config->store;
    const void *data = NULL;
    size_t size = 0;
    const int rc = store->load(c, store->arg, key, &data, &size, ret_version);
    if (rc < 0 && rc != -ENOENT) {
        return rc;
    }
    *ret_next = rc == 0 ? session_read_gone(slice_of(data, size)) : NULL;
    return rc == 0 && *ret_next == NULL;
}

/* Puts in the place of the session under this key where it goes; "": it is ended. Returns as look
 * what was there. A save that compares, and no remove: who comes between the look and the save is
 * not missed. */
static int vacate(garm_ctx *c, const struct session *session, const char *key, const char *to,
                  const char **ret_next)
{
    const garm_session_store *const store = &session->config->store;
    char gone[SESSION_GONE_SIZE];
    const struct slice record = session_write_gone(to, gone);
    int rc = -EEXIST;
    for (int i = 0; rc == -EEXIST && i < SAVE_TRIES; i++) {
        uint64_t version = 0;
        rc = look(c, session, key, &version, ret_next);
        if (rc <= 0) {
            return rc;
        }
        rc = store->save(c, store->arg, key, record.ptr, record.len, version, GONE_S);
    }
    return rc == 0 ? 1 : rc == -ENOENT ? 0 : rc;
}

/* Calls fn with the keys of an id, the oldest first. It is the way in which a session moves, so
 * that one that moves meanwhile is not missed. 1 if fn returned that at all, 0, or negative. */
static int for_keys(garm_ctx *c, const struct session *session, const unsigned char *id,
                    int (*fn)(garm_ctx *c, const struct session *session, const char *key))
{
    char key[SESSION_ID_LEN + 1];
    int any = 0;
    const struct key_ring *const ring = keys_ring(c, session->config->keys);
    for (size_t i = ring == NULL ? 0 : ring->count; i > 0; i--) {
        TRY(make_key(c, ring->keys[i - 1], id, key));
        const int rc = fn(c, session, key);
        TRY(rc);
        any |= rc;
    }
    return ring != NULL ? any : -ENOMEM;
}

/* What was kept just now goes again: the session was ended while it was saved. */
static int withdraw(garm_ctx *c, const struct session *session)
{
    TRY(remove_key(c, session, session->key));
    return -ENOENT;
}

/* The session goes from this key to its new one: 1; 0 if there is nothing; -ENOENT if it was ended
 * or renewed meanwhile, and then a copy under another of its keys does not count; or negative. */
static int leave(garm_ctx *c, const struct session *session, const char *key)
{
    const char *next = NULL;
    const int rc = vacate(c, session, key, session->key, &next);
    return rc == 0 && next != NULL ? -ENOENT : rc;
}

/* Ends the session under this key, or where it went from here. If the store cannot save that, it
 * removes what it has: a renewal may be missed then, and the session under this key is not. */
static int end_key(garm_ctx *c, const struct session *session, const char *key)
{
    for (int i = 0; i < RENEWALS_MAX; i++) {
        const char *next = NULL;
        const int rc = vacate(c, session, key, "", &next);
        if (rc != 0 || next == NULL || next[0] == '\0') {
            return rc < 0 ? remove_key(c, session, key) : 0;
        }
        key = next;
    }
    return -ELOOP;
}

/* Gives the session a new name. Looks once more first: others may have changed it. The old name
 * goes last: a failure before that leaves the session as it was. */
static int save_renewed(garm_ctx *c, struct session *session)
{
    unsigned char old[SESSION_ID_SIZE];
    const int64_t created_s = session->created_s;
    memcpy(old, session->id, sizeof(old));
    int rc = load_id(c, session);
    if (rc <= 0) {
        return rc == 0 ? -ENOENT : rc;
    }
    session->created_s = created_s;
    session->saved_s = session_now_s();
    TRY(save_as_new(c, session));
    rc = for_keys(c, session, old, leave);
    if (rc == 0 || rc == -ENOENT) {
        return withdraw(c, session);
    }
    return rc < 0 ? rc : send_id(c, session);
}

/* Takes the session from an older secret's key to that of the newest one, under the name that the
 * client has. Of several requests that do so one makes the new record, and the others save over
 * it. */
static int save_moved(garm_ctx *c, struct session *session)
{
    char old[SESSION_ID_LEN + 1];
    int rc = load_id(c, session);
    if (rc <= 0) {
        return rc == 0 ? -ENOENT : rc;
    }
    session->saved_s = session_now_s();
    if (!session->key_is_old) {
        return save_again(c, session);
    }
    memcpy(old, session->key, sizeof(old));
    TRY(newest_key(c, session, session->key));
    session->version = 0;
    rc = save_record(c, session);
    if (rc == -EEXIST) {
        TRY(take_over(c, session));
        return save_again(c, session);
    }
    TRY(rc);
    uint64_t version = 0;
    const char *next = NULL;
    rc = look(c, session, old, &version, &next);
    return rc < 0 ? rc : rc == 0 ? withdraw(c, session) : remove_key(c, session, old);
}

/* Saves what was found. */
static int save_known(garm_ctx *c, struct session *session)
{
    char key[SESSION_ID_LEN + 1];
    TRY(newest_key(c, session, key));
    const bool moves = strcmp(key, session->key) != 0;
    TRY(moves ? save_moved(c, session) : save_again(c, session));
    /* One that outlives the browser lives on from now. */
    return session->config->cookie.max_age_s > 0 ? send_id(c, session) : 0;
}

static int save(garm_ctx *c, struct session *session)
{
    if (session->found) {
        return session->renew ? save_renewed(c, session) : save_known(c, session);
    }
    TRY(save_as_new(c, session));
    return send_id(c, session);
}

static int remove_it(garm_ctx *c, struct session *session)
{
    return for_keys(c, session, session->id, end_key);
}

const struct session_place session_in_store = {load, save, remove_it};
