/* Well-formed byte sequences (Unicode 15, table 3-7): no surrogates, nothing overlong, at most
 * U+10FFFF. */
#include "base/utf8.h"

/* How many bytes a sequence with this first byte has; 0: none begins so. */
static size_t sequence_size(unsigned char first)
{
    if (first < 0x80) {
        return 1;
    }
    if (first < 0xc2 || first > 0xf4) {
        return 0;
    }
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* The second byte carries the bounds that the first one leaves open. */
static bool second_valid(unsigned char first, unsigned char second)
{
    switch (first) {
    case 0xe0: return second >= 0xa0 && second <= 0xbf;
    case 0xed: return second >= 0x80 && second <= 0x9f;
    case 0xf0: return second >= 0x90 && second <= 0xbf;
    case 0xf4: return second >= 0x80 && second <= 0x8f;
    default: return second >= 0x80 && second <= 0xbf;
    }
}

size_t utf8_take(const char *p, size_t len, bool *ret_valid)
{
    const unsigned char first = (unsigned char)p[0];
    const size_t size = sequence_size(first);
    size_t count = 1;
    while (count < size && count < len) {
        const unsigned char next = (unsigned char)p[count];
        const bool valid = count == 1 ? second_valid(first, next) : (next & 0xc0) == 0x80;
        if (!valid) {
            break;
        }
        count++;
    }
    *ret_valid = count == size;
    return count;
}
