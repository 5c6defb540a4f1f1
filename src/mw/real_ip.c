/* The client's address behind proxies: only those listed are believed, nearest first. */
#include <garm/garm.h>

#include "mw/valid.h"

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

static const struct ip mapped_prefix = {{[10] = 0xff, [11] = 0xff}};

static bool parse_ip(const char *text, struct ip *ret_ip)
{
    struct ip ip = mapped_prefix;
    const bool v6 = strchr(text, ':') != NULL;
    if (inet_pton(v6 ? AF_INET6 : AF_INET, text, ip.bytes + (v6 ? 0 : 12)) != 1) {
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

struct text {
    const char *ptr;
    size_t len;
};

static struct text trim(struct text text)
{
    while (text.len > 0 && (*text.ptr == ' ' || *text.ptr == '\t')) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t')) {
        text.len--;
    }
    return text;
}

/* How far it is to the first `mark` outside of quotes, or to the end. */
static size_t up_to(struct text text, char mark)
{
    bool quoted = false;
    size_t i = 0;
    while (i < text.len && (quoted || text.ptr[i] != mark)) {
        if (quoted && text.ptr[i] == '\\' && i + 1 < text.len) {
            i++;
        } else if (text.ptr[i] == '"') {
            quoted = !quoted;
        }
        i++;
    }
    return i;
}

/* Takes the first part, and the mark behind it, off the text. */
static struct text next_part(struct text *text, char mark)
{
    const size_t len = up_to(*text, mark);
    const size_t skip = len < text->len ? len + 1 : len;
    const struct text part = {text->ptr, len};
    text->ptr += skip;
    text->len -= skip;
    return trim(part);
}

/* A port: digits, or a name that begins with '_' (RFC 7239 section 6). */
static bool is_port(struct text port)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const bool named = port.len > 1 && port.ptr[0] == '_';
    size_t i = named ? 1 : 0;
    while (i < port.len && memchr(letters, port.ptr[i], named ? sizeof(letters) - 1 : 0) != NULL) {
        i++;
    }
    while (!named && i < port.len && port.ptr[i] >= '0' && port.ptr[i] <= '9') {
        i++;
    }
    return port.len > 0 && port.len <= 16 && i == port.len;
}

/* Cuts ":80" off an address: "1.2.3.4:80", "[::1]:80", "[::1]". An IPv6 address without brackets
 * has no port. */
static bool cut_port(struct text *text)
{
    const char *const end = text->ptr + text->len;
    const char *host_end = end;
    if (text->ptr[0] == '[') {
        host_end = memchr(text->ptr, ']', text->len);
        if (host_end == NULL) {
            return false;
        }
        const struct text rest = {host_end + 1, (size_t)(end - host_end - 1)};
        text->ptr++;
        text->len = (size_t)(host_end - text->ptr);
        return memchr(text->ptr, ':', text->len) != NULL &&
               (rest.len == 0 ||
                (rest.ptr[0] == ':' && is_port((struct text){rest.ptr + 1, rest.len - 1})));
    }
    const char *const colon = memchr(text->ptr, ':', text->len);
    if (colon == NULL || memchr(colon + 1, ':', (size_t)(end - colon - 1)) != NULL) {
        return true;
    }
    text->len = (size_t)(colon - text->ptr);
    return is_port((struct text){colon + 1, (size_t)(end - colon - 1)});
}

/* "1.2.3.4", "1.2.3.4:80", "[::1]", "[::1]:80", "::1": the address alone, one of IPv4 always in its
 * own form. */
static bool take_address(struct text part, char *out)
{
    struct ip ip;
    if (part.len == 0 || part.len >= PART_LEN_MAX || !cut_port(&part)) {
        return false;
    }
    memcpy(out, part.ptr, part.len);
    out[part.len] = '\0';
    if (!parse_ip(out, &ip)) {
        return false;
    }
    if (strchr(out, ':') == NULL) {
        return true; /* of IPv4 inet_pton takes one spelling only */
    }
    const bool v4 = within(&(struct network){mapped_prefix, 96}, &ip);
    return inet_ntop(v4 ? AF_INET : AF_INET6, ip.bytes + (v4 ? 12 : 0), out, PART_LEN_MAX) != NULL;
}

static struct text unquote(struct text text)
{
    const bool quoted = text.len >= 2 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"';
    return quoted ? (struct text){text.ptr + 1, text.len - 2} : text;
}

/* The value of for= within an element of Forwarded; nothing if it has none. */
static struct text find_for(struct text element)
{
    while (element.len > 0) {
        const struct text pair = next_part(&element, ';');
        if (pair.len > 4 && strncasecmp(pair.ptr, "for=", 4) == 0) {
            return unquote((struct text){pair.ptr + 4, pair.len - 4});
        }
    }
    return element;
}

/* Where the last part begins: behind the last comma. Quotes are those of Forwarded alone, and are
 * counted from the end: one that a client left open swallows nothing that a proxy wrote behind
 * it. */
static size_t last_begins(struct text text, bool quotes)
{
    bool quoted = false;
    size_t i = text.len;
    while (i > 0 && (quoted || text.ptr[i - 1] != ',')) {
        i--;
        if (quotes && text.ptr[i] == '"' && !(quoted && i > 0 && text.ptr[i - 1] == '\\')) {
            quoted = !quoted;
        }
    }
    return i;
}

/* Takes the last part that is not empty off the text. */
static struct text last_part(struct text *text, bool quotes)
{
    struct text part = {text->ptr, 0};
    while (part.len == 0 && text->len > 0) {
        const size_t begin = last_begins(*text, quotes);
        part = trim((struct text){text->ptr + begin, text->len - begin});
        text->len = begin > 0 ? begin - 1 : 0;
    }
    return part;
}

/* Walks from the end, where the nearest proxy wrote, as long as those who wrote are trusted. The
 * address that the walk ends at goes to `address`; "" if there is none. */
static void walk(const struct real_ip *self, struct text field, char *address)
{
    const bool standard = self->field == GARM_FORWARDED;
    address[0] = '\0';
    while (field.len > 0 && (address[0] == '\0' || is_trusted(self, address))) {
        const struct text part = last_part(&field, standard);
        char next[PART_LEN_MAX];
        if (!take_address(standard ? find_for(part) : part, next)) {
            return;
        }
        memcpy(address, next, sizeof(next));
    }
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
    char address[PART_LEN_MAX];
    walk(self, (struct text){text, strlen(text)}, address);
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

/* Has a network bits behind its prefix ("10.0.0.1/8")? Then it is said which one is meant. */
static bool is_exact(garm_app *app, const char *where, const struct network *network,
                     const char *text)
{
    const bool v4 = strchr(text, ':') == NULL;
    struct ip begin = {{0}};
    char meant[PART_LEN_MAX] = "";
    for (unsigned i = 0; i < network->bits; i++) {
        begin.bytes[i / 8] |= (unsigned char)(network->ip.bytes[i / 8] & 0x80U >> i % 8);
    }
    if (memcmp(begin.bytes, network->ip.bytes, sizeof(begin.bytes)) == 0) {
        return true;
    }
    inet_ntop(v4 ? AF_INET : AF_INET6, begin.bytes + (v4 ? 12 : 0), meant, sizeof(meant));
    garm_fail_at(app, where,
                 "garm_real_ip: \"%s\" is an address within a network; the network is \"%s/%u\", "
                 "and the address is written without the '/'",
                 text, meant, network->bits - (v4 ? 96U : 0U));
    return false;
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
    GARM_OPTS_READ_(&known, opts);
    (void)VALID_LIST(app, known.where, "garm_real_ip: .trusted", known.trusted);
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
        if (self->count > 0 &&
            !is_exact(app, known.where, &self->trusted[self->count - 1], known.trusted[i])) {
            return;
        }
    }
    garm_use(app, find_client, .arg = self, .name = "real_ip", .always = true);
}
