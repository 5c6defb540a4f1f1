/* See jwt_scope.h. */
#include "mw/jwt_scope.h"

#include <string.h>

bool jwt_scope_valid(const char *scope)
{
    char before = ' ';
    for (; *scope != '\0'; scope++) {
        if (*scope < ' ' || *scope > '~' || *scope == '"' || *scope == '\\' ||
            (*scope == ' ' && before == ' ')) {
            return false;
        }
        before = *scope;
    }
    return before != ' ';
}

/* Up to the next space, or the end. */
static size_t word_len(const char *text, size_t size)
{
    const char *const space = memchr(text, ' ', size);
    return space != NULL ? (size_t)(space - text) : size;
}

static bool text_has(const garm_json_value *value, const char *word, size_t len)
{
    size_t left = 0;
    const char *at = garm_json_text(value, &left);
    while (at != NULL && left > 0) {
        const size_t found = word_len(at, left);
        if (found == len && memcmp(at, word, len) == 0) {
            return true;
        }
        const size_t step = found < left ? found + 1 : found;
        at += step;
        left -= step;
    }
    return false;
}

static bool array_has(const garm_json_value *array, const char *word, size_t len)
{
    for (size_t i = 0; i < garm_json_count(array); i++) {
        size_t size = 0;
        const char *const text = garm_json_text(garm_json_item(array, i, NULL), &size);
        if (text != NULL && size == len && memcmp(text, word, len) == 0) {
            return true;
        }
    }
    return false;
}

bool jwt_scope_granted(const garm_json_value *claims, const char *scope)
{
    const garm_json_value *value = garm_json_member_of(claims, "scope");
    value = value != NULL ? value : garm_json_member_of(claims, "scp");
    const bool is_array = garm_json_type_of(value) == GARM_JSON_ARRAY;
    for (const char *word = scope; *word != '\0';) {
        const size_t len = word_len(word, strlen(word));
        if (is_array ? !array_has(value, word, len) : !text_has(value, word, len)) {
            return false;
        }
        word += len;
        word += *word == ' ';
    }
    return true;
}
