/* Forms and uploads, for the tests: files go beneath the directory --dir. */
#include <garm/garm.h>

static const char *dir;

/* Fields by name. */
static int login(garm_ctx *c)
{
    const char *const user = garm_form(c, "user");
    return garm_text(c, 200, "%s:%s", user, garm_form(c, "password"));
}

/* What each part is, and how many bytes it has: nothing is kept. */
static int describe(garm_ctx *c)
{
    garm_part part;
    int rc = 0;
    const char *text = "";
    while ((rc = garm_form_next(c, &part)) > 0) {
        char piece[4096];
        size_t size = 0;
        ssize_t n = 0;
        while ((n = garm_part_read(c, piece, sizeof(piece))) > 0) {
            size += (size_t)n;
        }
        GARM_TRY((int)n);
        text = garm_strf(c, "%s%s|%s|%s|%zu\n", text, part.name, part.filename, part.type, size);
    }
    return rc < 0 ? rc : garm_text(c, 200, "%s", text);
}

/* Every file of the form, under the number of its part. */
static int upload(garm_ctx *c)
{
    garm_part part;
    uint64_t bytes = 0;
    uint64_t total = 0;
    int rc = 0;
    while ((rc = garm_form_next(c, &part)) > 0) {
        if (part.is_file) {
            GARM_TRY(garm_part_save(c, dir, garm_strf(c, "part-%zu", part.index), .replace = true,
                                    .ret_bytes = &bytes));
            total += bytes;
        }
    }
    return rc < 0 ? rc : garm_text(c, 201, "%llu\n", (unsigned long long)total);
}

/* The same in one call, under random names, with a bound for each. */
static int keep(garm_ctx *c)
{
    GARM_TRY(garm_form_save(c, dir, .bytes_max = 100));
    return garm_text(c, 201, "kept\n");
}

static int put(garm_ctx *c)
{
    GARM_TRY(garm_save_body(c, dir, garm_param(c, "name")));
    return garm_text(c, 201, "kept\n");
}

/* The request's trailer goes back as the answer's. */
static int trailer(garm_ctx *c)
{
    const void *body = NULL;
    size_t size = 0;
    const char *name = NULL;
    GARM_TRY(garm_body(c, 1024, &body, &size));
    GARM_TRY(garm_write(c, body, size));
    const char *const value = garm_trailer_at(c, 0, &name);
    return name[0] == '\0' ? 0 : garm_set_trailer(c, name, value);
}

GARM_APP(app)
{
    dir = garm_flag(app, "dir", ".", "where files go");
    garm_route(app, "POST /login", login);
    garm_route(app, "POST /describe", describe, .body_bytes_max = GARM_MIB(64));
    garm_route(app, "POST /upload", upload, .body_bytes_max = GARM_NONE);
    garm_route(app, "POST /keep", keep);
    garm_route(app, "PUT /files/{name}", put, .body_bytes_max = GARM_NONE);
    garm_route(app, "POST /trailer", trailer);
}
