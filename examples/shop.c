/* A few routes, a group with a key, a middleware: the application of docs/how-it-works. */
#include <garm/garm.h>

static int timing(garm_ctx *c)
{
    const int64_t start_ns = garm_now_ns();
    const int rc = garm_next(c);
    garm_set_headerf(c, "Server-Timing", "app;dur=%.3f", (double)(garm_now_ns() - start_ns) / 1e6);
    return rc;
}

static int only_staff(garm_ctx *c)
{
    return garm_secret_equal(garm_header(c, "X-Key"), "sesame") ? garm_next(c) : 403;
}

static int show_item(garm_ctx *c)
{
    const int64_t id = garm_param_int(c, "id");
    if (id > 1000) {
        return 404;
    }
    return garm_json(c, 200, garm_kv("id", id), garm_kv("name", "a lamp"));
}

static int first_item(garm_ctx *c)
{
    return garm_text(c, 200, "the very first lamp\n");
}

static int show_page(garm_ctx *c)
{
    return garm_text(c, 200, "page %s\n", garm_param(c, "path"));
}

static int remove_item(garm_ctx *c)
{
    (void)c;
    return 204;
}

GARM_APP(app)
{
    garm_use(app, timing);
    garm_route(app, "GET /items/{id:int}", show_item);
    garm_route(app, "GET /items/1", first_item);
    garm_route(app, "GET /pages/{path...}", show_page);

    garm_app *const staff = garm_group(app, "/staff");
    garm_use(staff, only_staff);
    garm_route(staff, "DELETE /items/{id:int}", remove_item, .deadline_ms = 2000);
}
