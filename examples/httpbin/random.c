/* Random bytes. By seed: the Mersenne Twister MT19937 of Matsumoto and Nishimura (1998), seeded as
 * Python's random.seed does, so that a seed gives the bytes that httpbin.org gives for it. */
#include "httpbin.h"

#include <stdlib.h>
#include <sys/random.h>

#define WORDS  624
#define MIDDLE 397

static void init_by_number(struct random *random, uint32_t number)
{
    uint32_t *const x = random->state;
    x[0] = number;
    for (uint32_t i = 1; i < WORDS; i++) {
        x[i] = 1812433253U * (x[i - 1] ^ x[i - 1] >> 30) + i;
    }
    random->next = WORDS;
}

/* To the next word, around the end. */
static unsigned step(uint32_t *x, unsigned i)
{
    if (i + 1 < WORDS) {
        return i + 1;
    }
    x[0] = x[WORDS - 1];
    return 1;
}

static void init_by_key(struct random *random, const uint32_t *key, unsigned length)
{
    uint32_t *const x = random->state;
    unsigned i = 1;
    unsigned j = 0;
    init_by_number(random, 19650218U);
    for (unsigned k = 0; k < WORDS; k++) {
        x[i] = (x[i] ^ (x[i - 1] ^ x[i - 1] >> 30) * 1664525U) + key[j] + j;
        i = step(x, i);
        j = (j + 1) % length;
    }
    for (unsigned k = 1; k < WORDS; k++) {
        x[i] = (x[i] ^ (x[i - 1] ^ x[i - 1] >> 30) * 1566083941U) - i;
        i = step(x, i);
    }
    x[0] = 0x80000000U;
}

/* The key is the seed's magnitude, its lower half first, without leading zeros. */
void random_init(struct random *random, int64_t seed)
{
    const uint64_t magnitude = seed < 0 ? -(uint64_t)seed : (uint64_t)seed;
    const uint32_t key[] = {(uint32_t)magnitude, (uint32_t)(magnitude >> 32)};
    init_by_key(random, key, key[1] != 0 ? 2 : 1);
}

static void renew(uint32_t *x)
{
    for (unsigned i = 0; i < WORDS; i++) {
        const uint32_t y = (x[i] & 0x80000000U) | (x[(i + 1) % WORDS] & 0x7fffffffU);
        x[i] = x[(i + MIDDLE) % WORDS] ^ y >> 1 ^ ((y & 1) != 0 ? 0x9908b0dfU : 0);
    }
}

static uint32_t next_word(struct random *random)
{
    if (random->next == WORDS) {
        renew(random->state);
        random->next = 0;
    }
    uint32_t y = random->state[random->next++];
    y ^= y >> 11;
    y ^= y << 7 & 0x9d2c5680U;
    y ^= y << 15 & 0xefc60000U;
    return y ^ y >> 18;
}

/* As Python's randint(0, 255): nine bits, drawn again while they are too many. */
void random_fill(struct random *random, void *data, size_t size)
{
    unsigned char *const bytes = data;
    for (size_t i = 0; i < size; i++) {
        uint32_t bits = 0;
        do {
            bits = next_word(random) >> 23;
        } while (bits > 255);
        bytes[i] = (unsigned char)bits;
    }
}

/* The kernel's source does not fail once the machine is up. */
uint64_t random_u64(void)
{
    uint64_t value = 0;
    if (getrandom(&value, sizeof(value), 0) != (ssize_t)sizeof(value)) {
        abort();
    }
    return value;
}

double random_unit(void)
{
    return (double)(random_u64() >> 11) * 0x1p-53;
}
