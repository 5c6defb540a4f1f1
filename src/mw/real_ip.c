/* The client's address behind proxies: only those listed are believed, nearest first. */
#include <garm/garm.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PART_LEN_MAX 64 /* of a part of the field that may be an address */

/* An IPv6 address; IPv4 as ::ffff:a.b.c.d. */
struct ip {
    unsigned char bytes[16];
};

struct network {
    struct ip ip;
    unsigned bits;
};

struct real_ip {
    struct network trusted[2 * GARM_REAL_IP_TRUSTED_MAX + 8];
    size_t count;
    bool unix_trusted;
    enum garm_real_ip_field field;
};

static bool parse_ip(const char *text, struct ip *ret_ip)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    struct ip ip;
    if (inet_pton(AF_INET6, text, ip.bytes) == 1) {
        *ret_ip = ip;
        return true;
    }
    memcpy(ip.bytes, mapped, sizeof(mapped));
    if (inet_pton(AF_INET, text, ip.bytes + sizeof(mapped)) != 1) {
        return false;
    }
    *ret_ip = ip;
    return true;
}

static bool within(const struct network *network, const struct ip *ip)
{
    const unsigned whole = network->bits / 8;
    const unsigned rest = network->bits % 8;
    if (memcmp(network->ip.bytes, ip->bytes, whole) != 0) {
        return false;
    }
    const unsigned mask = 0xffU << (8 - rest) & 0xffU;
    return rest == 0 || ((network->ip.bytes[whole] ^ ip->bytes[whole]) & mask) == 0;
}

static bool is_trusted(const struct real_ip *self, const char *text)
{
    struct ip ip;
    if (strcmp(text, "unix") == 0) {
        return self->unix_trusted;
    }
    if (!parse_ip(text, &ip)) {
        return false;
    }
    for (size_t i = 0; i < self->count; i++) {
        if (within(&self->trusted[i], &ip)) {
            return true;
        }
    }
    return false;
}

/* The parts of the field. */

/* Takes the last part, up to the comma before it, off text[0, *len). */
static size_t last_part(const char *text, size_t *len)
{
    bool quoted = false;
    size_t at = *len;
    while (at > 0 && (quoted || text[at - 1] != ',')) {
        quoted = quoted != (text[at - 1] == '"');
        at--;
    }
    *len = at > 0 ? at - 1 : 0;
    return at;
}

/* "1.2.3.4", "1.2.3.4:80", "[::1]", "[::1]:80", "::1", perhaps quoted: the address alone. */
static bool take_address(const char *part, size_t len, char *out)
{
    if (len >= 2 && part[0] == '"' && part[len - 1] == '"') {
        part++;
        len -= 2;
    }
    if (len == 0 || len >= PART_LEN_MAX) {
        return false;
    }
    const char *const colon = memchr(part, ':', len);
    if (part[0] == '[') {
        const char *const close = memchr(part, ']', len);
        len = close != NULL ? (size_t)(close - part - 1) : 0;
        part++;
    } else if (colon != NULL && memchr(colon + 1, ':', (size_t)(part + len - colon - 1)) == NULL) {
        len = (size_t)(colon - part);
    }
    memcpy(out, part, len);
    out[len] = '\0';
    struct ip ip;
    return parse_ip(out, &ip);
}

/* The value of for= within a part of Forwarded. */
static bool find_for(const char **part, size_t *len)
{
    const char *at = *part;
    const char *const end = at + *len;
    while (at < end) {
        at += strspn(at, "; \t");
        const char *const stop = memchr(at, ';', (size_t)(end - at));
        const size_t size = (size_t)((stop != NULL ? stop : end) - at);
        if (size > 4 && strncasecmp(at, "for=", 4) == 0) {
            *part = at + 4;
            *len = size - 4;
            return true;
        }
        at += size + (stop != NULL ? 1 : 0);
    }
    return false;
}

static bool part_address(const struct real_ip *self, const char *part, size_t len, char *out)
{
    while (len > 0 && (*part == ' ' || *part == '\t')) {
        part++;
        len--;
    }
    while (len > 0 && (part[len - 1] == ' ' || part[len - 1] == '\t')) {
        len--;
    }
    if (self->field == GARM_FORWARDED && !find_for(&part, &len)) {
        return false;
    }
    while (len > 0 && (part[len - 1] == ' ' || part[len - 1] == '\t')) {
        len--;
    }
    return take_address(part, len, out);
}

static int find_client(garm_ctx *c)
{
    static const char *const names[] = {
        [GARM_X_FORWARDED_FOR] = "X-Forwarded-For",
        [GARM_FORWARDED] = "Forwarded",
        [GARM_X_REAL_IP] = "X-Real-IP",
    };
    const struct real_ip *const self = garm_arg(c);
    if (!is_trusted(self, garm_client_ip(c))) {
        return garm_next(c);
    }
    const char *const text = garm_header(c, names[self->field]);
    size_t left = strlen(text);
    char address[PART_LEN_MAX] = "";
    char next[PART_LEN_MAX];
    while (left > 0 && (address[0] == '\0' || is_trusted(self, address))) {
        const size_t end = left;
        const size_t begin = last_part(text, &left);
        if (!part_address(self, text + begin, end - begin, next)) {
            break;
        }
        memcpy(address, next, sizeof(address));
    }
    if (address[0] != '\0') {
        GARM_TRY(garm_set_client_ip(c, address));
    }
    return garm_next(c);
}

/* Setting up. */

/* One to three digits. */
static bool parse_bits(const char *text, unsigned *ret_bits)
{
    const size_t len = strspn(text, "0123456789");
    unsigned bits = 0;
    if (len == 0 || len > 3 || text[len] != '\0') {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        bits = bits * 10 + (unsigned)(text[i] - '0');
    }
    *ret_bits = bits;
    return true;
}

static bool add_network(struct real_ip *self, const char *text)
{
    char host[PART_LEN_MAX];
    struct network network = {.bits = 128};
    const size_t len = strcspn(text, "/");
    if (len >= sizeof(host)) {
        return false;
    }
    memcpy(host, text, len);
    host[len] = '\0';
    if (!parse_ip(host, &network.ip)) {
        return false;
    }
    if (text[len] == '/') {
        const bool v4 = strchr(host, ':') == NULL;
        unsigned bits = 0;
        if (!parse_bits(text + len + 1, &bits) || bits > (v4 ? 32U : 128U)) {
            return false;
        }
        network.bits = bits + (v4 ? 96 : 0);
    }
    self->trusted[self->count++] = network;
    return true;
}

static bool add_trusted(struct real_ip *self, const char *text)
{
    if (strcmp(text, "unix") == 0) {
        self->unix_trusted = true;
        return true;
    }
    if (strcmp(text, "loopback") == 0) {
        return add_network(self, "127.0.0.0/8") && add_network(self, "::1");
    }
    if (strcmp(text, "private") == 0) {
        return add_network(self, "10.0.0.0/8") && add_network(self, "172.16.0.0/12") &&
               add_network(self, "192.168.0.0/16") && add_network(self, "fc00::/7");
    }
    return add_network(self, text);
}

void garm_real_ip_with(garm_app *app, const garm_real_ip_opts *opts)
{
    garm_real_ip_opts known = {0};
    memcpy(&known, opts, opts->size < sizeof(known) ? opts->size : sizeof(known));
    struct real_ip *const self = garm_app_alloc(app, sizeof(*self));
    if (self == NULL) {
        return;
    }
    self->field = known.field;
    if (known.field < GARM_X_FORWARDED_FOR || known.field > GARM_X_REAL_IP) {
        garm_fail_at(app, known.where, "garm_real_ip: there is no such .field");
        return;
    }
    if (known.trusted[0] == NULL) {
        garm_fail_at(app, known.where,
                     "garm_real_ip: .trusted is needed: without proxies the peer is the client");
    }
    for (size_t i = 0; i < GARM_REAL_IP_TRUSTED_MAX && known.trusted[i] != NULL; i++) {
        if (self->count + 4 > sizeof(self->trusted) / sizeof(self->trusted[0]) ||
            !add_trusted(self, known.trusted[i])) {
            garm_fail_at(app, known.where,
                         "garm_real_ip: \"%s\" is no address, network (\"10.0.0.0/8\"), "
                         "\"loopback\", \"private\" or \"unix\"",
                         known.trusted[i]);
            return;
        }
    }
    garm_use(app, find_client, .arg = self, .name = "real_ip", .always = true);
}
