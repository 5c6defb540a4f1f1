/* Numbers, sizes, durations, escapes. Pure functions of bytes. */
#include "base/text.h"
#include "base/limits.h"

#include <errno.h>
#include <string.h>

static const char digit_pairs[] = "00010203040506070809"
                                  "10111213141516171819"
                                  "20212223242526272829"
                                  "30313233343536373839"
                                  "40414243444546474849"
                                  "50515253545556575859"
                                  "60616263646566676869"
                                  "70717273747576777879"
                                  "80818283848586878889"
                                  "90919293949596979899";

static const char hex_digits[] = "0123456789abcdef";

size_t text_from_u64(uint64_t value, char *out)
{
    char digits[TEXT_INT_MAX];
    char *const end = digits + sizeof(digits);
    char *at = end;
    while (value >= 100) {
        at -= 2;
        memcpy(at, digit_pairs + value % 100 * 2, 2);
        value /= 100;
    }
    if (value >= 10) {
        at -= 2;
        memcpy(at, digit_pairs + value * 2, 2);
    } else {
        *--at = (char)('0' + value);
    }
    memcpy(out, at, (size_t)(end - at));
    return (size_t)(end - at);
}

size_t text_from_i64(int64_t value, char *out)
{
    if (value >= 0) {
        return text_from_u64((uint64_t)value, out);
    }
    *out = '-';
    return 1 + text_from_u64(0 - (uint64_t)value, out + 1);
}

size_t text_from_hex(uint64_t value, char *out)
{
    size_t count = 1;
    while (count < 16 && value >> (4 * count) != 0) {
        count++;
    }
    for (size_t i = count; i-- > 0; value >>= 4) {
        out[i] = hex_digits[value & 15];
    }
    return count;
}

/* How many digits `s` begins with. */
static size_t digit_count(struct slice s)
{
    size_t count = 0;
    while (count < s.len && text_is_digit(s.ptr[count])) {
        count++;
    }
    return count;
}

int text_to_u64(struct slice s, uint64_t *ret_value)
{
    if (s.len == 0 || digit_count(s) != s.len) {
        return -EINVAL;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < s.len; i++) {
        const uint64_t digit = (uint64_t)(s.ptr[i] - '0');
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, digit, &value)) {
            return -ERANGE;
        }
    }
    *ret_value = value;
    return 0;
}

int text_to_i64(struct slice s, int64_t *ret_value)
{
    const bool negative = s.len > 0 && s.ptr[0] == '-';
    uint64_t value;
    TRY(text_to_u64(negative ? slice_of(s.ptr + 1, s.len - 1) : s, &value));
    if (value > (uint64_t)INT64_MAX + negative) {
        return -ERANGE;
    }
    *ret_value = (int64_t)(negative ? 0 - value : value);
    return 0;
}

int text_hex_digit(char c)
{
    if (text_is_digit(c)) {
        return c - '0';
    }
    const char lower = text_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* A unit of time. */
struct unit {
    struct slice name;
    int64_t ns;
};

int text_to_duration(struct slice s, int64_t *ret_ns)
{
    static const struct unit units[] = {
        {SLICE_INIT("ms"), NS_PER_MS},
        {SLICE_INIT("s"), NS_PER_SEC},
        {SLICE_INIT("m"), 60 * NS_PER_SEC},
        {SLICE_INIT("h"), 3600 * NS_PER_SEC},
    };
    const size_t digits = digit_count(s);
    const struct slice name = slice_of(s.ptr + digits, s.len - digits);
    size_t i = 0;
    while (i < COUNT_OF(units) && !slice_eq(units[i].name, name)) {
        i++;
    }
    if (digits == 0 || i == COUNT_OF(units)) {
        return -EINVAL;
    }
    uint64_t value;
    int64_t ns;
    TRY(text_to_u64(slice_of(s.ptr, digits), &value));
    if (__builtin_mul_overflow(value, units[i].ns, &ns)) {
        return -ERANGE;
    }
    *ret_ns = ns;
    return 0;
}

/* Writes `c` plainly or as \xNN; returns the count. */
static size_t escape_byte(char c, char out[4])
{
    if (c >= ' ' && c <= '~') {
        out[0] = c;
        return 1;
    }
    const unsigned byte = (unsigned char)c;
    out[0] = '\\';
    out[1] = 'x';
    out[2] = hex_digits[byte >> 4];
    out[3] = hex_digits[byte & 15];
    return 4;
}

const char *text_printable(struct slice s, char *out, size_t cap)
{
    static const char cut[] = "...";
    CHECK(cap >= 8);
    size_t len = 0;
    size_t len_before_cut = 0; /* of the longest whole part that leaves room for the dots */
    for (size_t i = 0; i < s.len; i++) {
        char unit[4];
        const size_t count = escape_byte(s.ptr[i], unit);
        if (len + count + 1 > cap) {
            memcpy(out + len_before_cut, cut, sizeof(cut));
            return out;
        }
        memcpy(out + len, unit, count);
        len += count;
        len_before_cut = len + sizeof(cut) <= cap ? len : len_before_cut;
    }
    out[len] = '\0';
    return out;
}

#define DISTANCE_LEN_MAX 64

static size_t min_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance, one row of the table at a time. */
size_t text_distance(struct slice a, struct slice b)
{
    if (a.len > DISTANCE_LEN_MAX || b.len > DISTANCE_LEN_MAX) {
        return SIZE_MAX;
    }
    size_t row[DISTANCE_LEN_MAX + 1];
    for (size_t j = 0; j <= b.len; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0]; /* the row above, one column to the left */
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            const size_t replaced = diagonal + (a.ptr[i - 1] != b.ptr[j - 1]);
            diagonal = row[j];
            row[j] = min_of(replaced, min_of(row[j], row[j - 1]) + 1);
        }
    }
    return row[b.len];
}
