/* multipart/form-data, whole and in every split. */
#include "suites.h"
#include "codec/multipart.h"

#include "base/compiler.h"
#include "spec/guard.h"
#include "spec/require.h"

#include <stdio.h>

#define TYPE SLICE("multipart/form-data; boundary=b")
/* A part's head, and a part. */
#define HEAD(params) "Content-Disposition: form-data; " params "\r\n\r\n"
#define A            "--b\r\n" HEAD("name=a")

static const struct form_limits limits = {4, 40, 200};

/* What reading a body came to: events as text, a line each. */
struct outcome {
    enum form_event result;
    struct form_error error;
    char text[1024];
    size_t len;
};

static void add(struct outcome *o, const char *data, size_t len)
{
    REQUIRE(o->len + len < sizeof(o->text));
    memcpy(o->text + o->len, data, len);
    o->len += len;
    o->text[o->len] = '\0';
}

static void add_head(struct outcome *o, const struct form_head *head)
{
    char line[256];
    const int len =
        snprintf(line, sizeof(line), "%.*s|%.*s%s|%.*s:", SLICE_ARG(head->name),
                 SLICE_ARG(head->filename), head->has_filename ? "!" : "", SLICE_ARG(head->type));
    add(o, line, (size_t)len);
}

static void note(struct outcome *o, const struct multipart *m, enum form_event event,
                 struct slice run)
{
    switch (event) {
    case FORM_PART: add_head(o, &m->reader.head); break;
    case FORM_DATA:
        REQUIRE(run.len > 0);
        add(o, run.ptr, run.len);
        break;
    case FORM_PART_END: add(o, "\n", 1); break;
    default: break;
    }
}

/* Reads `piece` to its end, or to the form's. */
static void read_piece(struct multipart *m, struct slice piece, struct outcome *o)
{
    const char *const data = guard_copy(piece);
    size_t at = 0;
    do {
        size_t consumed = 0;
        struct slice run = {NULL, 0};
        o->result = multipart_read(m, data + at, piece.len - at, &consumed, &run);
        REQUIRE(consumed <= piece.len - at);
        at += consumed;
        note(o, m, o->result, run);
    } while (o->result != FORM_MORE && o->result != FORM_BAD);
    REQUIRE(o->result == FORM_BAD || at == piece.len);
}

/* Reads the first `first` bytes, then `step` at a time, then the end. */
static struct outcome read_body(struct slice type, struct slice text, size_t first, size_t step)
{
    struct multipart m;
    char room[200];
    const char *reason = NULL;
    struct outcome o = {.result = FORM_MORE};
    REQUIRE(multipart_init(&m, &limits, room, type, &reason) == 0);
    size_t size = first;
    for (size_t at = 0; at < text.len && o.result == FORM_MORE; at += size, size = step) {
        size = size < text.len - at ? size : text.len - at;
        read_piece(&m, slice_of(text.ptr + at, size), &o);
    }
    if (o.result == FORM_MORE) {
        o.result = multipart_end(&m);
    }
    o.error = m.reader.error;
    return o;
}

static struct outcome read_every_way(struct slice type, struct slice text)
{
    const struct outcome whole = read_body(type, text, text.len, 1);
    for (size_t first = 1; first <= text.len; first++) {
        const struct outcome split = read_body(type, text, first, first % 2 == 0 ? 1 : text.len);
        REQUIRE(split.result == whole.result);
        REQUIRE(whole.result == FORM_BAD ||
                slice_eq(slice_of(split.text, split.len), slice_of(whole.text, whole.len)));
        REQUIRE(split.error.status == whole.error.status);
        REQUIRE(split.error.reason == whole.error.reason);
    }
    return whole;
}

static const struct {
    struct slice text;
    const char *events;
} sound[] = {
    {SLICE("--b--"), ""},
    {SLICE("--b--\r\n"), ""},
    {SLICE("--b-- \t\r\nepilogue\r\n--b\r\nmore"), ""},
    {SLICE("preamble\r\n\r\n--b--"), ""},
    {SLICE("\r\n--b--"), ""},
    {SLICE(A "1\r\n--b--"), "a||:1\n"},
    {SLICE(A "\r\n--b--"), "a||:\n"},
    {SLICE(A "--b--"), "a||:\n"}, /* the head's empty line is the boundary's CRLF */
    {SLICE(A "1\r\n" A "2\r\n--b--"), "a||:1\na||:2\n"},
    {SLICE("--b \t \r\n" HEAD("name=a") "1\r\n--b--"), "a||:1\n"},
    /* What looks like a boundary, but not to its end, is content. */
    {SLICE(A "\r\r\n-\r\n--\r\n--c\r--b\n--c\n\r--b --b\r\n\r\n--b--"),
     "a||:\r\r\n-\r\n--\r\n--c\r--b\n--c\n\r--b --b\r\n\n"},
    {SLICE(A "\r\n\r\n--b--"), "a||:\r\n\n"},
    /* A bare LF before a boundary. */
    {SLICE("preamble\n--b--"), ""},
    {SLICE(A "1\n--b--\r\n"), "a||:1\n"},
    {SLICE(A "\n--b--"), "a||:\n"},
    {SLICE(A "1\n" A "2\n\n--b--"), "a||:1\na||:2\n\n"},
    {SLICE(A "\r\r\n--b--"), "a||:\r\n"},
    {SLICE(A "1\r\r\n\n--b--"), "a||:1\r\r\n\n"},
    {SLICE(A "\n-\n--\n\n--b--"), "a||:\n-\n--\n\n"},
    {SLICE(A "-\r\n--b--"), "a||:-\n"},
    {SLICE("--b\r\n" HEAD("name=\"a b\"") "1\r\n--b--"), "a b||:1\n"},
    {SLICE("--b\r\n" HEAD("name=\"\"") "1\r\n--b--"), "||:1\n"},
    {SLICE("--b\r\ncontent-DISPOSITION:Form-Data;NAME=a;FileName=f;other=\"x;y\"\r\n\r\n\r\n--b--"),
     "a|f!|:\n"},
    {SLICE("--b\r\n" HEAD("name=a; filename=\"\"") "\r\n--b--"), "a|!|:\n"},
    {SLICE("--b\r\n" HEAD("name=a; filename=\"..\\\\x/\\\"y%22z%0d%zz\\q\"") "\r\n--b--"),
     "a|..\\x/\"y\"z%0d%zz\\q!|:\n"},
    {SLICE("--b\r\n" HEAD("name=a; filename*=utf-8'en'%e2%82%ac.txt") "\r\n--b--"),
     "a|\xe2\x82\xac.txt!|:\n"},
    {SLICE("--b\r\n" HEAD("name=a; filename=x; filename*=UTF-8''y") "\r\n--b--"), "a|x!|:\n"},
    {SLICE("--b\r\n" HEAD("name=\"\xc3\xa4\";") "\r\n--b--"), "\xc3\xa4||:\n"},
    {SLICE(
         "--b\r\nX-Other:\r\nContent-Type: text/plain; charset=x \r\n" HEAD("name=a") "1\r\n--b--"),
     "a||text/plain; charset=x:1\n"},
    {SLICE("--b\r\nContent-Transfer-Encoding: Binary\r\n" HEAD("name=a") "1\r\n--b--"), "a||:1\n"},
    /* A multipart within a part is its content. */
    {SLICE("--b\r\nContent-Type: multipart/mixed; boundary=c\r\n" HEAD(
         "name=a") "--c\r\n\r\n1\r\n--c--\r\n--b--"),
     "a||multipart/mixed; boundary=c:--c\r\n\r\n1\r\n--c--\n"},
};

START_TEST(a_sound_body_gives_its_parts)
{
    const struct outcome o = read_every_way(TYPE, sound[_i].text);
    ck_assert_str_eq(o.text, sound[_i].events);
    ck_assert_int_eq(o.result, FORM_END);
}
END_TEST

START_TEST(a_body_cut_short_is_bad)
{
    const struct slice text = sound[_i].text;
    const size_t close = (size_t)(strstr(text.ptr, "--b--") - text.ptr);
    for (size_t len = 0; len < text.len && len < close + 5; len++) {
        const struct outcome o = read_body(TYPE, slice_of(text.ptr, len), len, 1);
        ck_assert_int_eq(o.result, FORM_BAD);
        ck_assert_str_eq(o.error.reason, "the body ends before its last boundary");
        ck_assert_uint_eq(o.error.offset, len);
    }
}
END_TEST

#define BARE_LF  "a bare LF in a part's head"
#define BEHIND   "more bytes behind a boundary"
#define PARAM    "a bad parameter in a Content-Disposition"
#define EXTENDED "a bad filename* in a part's head"
#define FORTY    "0123456789012345678901234567890123456789"

static const struct {
    struct slice text;
    uint64_t offset;
    const char *reason;
    uint16_t status;
} refused[] = {
    {SLICE(""), 0, "the body ends before its last boundary", 400},
    {SLICE("--b--\r"), 6, "the body ends before its last boundary", 400},
    {SLICE("--c\r\n--c--"), 10, "the body ends before its last boundary", 400},
    {SLICE("--b\n"), 3, "a bare LF behind a boundary", 400},
    {SLICE("--b\rx"), 4, "a bare CR behind a boundary", 400},
    {SLICE("--bb\r\n"), 3, BEHIND, 400},
    {SLICE("--b -"), 4, BEHIND, 400},
    {SLICE("--b-x"), 4, BEHIND, 400},
    {SLICE("--b--x"), 5, "more bytes behind the last boundary", 400},
    {SLICE("--b--\n"), 5, "a bare LF behind the last boundary", 400},
    {SLICE("--b--\rx"), 6, "a bare CR behind the last boundary", 400},
    {SLICE(A "1\r\n--bx"), 53, BEHIND, 400},
    {SLICE(A "1\n--bx"), 52, BEHIND, 400},
    {SLICE(A "1\n--b\n"), 52, "a bare LF behind a boundary", 400},
    {SLICE("--b\r\nA: b\n"), 9, BARE_LF, 400},
    {SLICE("--b\r\nA: b\rc"), 10, "a bare CR in a part's head", 400},
    {SLICE("--b\r\nA: \0"), 8, "a control byte in a part's head", 400},
    {SLICE("--b\r\n\r\n"), 5, "a part has no Content-Disposition", 400},
    {SLICE("--b\r\nA: b\r\n\r\n"), 5, "a part has no Content-Disposition", 400},
    {SLICE("--b\r\nA : b\r\n\r\n"), 5, "a bad field name in a part's head", 400},
    {SLICE("--b\r\nA: b\r\nnonsense\r\n\r\n"), 11, "a bad field name in a part's head", 400},
    {SLICE("--b\r\nA: b\r\n folded\r\n\r\n"), 11, "a folded line in a part's head", 400},
    {SLICE("--b\r\n" HEAD("filename=x")), 5, "a part has no name", 400},
    {SLICE("--b\r\n" HEAD("name=a; name=a")), 5, "a part has two names", 400},
    {SLICE("--b\r\n" HEAD("name=a; filename=x; filename=y")), 5, "a part has two file names", 400},
    {SLICE("--b\r\n" HEAD("name=")), 5, PARAM, 400},
    {SLICE("--b\r\n" HEAD("name")), 5, PARAM, 400},
    {SLICE("--b\r\n" HEAD("name =a")), 5, PARAM, 400},
    {SLICE("--b\r\n" HEAD("name=a b")), 5, PARAM, 400},
    {SLICE("--b\r\n" HEAD("name=\"a")), 5, PARAM, 400},
    {SLICE("--b\r\n" HEAD("name=\"a\\\"")), 5, PARAM, 400},
    {SLICE("--b\r\n" HEAD("name=\"a\"b")), 5, PARAM, 400},
    {SLICE("--b\r\n" HEAD("name=a; filename*=latin1''x")), 5, EXTENDED, 400},
    {SLICE("--b\r\n" HEAD("name=a; filename*=utf-8'x")), 5, EXTENDED, 400},
    {SLICE("--b\r\n" HEAD("name=a; filename*=utf-8''%00")), 5, EXTENDED, 400},
    {SLICE("--b\r\n" HEAD("name=a; filename*=utf-8''%0a")), 5, EXTENDED, 400},
    {SLICE("--b\r\nContent-Disposition: attachment; name=a\r\n\r\n"), 5,
     "a Content-Disposition that is not form-data", 400},
    {SLICE("--b\r\nContent-Disposition: form-data\r\n" HEAD("name=a")), 5, "a part has no name",
     400},
    {SLICE("--b\r\nContent-Disposition: form-data; name=a\r\n" HEAD("name=a")), 45,
     "a part has two Content-Dispositions", 400},
    {SLICE("--b\r\nContent-Type: a\r\nContent-Type: a\r\n" HEAD("name=a")), 22,
     "a part has two Content-Types", 400},
    {SLICE("--b\r\nContent-Transfer-Encoding: base64\r\n" HEAD("name=a")), 5,
     "a Content-Transfer-Encoding that is not supported", 400},
    /* Limits. */
    {SLICE(A "\r\n" A "\r\n" A "\r\n" A "\r\n" A), 241, "the form has more parts than allowed",
     413},
    {SLICE(A FORTY "1"), 47, "the part is larger than allowed", 413},
    {SLICE("--b\r\nA: " FORTY FORTY FORTY FORTY FORTY), 5, "a part's head is larger than allowed",
     413},
    {SLICE("--b\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\n"
           "A:\r\nA:\r\nA:\r\nA:\r\n"),
     69, "a part's head has more fields than allowed", 413},
};

START_TEST(a_bad_body_is_refused_with_its_place)
{
    const struct outcome o = read_every_way(TYPE, refused[_i].text);
    ck_assert_int_eq(o.result, FORM_BAD);
    ck_assert_str_eq(o.error.reason, refused[_i].reason);
    ck_assert_uint_eq(o.error.status, refused[_i].status);
    if (refused[_i].status == 400) {
        ck_assert_uint_eq(o.error.offset, refused[_i].offset);
    }
}
END_TEST

START_TEST(content_up_to_the_limit_passes)
{
    const struct outcome o = read_every_way(TYPE, SLICE(A FORTY "\r\n" A FORTY "\r\n--b--"));
    ck_assert_int_eq(o.result, FORM_END);
}
END_TEST

START_TEST(bad_stays_bad)
{
    struct multipart m;
    char room[200];
    const char *reason = NULL;
    size_t consumed = 9;
    struct slice run;
    ck_assert_int_eq(multipart_init(&m, &limits, room, TYPE, &reason), 0);
    ck_assert_int_eq(multipart_read(&m, "--bx", 4, &consumed, &run), FORM_BAD);
    ck_assert_uint_eq(consumed, 3);
    ck_assert_int_eq(multipart_read(&m, "--b--", 5, &consumed, &run), FORM_BAD);
    ck_assert_uint_eq(consumed, 0);
    ck_assert_int_eq(multipart_end(&m), FORM_BAD);
}
END_TEST

/* Content-Type. */

#define SEVENTY FORTY "012345678901234567890123456789"

static const struct {
    struct slice type;
    const char *reason; /* NULL: sound */
    const char *boundary;
} types[] = {
    {SLICE("multipart/form-data; boundary=abc"), NULL, "abc"},
    {SLICE("Multipart/Form-Data;charset=x;BOUNDARY=\"a b:c?\""), NULL, "a b:c?"},
    {SLICE("multipart/form-data; boundary=----WebKitFormBoundaryABC"), NULL,
     "----WebKitFormBoundaryABC"},
    {SLICE("multipart/form-data; boundary=" SEVENTY), NULL, SEVENTY},
    {SLICE("multipart/form-data; boundary=" SEVENTY "0"), "the Content-Type has a bad boundary",
     NULL},
    {SLICE("multipart/form-data"), "the Content-Type has no boundary", NULL},
    {SLICE("multipart/form-data;"), "the Content-Type has no boundary", NULL},
    {SLICE("multipart/form-data; boundary=\"\""), "the Content-Type has a bad boundary", NULL},
    {SLICE("multipart/form-data; boundary=\"a \""), "the Content-Type has a bad boundary", NULL},
    {SLICE("multipart/form-data; boundary=\"a;b\""), "the Content-Type has a bad boundary", NULL},
    {SLICE("multipart/form-data; boundary=\"a\xc3\xa4\""), "the Content-Type has a bad boundary",
     NULL},
    {SLICE("multipart/form-data; boundary="), "the Content-Type has a bad parameter", NULL},
    {SLICE("multipart/form-data; boundary=a/b"), "the Content-Type has a bad parameter", NULL},
    {SLICE("multipart/form-data; boundary=\"a"), "the Content-Type has a bad parameter", NULL},
    {SLICE("multipart/form-data; boundary=a; boundary=a"), "the Content-Type has two boundaries",
     NULL},
};

START_TEST(the_boundary_is_that_of_the_content_type)
{
    struct multipart m;
    char room[200];
    const char *reason = NULL;
    ck_assert_int_eq(form_type_of(types[_i].type), FORM_MULTIPART);
    const int rc = multipart_init(&m, &limits, room, types[_i].type, &reason);
    if (types[_i].reason != NULL) {
        ck_assert_int_lt(rc, 0);
        ck_assert_str_eq(reason, types[_i].reason);
        return;
    }
    ck_assert_int_eq(rc, 0);
    ck_assert(slice_eq(slice_of(m.delimiter + 4, (size_t)m.delimiter_len - 4),
                       slice_cstr(types[_i].boundary)));
}
END_TEST

START_TEST(a_form_is_known_by_its_type)
{
    ck_assert_int_eq(form_type_of(SLICE("application/x-www-form-urlencoded")), FORM_URLENCODED);
    ck_assert_int_eq(form_type_of(SLICE("Application/X-WWW-form-urlencoded ; charset=utf-8")),
                     FORM_URLENCODED);
    ck_assert_int_eq(form_type_of(SLICE("multipart/mixed; boundary=b")), FORM_OTHER);
    ck_assert_int_eq(form_type_of(SLICE("multipart/form-datax")), FORM_OTHER);
    ck_assert_int_eq(form_type_of(SLICE("")), FORM_OTHER);
}
END_TEST

Suite *multipart_suite(void)
{
    Suite *const suite = suite_create("codec/multipart");
    TCase *const tests = tcase_create("multipart");
    tcase_add_loop_test(tests, a_sound_body_gives_its_parts, 0, (int)COUNT_OF(sound));
    tcase_add_loop_test(tests, a_body_cut_short_is_bad, 0, (int)COUNT_OF(sound));
    tcase_add_loop_test(tests, a_bad_body_is_refused_with_its_place, 0, (int)COUNT_OF(refused));
    tcase_add_test(tests, content_up_to_the_limit_passes);
    tcase_add_test(tests, bad_stays_bad);
    tcase_add_loop_test(tests, the_boundary_is_that_of_the_content_type, 0, (int)COUNT_OF(types));
    tcase_add_test(tests, a_form_is_known_by_its_type);
    suite_add_tcase(suite, tests);
    return suite;
}
