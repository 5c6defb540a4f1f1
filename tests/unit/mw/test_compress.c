/* Compression: what is compressed and what is not, and that what comes out is what went in. */
#include "decoded.h"
#include "refusal.h"

#include <check.h>
#include <errno.h>
#include <garm/garm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_compress(void);

#define TEXT_MAX (512U << 10)

static char expected[TEXT_MAX + 1];

/* Text as `seed` makes it: words, or, where seed is odd, bytes of any kind. */
static void make_text(char *text, size_t size, unsigned seed)
{
    uint32_t state = seed * 2654435761U + 1;
    for (size_t i = 0; i < size; i++) {
        state = state * 1664525U + 1013904223U;
        text[i] = (char)(seed % 2 == 1 ? state >> 24 : (uint32_t) "etaoin shrdlu\n{}"[state >> 28]);
    }
}

/* A text of ?size bytes, as ?seed makes it. */
static int ask_text(garm_ctx *c, char **ret_text, int64_t *ret_size, int64_t *ret_seed)
{
    GARM_TRY(garm_query_int(c, "size", 0, TEXT_MAX, 4096, ret_size));
    GARM_TRY(garm_query_int(c, "seed", 0, 1 << 20, 0, ret_seed));
    *ret_text = garm_alloc(c, (size_t)*ret_size + 1);
    if (*ret_text == NULL) {
        return -ENOMEM;
    }
    make_text(*ret_text, (size_t)*ret_size, (unsigned)*ret_seed);
    return 0;
}

static int held(garm_ctx *c)
{
    char *text = NULL;
    int64_t size = 0;
    int64_t seed = 0;
    GARM_TRY(ask_text(c, &text, &size, &seed));
    return garm_bytes_view(c, 200, "text/plain", text, (size_t)size);
}

/* The same text in pieces of random sizes, with flushes between some. */
static int streamed(garm_ctx *c)
{
    char *text = NULL;
    int64_t size = 0;
    int64_t seed = 0;
    GARM_TRY(ask_text(c, &text, &size, &seed));
    GARM_TRY(garm_set_header(c, "Content-Type", "application/json"));
    uint32_t state = (uint32_t)seed;
    for (size_t at = 0; at < (size_t)size;) {
        state = state * 1664525U + 1013904223U;
        size_t piece = 1 + (state >> 16) % (seed % 3 == 0 ? 50000 : 700);
        piece = piece < (size_t)size - at ? piece : (size_t)size - at;
        GARM_TRY(garm_write(c, text + at, piece));
        at += piece;
        if (state >> 30 == 0) {
            GARM_TRY(garm_flush(c));
        }
    }
    return garm_flush(c);
}

static int any_type(garm_ctx *c)
{
    make_text(expected, 4096, 0);
    return garm_bytes(c, 200, garm_query(c, "type"), expected, 4096);
}

static int with_field(garm_ctx *c)
{
    GARM_TRY(garm_set_header(c, garm_query(c, "name"), garm_query(c, "value")));
    return held(c);
}

static int part(garm_ctx *c)
{
    make_text(expected, 4096, 0);
    return garm_bytes(c, 206, "text/plain", expected, 4096);
}

static int not_modified(garm_ctx *c)
{
    GARM_TRY(garm_set_header(c, "ETag", "\"one\""));
    return 304;
}

/* What garm_encode makes of the text, as it is. */
static int encoded(garm_ctx *c)
{
    static const enum garm_coding codings[] = {GARM_BROTLI, GARM_ZSTD, GARM_GZIP, GARM_DEFLATE};
    int64_t coding = 0;
    int64_t level = 0;
    int64_t size = 0;
    int64_t seed = 0;
    char *text = NULL;
    const void *data = NULL;
    size_t made = 0;
    GARM_TRY(garm_query_int(c, "coding", 0, 3, 0, &coding));
    GARM_TRY(garm_query_int(c, "level", 0, 12, 0, &level));
    GARM_TRY(ask_text(c, &text, &size, &seed));
    GARM_TRY(garm_encode(c, codings[coding], (int)level, text, (size_t)size, &data, &made));
    GARM_TRY(garm_set_header(c, "Content-Encoding", garm_coding_name(codings[coding])));
    return garm_bytes_view(c, 200, "text/plain", data, made);
}

/* More encoders than a worker has; then one of them ends. */
static int many_encoders(garm_ctx *c)
{
    garm_encoder *encoder = NULL;
    int count = 0;
    while (count < 1000 && garm_encoder_new(c, GARM_GZIP, 0, -1, &encoder) == 0) {
        count++;
    }
    make_text(expected, 4096, 0);
    GARM_TRY(garm_set_headerf(c, "X-Count", "%d", count));
    return garm_bytes(c, 200, "text/plain", expected, 4096);
}

static void setup(garm_app *app)
{
    garm_compress(app);
    garm_route(app, "GET /held", held);
    garm_route(app, "GET /streamed", streamed);
    garm_route(app, "GET /type", any_type);
    garm_route(app, "GET /field", with_field);
    garm_route(app, "GET /part", part);
    garm_route(app, "GET /304", not_modified);
    garm_route(app, "GET /encoded", encoded);
    garm_route(app, "GET /many", many_encoders);
    garm_route(app, "GET /secret", held, .use = {garm_no_compress});
    garm_app *const off = garm_group(app, "/off");
    garm_compress(off, .off = true);
    garm_route(off, "GET /held", held);
    garm_app *const own = garm_group(app, "/own");
    garm_compress(own, .codings = {GARM_GZIP}, .bytes_min = 100, .types = {"text/", "a/b"});
    garm_route(own, "GET /held", held);
    garm_route(own, "GET /type", any_type);
}

static const garm_app_entry entry = GARM_ENTRY(setup);
static garm_test *test;

static void begin(void)
{
    test = garm_test_new(&entry, NULL);
}

static void end(void)
{
    garm_test_free(test);
}

static const garm_response *ask(const char *target, const char *accept)
{
    char field[200];
    snprintf(field, sizeof(field), "Accept-Encoding: %s", accept);
    return garm_test_do(test, "GET", target, .headers = {field});
}

static const char *coding_of(const char *target, const char *accept)
{
    ask(target, accept);
    return garm_test_header(test, "Content-Encoding");
}

static void require_text(const garm_response *res, size_t size, unsigned seed)
{
    size_t found = 0;
    const char *const coding = garm_test_header(test, "Content-Encoding");
    ck_assert_int_eq(res->status, 200);
    ck_assert(res->complete);
    const char *const text = decoded(coding, res->body, res->body_size, &found);
    make_text(expected, size, seed);
    ck_assert_uint_eq(found, size);
    ck_assert(memcmp(text, expected, size) == 0);
}

static const char *const names[] = {"br", "zstd", "gzip"};

START_TEST(a_held_body_is_decoded_to_what_it_was)
{
    static const size_t sizes[] = {1024, 1025, 32768, 32769, 65536, 131072, 131073, 400000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (unsigned seed = 0; seed < 2; seed++) {
            char target[80];
            char length[32];
            snprintf(target, sizeof(target), "/held?size=%zu&seed=%u", sizes[i], seed);
            const garm_response *const res = ask(target, names[_i]);
            ck_assert_str_eq(garm_test_header(test, "Content-Encoding"), names[_i]);
            ck_assert_str_eq(garm_test_header(test, "Vary"), "Accept-Encoding");
            snprintf(length, sizeof(length), "%zu", res->body_size);
            ck_assert_str_eq(garm_test_header(test, "Content-Length"), length);
            ck_assert(seed == 1 || res->body_size < sizes[i] * 3 / 4);
            require_text(res, sizes[i], seed);
        }
    }
}
END_TEST

START_TEST(a_streamed_body_is_decoded_to_what_it_was)
{
    for (unsigned seed = 0; seed < 24; seed++) {
        const size_t size = seed * seed * 777 % 300000;
        char target[80];
        snprintf(target, sizeof(target), "/streamed?size=%zu&seed=%u", size, seed);
        const garm_response *const res = ask(target, names[_i]);
        ck_assert_str_eq(garm_test_header(test, "Content-Encoding"), names[_i]);
        ck_assert_str_eq(garm_test_header(test, "Content-Length"), "");
        require_text(res, size, seed);
    }
}
END_TEST

START_TEST(every_level_is_decoded)
{
    static const char *const codings[] = {"br", "zstd", "gzip", "deflate"};
    static const int levels[] = {9, 12, 9, 9};
    for (int level = 0; level <= levels[_i]; level++) {
        for (size_t size = 0; size <= 200000; size += 40000) {
            char target[80];
            snprintf(target, sizeof(target), "/encoded?coding=%d&level=%d&size=%zu", _i, level,
                     size);
            const garm_response *const res = ask(target, "");
            ck_assert_str_eq(garm_test_header(test, "Content-Encoding"), codings[_i]);
            require_text(res, size, 0);
        }
    }
    char target[80];
    snprintf(target, sizeof(target), "/encoded?coding=%d&level=%d", _i, levels[_i] + 1);
    ck_assert_int_ne(ask(target, "")->status, 200);
}
END_TEST

START_TEST(the_client_chooses)
{
    static const struct {
        const char *accept, *coding;
    } cases[] = {
        {"gzip", "gzip"},
        {"gzip, deflate, br", "br"},
        {"gzip, deflate, br, zstd", "zstd"},
        {"gzip;q=1.0, br;q=0.5, zstd;q=0.999", "gzip"},
        {"zstd;q=0, br;q=0, *", "gzip"},
        {"*", "zstd"},
        {"*;q=0", ""},
        {"identity", ""},
        {"identity;q=0", ""},
        {"identity;q=0, gzip;q=0.001", "gzip"},
        {"identity, gzip;q=0.5", ""},
        {"gzip;q=0.5, identity;q=0.5", "gzip"},
        {"gzip;q=0", ""},
        {"deflate", ""},
        {"", ""},
        {"GZIP", "gzip"},
        {"x-gzip", "gzip"},
        {"gzip;q=2", ""},
        {"compress, exi", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_str_eq(coding_of("/held", cases[i].accept), cases[i].coding);
        ck_assert_str_eq(garm_test_header(test, "Vary"), "Accept-Encoding");
        const garm_response *const res = ask("/held", cases[i].accept);
        require_text(res, 4096, 0);
    }
    const garm_response *const res = garm_test_do(test, "GET", "/held");
    ck_assert_str_eq(garm_test_header(test, "Content-Encoding"), "");
    ck_assert_str_eq(garm_test_header(test, "Vary"), "Accept-Encoding");
    require_text(res, 4096, 0);
}
END_TEST

START_TEST(head_has_the_fields_of_get)
{
    char length[32];
    ask("/held", "br");
    snprintf(length, sizeof(length), "%s", garm_test_header(test, "Content-Length"));
    const garm_response *const res =
        garm_test_do(test, "HEAD", "/held", .headers = {"Accept-Encoding: br"});
    ck_assert_uint_eq(res->body_size, 0);
    ck_assert_str_eq(garm_test_header(test, "Content-Length"), length);
    ck_assert_str_eq(garm_test_header(test, "Content-Encoding"), "br");
}
END_TEST

START_TEST(some_answers_stay_as_they_are)
{
    static const char *const targets[] = {
        "/held?size=1023",
        "/held?size=0",
        "/part",
        "/secret",
        "/off/held",
        "/type?type=image/png",
        "/type?type=text/event-stream",
        "/type?type=application/octet-stream",
        "/type?type=application/zip",
        "/field?name=Content-Encoding&value=x",
        "/field?name=Content-Encoding&value=identity",
        "/field?name=Cache-Control&value=private,+No-Transform",
        "/field?name=Content-Digest&value=sha-256=:x:",
        "/own/type?type=a/bc",
    };
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        const char *const coding = coding_of(targets[i], "gzip, br, zstd");
        ck_assert_msg(coding[0] == '\0' || strstr(targets[i], coding) != NULL, "%s", targets[i]);
        ck_assert_msg(garm_test_header(test, "Vary")[0] == '\0', "%s", targets[i]);
    }
}
END_TEST

START_TEST(others_are_compressed)
{
    static const char *const targets[] = {
        "/type?type=text/html;charset=utf-8",
        "/type?type=application/problem%2Bjson",
        "/type?type=image/svg%2Bxml",
        "/type?type=Application/JSON",
        "/field?name=Cache-Control&value=private,max-age=3",
        "/field?name=Cache-Control&value=x-no-transform",
    };
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        ck_assert_msg(coding_of(targets[i], "gzip")[0] == 'g', "%s", targets[i]);
    }
}
END_TEST

START_TEST(a_group_has_options_of_its_own)
{
    ck_assert_str_eq(coding_of("/own/held?size=100", "br, zstd, gzip;q=0.5"), "gzip");
    ck_assert_str_eq(coding_of("/own/type?type=text/x", "gzip"), "gzip");
    ck_assert_str_eq(coding_of("/own/type?type=a/b;c=d", "gzip"), "gzip");
    /* What it leaves alone is for the one around it. */
    ck_assert_str_eq(coding_of("/own/held?size=2000", "br"), "br");
    require_text(ask("/own/held?size=2000", "gzip, br;q=0.5"), 2000, 0);
}
END_TEST

START_TEST(an_etag_is_weakened)
{
    coding_of("/field?name=ETag&value=%22x%22", "gzip");
    ck_assert_str_eq(garm_test_header(test, "ETag"), "W/\"x\"");
    coding_of("/field?name=ETag&value=W/%22x%22", "gzip");
    ck_assert_str_eq(garm_test_header(test, "ETag"), "W/\"x\"");
    coding_of("/field?name=ETag&value=%22x%22", "identity");
    ck_assert_str_eq(garm_test_header(test, "ETag"), "\"x\"");
}
END_TEST

START_TEST(a_304_names_the_validator_that_the_client_has)
{
    static const struct {
        const char *field, *etag;
    } cases[] = {
        {"If-None-Match: W/\"one\"", "W/\"one\""},
        {"If-None-Match: \"zero\", W/\"one\"", "W/\"one\""},
        {"If-None-Match: \"one\"", "\"one\""},
        {"If-None-Match: *", "\"one\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const garm_response *const res =
            garm_test_do(test, "GET", "/304", .headers = {cases[i].field});
        ck_assert_int_eq(res->status, 304);
        ck_assert_str_eq(garm_test_header(test, "ETag"), cases[i].etag);
        ck_assert_str_eq(garm_test_header(test, "Vary"), "Accept-Encoding");
    }
}
END_TEST

START_TEST(vary_is_not_said_twice)
{
    coding_of("/field?name=Vary&value=Origin,+accept-encoding", "gzip");
    ck_assert_str_eq(garm_test_header(test, "Vary"), "Origin, accept-encoding");
    ck_assert_ptr_null(strstr(ask("/field?name=Vary&value=*", "gzip")->head, "Accept-Encoding"));
}
END_TEST

START_TEST(the_next_answer_goes_out_as_it_is_when_all_encoders_are_in_use)
{
    ck_assert_str_eq(coding_of("/many", "gzip"), "");
    ck_assert_str_eq(garm_test_header(test, "X-Count"), "64");
    ck_assert_str_eq(coding_of("/held", "gzip"), "gzip");
}
END_TEST

START_TEST(without_memory_no_body_is_wrong)
{
    static const char *const targets[] = {"/held?size=60000", "/held?size=300000",
                                          "/streamed?size=100000&seed=2"};
    static const size_t sizes[] = {60000, 300000, 100000};
    static const unsigned seeds[] = {0, 0, 2};
    for (size_t i = 0; i < 3; i++) {
        unsigned nth = 1;
        for (int whole = 0; whole < 3 && nth < 3000; nth++) {
            garm_test_fail_alloc(test, nth);
            const garm_response *const res = ask(targets[i], names[_i]);
            garm_test_fail_alloc(test, 0);
            if (res->status == 200 && res->complete) {
                require_text(res, sizes[i], seeds[i]);
                whole++;
            } else {
                whole = 0;
                ck_assert_msg(!res->complete || res->status == 503, "allocation %u: %d", nth,
                              res->status);
            }
        }
        ck_assert_uint_lt(nth, 3000);
        require_text(ask(targets[i], names[_i]), sizes[i], seeds[i]);
    }
}
END_TEST

START_TEST(a_client_that_goes_leaves_nothing_behind)
{
    for (int i = 0; i < 70; i++) {
        garm_test_drop_client(test, 2000);
        ask("/streamed?size=200000&seed=1", names[_i]);
    }
    ck_assert_str_eq(coding_of("/held", names[_i]), names[_i]);
}
END_TEST

static void bad_level(garm_app *app)
{
    garm_compress(app, .brotli_level = 10);
}

static void bad_coding(garm_app *app)
{
    garm_compress(app, .codings = {GARM_GZIP, GARM_DEFLATE});
}

static void bad_type(garm_app *app)
{
    garm_compress(app, .types = {"text/*"});
}

static void bad_size(garm_app *app)
{
    garm_compress(app, .bytes_min = -5);
}

START_TEST(an_impossible_option_stops_the_start)
{
    ck_assert_ptr_nonnull(strstr(refusal_of(bad_level), "br has no level 10"));
    ck_assert_ptr_nonnull(strstr(refusal_of(bad_coding), ".codings"));
    ck_assert_ptr_nonnull(strstr(refusal_of(bad_type), "\"text/*\" is no type"));
    ck_assert_ptr_nonnull(strstr(refusal_of(bad_size), ".bytes_min"));
}
END_TEST

Suite *suite_compress(void)
{
    Suite *const suite = suite_create("mw/compress");
    TCase *const tc = tcase_create("compress");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_loop_test(tc, a_held_body_is_decoded_to_what_it_was, 0, 3);
    tcase_add_loop_test(tc, a_streamed_body_is_decoded_to_what_it_was, 0, 3);
    tcase_add_loop_test(tc, every_level_is_decoded, 0, 4);
    tcase_add_test(tc, the_client_chooses);
    tcase_add_test(tc, head_has_the_fields_of_get);
    tcase_add_test(tc, some_answers_stay_as_they_are);
    tcase_add_test(tc, others_are_compressed);
    tcase_add_test(tc, a_group_has_options_of_its_own);
    tcase_add_test(tc, an_etag_is_weakened);
    tcase_add_test(tc, a_304_names_the_validator_that_the_client_has);
    tcase_add_test(tc, vary_is_not_said_twice);
    tcase_add_test(tc, the_next_answer_goes_out_as_it_is_when_all_encoders_are_in_use);
    tcase_add_loop_test(tc, without_memory_no_body_is_wrong, 0, 3);
    tcase_add_loop_test(tc, a_client_that_goes_leaves_nothing_behind, 0, 3);
    tcase_add_test(tc, an_impossible_option_stops_the_start);
    suite_add_tcase(suite, tc);
    return suite;
}
