/* A site behind passwords, and one that makes hashes, for the tests of authentication. */
#include <garm/garm.h>

/* "lovelace", at the usual cost. */
#define ADA                                                                                        \
    "ada:$argon2id$v=19$m=65536,t=2,p=1$K/EiiBH5IGoMPaBCYlmI3Q$"                                   \
    "zDmUivmrx7Bo8IzNjuNTmRRaxxV57q4IcsaYiyH6yEg"

static int open_page(garm_ctx *c)
{
    return garm_text(c, 200, "open\n");
}

static int secret_page(garm_ctx *c)
{
    return garm_text(c, 200, "%s\n", garm_user(c));
}

static int make_hash(garm_ctx *c)
{
    const char *hash = "";
    GARM_TRY(garm_password_hash(c, garm_query(c, "password"), &hash));
    return garm_text(c, 200, "%s\n", hash);
}

GARM_APP(app)
{
    garm_app *const secret = garm_group(app, "/secret");
    garm_basic_auth(secret, .users = {ADA}, .realm = "The archive");
    garm_route(secret, "GET /{$}", secret_page);
    garm_route(app, "GET /open", open_page);
    garm_route(app, "POST /hash", make_hash);
}
