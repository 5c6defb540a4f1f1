/* JSON out: garm_json(c, 200, garm_kv("id", 7), garm_kv("name", "Ada"), garm_obj("at",
 * garm_kv("x", 1.5))). */
#ifndef GARM_JSON_H
#define GARM_JSON_H

#include <garm/base.h>

enum garm_json_type {
    GARM_JSON_END, /* closes a list of members */
    GARM_JSON_NULL,
    GARM_JSON_BOOL,
    GARM_JSON_INT,
    GARM_JSON_UINT,
    GARM_JSON_DOUBLE,
    GARM_JSON_STRING,
    GARM_JSON_OBJECT,
};

/* A member of an object: made by garm_kv, garm_kv_bool and garm_obj. Strings are borrowed until
 * garm_json returns. */
typedef struct garm_json_member {
    const char *name;
    enum garm_json_type type;
    union {
        bool boolean;
        int64_t integer;
        uint64_t natural;
        double number;
        const char *string;
        const struct garm_json_member *members;
    } value;
} garm_json_member;

GARM_BEGIN

/** Replies with an object of `members`, the last of which is of type GARM_JSON_END, as
 *  application/json. NaN and infinities become null, bytes that are not UTF-8 the replacement
 *  character. 0, -EINVAL for a status outside 200 to 599, or as reply.h says. See garm_json. */
GARM_EXPORT int garm_json_with(garm_ctx *c, int status, const garm_json_member *members);

GARM_END

/* One function per type, behind garm_kv. */
static inline garm_json_member garm_kv_string_(const char *name, const char *value)
{
    garm_json_member m = {name, value != NULL ? GARM_JSON_STRING : GARM_JSON_NULL, {false}};
    m.value.string = value;
    return m;
}

static inline garm_json_member garm_kv_int_(const char *name, int64_t value)
{
    garm_json_member m = {name, GARM_JSON_INT, {false}};
    m.value.integer = value;
    return m;
}

static inline garm_json_member garm_kv_uint_(const char *name, uint64_t value)
{
    garm_json_member m = {name, GARM_JSON_UINT, {false}};
    m.value.natural = value;
    return m;
}

static inline garm_json_member garm_kv_double_(const char *name, double value)
{
    garm_json_member m = {name, GARM_JSON_DOUBLE, {false}};
    m.value.number = value;
    return m;
}

/** A truth value: in C17 garm_kv("ok", a > b) would be 1, for a comparison is an int. */
static inline garm_json_member garm_kv_bool(const char *name, bool value)
{
    garm_json_member m = {name, GARM_JSON_BOOL, {value}};
    return m;
}

#ifdef __cplusplus

#define GARM_KV_(T, make)                                                                          \
    inline garm_json_member garm_kv(const char *name, T value)                                     \
    {                                                                                              \
        return make(name, value);                                                                  \
    }
GARM_KV_(const char *, garm_kv_string_)
GARM_KV_(bool, garm_kv_bool)
GARM_KV_(int, garm_kv_int_)
GARM_KV_(long, garm_kv_int_)
GARM_KV_(long long, garm_kv_int_)
GARM_KV_(unsigned, garm_kv_uint_)
GARM_KV_(unsigned long, garm_kv_uint_)
GARM_KV_(unsigned long long, garm_kv_uint_)
GARM_KV_(double, garm_kv_double_)
#undef GARM_KV_

/* Holds the members of a nested object until the end of the full expression. */
template <size_t N> struct garm_json_nested_ {
    const char *name;
    garm_json_member members[N];
    operator garm_json_member() const
    {
        garm_json_member m = {name, GARM_JSON_OBJECT, {false}};
        m.value.members = members;
        return m;
    }
};

template <class... M>
inline garm_json_nested_<sizeof...(M) + 1> garm_obj(const char *name, const M &...members)
{
    return {name, {members..., garm_json_member{nullptr, GARM_JSON_END, {false}}}};
}

template <class... M> inline int garm_json(garm_ctx *c, int status, const M &...members)
{
    const garm_json_member list[] = {members..., garm_json_member{nullptr, GARM_JSON_END, {false}}};
    return garm_json_with(c, status, list);
}

#else

/* A member from a name and a value: a string (NULL: null), an integer or a floating-point
 * number. */
#define garm_kv(name, value)                                                                       \
    _Generic((value),                                                                              \
        _Bool: garm_kv_bool,                                                                       \
        char: garm_kv_int_,                                                                        \
        signed char: garm_kv_int_,                                                                 \
        short: garm_kv_int_,                                                                       \
        int: garm_kv_int_,                                                                         \
        long: garm_kv_int_,                                                                        \
        long long: garm_kv_int_,                                                                   \
        unsigned char: garm_kv_uint_,                                                              \
        unsigned short: garm_kv_uint_,                                                             \
        unsigned: garm_kv_uint_,                                                                   \
        unsigned long: garm_kv_uint_,                                                              \
        unsigned long long: garm_kv_uint_,                                                         \
        float: garm_kv_double_,                                                                    \
        double: garm_kv_double_,                                                                   \
        char *: garm_kv_string_,                                                                   \
        const char *: garm_kv_string_)((name), (value))

#define GARM_JSON_MEMBERS_(...)                                                                    \
    ((const garm_json_member[]){GARM_TAIL_(__VA_ARGS__, ){NULL, GARM_JSON_END, {false}}})

/* A nested object: garm_obj("user", garm_kv("id", 7), ...). */
#define garm_obj(...)                                                                              \
    ((garm_json_member){GARM_HEAD_(__VA_ARGS__, ),                                                 \
                        GARM_JSON_OBJECT,                                                          \
                        {.members = GARM_JSON_MEMBERS_(__VA_ARGS__)}})

/* garm_json(c, 200, garm_kv("id", 7), ...) */
#define garm_json(c, ...)                                                                          \
    garm_json_with((c), GARM_HEAD_(__VA_ARGS__, ), GARM_JSON_MEMBERS_(__VA_ARGS__))

#endif

#endif
