/* A slice: bytes that somebody else owns, with their count. Never NUL-terminated by promise. */
#ifndef GARM_BASE_SLICE_H
#define GARM_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
    const char *ptr; /* may be NULL only if len is 0 */
    size_t len;
};

/* A slice over a string literal. */
#define SLICE(literal) ((struct slice){"" literal, sizeof(literal) - 1})
/* The same as an initialiser, for tables. */
#define SLICE_INIT(literal)                                                                        \
    {                                                                                              \
        "" literal, sizeof(literal) - 1                                                            \
    }
/* For printf's "%.*s". */
#define SLICE_ARG(s) (int)(s).len, (s).ptr

static inline struct slice slice_of(const char *ptr, size_t len)
{
    return (struct slice){ptr, len};
}

static inline struct slice slice_cstr(const char *text)
{
    return (struct slice){text, text == NULL ? 0 : strlen(text)};
}

static inline bool slice_eq(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Equal but for the case of ASCII letters. */
bool slice_eq_nocase(struct slice a, struct slice b);

bool slice_starts_with(struct slice s, struct slice prefix);
/* The same but for the case of ASCII letters; and of the end. */
bool slice_starts_with_nocase(struct slice s, struct slice prefix);
bool slice_ends_with_nocase(struct slice s, struct slice suffix);

/* Index of the first `byte`, or s.len if there is none. */
size_t slice_find(struct slice s, char byte);

/* `s` without SP and HTAB at both ends (OWS of RFC 9110 section 5.6.3). */
struct slice slice_trim(struct slice s);

/* Cuts the text before the first `byte` off `*s` and gives it to `*ret_head`; the rest, without the
 * byte, stays in `*s`. Without the byte all of `*s` is given. False once nothing at all is left:
 * "a,,b" gives "a", "", "b"; "a," gives "a". */
bool slice_cut(struct slice *s, char byte, struct slice *ret_head);

#endif
