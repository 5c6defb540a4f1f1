/* The client's address behind proxies. The input is what a client wrote into the field before the
 * proxies extended it: whatever that is, what they wrote behind it stands, and the address that
 * comes of it is one. */
#include "fuzz.h"

#include "codec/field.h"

#include <garm/garm.h>

#include <arpa/inet.h>
#include <stdio.h>

#define PEERS    "192.0.2." /* of the test's clients, which are proxies */
#define NEAR     "10.0.0.1" /* another one */
#define STRANGER "203.0.113.9"
#define TEXT_MAX 1024

static garm_test *test;

static int tell(garm_ctx *c)
{
    return garm_text(c, 200, "%s", garm_client_ip(c));
}

static void add(garm_app *app, const char *prefix, enum garm_real_ip_field field)
{
    garm_app *const group = garm_group(app, prefix);
    garm_real_ip(group, .trusted = {PEERS "0/24", "10.0.0.0/8", "2001:db8::/33"}, .field = field);
    garm_route(group, "GET /{$}", tell);
}

static void setup(garm_app *app)
{
    add(app, "/x-forwarded-for", GARM_X_FORWARDED_FOR);
    add(app, "/forwarded", GARM_FORWARDED);
    add(app, "/x-real-ip", GARM_X_REAL_IP);
}

/* Which address the text and what proxies wrote behind it come to. */
static void ask(const char *name, struct slice text, const char *behind, char *out)
{
    char path[32];
    char field[TEXT_MAX + 128];
    snprintf(path, sizeof(path), "/%s/", name);
    snprintf(field, sizeof(field), "%s: %.*s%s", name, SLICE_ARG(text), behind);
    const garm_response *const res = garm_test_do(test, "GET", path, .headers = {field});
    CHECK(res->complete && res->status == 200 && res->body_size < INET6_ADDRSTRLEN);
    memcpy(out, res->body, res->body_size + 1);
}

/* An address, written as inet_ntop does. */
static void check_address(const char *text)
{
    unsigned char bytes[16];
    char again[INET6_ADDRSTRLEN];
    const int family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
    CHECK(inet_pton(family, text, bytes) == 1);
    CHECK(inet_ntop(family, bytes, again, sizeof(again)) != NULL && strcmp(text, again) == 0);
}

static bool is_peer(const char *text)
{
    return strncmp(text, PEERS, strlen(PEERS)) == 0;
}

static void check_field(const char *name, struct slice text, const char *prefix)
{
    char behind[64];
    char alone[INET6_ADDRSTRLEN];
    char found[INET6_ADDRSTRLEN];
    ask(name, text, "", alone);
    check_address(alone);
    /* Somebody whom we do not believe has the last word. */
    snprintf(behind, sizeof(behind), ", %s" STRANGER, prefix);
    ask(name, text, behind, found);
    CHECK(strcmp(found, STRANGER) == 0);
    /* One whom we believe lets what stands before it count, as if he were not there. */
    snprintf(behind, sizeof(behind), ", %s" NEAR, prefix);
    ask(name, text, behind, found);
    CHECK(strcmp(found, alone) == 0 || (is_peer(alone) && strcmp(found, NEAR) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const garm_app_entry entry = GARM_ENTRY(setup);
    const struct slice text = slice_trim(slice_of((const char *)data, size));
    if (test == NULL) {
        test = garm_test_new(&entry, NULL);
    }
    if (size > TEXT_MAX || !field_value_valid(text)) {
        return 0;
    }
    check_field("x-forwarded-for", text, "");
    check_field("x-real-ip", text, "");
    check_field("forwarded", text, "proto=https; For=");
    return 0;
}
