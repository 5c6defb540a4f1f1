/* Reads JSON bodies, and gives back what was in them. */
#include <garm/garm.h>

static int person(garm_ctx *c)
{
    const garm_json_value *body = NULL;
    const char *name = NULL;
    int64_t age = 0;
    GARM_TRY(garm_body_json(c, &body));
    GARM_TRY(garm_json_string_at(c, body, "/name", &name));
    GARM_TRY(garm_json_int_at(c, body, "/age", &age));
    return garm_json(c, 200, garm_kv("name", name), garm_kv("age", age),
                     garm_kv_value("all", body));
}

static int echo(garm_ctx *c)
{
    const garm_json_value *body = NULL;
    GARM_TRY(garm_body_json(c, &body));
    return garm_json_reply(c, 200, garm_kv_value(NULL, body));
}

static int page(garm_ctx *c)
{
    int64_t number = 0;
    GARM_TRY(garm_query_int(c, "page", 1, 100, 1, &number));
    return garm_json(c, 200, garm_kv("page", number));
}

GARM_APP(app)
{
    garm_route(app, "POST /person", person, .body_bytes_max = 1000);
    garm_route(app, "POST /echo", echo, .body_bytes_max = GARM_MIB(8));
    garm_route(app, "GET /page", page);
}
