/* Parameters of field values (RFC 9110 section 5.6.6), resolved in place. */
#include "codec/multipart.h"

#include "codec/chars.h"

#include <errno.h>
#include <string.h>

static char *skip_blanks(char *pos, const char *end)
{
    while (pos < end && char_is_blank(*pos)) {
        pos++;
    }
    return pos;
}

/* Goes behind the semicolons. True if there was one, or nothing at all is left. */
static bool skip_semicolons(char **pos, const char *end)
{
    char *at = skip_blanks(*pos, end);
    bool found = at == end;
    while (at < end && *at == ';') {
        found = true;
        at = skip_blanks(at + 1, end);
    }
    *pos = at;
    return found;
}

/* A quote, as browsers (the URL standard's form data) and curl escape it, and curl's backslash. Any
 * other backslash is part of a name, such as "C:\temp". */
static size_t escape_len(const char *pos, const char *end)
{
    const size_t left = (size_t)(end - pos);
    if (left >= 2 && pos[0] == '\\' && (pos[1] == '"' || pos[1] == '\\')) {
        return 2;
    }
    return left >= 3 && memcmp(pos, "%22", 3) == 0 ? 3 : 1;
}

/* The text behind an opening quote, up to the closing one. */
static int take_quoted(char **pos, char *end, struct slice *ret_value)
{
    char *out = *pos;
    char *at = *pos;
    while (at < end && *at != '"') {
        const size_t len = escape_len(at, end);
        *out++ = (char)(len == 3 ? '"' : at[len - 1]);
        at += len;
    }
    if (at == end) {
        return -EINVAL;
    }
    *ret_value = slice_of(*pos, (size_t)(out - *pos));
    *pos = at + 1;
    return 0;
}

static int take_token(char **pos, const char *end, struct slice *ret_token)
{
    const size_t len = char_run(*pos, (size_t)(end - *pos), CHAR_TOKEN);
    if (len == 0) {
        return -EINVAL;
    }
    *ret_token = slice_of(*pos, len);
    *pos += len;
    return 0;
}

int param_next(char **pos, char *end, struct param *ret_param)
{
    char *at = *pos;
    struct param param;
    if (!skip_semicolons(&at, end)) {
        return -EINVAL;
    }
    if (at == end) {
        *pos = at;
        return 0;
    }
    TRY(take_token(&at, end, &param.name));
    if (at == end || *at != '=') {
        return -EINVAL;
    }
    at++;
    if (at < end && *at == '"') {
        at++;
        TRY(take_quoted(&at, end, &param.value));
    } else {
        TRY(take_token(&at, end, &param.value));
    }
    *pos = at;
    *ret_param = param;
    return 1;
}
