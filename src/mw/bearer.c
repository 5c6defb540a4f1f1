/* Bearer tokens, which the application checks. RFC 6750. */
#include <garm/garm.h>

#include "mw/credentials.h"

#include <errno.h>

struct bearer {
    garm_bearer_check_fn *check;
    void *arg;
    const char *challenge, *broken, *invalid, *insufficient;
    bool optional;
};

static int authenticate(garm_ctx *c)
{
    const struct bearer *const self = garm_arg(c);
    const char *token = NULL;
    if (self->optional) {
        GARM_TRY(credentials_vary(c, "Authorization"));
    }
    switch (credentials_find(c, "Bearer", &token)) {
    case CREDENTIALS_NONE:
        return self->optional
                   ? garm_next(c)
                   : credentials_refuse(c, 401, self->challenge, "A bearer token is needed.");
    case CREDENTIALS_BROKEN:
        return credentials_refuse(c, 400, self->broken,
                                  "The token in Authorization cannot be read.");
    case CREDENTIALS_GIVEN:
    default: break;
    }
    const int rc = self->check(c, token, self->arg);
    if (rc == -EACCES) {
        return credentials_refuse(c, 401, self->invalid, "The token is not valid.");
    }
    if (rc == -EPERM || rc == 403) {
        return credentials_refuse(c, 403, self->insufficient, "The token is not for this.");
    }
    return rc != 0 ? rc : garm_next(c);
}

void garm_bearer_with(garm_app *app, const garm_bearer_opts *opts)
{
    static const char what[] = "garm_bearer";
    garm_bearer_opts known = {0};
    GARM_OPTS_READ_(&known, opts);
    struct bearer *const self = garm_app_alloc(app, sizeof(*self));
    if (self == NULL) {
        return;
    }
    if (known.check == NULL) {
        garm_fail_at(app, known.where, "garm_bearer: .check is needed");
    }
    self->check = known.check;
    self->arg = known.arg;
    self->optional = known.optional;
    self->challenge = challenge_new(app, known.where, what, "Bearer", known.realm, "");
    self->broken =
        challenge_new(app, known.where, what, "Bearer", known.realm, ", error=\"invalid_request\"");
    self->invalid =
        challenge_new(app, known.where, what, "Bearer", known.realm, ", error=\"invalid_token\"");
    self->insufficient = challenge_new(app, known.where, what, "Bearer", known.realm,
                                       ", error=\"insufficient_scope\"");
    garm_use(app, authenticate, .arg = self, .name = "bearer");
}
