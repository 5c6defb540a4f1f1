/* API keys, known by their digests or to a check of the application's. */
#include <garm/garm.h>

#include "mw/credentials.h"
#include "mw/valid.h"

#include <errno.h>
#include <string.h>

struct key {
    const char *name;
    unsigned char digest[GARM_SHA256_SIZE];
};

struct api_key {
    struct key keys[GARM_API_KEYS_MAX];
    size_t key_count;
    garm_api_key_check_fn *check;
    void *arg;
    const char *header, *query; /* "": none */
    const char *challenge;
    bool optional;
};

/* Looks at all of all digests, whichever it is. */
static const struct key *find_key(const struct api_key *self, const char *text)
{
    unsigned char digest[GARM_SHA256_SIZE];
    garm_sha256(text, strlen(text), digest);
    const struct key *found = NULL;
    for (size_t i = 0; i < self->key_count; i++) {
        if (credentials_same_digest(digest, self->keys[i].digest)) {
            found = &self->keys[i];
        }
    }
    return found;
}

static int verify(garm_ctx *c, const struct api_key *self, const char *text)
{
    const struct key *const key = find_key(self, text);
    if (key != NULL) {
        return garm_set_user(c, key->name);
    }
    return self->check != NULL ? self->check(c, text, self->arg) : -EACCES;
}

static const char *key_of_request(garm_ctx *c, const struct api_key *self)
{
    const char *const key = self->header[0] != '\0' ? garm_header(c, self->header) : "";
    return key[0] == '\0' && self->query[0] != '\0' ? garm_query(c, self->query) : key;
}

static int authenticate(garm_ctx *c)
{
    const struct api_key *const self = garm_arg(c);
    if (self->header[0] != '\0') {
        GARM_TRY(credentials_vary(c, self->header));
    }
    const char *const text = key_of_request(c, self);
    if (text[0] == '\0') {
        return self->optional
                   ? garm_next(c)
                   : credentials_refuse(c, 401, self->challenge, "An API key is needed.");
    }
    const int rc = verify(c, self, text);
    if (rc == -EACCES) {
        return credentials_refuse(c, 401, self->challenge, "The API key is not known.");
    }
    return rc != 0 ? rc : garm_next(c);
}

/* Setting up. */

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *const at = c != '\0' ? strchr(digits, c) : NULL;
    return at != NULL ? (int)(at - digits) % 16 : -1;
}

static bool read_digest(const char *text, unsigned char *ret_digest)
{
    for (size_t i = 0; i < GARM_SHA256_SIZE; i++) {
        const int high = hex_digit(text[2 * i]);
        const int low = high < 0 ? -1 : hex_digit(text[2 * i + 1]);
        if (low < 0) {
            return false;
        }
        ret_digest[i] = (unsigned char)(high << 4 | low);
    }
    return text[2 * GARM_SHA256_SIZE] == '\0';
}

/* What stands there may be the key itself: it is not repeated. */
static void take_key(garm_app *app, const char *where, struct api_key *self, const char *text)
{
    struct key *const key = &self->keys[self->key_count];
    const char *const colon = strchr(text, ':');
    if (colon == NULL || colon == text || !valid_printable(text, (size_t)(colon - text)) ||
        !read_digest(colon + 1, key->digest)) {
        garm_fail_at(app, where,
                     "garm_api_key: each of .keys is \"NAME:DIGEST\" with 64 hexadecimal digits, "
                     "and one is not; make the digest with: printf %%s KEY | sha256sum");
        return;
    }
    const size_t len = (size_t)(colon - text);
    char *const name = garm_app_alloc(app, len + 1);
    if (name != NULL) {
        memcpy(name, text, len);
        key->name = name;
        self->key_count++;
    }
}

static void check_places(garm_app *app, const char *where, const struct api_key *self)
{
    if (self->header[0] != '\0' && !valid_token(self->header)) {
        garm_fail_at(app, where, "garm_api_key: \"%s\" is no name of a field", self->header);
    } else if (self->header[0] == '\0' && self->query[0] == '\0') {
        garm_fail_at(app, where, "garm_api_key: without .header it needs .query");
    }
    if (self->key_count == 0 && self->check == NULL) {
        garm_fail_at(app, where, "garm_api_key: .keys or .check is needed");
    }
}

void garm_api_key_with(garm_app *app, const garm_api_key_opts *opts)
{
    garm_api_key_opts known = {0};
    GARM_OPTS_READ_(&known, opts);
    (void)VALID_LIST(app, known.where, "garm_api_key: .keys", known.keys);
    struct api_key *const self = garm_app_alloc(app, sizeof(*self));
    if (self == NULL) {
        return;
    }
    self->check = known.check;
    self->arg = known.arg;
    self->optional = known.optional;
    self->header = garm_app_dup(app, known.header != NULL ? known.header : "X-API-Key");
    self->query = garm_app_dup(app, known.query != NULL ? known.query : "");
    self->challenge = challenge_new(app, known.where, "garm_api_key", "ApiKey", known.realm, "");
    for (size_t i = 0; i < GARM_API_KEYS_MAX && known.keys[i] != NULL; i++) {
        take_key(app, known.where, self, known.keys[i]);
    }
    check_places(app, known.where, self);
    garm_use(app, authenticate, .arg = self, .name = "api_key");
}
