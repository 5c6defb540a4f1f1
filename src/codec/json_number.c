/* Is a decimal number beyond the doubles? Decided by its digits, without rounding: from 2^1024 -
 * 2^970 on, half a unit above the largest double, the nearest one would be an infinity. */
#include "base/text.h"
#include "codec/json.h"

#include <string.h>

/* The digits of 2^1024 - 2^970; its first one counts 10^308. */
static const char bound[] =
    "1797693134862315807937289714053034150799341327100378269361737789804449682927647509466490179775"
    "8720709633028641669288791094655554785194040263065748867150582068190890200070838367627385484581"
    "7711531764475730270069855571366959622842914819860834936475292719074168444365510704342711559699"
    "508093042880177904174497792";
#define BOUND_EXPONENT 308
#define EXPONENT_CAP   1000000000 /* beyond any length of a text */

/* The exponent behind 'e', held within the cap. */
static int64_t read_exponent(struct slice digits)
{
    int64_t value = 0;
    const bool negative = digits.len > 0 && digits.ptr[0] == '-';
    for (size_t i = 0; i < digits.len; i++) {
        if (text_is_digit(digits.ptr[i]) && value < EXPONENT_CAP) {
            value = value * 10 + (digits.ptr[i] - '0');
        }
    }
    return negative ? -value : value;
}

/* Compares the digits of `mantissa` from its first that is not zero, skipping a point. */
static bool reaches_bound(struct slice mantissa)
{
    size_t at = 0;
    for (size_t i = 0; i < mantissa.len && at < sizeof(bound) - 1; i++) {
        if (mantissa.ptr[i] == '.') {
            continue;
        }
        if (mantissa.ptr[i] != bound[at]) {
            return mantissa.ptr[i] > bound[at];
        }
        at++;
    }
    while (at < sizeof(bound) - 1 && bound[at] == '0') {
        at++;
    }
    return at == sizeof(bound) - 1;
}

bool json_number_overflows(struct slice text)
{
    size_t end = slice_find(text, 'e');
    end = end == text.len ? slice_find(text, 'E') : end;
    struct slice mantissa = slice_of(text.ptr, end);
    int64_t exponent = 0;
    if (end < text.len) {
        exponent = read_exponent(slice_of(text.ptr + end + 1, text.len - end - 1));
    }
    const size_t point = slice_find(mantissa, '.');
    size_t first = 0;
    while (first < mantissa.len && (mantissa.ptr[first] < '1' || mantissa.ptr[first] > '9')) {
        first++;
    }
    if (first == mantissa.len) {
        return false; /* zero */
    }
    exponent += first < point ? (int64_t)(point - first) - 1 : -(int64_t)(first - point);
    mantissa = slice_of(mantissa.ptr + first, mantissa.len - first);
    return exponent > BOUND_EXPONENT || (exponent == BOUND_EXPONENT && reaches_bound(mantissa));
}
