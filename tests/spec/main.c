/* Runs the specification files against the codec: each case whole, split at every byte, and byte by
 * byte, with every implementation of the scans. */
#include "codec/scan.h"
#include "spec/events.h"
#include "spec/spec_file.h"

#include "base/text.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Up to here every split is tried, beyond it some hundred. */
#define SPLIT_ALL_MAX 2048
#define SPLITS        200

#define FAILURE_BYTES_MAX ((size_t)1 << 20)

static struct spec_set set;
static struct buf failures; /* a line for each */

/* Is there an event of this kind among the expected ones? Kinds that a case does not name are not
 * compared, but for how each message ends. */
static bool is_compared(const struct spec_case *c, struct slice kind)
{
    if (slice_eq(kind, SLICE("done")) || slice_eq(kind, SLICE("more")) ||
        slice_eq(kind, SLICE("error"))) {
        return true;
    }
    for (size_t i = 0; i < c->event_count; i++) {
        if (slice_eq(c->events[i].kind, kind)) {
            return true;
        }
    }
    return false;
}

static const char *show(const struct spec_event *event, char *out, size_t cap)
{
    char value[200];
    (void)snprintf(out, cap, "%.*s=%s", SLICE_ARG(event->kind),
                   text_printable(event->value, value, sizeof(value)));
    return out;
}

/* True if they are the same; else a line is added to the failures. */
static bool check_event(const struct spec_case *c, const char *way, const struct spec_event *want,
                        const struct spec_event *got)
{
    char want_text[256];
    char got_text[256];
    if (slice_eq(want->kind, got->kind) && slice_eq(want->value, got->value)) {
        return true;
    }
    (void)buf_printf(&failures, "%s:%zu: %s (%s, %s): expected %s, got %s\n", c->file, c->line,
                     c->title, scan->name, way, show(want, want_text, sizeof(want_text)),
                     show(got, got_text, sizeof(got_text)));
    return false;
}

static bool check_log(const struct spec_case *c, const char *way, const struct event_log *log)
{
    static const struct spec_event nothing = {{"nothing", 7}, {"", 0}};
    size_t next = 0;
    for (size_t i = 0; i < log->count; i++) {
        if (!is_compared(c, log->items[i].kind)) {
            continue;
        }
        const struct spec_event *const want = next < c->event_count ? &c->events[next] : &nothing;
        if (!check_event(c, way, want, &log->items[i])) {
            return false;
        }
        next++;
    }
    return next == c->event_count || check_event(c, way, &c->events[next], &nothing);
}

static bool run_way(const struct spec_case *c, struct event_log *log, size_t first, size_t step)
{
    char way[64];
    (void)snprintf(way, sizeof(way), "first %zu bytes, then by %zu", first, step);
    event_log_clear(log);
    event_log_feed(log, c->request, first, step);
    return check_log(c, way, log);
}

/* Ends with the first way that gives something else. */
static void run_case(const struct spec_case *c, struct event_log *log)
{
    const size_t len = c->request.len;
    const bool small = len <= SPLIT_ALL_MAX;
    bool same = run_way(c, log, len, 1) && run_way(c, log, 1, small ? 1 : 997);
    for (size_t first = 1; same && first < len; first += small ? 1 : len / SPLITS) {
        same = run_way(c, log, first, len);
    }
}

/* All cases run in one process: Check's fork for each would cost more than the cases. */
START_TEST(the_codec_reports_the_events_of_each_case)
{
    scan = scan_all()[_i];
    buf_init(&failures, FAILURE_BYTES_MAX);
    struct event_log log;
    event_log_init(&log);
    for (size_t i = 0; i < set.count; i++) {
        run_case(&set.cases[i], &log);
    }
    event_log_deinit(&log);
    ck_assert_msg(failures.len == 0, "\n%s", buf_cstr(&failures));
    buf_deinit(&failures);
}
END_TEST

/* Rules that bytes can express: 46 and later concern files. */
START_TEST(every_rule_on_bytes_has_a_case)
{
    ck_assert_uint_ge(set.count, 350);
    for (int rule = 1; rule <= 44; rule++) {
        bool found = false;
        for (size_t i = 0; i < set.count; i++) {
            found = found || strtol(set.cases[i].title, NULL, 10) == rule;
        }
        ck_assert_msg(found, "no case for rule %d", rule);
    }
}
END_TEST

static int scan_count(void)
{
    int count = 0;
    while (scan_all()[count] != NULL) {
        count++;
    }
    return count;
}

static Suite *spec_suite(void)
{
    Suite *const suite = suite_create("spec");
    TCase *const tests = tcase_create("cases");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, the_codec_reports_the_events_of_each_case, 0, scan_count());
    tcase_add_test(tests, every_rule_on_bytes_has_a_case);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    struct buf error;
    buf_init(&error, 4096);
    if (spec_load(SPEC_DIR, &set, &error) < 0) {
        (void)fprintf(stderr, "%s\n", buf_cstr(&error));
        return EXIT_FAILURE;
    }
    SRunner *const runner = srunner_create(spec_suite());
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    spec_unload(&set);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
