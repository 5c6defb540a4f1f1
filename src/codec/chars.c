/* The byte classes. The ranges in the initialiser are GNU's: 256 single lines would hide the
 * rules. */
#include "codec/chars.h"

#define TEXT (CHAR_VALUE | CHAR_TARGET)
#define ANY  (TEXT | CHAR_TOKEN | CHAR_PATH | CHAR_QUERY | CHAR_HOST | CHAR_UNRESERVED)

const uint8_t char_classes[256] = {
    ['\t'] = CHAR_VALUE,
    [' '] = CHAR_VALUE,
    ['!'] = ANY & ~CHAR_UNRESERVED,
    ['"'] = TEXT,
    ['#'] = TEXT | CHAR_TOKEN,
    ['$'] = ANY & ~CHAR_UNRESERVED,
    ['%'] = TEXT | CHAR_TOKEN,
    ['&' ... '\''] = ANY & ~CHAR_UNRESERVED,
    ['(' ... ')'] = TEXT | CHAR_PATH | CHAR_QUERY | CHAR_HOST,
    ['*' ... '+'] = ANY & ~CHAR_UNRESERVED,
    [','] = TEXT | CHAR_PATH | CHAR_QUERY,
    ['-'] = ANY,
    ['.'] = ANY & ~CHAR_PATH,
    ['/'] = TEXT | CHAR_PATH | CHAR_QUERY,
    ['0' ... '9'] = ANY,
    [':'] = TEXT | CHAR_PATH | CHAR_QUERY,
    [';'] = TEXT | CHAR_PATH | CHAR_QUERY | CHAR_HOST,
    ['<'] = TEXT,
    ['='] = TEXT | CHAR_PATH | CHAR_QUERY | CHAR_HOST,
    ['>'] = TEXT,
    ['?'] = TEXT | CHAR_QUERY,
    ['@'] = TEXT | CHAR_PATH | CHAR_QUERY,
    ['A' ... 'Z'] = ANY,
    ['['] = TEXT | CHAR_PATH | CHAR_QUERY,
    ['\\'] = TEXT | CHAR_QUERY,
    [']'] = TEXT | CHAR_PATH | CHAR_QUERY,
    ['^'] = TEXT | CHAR_TOKEN | CHAR_QUERY,
    ['_'] = ANY,
    ['`'] = TEXT | CHAR_TOKEN | CHAR_QUERY,
    ['a' ... 'z'] = ANY,
    ['{'] = TEXT | CHAR_QUERY,
    ['|'] = TEXT | CHAR_TOKEN | CHAR_PATH | CHAR_QUERY,
    ['}'] = TEXT | CHAR_QUERY,
    ['~'] = ANY,
    [0x80 ... 0xff] = TEXT,
};
