/* Sessions in the cookie itself, sealed. Nothing of them is on the server. */
#include "app/session.h"

static int load(garm_ctx *c, struct session *session)
{
    struct cookie_walk walk = {0};
    struct slice value;
    struct slice record;
    const struct sessions *const config = session->config;
    const struct slice name = slice_cstr(config->wire);
    while (cookie_walk_next(c, &walk, name, &value)) {
        session->presented = true;
        int rc = token_read(c, config->keys, TOKEN_SEALED, name, value, 0, &record);
        rc = rc == 0 ? session_read(c, session, record) : rc == -EBADMSG ? 0 : rc;
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

static int save(garm_ctx *c, struct session *session)
{
    const struct slice record = session_write(c, session);
    const char *const token =
        record.ptr == NULL
            ? NULL
            : token_make(c, session->config->keys, TOKEN_SEALED, slice_cstr(session->config->wire),
                         record, session_ttl_s(session));
    return token == NULL ? -ENOMEM : session_set_cookie(c, session, token);
}

/* The cookie's removal is the caller's. */
static int remove_it(garm_ctx *c, struct session *session)
{
    (void)c;
    (void)session;
    return 0;
}

const struct session_place session_in_cookie = {load, save, remove_it};
