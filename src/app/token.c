/* Tokens: bytes with the time they were made at and how long they are good for, signed or sealed,
 * as base64url. Whatever is wrong with one, it is the same answer. */
#include "app/keys.h"

#include "app/base64url.h"

#include <garm/task.h>

#include <endian.h>

/* How far the clocks of two servers may be apart. */
#define SKEW_S 300
/* Longer texts are no tokens of ours. */
#define TEXT_LEN_MAX KIB(16)

static int64_t now_s(void)
{
    return garm_wall_ns() / NS_PER_SEC;
}

/* Kind, time of making, life in seconds. */
static void put_head(unsigned char *out, enum token_kind kind, int64_t life_s)
{
    const uint64_t made = htobe64((uint64_t)now_s());
    const uint32_t life = htobe32((uint32_t)life_s);
    out[0] = (unsigned char)kind;
    memcpy(out + 1, &made, sizeof(made));
    memcpy(out + 9, &life, sizeof(life));
}

static bool is_of_age(const unsigned char *head, int64_t age_max_s)
{
    uint64_t made = 0;
    uint32_t life = 0;
    memcpy(&made, head + 1, sizeof(made));
    memcpy(&life, head + 9, sizeof(life));
    const int64_t age_s = now_s() - (int64_t)be64toh(made);
    return age_s >= -SKEW_S && age_s <= (int64_t)be32toh(life) &&
           (age_max_s == 0 || age_s <= age_max_s);
}

static struct slice bytes(const unsigned char *at, size_t size)
{
    return slice_of((const char *)at, size);
}

/* Making. `plain` is head and data. */

static int sign(const struct key_ring *ring, struct slice name, struct slice plain,
                unsigned char *out, size_t *ret_size)
{
    memcpy(out, plain.ptr, plain.len);
    *ret_size = plain.len + SEAL_MAC_SIZE;
    return seal_mac(ring->keys[0], SEAL_SIGN, name, plain, out + plain.len);
}

static int seal(const struct key_ring *ring, struct slice name, struct slice plain,
                unsigned char *out, size_t *ret_size)
{
    *ret_size = plain.len + SEAL_OVERHEAD;
    return seal_encrypt(ring->keys[0], name, plain, out);
}

const char *token_make(garm_ctx *c, garm_keys *keys, enum token_kind kind, struct slice name,
                       struct slice data, int64_t life_s)
{
    const struct key_ring *const ring = keys_ring(c, keys);
    const size_t plain_size = TOKEN_HEAD_SIZE + data.len;
    const size_t size_max = plain_size + SEAL_OVERHEAD;
    unsigned char *const plain = ctx_alloc(c, plain_size);
    unsigned char *const raw = ctx_alloc(c, size_max);
    char *const text = ctx_alloc(c, base64url_len(size_max) + 1);
    if (ring == NULL || plain == NULL || raw == NULL || text == NULL) {
        return NULL;
    }
    put_head(plain, kind, life_s < COOKIE_AGE_MAX_S ? life_s : COOKIE_AGE_MAX_S);
    if (data.len > 0) {
        memcpy(plain + TOKEN_HEAD_SIZE, data.ptr, data.len);
    }
    size_t size = 0;
    const int rc =
        (kind == TOKEN_SIGNED ? sign : seal)(ring, name, bytes(plain, plain_size), raw, &size);
    if (rc < 0) {
        ctx_poison(c);
        return NULL;
    }
    base64url_encode(raw, size, text);
    return text;
}

/* Reading, with one key after another. */

static int verify(const struct key_ring *ring, struct slice name, unsigned char *raw, size_t size,
                  struct slice *ret_plain)
{
    if (size < TOKEN_HEAD_SIZE + SEAL_MAC_SIZE) {
        return -EBADMSG;
    }
    const struct slice plain = bytes(raw, size - SEAL_MAC_SIZE);
    for (size_t i = 0; i < ring->count; i++) {
        unsigned char mac[SEAL_MAC_SIZE];
        TRY(seal_mac(ring->keys[i], SEAL_SIGN, name, plain, mac));
        if (seal_equal(mac, raw + plain.len, sizeof(mac))) {
            *ret_plain = plain;
            return 0;
        }
    }
    return -EBADMSG;
}

static int unseal(const struct key_ring *ring, struct slice name, unsigned char *raw, size_t size,
                  unsigned char *room, struct slice *ret_plain)
{
    if (size < TOKEN_HEAD_SIZE + SEAL_OVERHEAD) {
        return -EBADMSG;
    }
    for (size_t i = 0; i < ring->count; i++) {
        const int rc = seal_decrypt(ring->keys[i], name, bytes(raw, size), room);
        if (rc == 0) {
            *ret_plain = bytes(room, size - SEAL_OVERHEAD);
        }
        if (rc != -EBADMSG) {
            return rc;
        }
    }
    return -EBADMSG;
}

int token_read(garm_ctx *c, garm_keys *keys, enum token_kind kind, struct slice name,
               struct slice text, int64_t age_max_s, struct slice *ret_data)
{
    if (text.len == 0 || text.len > TEXT_LEN_MAX) {
        return -EBADMSG;
    }
    const struct key_ring *const ring = keys_ring(c, keys);
    const size_t size = base64url_size(text.len);
    unsigned char *const raw = ctx_alloc(c, size + 1);
    unsigned char *const room = ctx_alloc(c, size + 1);
    if (ring == NULL || raw == NULL || room == NULL) {
        return -ENOMEM;
    }
    if (base64url_decode(text, raw) < 0) {
        return -EBADMSG;
    }
    struct slice plain = {0};
    const int rc = kind == TOKEN_SIGNED ? verify(ring, name, raw, size, &plain)
                                        : unseal(ring, name, raw, size, room, &plain);
    if (rc == -ENOMEM) {
        ctx_poison(c);
    }
    TRY(rc);
    if (plain.ptr[0] != (char)kind || !is_of_age((const unsigned char *)plain.ptr, age_max_s)) {
        return -EBADMSG;
    }
    unsigned char *const end = (kind == TOKEN_SIGNED ? raw : room) + plain.len;
    *end = '\0'; /* the mark has been looked at */
    *ret_data = slice_of(plain.ptr + TOKEN_HEAD_SIZE, plain.len - TOKEN_HEAD_SIZE);
    return 0;
}
