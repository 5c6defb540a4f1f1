/* Chunked bodies, whole and in every split. */
#include "suites.h"
#include "codec/h1.h"

#include "base/compiler.h"
#include "spec/guard.h"
#include "spec/require.h"

/* What reading a body came to. */
struct outcome {
    enum h1_chunk result; /* the last one: never H1_CHUNK_DATA */
    size_t consumed;
    struct h1_error error;
    char data[512];
    size_t data_len;
};

/* Reads `piece` to its end. False once nothing more can come. */
static bool read_piece(struct h1_chunked *chunked, struct slice piece, struct outcome *outcome)
{
    const char *const data = guard_copy(piece);
    size_t at = 0;
    do {
        size_t consumed = 0;
        struct slice run = {NULL, 0};
        outcome->result = h1_chunked_read(chunked, data + at, piece.len - at, &consumed, &run);
        REQUIRE(consumed <= piece.len - at);
        at += consumed;
        if (outcome->result == H1_CHUNK_DATA) {
            REQUIRE(run.len > 0 && run.ptr + run.len == data + at);
            REQUIRE(outcome->data_len + run.len <= sizeof(outcome->data));
            memcpy(outcome->data + outcome->data_len, run.ptr, run.len);
            outcome->data_len += run.len;
        }
    } while (outcome->result == H1_CHUNK_DATA);
    outcome->consumed += at;
    outcome->error = chunked->error;
    REQUIRE(chunked->seen == outcome->consumed);
    REQUIRE(outcome->result != H1_CHUNK_MORE || at == piece.len);
    return outcome->result == H1_CHUNK_MORE;
}

/* Reads the first `first` bytes, then `step` at a time. */
static struct outcome read_body(struct slice text, const struct h1_limits *limits, size_t first,
                                size_t step)
{
    struct h1_chunked chunked;
    struct outcome outcome = {.result = H1_CHUNK_MORE};
    h1_chunked_init(&chunked, limits);
    size_t at = 0;
    size_t size = first;
    while (at < text.len) {
        size = size < text.len - at ? size : text.len - at;
        if (!read_piece(&chunked, slice_of(text.ptr + at, size), &outcome)) {
            break;
        }
        at += size;
        size = step;
    }
    return outcome;
}

static void require_same(const struct outcome *a, const struct outcome *b)
{
    REQUIRE(a->result == b->result);
    REQUIRE(a->consumed == b->consumed);
    REQUIRE(slice_eq(slice_of(a->data, a->data_len), slice_of(b->data, b->data_len)));
    REQUIRE(a->error.status == b->error.status && a->error.offset == b->error.offset);
    REQUIRE(a->error.reason == b->error.reason);
}

static struct outcome read_every_way(struct slice text, const struct h1_limits *limits)
{
    const struct outcome whole = read_body(text, limits, text.len, 1);
    for (size_t first = 1; first < text.len; first++) {
        const struct outcome split = read_body(text, limits, first, text.len);
        require_same(&split, &whole);
    }
    const struct outcome bytes = read_body(text, limits, 1, 1);
    require_same(&bytes, &whole);
    return whole;
}

static const struct {
    struct slice text;
    struct slice body;
    size_t consumed;
} sound[] = {
    {SLICE("0\r\n"), SLICE(""), 3},
    {SLICE("0\r\n\r\nX"), SLICE(""), 3},
    {SLICE("5\r\nhello\r\n0\r\n\r\n"), SLICE("hello"), 13},
    {SLICE("1\r\na\r\n01\r\nb\r\n0000\r\n"), SLICE("ab"), 19},
    {SLICE("A\r\n0123456789\r\n0\r\n"), SLICE("0123456789"), 18},
    {SLICE("2\r\n\r\n\r\n0\r\n"), SLICE("\r\n"), 10},
    {SLICE("1;a\r\nx\r\n0;b=c\r\n"), SLICE("x"), 15},
    {SLICE("1 ; a = b ;\tc=\"\\\"d;\\\\\" ;e\r\nx\r\n0\r\n"), SLICE("x"), 33},
    {SLICE("1;a=\"\"\r\nx\r\n0\r\n"), SLICE("x"), 14},
    {SLICE("1;a=\"\t\xff;,\"\r\nx\r\n0\r\n"), SLICE("x"), 18},
};

START_TEST(a_sound_body_is_read_up_to_its_trailers)
{
    const struct outcome outcome = read_every_way(sound[_i].text, &h1_limits_default);
    ck_assert_int_eq(outcome.result, H1_CHUNK_TRAILERS);
    ck_assert_uint_eq(outcome.consumed, sound[_i].consumed);
    ck_assert(slice_eq(slice_of(outcome.data, outcome.data_len), sound[_i].body));
}
END_TEST

START_TEST(a_body_cut_short_waits)
{
    for (size_t len = 0; len < sound[_i].consumed; len++) {
        const struct slice cut = slice_of(sound[_i].text.ptr, len);
        const struct outcome outcome = read_body(cut, &h1_limits_default, len, 1);
        ck_assert_int_eq(outcome.result, H1_CHUNK_MORE);
        ck_assert_uint_eq(outcome.consumed, len);
    }
}
END_TEST

static const struct {
    struct slice text;
    uint32_t offset;
    const char *reason;
} refused[] = {
    {SLICE("\r\n"), 0, "bad chunk size"},
    {SLICE("\n"), 0, "bare LF"},
    {SLICE("\0"), 0, "NUL"},
    {SLICE(";a\r\n"), 0, "bad chunk size"},
    {SLICE(" 5\r\n"), 0, "bad chunk size"},
    {SLICE("-5\r\n"), 0, "bad chunk size"},
    {SLICE("+5\r\n"), 0, "bad chunk size"},
    {SLICE("0x5\r\n"), 1, "bad chunk size"},
    {SLICE("5_\r\n"), 1, "bad chunk size"},
    {SLICE("5g\r\n"), 1, "bad chunk size"},
    {SLICE("5 \r\n"), 2, "bad chunk extension"},
    {SLICE("5\n"), 1, "bare LF"},
    {SLICE("5\rx"), 2, "bare CR"},
    {SLICE("8000000000000000\r\n"), 15, "chunk size too large"},
    {SLICE("fffffffffffffffff\r\n"), 15, "chunk size too large"},
    {SLICE("1\r\nab"), 4, "chunk data not followed by CRLF"},
    {SLICE("1\r\na\n"), 4, "chunk data not followed by CRLF"},
    {SLICE("1\r\na\rb"), 5, "chunk data not followed by CRLF"},
    {SLICE("1\r\na\r\n\r\n"), 6, "bad chunk size"},
    {SLICE("5;\r\n"), 2, "bad chunk extension"},
    {SLICE("5;a=\r\n"), 4, "bad chunk extension"},
    {SLICE("5;a \r\n"), 4, "bad chunk extension"},
    {SLICE("5;a b"), 4, "bad chunk extension"},
    {SLICE("5;a=b c"), 6, "bad chunk extension"},
    {SLICE("5;a=\"b\"c"), 7, "bad chunk extension"},
    {SLICE("5;a=\"b\r\n"), 6, "bad chunk extension"},
    {SLICE("5;a=\"\x01"), 5, "bad chunk extension"},
    {SLICE("5;a=\"\\\x01"), 6, "bad chunk extension"},
    {SLICE("5;a=\"\\\r"), 6, "bad chunk extension"},
    {SLICE("5;a\xff"), 3, "bad chunk extension"},
    {SLICE("5;a\n"), 3, "bare LF"},
    {SLICE("5;\0"), 2, "NUL"},
};

START_TEST(a_bad_body_is_refused_at_its_first_bad_byte)
{
    const struct outcome outcome = read_every_way(refused[_i].text, &h1_limits_default);
    ck_assert_int_eq(outcome.result, H1_CHUNK_BAD);
    ck_assert_uint_eq(outcome.error.status, 400);
    ck_assert_str_eq(outcome.error.reason, refused[_i].reason);
    ck_assert_uint_eq(outcome.error.offset, refused[_i].offset);
}
END_TEST

START_TEST(the_end_stays_the_end)
{
    struct h1_chunked chunked;
    size_t consumed = 99;
    struct slice run;
    h1_chunked_init(&chunked, &h1_limits_default);
    ck_assert_int_eq(h1_chunked_read(&chunked, "0\r\n", 3, &consumed, &run), H1_CHUNK_TRAILERS);
    ck_assert_int_eq(h1_chunked_read(&chunked, "5\r\n", 3, &consumed, &run), H1_CHUNK_TRAILERS);
    ck_assert_uint_eq(consumed, 0);
    h1_chunked_init(&chunked, &h1_limits_default);
    ck_assert_int_eq(h1_chunked_read(&chunked, "x", 1, &consumed, &run), H1_CHUNK_BAD);
    ck_assert_int_eq(h1_chunked_read(&chunked, "0\r\n", 3, &consumed, &run), H1_CHUNK_BAD);
    ck_assert_uint_eq(consumed, 0);
}
END_TEST

START_TEST(the_largest_size_is_one_less_than_two_to_the_63)
{
    struct h1_chunked chunked;
    size_t consumed;
    struct slice run;
    h1_chunked_init(&chunked, &h1_limits_default);
    const struct slice text = SLICE("7fffffffffffffff\r\nab");
    ck_assert_int_eq(h1_chunked_read(&chunked, text.ptr, text.len, &consumed, &run), H1_CHUNK_DATA);
    ck_assert_uint_eq(run.len, 2);
    ck_assert_uint_eq(chunked.left, INT64_MAX - 2);
}
END_TEST

START_TEST(zeros_lead_up_to_a_bound)
{
    char text[300];
    memset(text, '0', sizeof(text));
    memcpy(text + 254, "1\r\nx\r\n0\r\n", 9);
    const struct outcome outcome = read_body(slice_of(text, 263), &h1_limits_default, 263, 1);
    ck_assert_int_eq(outcome.result, H1_CHUNK_TRAILERS);
    ck_assert_uint_eq(outcome.data_len, 1);
    memset(text, '0', sizeof(text));
    const struct outcome endless = read_body(slice_of(text, 300), &h1_limits_default, 300, 1);
    ck_assert_int_eq(endless.result, H1_CHUNK_BAD);
    ck_assert_uint_eq(endless.error.offset, 255);
}
END_TEST

START_TEST(extensions_are_counted_over_the_whole_body)
{
    struct h1_limits limits = h1_limits_default;
    limits.chunk_ext_bytes = 6;
    ck_assert_int_eq(read_every_way(SLICE("1;ab\r\nx\r\n0;cd\r\n"), &limits).result,
                     H1_CHUNK_TRAILERS);
    const struct outcome outcome = read_every_way(SLICE("1;ab\r\nx\r\n0;cde\r\n"), &limits);
    ck_assert_int_eq(outcome.result, H1_CHUNK_BAD);
    ck_assert_str_eq(outcome.error.reason, "chunk extensions too large");
}
END_TEST

START_TEST(a_chunk_line_is_hex_and_crlf)
{
    static const struct {
        uint64_t size;
        const char *line;
    } lines[] = {
        {1, "1\r\n"},
        {15, "f\r\n"},
        {16, "10\r\n"},
        {65536, "10000\r\n"},
        {UINT64_MAX, "ffffffffffffffff\r\n"},
    };
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        char out[H1_CHUNK_LINE_MAX];
        const size_t len = h1_chunk_line(lines[i].size, out);
        ck_assert(slice_eq(slice_of(out, len), slice_cstr(lines[i].line)));
    }
}
END_TEST

Suite *chunked_suite(void)
{
    Suite *const suite = suite_create("chunked");
    TCase *const tests = tcase_create("chunked");
    tcase_add_loop_test(tests, a_sound_body_is_read_up_to_its_trailers, 0, (int)COUNT_OF(sound));
    tcase_add_loop_test(tests, a_body_cut_short_waits, 0, (int)COUNT_OF(sound));
    tcase_add_loop_test(tests, a_bad_body_is_refused_at_its_first_bad_byte, 0,
                        (int)COUNT_OF(refused));
    tcase_add_test(tests, the_end_stays_the_end);
    tcase_add_test(tests, the_largest_size_is_one_less_than_two_to_the_63);
    tcase_add_test(tests, zeros_lead_up_to_a_bound);
    tcase_add_test(tests, extensions_are_counted_over_the_whole_body);
    tcase_add_test(tests, a_chunk_line_is_hex_and_crlf);
    suite_add_tcase(suite, tests);
    return suite;
}
