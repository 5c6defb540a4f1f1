/* The smallest site with uploads behind a login; docs/guide/a-site-with-uploads.md explains it. */
#include <garm/garm.h>
static char login_page[] = "<!doctype html><title>Log in</title><form method=post>"
                           "<input type=password name=password> <button>Log in</button>";
static char upload_page[] =
    "<!doctype html><title>Upload</title><form method=post enctype=multipart/form-data>"
    "<input type=file name=file multiple> <button>Upload</button></form><a href=/files/>Files</a>";
static const char *hash, *uploads;

static int show(garm_ctx *c)
{
    return garm_html(c, 200, garm_arg(c));
}

static int log_in(garm_ctx *c)
{
    GARM_TRY(garm_password_verify(c, hash, garm_form(c, "password")));
    GARM_TRY(garm_session_renew(c));
    GARM_TRY(garm_session_set(c, "member", "yes"));
    return garm_redirect(c, 303, "/");
}

static int members_only(garm_ctx *c)
{
    return *garm_session_get(c, "member") != '\0' ? garm_next(c) : garm_redirect(c, 303, "/login");
}

static int upload(garm_ctx *c)
{
    GARM_TRY(garm_form_save(c, uploads));
    return garm_redirect(c, 303, "/files/");
}

GARM_APP(app)
{
    hash = garm_flag(app, "hash", "", "of the password: 'garm hash' makes it");
    uploads = garm_flag(app, "uploads", "uploads", "the directory for what is uploaded");
    if (!garm_password_hash_valid(hash)) {
        garm_fail(app, "--hash is no hash of a password: 'garm hash' makes one");
    }
    garm_security_headers(app);
    garm_csrf(app);
    garm_sessions(app);
    garm_route(app, "GET /login", show, .arg = login_page);
    garm_route(app, "POST /login", log_in);
    garm_app *members = garm_group(app, "", .use = {members_only});
    garm_route(members, "GET /{$}", show, .arg = upload_page);
    garm_route(members, "POST /{$}", upload, .body_bytes_max = GARM_MIB(100));
    garm_static(members, "/files", uploads, .list = true);
}
