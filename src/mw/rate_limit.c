/* Rate limits: whose request it is, and what the answer says about it. The counting is
 * rate_table.c's. */
#include <garm/garm.h>

#include "mw/rate_table.h"
#include "mw/valid.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define KEYS_DEFAULT 100000
#define KEYS_MIN     16
#define KEYS_MAX     10000000
#define BURST_MAX    1000000000
#define RATE_MIN     0.00001
#define RATE_MAX     1000000.0
#define BUCKET_S_MAX 1e9
#define KEY_LEN_MAX  512 /* of a longer one the beginning, and its length, count */

struct rate_limit {
    struct rate_table table;
    enum garm_rate_limit_by by;
    const char *header;
    garm_rate_limit_key_fn *key;
    const char *name;
    const char *policy; /* the field's value */
    const garm_app *app;
    const struct rate_limit *before; /* the one that the set-up made before it */
};

static const char latest; /* its address names the latest of the application */

/* Whose? */

/* What is hashed: the kind of the key, that no two kinds meet, and the key. */
struct key {
    unsigned char bytes[1 + sizeof(size_t) + KEY_LEN_MAX];
    size_t size;
};

static void put(struct key *key, const void *bytes, size_t size)
{
    memcpy(key->bytes + key->size, bytes, size);
    key->size += size;
}

static void put_text(struct key *key, char kind, const char *text)
{
    const size_t len = strlen(text);
    put(key, &kind, 1);
    put(key, &len, sizeof(len));
    put(key, text, len < KEY_LEN_MAX ? len : KEY_LEN_MAX);
}

/* An IPv6 client has all of a /64, so that is what counts; one that is an IPv4 address counts as
 * that. */
static void put_address(struct key *key, const char *text)
{
    struct in6_addr ip;
    if (inet_pton(AF_INET6, text, &ip) != 1) {
        put_text(key, 'a', text);
    } else if (IN6_IS_ADDR_V4MAPPED(&ip)) {
        char v4[INET_ADDRSTRLEN];
        put_text(key, 'a', inet_ntop(AF_INET, ip.s6_addr + 12, v4, sizeof(v4)));
    } else {
        put(key, "6", 1);
        put(key, ip.s6_addr, 8);
    }
}

static const char *named_key(const struct rate_limit *self, garm_ctx *c)
{
    switch (self->by) {
    case GARM_BY_HEADER: return garm_header(c, self->header);
    case GARM_BY_USER: return garm_user(c);
    case GARM_BY_IP: break;
    }
    return "";
}

/* False: this one is not limited. */
static bool find_key(const struct rate_limit *self, garm_ctx *c, struct key *key)
{
    key->size = 0;
    if (self->key != NULL) {
        const char *const text = self->key(c);
        put_text(key, 'k', text != NULL ? text : "");
        return text != NULL && text[0] != '\0';
    }
    const char *const name = named_key(self, c);
    if (name[0] != '\0') {
        put_text(key, 'n', name);
    } else {
        put_address(key, garm_client_ip(c));
    }
    return true;
}

/* The answer. */

static long long seconds(int64_t ns)
{
    return (long long)((ns + GARM_SEC(1) - 1) / GARM_SEC(1));
}

/* What a request keeps. */
struct taken {
    const struct rate_limit *self;
    struct rate_grant grant;
};

static void write_fields(garm_ctx *c, void *arg)
{
    const struct taken *const taken = arg;
    const struct rate_grant *const grant = &taken->grant;
    (void)garm_add_header(c, "RateLimit-Policy", taken->self->policy);
    (void)garm_add_header(c, "RateLimit",
                          garm_strf(c, "\"%s\";r=%lld;t=%lld", taken->self->name,
                                    (long long)grant->left,
                                    seconds(grant->left > 0 ? grant->full_ns : grant->wait_ns)));
}

static int limit(garm_ctx *c)
{
    struct rate_limit *const self = garm_arg(c);
    struct key key;
    if (!find_key(self, c, &key)) {
        return garm_next(c);
    }
    struct taken *const taken = garm_alloc(c, sizeof(*taken));
    if (taken == NULL) {
        return -ENOMEM;
    }
    const uint64_t hash = rate_hash(&self->table, key.bytes, key.size);
    *taken = (struct taken){self, rate_take(&self->table, hash, garm_now_ns())};
    GARM_TRY(garm_before_head(c, write_fields, taken));
    if (taken->grant.granted) {
        return garm_next(c);
    }
    const long long wait_s = seconds(taken->grant.wait_ns);
    GARM_TRY(garm_set_headerf(c, "Retry-After", "%lld", wait_s));
    return garm_problem(c, 429, "Too many requests; try again in %lld s.", wait_s);
}

/* Setting up. */

/* What is wrong with the options, or NULL. */
static const char *fault_of(const garm_rate_limit_opts *opts)
{
    if (!(opts->per_second >= RATE_MIN && opts->per_second <= RATE_MAX)) {
        return ".per_second is needed, from 0.00001 to 1000000";
    }
    if (opts->burst < 1 || opts->burst > BURST_MAX) {
        return ".burst is 1 to 1000000000";
    }
    if ((double)opts->burst / opts->per_second > BUCKET_S_MAX) {
        return ".burst takes more than 30 years to come back at this .per_second";
    }
    if (opts->by < GARM_BY_IP || opts->by > GARM_BY_USER) {
        return "there is no such .by";
    }
    if (opts->by == GARM_BY_HEADER ? !valid_token(opts->header) : opts->header != NULL) {
        return ".header is a field's name, for .by = GARM_BY_HEADER and nothing else";
    }
    if (opts->key != NULL && opts->by != GARM_BY_IP) {
        return ".key and .by exclude each other";
    }
    if (opts->keys_max < KEYS_MIN || opts->keys_max > KEYS_MAX) {
        return ".keys_max is 16 to 10000000";
    }
    return valid_label(opts->name) ? NULL : ".name is [a-z0-9_-], 64 characters at most";
}

/* The next whole number, of one that fits. */
static int64_t up(double x)
{
    const int64_t whole = (int64_t)x;
    return (double)whole < x ? whole + 1 : whole;
}

static garm_rate_limit_opts take_options(const garm_rate_limit_opts *opts)
{
    garm_rate_limit_opts known = {0};
    GARM_OPTS_READ_(&known, opts);
    if (known.burst == 0) {
        known.burst =
            known.per_second > 1 && known.per_second <= RATE_MAX ? up(known.per_second) : 1;
    }
    known.keys_max = known.keys_max != 0 ? known.keys_max : KEYS_DEFAULT;
    known.name = known.name != NULL ? known.name : "default";
    return known;
}

static void forget(void *arg)
{
    struct rate_limit *const self = arg;
    rate_table_deinit(&self->table);
}

static const char *make_policy(garm_app *app, const garm_rate_limit_opts *known)
{
    char text[VALID_LABEL_MAX + 64];
    snprintf(text, sizeof(text), "\"%s\";q=%lld;w=%lld", known->name, (long long)known->burst,
             (long long)up((double)known->burst / known->per_second));
    return garm_app_dup(app, text);
}

/* Those around the same routes are told apart by their names in the fields. */
static void check_name(garm_app *app, const char *where, const struct rate_limit *self)
{
    for (const struct rate_limit *other = self->before; other != NULL; other = other->before) {
        if (other->app == app && strcmp(other->name, self->name) == 0) {
            garm_fail_at(app, where,
                         "garm_rate_limit: there is a limit called \"%s\" here already; give each "
                         "a .name of its own",
                         self->name);
            return;
        }
    }
}

void garm_rate_limit_with(garm_app *app, const garm_rate_limit_opts *opts)
{
    const garm_rate_limit_opts known = take_options(opts);
    const char *const fault = fault_of(&known);
    if (fault != NULL) {
        garm_fail_at(app, known.where, "garm_rate_limit: %s", fault);
        return;
    }
    const size_t set_count = rate_set_count((size_t)known.keys_max);
    struct rate_limit *const self = garm_app_alloc(app, sizeof(*self));
    struct rate_set *const sets = garm_app_alloc(app, set_count * sizeof(*sets));
    if (self == NULL || sets == NULL) {
        return;
    }
    const double token_ns = 1e9 / known.per_second;
    rate_table_init(&self->table, sets, set_count, (int64_t)(token_ns + 0.5),
                    (int64_t)(token_ns + 0.5) * known.burst);
    garm_app_defer(app, forget, self);
    self->by = known.by;
    self->header = known.header;
    self->key = known.key;
    self->name = garm_app_dup(app, known.name);
    self->policy = make_policy(app, &known);
    self->app = app;
    self->before = garm_app_get(app, &latest);
    check_name(app, known.where, self);
    if (garm_app_set(app, &latest, self) < 0) {
        return;
    }
    garm_use(app, limit, .arg = self, .name = "rate_limit");
}
