/* Sessions in a store: the client has a random name, and the store a keyed hash of it, so that
 * whoever reads the store can take over no session. */
#include "app/session.h"

#include "app/base64url.h"
#include "base/sys.h"

/* Cookies of our name that are looked at, of one request: a neighbouring host can plant some. */
#define CANDIDATES_MAX 4
/* Saves that others came before, of one request. */
#define SAVE_TRIES 16

_Static_assert(SEAL_MAC_SIZE == SESSION_ID_SIZE, "a name's hash is as long as the name");

/* Under which the store knows the session of its id. */
static int make_key(garm_ctx *c, const struct seal_key *secret, struct session *session)
{
    unsigned char mac[SEAL_MAC_SIZE];
    const struct slice id = slice_of((const char *)session->id, sizeof(session->id));
    if (seal_mac(secret, SEAL_INDEX, SLICE("session"), id, mac) < 0) {
        ctx_poison(c);
        return -ENOMEM;
    }
    base64url_encode(mac, sizeof(mac), session->key);
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
 * good. */
static int load_id(garm_ctx *c, struct session *session)
{
    const struct key_ring *const ring = keys_ring(c, session->config->keys);
    for (size_t i = 0; ring != NULL && i < ring->count; i++) {
        TRY(make_key(c, ring->keys[i], session));
        const int rc = load_record(c, session);
        if (rc != 0) {
            session->key_is_old = i > 0;
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

/* Saves over what was loaded. If another request was faster, its changes are taken, and ours put on
 * top. */
static int save_again(garm_ctx *c, struct session *session)
{
    int rc = save_record(c, session);
    for (int i = 1; rc == -EEXIST && i < SAVE_TRIES; i++) {
        rc = load_record(c, session);
        if (rc <= 0) {
            return rc == 0 ? -ENOENT : rc;
        }
        session->saved_s = session_now_s();
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

static int save_as_new(garm_ctx *c, struct session *session)
{
    const struct key_ring *const ring = keys_ring(c, session->config->keys);
    if (ring == NULL) {
        return -ENOMEM;
    }
    sys_random(session->id, sizeof(session->id));
    TRY(make_key(c, ring->keys[0], session));
    session->version = 0;
    TRY(save_record(c, session));
    return send_id(c, session);
}

static int remove_key(garm_ctx *c, const struct session *session, const char *key)
{
    const garm_session_store *const store = &session->config->store;
    return store->remove(c, store->arg, key);
}

/* Looks once more first: others may have changed the session, or ended it. The old name goes last:
 * a failure before that leaves the session as it was. */
static int save_renewed(garm_ctx *c, struct session *session)
{
    char old[SESSION_ID_LEN + 1];
    const int64_t created_s = session->created_s;
    memcpy(old, session->key, sizeof(old));
    const int rc = load_record(c, session);
    if (rc <= 0) {
        return rc == 0 ? -ENOENT : rc;
    }
    session->created_s = created_s;
    session->saved_s = session_now_s();
    TRY(save_as_new(c, session));
    return remove_key(c, session, old);
}

static int save(garm_ctx *c, struct session *session)
{
    if (!session->found) {
        return save_as_new(c, session);
    }
    if (session->renew || session->key_is_old) {
        return save_renewed(c, session);
    }
    TRY(save_again(c, session));
    /* One that outlives the browser lives on from now. */
    return session->config->cookie.max_age_s > 0 ? send_id(c, session) : 0;
}

static int remove_it(garm_ctx *c, struct session *session)
{
    return remove_key(c, session, session->key);
}

const struct session_place session_in_store = {load, save, remove_it};
