/* What the client asked, as strings. Fields and the like end in NUL over their own delimiter, which
 * nobody needs any more; what has none of its own is copied. The raw target survives. */
#include "app/ctx.h"

#include "app/query.h"
#include "base/sys.h"
#include "base/text.h"
#include "codec/target.h"
#include "net/address.h"

#include <garm/request.h>

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

/* The span as a string: the byte behind it is its own delimiter. */
static const char *terminate(struct exchange *x, struct h1_span span)
{
    x->bytes[span.offset + span.len] = '\0';
    return x->bytes + span.offset;
}

const char *garm_method(garm_ctx *c)
{
    ctx_own(c);
    return c->x == NULL ? "" : terminate(c->x, c->x->head->method_text);
}

const char *garm_http_version(garm_ctx *c)
{
    ctx_own(c);
    return c->x == NULL ? "" : c->x->head->minor == 0 ? "1.0" : "1.1";
}

const char *garm_target(garm_ctx *c)
{
    ctx_own(c);
    return c->x == NULL ? "" : terminate(c->x, c->x->head->target);
}

/* A path that ends where the target does ends at a blank; one before a query must be copied. */
const char *garm_path(garm_ctx *c)
{
    ctx_own(c);
    if (c->x == NULL) {
        return "";
    }
    if (c->path_text == NULL) {
        const struct h1_head *const head = c->x->head;
        const bool in_place = c->path.ptr == c->x->bytes + head->path.offset && !head->has_query;
        if (c->path.len == 0) {
            c->path_text = head->form == TARGET_ASTERISK ? "*" : "";
        } else {
            c->path_text = in_place ? terminate(c->x, head->path) : ctx_dup(c, c->path);
        }
    }
    return c->path_text;
}

/* The Host field's value ends at its own delimiter; an authority within the target does not. */
const char *garm_host(garm_ctx *c)
{
    ctx_own(c);
    if (c->x == NULL) {
        return "";
    }
    const struct h1_head *const head = c->x->head;
    if (head->form == TARGET_ABSOLUTE || head->authority.len == 0) {
        return ctx_dup(c, h1_span_slice(head->authority, c->x->bytes));
    }
    return terminate(c->x, head->authority);
}

const char *garm_pattern(garm_ctx *c)
{
    ctx_own(c);
    return c->route->pattern;
}

static const char told_ip; /* its address is the key of an address that a proxy told */

int garm_set_client_ip(garm_ctx *c, const char *ip)
{
    unsigned char bytes[16];
    ctx_own(c);
    if (inet_pton(AF_INET, ip, bytes) != 1 && inet_pton(AF_INET6, ip, bytes) != 1) {
        return -EINVAL;
    }
    TRY(garm_set(c, &told_ip, (void *)(uintptr_t)ctx_dup(c, slice_cstr(ip))));
    return ctx_check(c);
}

const char *garm_client_ip(garm_ctx *c)
{
    char text[ADDRESS_TEXT_SIZE];
    ctx_own(c);
    if (c->keyed != NULL && garm_get(c, &told_ip) != NULL) {
        return garm_get(c, &told_ip);
    }
    return c->x == NULL ? "" : ctx_dup(c, slice_cstr(address_host_text(c->x->peer, text)));
}

static const char user; /* its address is the key of who was authenticated */

/* What has line breaks could write lines of its own into a log. */
static bool printable(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f) {
            return false;
        }
    }
    return true;
}

int garm_set_user(garm_ctx *c, const char *name)
{
    ctx_own(c);
    if (!printable(name)) {
        return -EINVAL;
    }
    TRY(garm_set(c, &user, (void *)(uintptr_t)ctx_dup(c, slice_cstr(name))));
    return ctx_check(c);
}

const char *garm_user(garm_ctx *c)
{
    const char *const name = garm_get(c, &user);
    return name != NULL ? name : "";
}

/* Parameters. */

static struct router_param *find_param(garm_ctx *c, const char *name)
{
    ctx_own(c);
    for (size_t i = 0; i < c->match.param_count; i++) {
        if (strcmp(c->match.params[i].name, name) == 0) {
            return &c->match.params[i];
        }
    }
    ctx_bug(c, "the route has no parameter {%s}", name);
    return NULL;
}

/* What must not come out of an escape: in a value that has several segments it would divide them,
 * or end the string. */
static bool stays_encoded(int byte)
{
    return byte == '/' || byte == '\\' || byte < 0;
}

/* As percent_decode, of several segments, which stay apart. */
static size_t decode_segments(struct slice raw, char *out)
{
    size_t len = 0;
    for (size_t i = 0; i < raw.len; i++) {
        const int byte = raw.ptr[i] == '%' ? percent_escape(raw, i) : -1;
        if (stays_encoded(byte)) {
            out[len++] = raw.ptr[i];
        } else {
            out[len++] = (char)byte;
            i += 2;
        }
    }
    return len;
}

/* Decodes a parameter, once, into memory of the request's. A bad escape cannot occur: the head's
 * parser refuses it. */
static const char *decode_param(garm_ctx *c, struct router_param *param)
{
    char *const text = ctx_alloc(c, param->raw.len + 1);
    if (text == NULL) {
        return "";
    }
    size_t len = param->raw.len;
    if (c->plain) {
        memcpy(text, param->raw.ptr, len);
    } else if (param->type == PARAM_REST) {
        len = decode_segments(param->raw, text);
    } else if (percent_decode(param->raw, false, text, &len) < 0) {
        ctx_bug(c, "the parameter {%s} has a bad escape", param->name);
        return "";
    }
    text[len] = '\0';
    param->raw = slice_of(text, len);
    return text;
}

const char *garm_param(garm_ctx *c, const char *name)
{
    struct router_param *const param = find_param(c, name);
    if (param == NULL) {
        return "";
    }
    const uint16_t bit = (uint16_t)(1U << (param - c->match.params));
    if ((c->decoded & bit) == 0) {
        const char *const text = decode_param(c, param);
        if (c->broken != 0) {
            return "";
        }
        c->decoded |= bit;
        return text;
    }
    return param->raw.ptr;
}

int64_t garm_param_int(garm_ctx *c, const char *name)
{
    int64_t value = 0;
    struct router_param *const param = find_param(c, name);
    if (param == NULL) {
        return 0;
    }
    if (param->type != PARAM_INT) {
        ctx_bug(c, "garm_param_int(\"%s\"): the pattern says {%s}, not {%s:int}", name, name, name);
        return 0;
    }
    const char *const text = garm_param(c, name);
    return text_to_i64(slice_cstr(text), &value) < 0 ? 0 : value;
}

/* The query. */

/* 1 found, 0 absent; a value that cannot be decoded counts as absent. */
static int find_query(garm_ctx *c, const char *name, const char **ret_value)
{
    ctx_own(c);
    *ret_value = "";
    if (c->x == NULL || c->x->head->query.len == 0) {
        return 0;
    }
    c->pins++;
    const int found = query_find(h1_span_slice(c->x->head->query, c->x->bytes), slice_cstr(name),
                                 c->arena, ret_value);
    if (found == -ENOMEM) {
        ctx_poison(c);
    }
    return found > 0;
}

const char *garm_query(garm_ctx *c, const char *name)
{
    const char *value = NULL;
    return find_query(c, name, &value) ? value : "";
}

bool garm_has_query(garm_ctx *c, const char *name)
{
    const char *value = NULL;
    return find_query(c, name, &value);
}

/* An integer within bounds: 0, -EBADMSG or -ERANGE. */
static int read_int(const char *text, int64_t min, int64_t max, int64_t *ret_value)
{
    int64_t value = 0;
    const int rc = text_to_i64(slice_cstr(text), &value);
    if (rc == -EINVAL) {
        return -EBADMSG;
    }
    if (rc < 0 || value < min || value > max) {
        return -ERANGE;
    }
    *ret_value = value;
    return 0;
}

int garm_query_int(garm_ctx *c, const char *name, int64_t min, int64_t max, int64_t def,
                   int64_t *ret_value)
{
    const char *text = NULL;
    int64_t value = def;
    const int rc = find_query(c, name, &text) ? read_int(text, min, max, &value) : 0;
    TRY(ctx_check(c));
    if (rc < 0) {
        return ctx_complain(c, rc, 400,
                            "the query parameter \"%s\" must be a whole number from %" PRId64
                            " to %" PRId64,
                            name, min, max);
    }
    *ret_value = value;
    return 0;
}

/* Data that the chain shares. */

int garm_set(garm_ctx *c, const void *key, void *value)
{
    ctx_own(c);
    struct keyed *entry = c->keyed;
    while (entry != NULL && entry->key != key) {
        entry = entry->next;
    }
    if (entry == NULL) {
        entry = ctx_alloc(c, sizeof(*entry));
        if (entry == NULL) {
            return -ENOMEM;
        }
        *entry = (struct keyed){c->keyed, key, NULL};
        c->keyed = entry;
    }
    entry->value = value;
    return 0;
}

void *garm_get(garm_ctx *c, const void *key)
{
    ctx_own(c);
    for (const struct keyed *entry = c->keyed; entry != NULL; entry = entry->next) {
        if (entry->key == key) {
            return entry->value;
        }
    }
    return NULL;
}

void *garm_app_data(garm_ctx *c)
{
    return c->worker->application->data;
}

garm_worker *garm_worker_of(garm_ctx *c)
{
    return c->worker;
}

void *garm_worker_data(garm_ctx *c)
{
    return c->worker->data;
}

void garm_random_bytes(void *out, size_t size)
{
    sys_random(out, size);
}

bool garm_secret_equal(const char *a, const char *b)
{
    const size_t a_len = strlen(a);
    const size_t b_len = strlen(b);
    /* Looks at all of b, whatever a is: the time tells its length, and nothing else. */
    unsigned difference = (unsigned)(a_len != b_len) | (unsigned)(a_len == 0);
    for (size_t i = 0; i < b_len; i++) {
        const unsigned char x = (unsigned char)a[a_len == b_len ? i : 0];
        difference |= (unsigned)(x ^ (unsigned char)b[i]);
    }
    return difference == 0;
}
