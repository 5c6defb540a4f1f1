/* Numbers, durations and texts that come in. */
#include "httpbin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool read_int(const char *text, int64_t min, int64_t max, int64_t *ret_value)
{
    const char *const digits = text + (*text == '-');
    if (*digits == '\0' || digits[strspn(digits, "0123456789")] != '\0') {
        return false;
    }
    errno = 0;
    const long long value = strtoll(text, NULL, 10);
    if (errno != 0 || value < min || value > max) {
        return false;
    }
    *ret_value = value;
    return true;
}

bool param_int(garm_ctx *c, const char *name, int64_t min, int64_t max, int64_t *ret_value)
{
    return read_int(garm_param(c, name), min, max, ret_value);
}

/* Takes a decimal number off the text. strtod alone would take "inf", "0x1" and "1e9" as well. */
static bool take_decimal(const char **text, double *ret_value)
{
    const size_t len = strspn(*text, "0123456789.");
    char *end = NULL;
    const double value = strtod(*text, &end);
    if (len == 0 || end != *text + len) {
        return false;
    }
    *text = end;
    *ret_value = value;
    return true;
}

bool read_decimal(const char *text, double *ret_value)
{
    double value = 0;
    if (!take_decimal(&text, &value) || *text != '\0') {
        return false;
    }
    *ret_value = value;
    return true;
}

/* Takes a unit off the text: its seconds, or 0 for what is none. */
static double take_unit(const char **text)
{
    /* "ms" before "m": the first that fits is taken. */
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"ns", 1e-9}, {"us", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        const size_t len = strlen(units[i].name);
        if (strncmp(*text, units[i].name, len) == 0) {
            *text += len;
            return units[i].seconds;
        }
    }
    return 0;
}

bool read_duration(const char *text, int64_t *ret_ns)
{
    double seconds = 0;
    if (!read_decimal(text, &seconds)) {
        do {
            double amount = 0;
            if (!take_decimal(&text, &amount)) {
                return false;
            }
            const double unit = take_unit(&text);
            if (unit == 0) {
                return false;
            }
            seconds += amount * unit;
        } while (*text != '\0');
    }
    *ret_ns = (int64_t)((seconds < 3600 ? seconds : 3600) * 1e9);
    return true;
}

bool query_duration(garm_ctx *c, const char *name, int64_t def_ns, int64_t *ret_ns)
{
    if (!garm_has_query(c, name)) {
        *ret_ns = def_ns;
        return true;
    }
    return read_duration(garm_query(c, name), ret_ns);
}

/* How many bytes follow the first one of a character, or -1. */
static int follow_count(unsigned char first)
{
    return first < 0x80                     ? 0
           : first >= 0xc2 && first <= 0xdf ? 1
           : first >= 0xe0 && first <= 0xef ? 2
           : first >= 0xf0 && first <= 0xf4 ? 3
                                            : -1;
}

/* The bounds of the second byte keep out overlong forms, surrogates, and what is past U+10FFFF. */
static bool second_fits(unsigned char first, unsigned char second)
{
    const unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    return second >= low && second <= high;
}

bool is_utf8(const char *text, size_t size)
{
    const unsigned char *const bytes = (const unsigned char *)text;
    for (size_t i = 0; i < size; i++) {
        const unsigned char first = bytes[i];
        const int follow = follow_count(first);
        if (follow < 0 || (size_t)follow >= size - i) {
            return false;
        }
        for (int k = 1; k <= follow; k++) {
            const unsigned char byte = bytes[++i];
            if ((byte & 0xc0) != 0x80 || (k == 1 && !second_fits(first, byte))) {
                return false;
            }
        }
    }
    return true;
}

bool is_token(const char *text)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                  "!#$%&'*+-.^_`|~";
    return *text != '\0' && text[strspn(text, allowed)] == '\0';
}

bool is_dangerous_type(const char *type)
{
    static const char *const harmless[] = {"text/plain", "application/json",
                                           "application/octet-stream"};
    const size_t len = strcspn(type, "; \t");
    for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
        if (strlen(harmless[i]) == len && strncasecmp(type, harmless[i], len) == 0) {
            return false;
        }
    }
    return true;
}
