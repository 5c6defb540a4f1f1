/* Credentials: what is let in was sent to the letter, and a token opens only as it was signed. The
 * input is the value of an Authorization field; behind a 'j' it is a line with the header of a JSON
 * Web Token and one with its claims, which are signed here. */
#include "fuzz.h"

#include "codec/field.h"
#include "mw/jwt_token.h"

#include <garm/garm.h>

#include <errno.h>
#include <stdio.h>
#include <strings.h>

#define INPUT_MAX 2048
#define SECRET    "0123456789abcdef0123456789abcdef"
#define LEEWAY_S  30

static garm_test *test;
static struct jwt_rules rules, other_rules;
static struct slice input;
static size_t hash;
static size_t passed; /* who came through to a handler */

/* What stands behind the scheme. */
static const char *token_of(garm_ctx *c, const char *scheme)
{
    const char *const value = garm_header(c, "Authorization");
    CHECK(strncasecmp(value, scheme, strlen(scheme)) == 0);
    const char *const token = value + strlen(scheme);
    CHECK(*token == ' ');
    return token + strspn(token, " ");
}

/* The name and the password, encoded again, are what was sent. Nobody whose name ends so is let
 * in. */
static int check_password(garm_ctx *c, const char *user, const char *password, void *arg)
{
    (void)arg;
    CHECK(strchr(user, ':') == NULL);
    const char *const pair = garm_strf(c, "%s:%s", user, password);
    CHECK(strcmp(garm_base64(c, pair, strlen(pair)), token_of(c, "Basic")) == 0);
    return strlen(user) % 2 != 0 ? -EACCES : 0;
}

static int check_bearer(garm_ctx *c, const char *token, void *arg)
{
    (void)arg;
    CHECK(token[0] != '\0' && token[0] != '=');
    CHECK(strcmp(token, token_of(c, "Bearer")) == 0);
    CHECK(strpbrk(token, " \t,;\"") == NULL);
    return strlen(token) % 2 != 0 ? -EACCES : 0;
}

static int tell(garm_ctx *c)
{
    passed++;
    return garm_text(c, 200, "%s", garm_user(c));
}

/* Tokens. */

static const char *const fault_none = "no fault";

static int read_token(garm_ctx *c, const struct jwt_rules *by, const char *token,
                      const garm_json_value **ret_claims)
{
    const char *fault = fault_none;
    const int rc = jwt_read(c, by, token, ret_claims, &fault);
    CHECK(rc == 0 || rc == -EACCES);
    CHECK((rc == 0) == (fault == NULL));
    CHECK(rc == 0 || (fault != fault_none && strpbrk(fault, "\"\\") == NULL));
    return rc;
}

static void expect_refused(garm_ctx *c, const struct jwt_rules *by, const char *token)
{
    const garm_json_value *claims = NULL;
    CHECK(read_token(c, by, token, &claims) == -EACCES);
}

/* base64url of the text and what comes of signing it, as compact serialisation has them. */
static const char *sign(garm_ctx *c, struct slice header, struct slice claims, const char *secret)
{
    unsigned char mac[GARM_SHA256_SIZE];
    const char *const text =
        garm_strf(c, "%s.%s", garm_base64url(c, header.len > 0 ? header.ptr : "", header.len),
                  garm_base64url(c, claims.len > 0 ? claims.ptr : "", claims.len));
    garm_hmac_sha256(secret, strlen(secret), text, strlen(text), mac);
    return garm_strf(c, "%s.%s", text, garm_base64url(c, mac, sizeof(mac)));
}

/* A token that was taken has the algorithm, and is an object whose time has not come. */
static void check_taken(garm_ctx *c, struct slice header, const garm_json_value *claims)
{
    const garm_json_value *head = NULL;
    const char *algorithm = "";
    double exp = 0;
    CHECK(garm_json_parse(c, header.ptr, header.len, &head, NULL) == 0);
    CHECK(garm_json_string_at(c, head, "/alg", &algorithm) == 0);
    CHECK(strcmp(algorithm, "HS256") == 0 && garm_json_at(head, "/crit") == NULL);
    CHECK(garm_json_type_of(claims) == GARM_JSON_OBJECT);
    CHECK(garm_json_double_at(c, claims, "/exp", &exp) == 0);
    CHECK(exp > (double)(garm_wall_ns() / GARM_SEC(1) - LEEWAY_S));
    CHECK(garm_json_at(claims, "/aud") == NULL);
}

/* Another byte at each of some places, and a character of the alphabet there. */
static void check_altered(garm_ctx *c, const char *token)
{
    const size_t len = strlen(token);
    char *const text = fuzz_alloc(len + 1);
    for (size_t i = 0; i < 6; i++) {
        const size_t at = (hash >> i * 7) % len;
        memcpy(text, token, len + 1);
        text[at] = (char)(text[at] ^ (char)(1U << (hash >> i * 3) % 8));
        expect_refused(c, &rules, text);
        text[at] = token[at] == 'A' ? 'B' : 'A';
        expect_refused(c, &rules, text);
        text[at] = '\0';
        expect_refused(c, &rules, text);
    }
    /* The last character of all has bits that no byte needs. */
    memcpy(text, token, len + 1);
    text[len - 1] = (char)(token[len - 1] + 1);
    expect_refused(c, &rules, text);
    free(text);
}

static int play(garm_ctx *c)
{
    struct slice claims = input;
    struct slice header = {NULL, 0};
    const garm_json_value *taken = NULL;
    (void)slice_cut(&claims, '\n', &header);
    const char *const token = sign(c, header, claims, SECRET);
    if (read_token(c, &rules, token, &taken) == 0) {
        check_taken(c, header, taken);
    }
    expect_refused(c, &other_rules, token);
    expect_refused(c, &rules, sign(c, header, claims, "another secret"));
    expect_refused(c, &rules, garm_strf(c, "%s.", token));
    check_altered(c, token);
    return 204;
}

static int play_raw(garm_ctx *c)
{
    expect_refused(c, &rules, garm_header(c, "Authorization"));
    return 204;
}

static struct jwt_rules rules_of(const char *secret)
{
    return (struct jwt_rules){
        .keys = {{GARM_JWT_HS256, "k",
                  garm_verifier_new(GARM_JWT_HS256, secret, strlen(secret), NULL)}},
        .key_count = 1,
        .leeway_s = LEEWAY_S,
    };
}

static void setup(garm_app *app)
{
    garm_app *const basic = garm_group(app, "/basic");
    garm_basic_auth(basic, .check = check_password);
    garm_route(basic, "GET /{$}", tell);
    garm_app *const bearer = garm_group(app, "/bearer");
    garm_bearer(bearer, .check = check_bearer);
    garm_route(bearer, "GET /{$}", tell);
    garm_app *const jwt = garm_group(app, "/jwt");
    garm_jwt(jwt, .keys = {{GARM_JWT_HS256, .secret = SECRET}});
    garm_route(jwt, "GET /{$}", tell);
    garm_route(app, "GET /play", play);
    garm_route(app, "GET /raw", play_raw);
    rules = rules_of(SECRET);
    other_rules = rules_of("fedcba9876543210fedcba9876543210");
}

/* Who is not let in hears what is asked for, or that it could not be read. */
static int ask(const char *path, const char *field)
{
    passed = 0;
    const garm_response *const res = garm_test_do(test, "GET", path, .headers = {field});
    CHECK(res->complete);
    CHECK(res->status == 200 || res->status == 400 || res->status == 401);
    CHECK(passed == (res->status == 200 ? 1U : 0U));
    CHECK(res->status != 401 || garm_test_header(test, "WWW-Authenticate")[0] != '\0');
    return res->status;
}

static void check_field(void)
{
    char field[INPUT_MAX + 32];
    snprintf(field, sizeof(field), "Authorization: %.*s", SLICE_ARG(input));
    const bool is_basic = ask("/basic/", field) == 200;
    const bool is_bearer = ask("/bearer/", field) == 200;
    CHECK(!is_basic || !is_bearer);
    CHECK(ask("/jwt/", field) != 200);
    CHECK(garm_test_do(test, "GET", "/raw", .headers = {field})->status == 204);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const garm_app_entry entry = GARM_ENTRY(setup);
    if (test == NULL) {
        test = garm_test_new(&entry, NULL);
    }
    if (size > INPUT_MAX) {
        return 0;
    }
    char *const copy = fuzz_copy((const char *)data, size);
    input = slice_of(copy, size);
    hash = fuzz_hash(data, size);
    if (size > 0 && copy[0] == 'j') {
        input = slice_of(copy + 1, size - 1);
        CHECK(garm_test_do(test, "GET", "/play")->status == 204);
    } else if (field_value_valid(slice_trim(input))) {
        check_field();
    }
    free(copy);
    return 0;
}
