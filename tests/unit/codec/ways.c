/* The ways, and what must be true on each. */
#include "ways.h"

#include "codec/scan.h"
#include "spec/guard.h"
#include "spec/require.h"

#include <check.h>
#include <stdlib.h>

/* Up to here every split is tried, beyond it some hundred. */
#define SPLIT_ALL_MAX 1024
#define SPLITS        100

struct way {
    struct slice text;
    const struct h1_limits *limits;
    bool trailers;
    struct h1_parser parser;
    struct parsed parsed;
};

static void begin(struct way *w)
{
    memset(&w->parsed, 0xaa, sizeof(w->parsed)); /* nothing may hang on what was there before */
    if (w->trailers) {
        h1_parser_init_trailers(&w->parser, w->limits, &w->parsed.head);
    } else {
        h1_parser_init(&w->parser, w->limits, &w->parsed.head);
    }
    w->parsed.result = H1_MORE;
}

/* Parses with `len` bytes at hand, which must bring it further, and must be all it looks at. */
static void advance(struct way *w, size_t len)
{
    const uint32_t pos_before = w->parser.pos;
    const char *const data = guard_copy(slice_of(w->text.ptr, len));
    w->parsed.result = h1_head_parse(&w->parser, data, len);
    REQUIRE(w->parser.pos >= pos_before);
    REQUIRE(w->parsed.result != H1_MORE || w->parser.pos == len);
    if (w->parsed.result == H1_BAD) {
        w->parsed.error = w->parser.error;
        REQUIRE(w->parsed.error.reason != NULL);
        REQUIRE(w->parsed.error.offset <= len);
    }
    if (w->parsed.result != H1_MORE) {
        REQUIRE(h1_head_parse(&w->parser, data, len) ==
                w->parsed.result); /* the end stays the end */
    }
}

static void require_same(const struct way *w, const struct parsed *whole)
{
    const struct parsed *const got = &w->parsed;
    REQUIRE(got->result == whole->result);
    if (got->result == H1_BAD) {
        REQUIRE(got->error.status == whole->error.status);
        REQUIRE(got->error.offset == whole->error.offset);
        REQUIRE(strcmp(got->error.reason, whole->error.reason) == 0);
    } else if (got->result == H1_DONE) {
        const size_t used =
            offsetof(struct h1_head, fields) + got->head.field_count * sizeof(got->head.fields[0]);
        REQUIRE(memcmp(&got->head, &whole->head, used) == 0);
    }
}

/* A beginning is incomplete, or as bad as the whole. */
static void run_cut(struct way *w, size_t len, const struct parsed *whole)
{
    begin(w);
    advance(w, len);
    if (whole->result == H1_DONE && len >= whole->head.size) {
        REQUIRE(w->parsed.result == H1_DONE);
    } else if (w->parsed.result != H1_MORE) {
        require_same(w, whole);
    }
    if (w->parsed.result == H1_MORE) {
        advance(w, w->text.len);
    }
    require_same(w, whole);
}

static void run_steps(struct way *w, size_t step, const struct parsed *whole)
{
    begin(w);
    for (size_t len = 0; w->parsed.result == H1_MORE && len < w->text.len;) {
        len = len + step < w->text.len ? len + step : w->text.len;
        advance(w, len);
    }
    require_same(w, whole);
}

static void run_scan(struct way *w, const struct parsed *whole)
{
    const size_t len = w->text.len;
    const bool small = len <= SPLIT_ALL_MAX;
    run_cut(w, len, whole);
    for (size_t cut = 0; cut < len; cut += small ? 1 : len / SPLITS) {
        run_cut(w, cut, whole);
    }
    run_steps(w, small ? 1 : 499, whole);
}

const struct parsed *parse_every_way(struct slice text, const struct h1_limits *limits,
                                     bool trailers)
{
    static struct way whole;
    static struct way way;
    const struct scan_ops *const chosen = scan;
    whole = (struct way){.text = text, .limits = limits, .trailers = trailers};
    if (limits == NULL) {
        whole.limits = &h1_limits_default;
    }
    begin(&whole);
    advance(&whole, text.len);
    way = whole;
    for (const struct scan_ops *const *ops = scan_all(); *ops != NULL; ops++) {
        scan = *ops;
        run_scan(&way, &whole.parsed);
    }
    scan = chosen;
    return &whole.parsed;
}

const struct parsed *parse_head(struct slice text)
{
    return parse_every_way(text, NULL, false);
}
