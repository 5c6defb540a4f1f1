/* Request ids: a harmless one that came with the request is kept, else a new one is made. */
#include <garm/garm.h>

#include "mw/valid.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define ID_BYTES   16
#define ID_LEN_MAX 128

struct request_id {
    const char *header;
    bool ignore_incoming;
};

static const char key; /* its address names the request's id */

static bool harmless(const char *id)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789-_.:/+=@";
    const size_t len = strspn(id, allowed);
    return len > 0 && len <= ID_LEN_MAX && id[len] == '\0';
}

static const char *new_id(garm_ctx *c)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[ID_BYTES];
    char text[2 * ID_BYTES + 1];
    garm_random_bytes(bytes, sizeof(bytes));
    for (size_t i = 0; i < ID_BYTES; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    text[2 * ID_BYTES] = '\0';
    return garm_dup(c, text);
}

/* What a request keeps. */
struct given {
    const char *header, *id;
};

static void write_field(garm_ctx *c, void *arg)
{
    const struct given *const given = arg;
    (void)garm_set_header(c, given->header, given->id);
}

static int give_id(garm_ctx *c)
{
    const struct request_id *const self = garm_arg(c);
    struct given *const given = garm_alloc(c, sizeof(*given));
    if (given == NULL) {
        return -ENOMEM;
    }
    const char *const sent = self->ignore_incoming ? "" : garm_header(c, self->header);
    *given = (struct given){self->header, harmless(sent) ? sent : new_id(c)};
    GARM_TRY(garm_set(c, &key, given));
    GARM_TRY(garm_before_head(c, write_field, given));
    return garm_next(c);
}

/* Fields that mean something else: an id in their place breaks the message, or what reads it. */
static bool is_taken(const char *name)
{
    static const char *const names[] = {"Accept",
                                        "Authorization",
                                        "Cache-Control",
                                        "Connection",
                                        "Content-Encoding",
                                        "Content-Length",
                                        "Content-Type",
                                        "Cookie",
                                        "Date",
                                        "ETag",
                                        "Expect",
                                        "Host",
                                        "Keep-Alive",
                                        "Location",
                                        "Origin",
                                        "Range",
                                        "Server",
                                        "Set-Cookie",
                                        "TE",
                                        "Trailer",
                                        "Transfer-Encoding",
                                        "Upgrade",
                                        "Vary",
                                        "Via",
                                        "WWW-Authenticate"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcasecmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void check_header(garm_app *app, const char *where, const char *name)
{
    if (!valid_token(name)) {
        garm_fail_at(app, where, "garm_request_id: .header: \"%s\" is no name of a field", name);
    } else if (is_taken(name)) {
        garm_fail_at(app, where,
                     "garm_request_id: .header: %s has a meaning of its own; take another name, or "
                     "the default, X-Request-Id",
                     name);
    }
}

void garm_request_id_with(garm_app *app, const garm_request_id_opts *opts)
{
    garm_request_id_opts known = {0};
    GARM_OPTS_READ_(&known, opts);
    struct request_id *const self = garm_app_alloc(app, sizeof(*self));
    if (self == NULL) {
        return;
    }
    self->header = known.header != NULL ? garm_app_dup(app, known.header) : "X-Request-Id";
    check_header(app, known.where, self->header);
    self->ignore_incoming = known.ignore_incoming;
    garm_use(app, give_id, .arg = self, .name = "request_id", .always = true);
}

const char *garm_request_id_of(garm_ctx *c)
{
    const struct given *const given = garm_get(c, &key);
    return given != NULL ? given->id : "";
}
