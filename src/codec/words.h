/* Comparing short texts a word at a time, without a call. */
#ifndef GARM_CODEC_WORDS_H
#define GARM_CODEC_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t word_load8(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof(word));
    return word;
}

static inline uint32_t word_load4(const char *p)
{
    uint32_t word;
    memcpy(&word, p, sizeof(word));
    return word;
}

/* Are eight bytes those of a name, but for the case of its letters? The name has letters, of
 * which bit 6 is set, digits and '-', of which it is not. */
static inline bool word_same_nocase(uint64_t word, uint64_t name)
{
    const uint64_t case_bits = name >> 1 & UINT64_C(0x2020202020202020);
    return ((word ^ name) & ~case_bits) == 0;
}

/* The same for a whole name of letters, digits and '-'. Words overlap rather than read past an
 * end. */
static inline bool name_same_nocase(const char *text, const char *name, size_t len)
{
    if (len >= 8) {
        for (size_t i = 0; i + 8 < len; i += 8) {
            if (!word_same_nocase(word_load8(text + i), word_load8(name + i))) {
                return false;
            }
        }
        return word_same_nocase(word_load8(text + len - 8), word_load8(name + len - 8));
    }
    if (len >= 4) {
        return word_same_nocase(word_load4(text), word_load4(name)) &&
               word_same_nocase(word_load4(text + len - 4), word_load4(name + len - 4));
    }
    for (size_t i = 0; i < len; i++) {
        if (!word_same_nocase((unsigned char)text[i], (unsigned char)name[i])) {
            return false;
        }
    }
    return true;
}

#endif
