"""The application that most tests load."""
import pytest

from command import build

APP = r"""#include <garm/garm.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static int timing(garm_ctx *c) { return garm_next(c); }
static int auth(garm_ctx *c) { return garm_next(c); }
static const char *greeting;
static int show_user(garm_ctx *c)
{
    return garm_text(c, 200, "%s %lld\n", greeting, (long long)garm_param_int(c, "id"));
}
int show_name(garm_ctx *c);
int show_name(garm_ctx *c) { return garm_text(c, 200, "name\n"); }
static int crash(garm_worker *worker) { (void)worker; return raise(SIGKILL); }

GARM_APP(app)
{
    greeting = garm_flag(app, "greeting", "hello", "What to say.");
    if (strcmp(greeting, "none") == 0) {
        garm_fail(app, "there is no greeting");
    }
    if (strcmp(greeting, "crash") == 0) {
        garm_on(app, GARM_START, crash);
    }
    garm_use(app, timing);
    garm_route(app, "GET /users/{id:int}", show_user, .use = {auth}, .deadline_ms = 2000);
    garm_route(app, "GET /users/{name}", show_name);
    garm_route(app, "POST /users/{id:int}", show_user, .body_bytes_max = GARM_MIB(8));
    garm_route(app, "GET example.com/users/{name}", show_name);
}
"""


def line_of(text):
    """The place of a piece of the application's source, as errors and listings give it."""
    return f"app.c:{1 + APP[:APP.index(text)].count(chr(10))}"


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A directory with app.so in it."""
    path = tmp_path_factory.mktemp("app")
    build(path, "app.so", APP)
    return path
