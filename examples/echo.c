/* A target for conformance tools: answers every request with what it saw. Try:
 * curl -i -X PUT --data hello 'http://127.0.0.1:8000/any/path?x=1' */
#include <garm/garm.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int root_fd = -1; /* of --root, or -1 */

/* The body comes back byte for byte, and only once all of it was read and found valid. */
static int echo(garm_ctx *c)
{
    const void *body = NULL;
    size_t size = 0;
    GARM_TRY(garm_body(c, (size_t)GARM_MIB(16), &body, &size));
    GARM_TRY(garm_set_header(c, "X-Seen-Method", garm_method(c)));
    GARM_TRY(garm_set_header(c, "X-Seen-Target", garm_target(c)));
    GARM_TRY(garm_set_header(c, "X-Seen-Host", garm_host(c)));
    const char *const type = garm_header(c, "Content-Type");
    return garm_bytes_view(c, 200, *type != '\0' ? type : "application/octet-stream", body, size);
}

/* DIR/static/PATH, and nothing outside of DIR/static, whatever PATH says. */
static int file(garm_ctx *c)
{
    return root_fd < 0 ? 404 : garm_file_beneath(c, root_fd, garm_param(c, "path"));
}

/* Without a method a pattern takes every one, but those under /static/ are read-only. */
static int not_allowed(garm_ctx *c)
{
    garm_set_header(c, "Allow", "GET, HEAD, OPTIONS");
    return 405;
}

static int static_options(garm_ctx *c)
{
    garm_set_header(c, "Allow", "GET, HEAD, OPTIONS");
    return 204;
}

static void open_root(garm_app *app)
{
    const char *const root =
        garm_flag(app, "root", "", "Serves the files in DIR/static at /static/.");
    if (*root == '\0') {
        return;
    }
    const int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    root_fd = fd < 0 ? -1 : openat(fd, "static", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root_fd < 0) {
        garm_fail(app, "--root %s: no directory %s/static: %s", root, root, strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
}

GARM_APP(app)
{
    open_root(app);
    garm_overload(app, .off = true); /* tools that test it want an answer, however late */
    garm_route(app, "/{path...}", echo, .body_bytes_max = GARM_MIB(16));
    garm_route(app, "GET /static/{path...}", file);
    garm_route(app, "OPTIONS /static/{path...}", static_options);
    garm_route(app, "TRACE /static/{path...}", not_allowed);
    garm_route(app, "/static/{path...}", not_allowed);
}
