/* Urlencoded forms, whole and in every split. */
#include "suites.h"
#include "codec/urlencoded.h"

#include "base/compiler.h"
#include "spec/guard.h"
#include "spec/require.h"

static const struct form_limits limits = {4, 10, 8};

/* "name=value" lines, whatever the bytes are. */
struct outcome {
    enum form_event result;
    struct form_error error;
    char text[256];
    size_t len;
};

static void add(struct outcome *o, struct slice s)
{
    REQUIRE(o->len + s.len < sizeof(o->text));
    memcpy(o->text + o->len, s.ptr, s.len);
    o->len += s.len;
}

static void note(struct outcome *o, const struct urlencoded *u, enum form_event event,
                 struct slice run)
{
    switch (event) {
    case FORM_PART:
        add(o, u->reader.head.name);
        add(o, SLICE("="));
        break;
    case FORM_DATA:
        REQUIRE(run.len > 0);
        add(o, run);
        break;
    case FORM_PART_END: add(o, SLICE("\n")); break;
    default: break;
    }
}

static void read_piece(struct urlencoded *u, struct slice piece, struct outcome *o)
{
    /* The reader decodes in place; the guard's copy is ours. */
    char *const data = (char *)(uintptr_t)guard_copy(piece);
    size_t at = 0;
    do {
        size_t consumed = 0;
        struct slice run = {NULL, 0};
        o->result = urlencoded_read(u, data + at, piece.len - at, &consumed, &run);
        REQUIRE(consumed <= piece.len - at);
        at += consumed;
        note(o, u, o->result, run);
    } while (o->result != FORM_MORE && o->result != FORM_BAD);
    REQUIRE(o->result == FORM_BAD || at == piece.len);
}

static struct outcome read_body(struct slice text, size_t first, size_t step)
{
    struct urlencoded u;
    char room[8];
    struct slice run = {NULL, 0};
    struct outcome o = {.result = FORM_MORE};
    urlencoded_init(&u, &limits, room);
    size_t size = first;
    for (size_t at = 0; at < text.len && o.result == FORM_MORE; at += size, size = step) {
        size = size < text.len - at ? size : text.len - at;
        read_piece(&u, slice_of(text.ptr + at, size), &o);
    }
    while (o.result != FORM_BAD && o.result != FORM_END) {
        o.result = urlencoded_end(&u, &run);
        note(&o, &u, o.result, run);
    }
    o.error = u.reader.error;
    return o;
}

static struct outcome read_every_way(struct slice text)
{
    const struct outcome whole = read_body(text, text.len, 1);
    for (size_t first = 1; first <= text.len; first++) {
        const struct outcome split = read_body(text, first, first % 2 == 0 ? 1 : text.len);
        REQUIRE(split.result == whole.result);
        REQUIRE(split.error.reason == whole.error.reason);
        REQUIRE(whole.result == FORM_BAD ||
                slice_eq(slice_of(split.text, split.len), slice_of(whole.text, whole.len)));
    }
    return whole;
}

static const struct {
    struct slice text, pairs;
} sound[] = {
    {SLICE(""), SLICE("")},
    {SLICE("&&&"), SLICE("")},
    {SLICE("a"), SLICE("a=\n")},
    {SLICE("a="), SLICE("a=\n")},
    {SLICE("="), SLICE("=\n")},
    {SLICE("=1"), SLICE("=1\n")},
    {SLICE("a=1"), SLICE("a=1\n")},
    {SLICE("a=1&b=2"), SLICE("a=1\nb=2\n")},
    {SLICE("&a=1&&b&"), SLICE("a=1\nb=\n")},
    {SLICE("a=b=c"), SLICE("a=b=c\n")},
    {SLICE("a+b=c+d"), SLICE("a b=c d\n")},
    {SLICE("%61%3D=%26%2b"), SLICE("a==&+\n")},
    {SLICE("a=%c3%A4\xff"), SLICE("a=\xc3\xa4\xff\n")},
    {SLICE("a=1;b=2"), SLICE("a=1;b=2\n")},
    /* An escape that is none stays as it is. */
    {SLICE("a=%"), SLICE("a=%\n")},
    {SLICE("a=%4"), SLICE("a=%4\n")},
    {SLICE("a=%4&b=%"), SLICE("a=%4\nb=%\n")},
    {SLICE("a=%%41%4%41"), SLICE("a=%A%4A\n")},
    {SLICE("a=%zz%4g%+"), SLICE("a=%zz%4g% \n")},
    {SLICE("%=1&%4=2&%zz"), SLICE("%=1\n%4=2\n%zz=\n")},
    {SLICE("%&%4"), SLICE("%=\n%4=\n")},
    /* NULs are content. */
    {SLICE("a=%00\0"), SLICE("a=\0\0\n")},
};

START_TEST(a_sound_form_gives_its_pairs)
{
    const struct outcome o = read_every_way(sound[_i].text);
    ck_assert_int_eq(o.result, FORM_END);
    ck_assert(slice_eq(slice_of(o.text, o.len), sound[_i].pairs));
}
END_TEST

static const struct {
    struct slice text;
    const char *reason; /* NULL: within its limits */
    uint16_t status;
} refused[] = {
    {SLICE("a%00=1"), "a NUL in a name", 400},
    {SLICE("a\0=1"), "a NUL in a name", 400},
    {SLICE("a=1&a=2&a=3&a=4"), NULL, 0},
    {SLICE("a=1&a=2&a=3&a=4&a=5"), "the form has more parts than allowed", 413},
    {SLICE("a=0123456789"), NULL, 0},
    {SLICE("a=01234%356789"), NULL, 0},
    {SLICE("a=01234567890"), "the part is larger than allowed", 413},
    {SLICE("a=0123456789%"), "the part is larger than allowed", 413},
    {SLICE("01234567=1"), NULL, 0},
    {SLICE("012345678=1"), "a name is larger than allowed", 413},
    {SLICE("0123456%4"), "a name is larger than allowed", 413},
};

START_TEST(limits_hold_to_the_byte)
{
    const struct outcome o = read_every_way(refused[_i].text);
    ck_assert_int_eq(o.result, refused[_i].reason == NULL ? FORM_END : FORM_BAD);
    if (refused[_i].reason != NULL) {
        ck_assert_str_eq(o.error.reason, refused[_i].reason);
        ck_assert_uint_eq(o.error.status, refused[_i].status);
    }
}
END_TEST

Suite *urlencoded_suite(void)
{
    Suite *const suite = suite_create("codec/urlencoded");
    TCase *const tests = tcase_create("urlencoded");
    tcase_add_loop_test(tests, a_sound_form_gives_its_pairs, 0, (int)COUNT_OF(sound));
    tcase_add_loop_test(tests, limits_hold_to_the_byte, 0, (int)COUNT_OF(refused));
    suite_add_tcase(suite, tests);
    return suite;
}
