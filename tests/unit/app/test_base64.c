/* Base64 as applications use it. */
#include "fake.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

Suite *suite_base64(void);

static void begin(void)
{
    fake_start(fake_setup_one);
}

static const char *ask(garm_handler *fn)
{
    fake_handler = fn;
    const struct answer *const answer = fake_ask("GET / HTTP/1.1\nHost: a");
    ck_assert_uint_eq(answer->status, 200);
    return answer->body;
}

/* RFC 4648 section 10, and what tells the alphabets apart. */
static const struct {
    const char *bytes, *plain, *url;
} pairs[] = {
    {"", "", ""},
    {"f", "Zg==", "Zg"},
    {"fo", "Zm8=", "Zm8"},
    {"foo", "Zm9v", "Zm9v"},
    {"foob", "Zm9vYg==", "Zm9vYg"},
    {"fooba", "Zm9vYmE=", "Zm9vYmE"},
    {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
    {"\xfb\xff\xbf", "+/+/", "-_-_"},
    {"\xff\xfe", "//4=", "__4"},
};
static int pair;

static int both_ways(garm_ctx *c)
{
    const char *const bytes = pairs[pair].bytes;
    const char *const plain = garm_base64(c, bytes, strlen(bytes));
    const char *const url = garm_base64url(c, bytes, strlen(bytes));
    void *back[2] = {NULL, NULL};
    size_t size = 99;
    GARM_TRY(garm_base64_decode(c, plain, &back[0], &size));
    GARM_TRY(garm_base64_decode(c, url, &back[1], NULL));
    return garm_text(c, 200, "%s %s %zu %d %d", plain, url, size, strcmp(back[0], bytes),
                     strcmp(back[1], bytes));
}

START_TEST(bytes_become_text_and_come_back)
{
    char expected[100];
    pair = _i;
    snprintf(expected, sizeof(expected), "%s %s %zu 0 0", pairs[_i].plain, pairs[_i].url,
             strlen(pairs[_i].bytes));
    ck_assert_str_eq(ask(both_ways), expected);
}
END_TEST

/* Each byte in each place of a group. */
static int every_byte(garm_ctx *c)
{
    for (unsigned i = 0; i < 256 * 3; i++) {
        char bytes[3] = {'a', 'b', 'c'};
        void *back = NULL;
        size_t size = 0;
        bytes[i % 3] = (char)(i / 3);
        GARM_TRY(garm_base64_decode(c, garm_base64(c, bytes, i % 3 + 1), &back, &size));
        if (size != i % 3 + 1 || memcmp(back, bytes, size) != 0) {
            return -EIO;
        }
    }
    return garm_text(c, 200, "all");
}

START_TEST(every_byte_comes_back)
{
    ck_assert_str_eq(ask(every_byte), "all");
}
END_TEST

static const char *const broken[] = {"A",     "AAAAA", "A===",   "====",     "=",    "Zg=",
                                     "Zg===", "Zm8==", "Zm9v=",  "Zm9v====", "Zh==", "Zh",
                                     "Zm9=",  "Z g=",  "Zm9v\n", "Z=g=",     "+_+_", "\xc3\xa4=="};
static int which;

static int decode_broken(garm_ctx *c)
{
    void *data = &which;
    size_t size = 7;
    const int rc = garm_base64_decode(c, broken[which], &data, &size);
    return garm_text(c, 200, "%d %d %zu", rc == -EINVAL, data == &which, size);
}

START_TEST(anything_else_is_refused)
{
    which = _i;
    ck_assert_str_eq(ask(decode_broken), "1 1 7");
}
END_TEST

/* One alphabet. */
static const struct {
    enum garm_base64 kind;
    const char *text;
    const char *bytes; /* NULL: refused */
} texts[] = {
    {GARM_BASE64, "", ""},
    {GARM_BASE64, "Zg==", "f"},
    {GARM_BASE64, "Zm8=", "fo"},
    {GARM_BASE64, "Zm9v", "foo"},
    {GARM_BASE64, "Zm9vYg==", "foob"},
    {GARM_BASE64, "Pz8/", "???"},
    {GARM_BASE64, "Zg=", NULL},
    {GARM_BASE64, "Zg", NULL},
    {GARM_BASE64, "Zh==", NULL},
    {GARM_BASE64, "Zm9=", NULL},
    {GARM_BASE64, "Zg==Zg==", NULL},
    {GARM_BASE64, "=", NULL},
    {GARM_BASE64, "====", NULL},
    {GARM_BASE64, "Z===", NULL},
    {GARM_BASE64, "Pz8_", NULL},
    {GARM_BASE64, "Zm9v\n", NULL},
    {GARM_BASE64, " Zm9v", NULL},
    {GARM_BASE64, "Zg=g", NULL},
    {GARM_BASE64URL, "Zg", "f"},
    {GARM_BASE64URL, "Zm8", "fo"},
    {GARM_BASE64URL, "Pz8_", "???"},
    {GARM_BASE64URL, "Zg==", NULL},
    {GARM_BASE64URL, "Z", NULL},
    {GARM_BASE64URL, "Zh", NULL},
    {GARM_BASE64URL, "Zm9", NULL},
    {GARM_BASE64URL, "Pz8/", NULL},
    {GARM_BASE64URL, "Zm9vZ", NULL},
    {GARM_BASE64_ANY, "Zg", "f"},
    {GARM_BASE64_ANY, "Pz8_", "???"},
    {GARM_BASE64_ANY, "+-+-", NULL},
};

/* Nothing behind the text is looked at. */
static int decode_as(garm_ctx *c)
{
    void *data = NULL;
    size_t size = SIZE_MAX;
    const char *const text = garm_strf(c, "%s=A", texts[which].text);
    const int rc =
        garm_base64_decode_as(c, texts[which].kind, text, strlen(texts[which].text), &data, &size);
    return rc < 0 ? garm_text(c, 200, "%d", rc == -EINVAL && data == NULL && size == SIZE_MAX)
                  : garm_text(c, 200, "%s %d", (char *)data, size == strlen(data));
}

START_TEST(one_alphabet_is_read_strictly)
{
    char expected[100];
    which = _i;
    snprintf(expected, sizeof(expected), "%s%s", texts[_i].bytes != NULL ? texts[_i].bytes : "",
             texts[_i].bytes != NULL ? " 1" : "1");
    ck_assert_str_eq(ask(decode_as), expected);
}
END_TEST

static int encode_too_much(garm_ctx *c)
{
    static const char bytes[20 << 20];
    return garm_text(c, 200, "%s", garm_base64(c, bytes, sizeof(bytes)));
}

START_TEST(what_has_no_memory_is_503)
{
    fake_handler = encode_too_much;
    ck_assert_uint_eq(fake_ask("GET / HTTP/1.1\nHost: a")->status, 503);
}
END_TEST

Suite *suite_base64(void)
{
    Suite *const suite = suite_create("app/base64");
    TCase *const tc = tcase_create("base64");
    tcase_add_checked_fixture(tc, begin, fake_end);
    tcase_add_loop_test(tc, bytes_become_text_and_come_back, 0, (int)COUNT_OF(pairs));
    tcase_add_test(tc, every_byte_comes_back);
    tcase_add_loop_test(tc, anything_else_is_refused, 0, (int)COUNT_OF(broken));
    tcase_add_loop_test(tc, one_alphabet_is_read_strictly, 0, (int)COUNT_OF(texts));
    tcase_add_test(tc, what_has_no_memory_is_503);
    suite_add_tcase(suite, tc);
    return suite;
}
