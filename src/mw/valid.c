/* See valid.h. */
#include "mw/valid.h"

#include <garm/app.h>

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

static bool is_empty(const unsigned char *item, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (item[i] != 0) {
            return false;
        }
    }
    return true;
}

bool valid_list(garm_app *app, const char *where, const char *what, const void *list, size_t count,
                size_t item_size)
{
    const unsigned char *const items = list;
    size_t end = 0;
    while (end < count && !is_empty(items + end * item_size, item_size)) {
        end++;
    }
    const bool whole = end == count || is_empty(items + end * item_size, (count - end) * item_size);
    if (!whole) {
        garm_fail_at(app, where,
                     "%s[%zu] is empty, and what stands behind it would be ignored: leave no gap",
                     what, end);
    }
    return whole;
}
