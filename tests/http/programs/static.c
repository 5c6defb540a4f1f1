/* A site of each kind over the directory --dir. */
#include <garm/garm.h>

static const char *dir;

/* A file by a path of the program's own, by GET and by POST. */
static int one(garm_ctx *c)
{
    return garm_file(c, garm_strf(c, "%s/digits.txt", dir));
}

GARM_APP(app)
{
    dir = garm_flag(app, "dir", ".", "What is served.");
    garm_static(app, "/", dir);
    garm_static(app, "/coded", dir, .precompressed = true);
    garm_static(app, "/list/", dir, .list = true);
    garm_static(app, "/dots", dir, .list = true, .dotfiles = true);
    garm_static(app, "/spa", dir, .spa = true, .precompressed = true);
    garm_static(app, "/aged", dir, .cache_max_age_s = 60, .immutable = true);
    garm_static(app, "/plain", dir, .cache_max_age_s = GARM_NONE, .index = "", .no_cache = true);
    garm_route(app, "GET /one", one);
    garm_route(app, "POST /one", one);
}
