/* xoshiro256** 1.0 and, for its seed, splitmix64 (Blackman and Vigna, "Scrambled linear
 * pseudorandom number generators", 2018; Steele, Lea and Flood 2014). */
#include "base/random.h"
#include "base/compiler.h"

static uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static uint64_t splitmix(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = *state;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

void random_seed(struct random *random, uint64_t seed)
{
    for (unsigned i = 0; i < COUNT_OF(random->state); i++) {
        random->state[i] = splitmix(&seed);
    }
}

uint64_t random_u64(struct random *random)
{
    uint64_t *const s = random->state;
    const uint64_t number = rotate(s[1] * 5, 7) * 9;
    const uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate(s[3], 45);
    return number;
}

uint64_t random_below(struct random *random, uint64_t bound)
{
    CHECK(bound > 0);
    /* 2^64 mod bound: numbers below it would make the low remainders likelier. */
    const uint64_t unfair = (0 - bound) % bound;
    uint64_t number;
    do {
        number = random_u64(random);
    } while (number < unfair);
    return number % bound;
}

bool random_percent(struct random *random, unsigned percent)
{
    return random_below(random, 100) < percent;
}
