/* Each macro of the public headers, as an application uses it. It is compiled as C17 and as C++20,
 * pedantically: designated initialisers stand in the order of their structs. */
#include "uses.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int number = 7;
static garm_metric *seen, *level, *sizes;

static int count(garm_ctx *c)
{
    garm_metric_add(c, seen, 1, "page", "x");
    garm_metric_set(c, level, 0.5);
    garm_metric_observe(c, sizes, 100);
    return garm_next(c);
}

static int tell_json(garm_ctx *c)
{
    const garm_json_member list[] = {
        garm_kv(NULL, "one"), garm_kv_bool(NULL, false), {NULL, GARM_JSON_END, {false}}};
    const char *const none = NULL;
    return garm_json(
        c, 200, garm_kv("i", -1), garm_kv("u", 2U), garm_kv("l", 3L), garm_kv("d", 0.5),
        garm_kv("s", "text"), garm_kv("none", none), garm_kv_bool("t", number > 1),
        garm_kv_text("bytes", "a\0b", 3),
        garm_obj("o", garm_kv("x", 1), garm_obj("empty"),
                 garm_arr("deep", garm_arr(NULL, garm_kv(NULL, 1)))),
        garm_arr("a", garm_kv(NULL, 1), garm_obj(NULL, garm_kv("y", 2)), garm_arr(NULL)),
        garm_kv_array("list", list), garm_obj("last"));
}

static int no_members(garm_ctx *c)
{
    return garm_json(c, 201);
}

static int write_json(garm_ctx *c)
{
    garm_json_writer *const w = garm_json_new(c, 200);
    garm_json_begin_array(w, NULL);
    garm_json_put(w, garm_obj(NULL, garm_kv("n", *(int *)garm_arg(c))));
    garm_json_end(w);
    return garm_json_finish(w);
}

static int read_json(garm_ctx *c)
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

static int read_form(garm_ctx *c)
{
    garm_part part;
    int rc = 0;
    const char *text = "";
    GARM_TRY(garm_form_limits(c, .parts_max = 2, .part_bytes_max = GARM_KIB(1)));
    while ((rc = garm_form_next(c, &part)) > 0) {
        GARM_TRY(garm_part_text(c, 100, &text, NULL));
    }
    GARM_TRY(rc);
    GARM_TRY(garm_set_cookie(c, "theme", "dark", .max_age_s = 60, .secure = true));
    return garm_text(c, 200, "%s", text);
}

static int encode(garm_ctx *c)
{
    const char *const text = garm_query(c, "text");
    void *back = NULL;
    size_t size = 0;
    GARM_TRY(garm_base64_decode(c, garm_base64(c, text, strlen(text)), &back, &size));
    return garm_bytes(c, 200, "text/plain", back, size);
}

static int fail(garm_ctx *c)
{
    return garm_problem(c, 422, "%d is no number", number);
}

static int refuse_pair(garm_ctx *c, const char *user, const char *password, void *arg)
{
    const char *hash = "";
    GARM_TRY(garm_password_hash(c, password, &hash));
    return garm_secret_equal(user, "") ? *(int *)arg : -13;
}

static int refuse_token(garm_ctx *c, const char *token, void *arg)
{
    unsigned char digest[GARM_SHA256_SIZE];
    garm_sha256(token, strlen(token), digest);
    (void)arg;
    return garm_jwt_claims(c) == NULL ? -13 : 0;
}

static void authenticate(garm_app *app)
{
    garm_basic_auth(app, .realm = "closed", .check = refuse_pair, .arg = &number, .cache_s = 60);
    garm_bearer(app, .check = refuse_token);
    garm_api_key(app, .header = "X-Key", .check = refuse_token, .optional = true);
    garm_jwt(
        app,
        .keys = {{.algorithm = GARM_JWT_HS256,
                  .kid = "one",
                  .secret = "a secret of thirty-two bytes, or so"},
                 {.algorithm = GARM_JWT_HS256, .secret = "a secret of thirty-two bytes, or so"}},
        .issuer = "https://a.example", .leeway_s = GARM_NONE);
}

static void setup(garm_app *app)
{
    seen = garm_counter(app, "seen_total", "Things seen.", .labels = {"kind", "name"},
                        .series_max = 10);
    level = garm_gauge(app, "level", "How high.");
    sizes = garm_histogram(app, "size_bytes", "How large.", .buckets = {10, 100, 1000});
    garm_limits(app, .body_bytes_max = GARM_KIB(64), .deadline_ms = 5000);
    garm_request_id(app, .header = "X-Request-Id");
    garm_real_ip(app, .trusted = {"loopback"});
    garm_security_headers(app, .frame_options = "SAMEORIGIN");
    garm_cors(app, .origins = {"https://a.example"}, .credentials = true);
    garm_csrf(app);
    garm_access_log(app, .path = "/dev/null", .format = GARM_ACCESS_JSON);
    garm_use(app, count, .arg = &number);
    authenticate(garm_group(app, "/closed"));
    garm_app *const group = garm_group(app, "/json", .idle_ms = 1000);
    garm_route(group, "GET /all", tell_json);
    garm_route(group, "GET /none", no_members);
    garm_route(group, "GET /written", write_json, .deadline_ms = 100, .use = {count},
               .arg = &number);
    garm_route(group, "POST /read", read_json, .stack_kb = 128, .name = "reader");
    garm_route(app, "POST /form", read_form);
    garm_route(app, "GET /encode", encode);
    garm_route(app, "GET /fail", fail);
    garm_route(app, "GET /metrics", garm_metrics);
    garm_static(app, "/files", ".", .cache_max_age_s = 60, .list = true);
    if (garm_appender_new(app, NULL, .buffer_bytes = GARM_KIB(4)) == NULL) {
        garm_fail(app, "no appender for %s", "it");
    }
}

const garm_app_entry uses_entry = GARM_ENTRY(setup);

#define ALL                                                                                        \
    "{\"i\":-1,\"u\":2,\"l\":3,\"d\":0.5,\"s\":\"text\",\"none\":null,\"t\":true,"                 \
    "\"bytes\":\"a\\u0000b\",\"o\":{\"x\":1,\"empty\":{},\"deep\":[[1]]},"                         \
    "\"a\":[1,{\"y\":2},[]],\"list\":[\"one\",false],\"last\":{}}"
#define PERSON "{\"name\":\"Ada\",\"age\":36}"

static bool is(const garm_response *res, int status, const char *body)
{
    return res->status == status && strcmp(res->body, body) == 0;
}

static const char *ask_json(garm_test *test)
{
    if (!is(garm_test_do(test, "GET", "/json/all"), 200, ALL)) {
        return "/json/all";
    }
    if (!is(garm_test_do(test, "GET", "/json/none"), 201, "{}")) {
        return "/json/none";
    }
    if (!is(garm_test_do(test, "GET", "/json/written"), 200, "[{\"n\":7}]")) {
        return "/json/written";
    }
    if (!is(garm_test_do(test, "POST", "/json/read", .json = PERSON), 200,
            "{\"name\":\"Ada\",\"age\":36,\"all\":" PERSON "}")) {
        return "/json/read";
    }
    return NULL;
}

const char *uses_ask(garm_test *test)
{
    const char *const json = ask_json(test);
    if (json != NULL) {
        return json;
    }
    if (!is(garm_test_do(test, "POST", "/form",
                         .headers = {"Content-Type: application/x-www-form-urlencoded"},
                         .body = "a=1&b=2+3"),
            200, "2 3")) {
        return "/form";
    }
    if (!is(garm_test_do(test, "GET", "/encode?text=hound"), 200, "hound")) {
        return "/encode";
    }
    if (garm_test_do(test, "GET", "/fail")->status != 422) {
        return "/fail";
    }
    /* Valgrind lacks the system call that opens beneath a directory. */
    if (getenv("GARM_UNDER_VALGRIND") == NULL &&
        garm_test_do(test, "GET", "/files/")->status != 200) {
        return "/files/";
    }
    const garm_response *const res = garm_test_do(test, "GET", "/metrics");
    return res->status == 200 && strstr(res->body, "seen_total{kind=\"page\"") != NULL ? NULL
                                                                                       : "/metrics";
}
