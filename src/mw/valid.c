/* See valid.h. */
#include "mw/valid.h"

#include <string.h>

#define LOWER_LETTERS "abcdefghijklmnopqrstuvwxyz"
#define UPPER_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS        "0123456789"

bool valid_token(const char *text)
{
    return text != NULL && text[0] != '\0' &&
           text[strspn(text, "!#$%&'*+-.^_`|~" DIGITS LOWER_LETTERS UPPER_LETTERS)] == '\0';
}

bool valid_label(const char *text)
{
    const size_t len = text != NULL ? strspn(text, "_-" DIGITS LOWER_LETTERS) : 0;
    return len > 0 && len <= VALID_LABEL_MAX && text[len] == '\0';
}

bool valid_printable(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f) {
            return false;
        }
    }
    return true;
}
