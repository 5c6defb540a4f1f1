/* Sessions, signed cookies and a cache, on several workers at once. */
#include <garm/garm.h>

static garm_keys *keys;
static garm_cache *cache;

static int64_t number(const char *text)
{
    int64_t value = 0;
    for (; *text >= '0' && *text <= '9'; text++) {
        value = value * 10 + (*text - '0');
    }
    return value;
}

/* Adds one to a name of the session, over and over again by many clients. */
static int count(garm_ctx *c)
{
    const char *const name = garm_param(c, "name");
    const int64_t next = number(garm_session_get(c, name)) + 1;
    GARM_TRY(garm_session_set(c, name, garm_strf(c, "%lld", (long long)next)));
    return garm_text(c, 200, "%lld", (long long)next);
}

/* Loads the session, and changes it a while later. */
static int slow(garm_ctx *c)
{
    (void)garm_session_get(c, "any");
    GARM_TRY(garm_sleep(c, GARM_MS(100)));
    GARM_TRY(garm_session_set(c, garm_param(c, "name"), "slow"));
    return garm_text(c, 200, "slow");
}

static int get(garm_ctx *c)
{
    return garm_text(c, 200, "%s", garm_session_get(c, garm_param(c, "name")));
}

static int end(garm_ctx *c)
{
    GARM_TRY(garm_session_end(c));
    return garm_text(c, 200, "ended");
}

static int sign(garm_ctx *c)
{
    GARM_TRY(garm_set_signed_cookie(c, keys, "a", "value"));
    return garm_text(c, 200, "signed");
}

static int check(garm_ctx *c)
{
    return garm_text(c, 200, "%s", garm_signed_cookie(c, keys, "a", 0));
}

static int make(garm_ctx *c, void *arg, const void **ret_data, size_t *ret_size)
{
    (void)arg;
    GARM_TRY(garm_sleep(c, GARM_MS(20)));
    *ret_data = "made";
    *ret_size = 4;
    return 0;
}

static int cached(garm_ctx *c)
{
    const void *data = NULL;
    size_t size = 0;
    GARM_TRY(garm_cache_fill(c, cache, garm_param(c, "key"), make, NULL, &data, &size));
    return garm_bytes_view(c, 200, "text/plain", data, size);
}

GARM_APP(app)
{
    const char *const file = garm_flag(app, "secrets", "", "file of the keys");
    keys = garm_keys_new(app, .file = file, .insecure = true);
    cache = garm_cache_new(app, .entries_max = 10, .ttl_ms = 50);
    garm_sessions(app, .keys = keys, .store = garm_session_memory_new(app));
    garm_route(app, "POST /count/{name}", count);
    garm_route(app, "POST /slow/{name}", slow);
    garm_route(app, "GET /get/{name}", get);
    garm_route(app, "POST /end", end);
    garm_route(app, "POST /sign", sign);
    garm_route(app, "GET /check", check);
    garm_route(app, "GET /cached/{key}", cached);
}
