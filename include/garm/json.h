/* JSON out: garm_json(c, 200, garm_kv("id", 7), garm_kv("name", "Ada"), garm_obj("at",
 * garm_kv("x", 1.5)), garm_arr("tags", garm_kv(NULL, "a"), garm_kv(NULL, "b"))).
 *
 * Integers are exact. A double is written with the fewest digits that read back as the same double,
 * whatever the locale: 0.1, 1, 1e+300, -0.0; NaN and infinities are null. Bytes that are not UTF-8
 * become the replacement character. */
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
    GARM_JSON_ARRAY,
    GARM_JSON_TEXT,  /* of members only: a string with its size, */
    GARM_JSON_VALUE, /* and what garm_json_parse gave */
};

/* A value that was read: see json_read.h. */
typedef struct garm_json_value garm_json_value;

/* A member of an object, or an element of an array, whose name does not matter: made by garm_kv,
 * garm_kv_bool, garm_kv_text, garm_kv_value, garm_obj and garm_arr. What it points to is borrowed
 * until the call that takes it returns. */
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
        const garm_json_value *parsed;
        struct {
            const char *data;
            size_t size;
        } text;
    } value;
} garm_json_member;

/* A reply that is written value by value. */
typedef struct garm_json_writer garm_json_writer;

GARM_BEGIN

/** Replies with an object of `members`, the last of which is of type GARM_JSON_END, as
 *  application/json, unless Content-Type was set. 0; -EINVAL for a status outside 200 to 599, or a
 *  member without a name; -EMSGSIZE for more than 64 MiB of text, which garm_json_stream is for; or
 *  as reply.h says. See garm_json. */
GARM_EXPORT int garm_json_with(garm_ctx *c, int status, const garm_json_member *members);
/** The same with one value of any kind: garm_json_reply(c, 200, garm_arr(NULL, ...)). Its name does
 *  not matter. */
GARM_EXPORT int garm_json_reply(garm_ctx *c, int status, garm_json_member value);
/** The text of a value, for what is no reply: a line of a stream, a log, a message. As garm_strf:
 *  "" when memory runs out, as it does for more than 16 MiB: the answer is 503 then. "" and a log
 *  line for a member without a name. */
GARM_EXPORT const char *garm_json_format(garm_ctx *c, garm_json_member value);

/** Begins a reply that is held, as application/json, and made by the calls below: one value, most
 *  often an object or an array that is begun, filled and ended. Never NULL: what goes wrong comes
 *  out of the calls. The writer lives as long as `c`, and only its task may use it. */
GARM_EXPORT garm_json_writer *garm_json_new(garm_ctx *c, int status);
/** The same for a reply that is streamed: it goes out piece by piece, and the calls below may
 *  suspend while the client takes them. Of what was written at most some KiB are in memory. */
GARM_EXPORT garm_json_writer *garm_json_stream(garm_ctx *c, int status);

/* The calls return 0 or the first error, which stays: -EINVAL for what makes no JSON (a member of
 * an object without a name, an end too many, a second value; the log says so), -EOVERFLOW for more
 * than 192 levels, -EMSGSIZE for more than 64 MiB of a held reply, else as garm_write, or as
 * reply.h says for a held reply. `name` is NULL within arrays and at the top, where a name does not
 * matter. May suspend if streamed. */

/** Begins an object, which garm_json_end ends. */
GARM_EXPORT int garm_json_begin_object(garm_json_writer *writer, const char *name);
/** The same for an array. */
GARM_EXPORT int garm_json_begin_array(garm_json_writer *writer, const char *name);
/** Ends the object or array that was begun last. */
GARM_EXPORT int garm_json_end(garm_json_writer *writer);
/** Writes a value: garm_json_put(w, garm_kv("id", 7)), garm_json_put(w, garm_obj(NULL, ...)). */
GARM_EXPORT int garm_json_put(garm_json_writer *writer, garm_json_member member);
/** Sends on what was written of a streamed reply so far, as garm_flush. Nothing for a held one. */
GARM_EXPORT int garm_json_flush(garm_json_writer *writer);
/** Ends the reply, which must be one whole value by now. What the handler returns. */
GARM_EXPORT GARM_MUST_CHECK_ int garm_json_finish(garm_json_writer *writer);

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

/** `size` bytes as a string, with or without NULs among them. NULL: null. */
static inline garm_json_member garm_kv_text(const char *name, const char *data, size_t size)
{
    garm_json_member m = {name, data != NULL ? GARM_JSON_TEXT : GARM_JSON_NULL, {false}};
    m.value.text.data = data;
    m.value.text.size = size;
    return m;
}

/** A value that was read, with all that is in it. NULL: null. */
static inline garm_json_member garm_kv_value(const char *name, const garm_json_value *value)
{
    garm_json_member m = {name, value != NULL ? GARM_JSON_VALUE : GARM_JSON_NULL, {false}};
    m.value.parsed = value;
    return m;
}

/** An object of a list that was made at run time, up to a member of type GARM_JSON_END;
 *  the list is borrowed as a string would be. */
static inline garm_json_member garm_kv_object(const char *name, const garm_json_member *members)
{
    garm_json_member m = {name, GARM_JSON_OBJECT, {false}};
    m.value.members = members;
    return m;
}

/** The same for an array; names of elements do not matter. */
static inline garm_json_member garm_kv_array(const char *name, const garm_json_member *elements)
{
    garm_json_member m = {name, GARM_JSON_ARRAY, {false}};
    m.value.members = elements;
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

/* Holds the members of a nested object or array until the end of the full expression. */
template <size_t N> struct garm_json_nested_ {
    const char *name;
    garm_json_type type;
    garm_json_member members[N];
    operator garm_json_member() const
    {
        garm_json_member m = {name, type, {false}};
        m.value.members = members;
        return m;
    }
};

template <class... M>
inline garm_json_nested_<sizeof...(M) + 1> garm_obj(const char *name, const M &...members)
{
    return {
        name, GARM_JSON_OBJECT, {members..., garm_json_member{nullptr, GARM_JSON_END, {false}}}};
}

template <class... M>
inline garm_json_nested_<sizeof...(M) + 1> garm_arr(const char *name, const M &...elements)
{
    return {
        name, GARM_JSON_ARRAY, {elements..., garm_json_member{nullptr, GARM_JSON_END, {false}}}};
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

#define GARM_JSON_NESTED_(type, ...)                                                               \
    ((garm_json_member){                                                                           \
        GARM_HEAD_(__VA_ARGS__, ), type, {.members = GARM_JSON_MEMBERS_(__VA_ARGS__)}})

/* A nested object: garm_obj("user", garm_kv("id", 7), ...). */
#define garm_obj(...) GARM_JSON_NESTED_(GARM_JSON_OBJECT, __VA_ARGS__)
/* A nested array: garm_arr("list", garm_kv(NULL, 1), garm_obj(NULL, ...), ...). */
#define garm_arr(...) GARM_JSON_NESTED_(GARM_JSON_ARRAY, __VA_ARGS__)

/* garm_json(c, 200, garm_kv("id", 7), ...) */
#define garm_json(c, ...)                                                                          \
    garm_json_with((c), GARM_HEAD_(__VA_ARGS__, ), GARM_JSON_MEMBERS_(__VA_ARGS__))

#endif

#endif
