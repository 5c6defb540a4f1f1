/* A site with uploads behind a login: docs/guide/a-site-with-uploads.md walks through it. */
#include <garm/garm.h>

#include <errno.h>

static const char *user, *hash, *uploads; /* the flags */

static int log_in(garm_ctx *c)
{
    GARM_TRY(garm_form_load(c));
    const bool known = garm_secret_equal(garm_form(c, "user"), user);
    const int rc = garm_password_verify(c, hash, garm_form(c, "password"));
    if (rc < 0 || !known) {
        return rc == 0 || rc == -EACCES ? garm_redirect(c, 303, "/login.html#wrong") : rc;
    }
    GARM_TRY(garm_session_renew(c));
    GARM_TRY(garm_session_set(c, "user", user));
    return garm_redirect(c, 303, "/");
}

static int log_out(garm_ctx *c)
{
    GARM_TRY(garm_session_end(c));
    return garm_redirect(c, 303, "/login.html");
}

static int members_only(garm_ctx *c)
{
    const char *const name = garm_session_get(c, "user");
    GARM_TRY(garm_set_user(c, name));
    return *name != '\0' ? garm_next(c) : garm_redirect(c, 303, "/login.html");
}

static int upload(garm_ctx *c)
{
    garm_part part;
    int rc = 0;
    while ((rc = garm_form_next(c, &part)) > 0) {
        if (part.is_file && *part.filename != '\0') {
            const bool valid = garm_file_name_valid(part.filename);
            GARM_TRY(garm_part_save(c, uploads, valid ? part.filename : garm_random_name(c)));
        }
    }
    return rc < 0 ? rc : garm_redirect(c, 303, "/");
}

static int remove_file(garm_ctx *c)
{
    GARM_TRY(garm_remove_file(c, uploads, garm_param(c, "name")));
    return 204;
}

GARM_APP(app)
{
    const char *const pages = garm_flag(app, "pages", "examples/files/pages", "the site's pages");
    user = garm_flag(app, "user", "admin", "who may log in");
    hash = garm_flag(app, "hash", "", "of the password: 'garm hash' makes it");
    uploads = garm_flag(app, "uploads", "uploads", "the directory for what is uploaded");
    if (!garm_password_hash_valid(hash)) {
        garm_fail(app, "--hash is no hash of a password: 'garm hash' makes one");
    }
    garm_security_headers(app, .content_security_policy = "default-src 'self'");
    garm_csrf(app);
    garm_sessions(app);
    garm_static(app, "/", pages);
    garm_route(app, "POST /logout", log_out);

    garm_app *const door = garm_group(app, "");
    garm_rate_limit(door, .per_second = 0.2, .burst = 10);
    garm_route(door, "POST /login", log_in);

    garm_app *const files = garm_group(app, "/files", .use = {members_only});
    garm_security_headers(files, .content_security_policy = "sandbox");
    garm_static(files, "/", uploads, .list = true, .index = "");
    garm_route(files, "POST /{$}", upload, .body_bytes_max = GARM_MIB(100));
    garm_route(files, "DELETE /{name}", remove_file);
}
