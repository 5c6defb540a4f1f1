/* /basic-auth, /hidden-basic-auth, /bearer, /jwt-bearer: who says the right word is let in. */
#include "httpbin.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

struct credentials {
    const char *user, *password;
};

/* The user and password of an Authorization field (RFC 7617), empty if there are none. */
static int read_basic(garm_ctx *c, struct credentials *ret)
{
    const char *const field = garm_header(c, "Authorization");
    void *text = NULL;
    *ret = (struct credentials){"", ""};
    if (strncasecmp(field, "Basic ", 6) != 0) {
        return 0;
    }
    const int rc = garm_base64_decode(c, field + 6 + strspn(field + 6, " "), &text, NULL);
    if (rc < 0) {
        return rc == -EINVAL ? 0 : rc;
    }
    char *const colon = strchr(text, ':');
    if (colon != NULL) {
        *colon = '\0';
        *ret = (struct credentials){text, colon + 1};
    }
    return 0;
}

/* Both are compared, whatever the first gives: the time tells nothing. */
static bool is_right(garm_ctx *c, const struct credentials *given)
{
    const bool user = garm_secret_equal(given->user, garm_param(c, "user"));
    const bool password = garm_secret_equal(given->password, garm_param(c, "passwd"));
    return user && password;
}

static int welcome(garm_ctx *c, const char *user)
{
    return garm_json(c, 200, garm_kv_bool("authenticated", true), garm_kv("user", user));
}

static int basic_auth(garm_ctx *c)
{
    struct credentials given;
    GARM_TRY(read_basic(c, &given));
    if (is_right(c, &given)) {
        return welcome(c, given.user);
    }
    GARM_TRY(garm_set_header(c, "WWW-Authenticate", "Basic realm=\"Fake Realm\""));
    return garm_json(c, 401, garm_kv_bool("authenticated", false),
                     garm_kv_bool("authorized", false), garm_kv("user", given.user));
}

/* It does not even say that there is something to be let into. */
static int hidden_basic_auth(garm_ctx *c)
{
    struct credentials given;
    GARM_TRY(read_basic(c, &given));
    return is_right(c, &given) ? welcome(c, given.user) : 404;
}

/* Any token will do, as long as it is one. RFC 6750. */
static int bearer(garm_ctx *c)
{
    const char *const field = garm_header(c, "Authorization");
    const char *const token = field + 7;
    if (strncmp(field, "Bearer ", 7) == 0 && *token != '\0' && strchr(token, ' ') == NULL) {
        return garm_json(c, 200, garm_kv_bool("authenticated", true), garm_kv("token", token));
    }
    GARM_TRY(garm_set_header(c, "WWW-Authenticate", "Bearer"));
    return garm_text(c, 401, "%s", "");
}

/* A token that is signed with this secret, which everybody knows. RFC 7519. */
#define JWT_SECRET "httpbin: everybody knows this secret"

static int jwt_bearer(garm_ctx *c)
{
    const char *const field = garm_header(c, "Authorization");
    const char *const token = field + strcspn(field, " ");
    return garm_json(c, 200, garm_kv_bool("authenticated", true),
                     garm_kv("token", token + strspn(token, " ")),
                     garm_kv_value("claims", garm_jwt_claims(c)));
}

static void add_jwt(garm_app *app)
{
    garm_app *const group = garm_group(app, "");
    garm_jwt(group, .keys = {{.algorithm = GARM_JWT_HS256, .secret = JWT_SECRET}}, .audience = "*",
             .exp_optional = true);
    garm_route(group, "GET /jwt-bearer", jwt_bearer);
}

void add_auth(garm_app *app)
{
    add_jwt(app);
    add_for_all(app, "/basic-auth/{user}/{passwd}", basic_auth);
    add_for_all(app, "/hidden-basic-auth/{user}/{passwd}", hidden_basic_auth);
    garm_route(app, "GET /bearer", bearer);
}
