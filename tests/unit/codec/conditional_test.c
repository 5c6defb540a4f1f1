/* Preconditions (RFC 9110 section 13) against one representation: "v1", of 1994-11-06 08:49:37. */
#include "suites.h"
#include "codec/conditional.h"

#define MODIFIED 784111777
#define NOW      (MODIFIED + 86400)
#define SAME     "Sun, 06 Nov 1994 08:49:37 GMT"
#define EARLIER  "Sun, 06 Nov 1994 08:49:36 GMT"
#define LATER    "Sun, 06 Nov 1994 08:49:38 GMT"

enum { MET = CONDITION_MET, NOT_MODIFIED = CONDITION_NOT_MODIFIED, FAILED = CONDITION_FAILED };

static const struct {
    const char *match, *unmodified, *none_match, *modified;
    int want;
} cases[] = {
    {"", "", "", "", MET},
    /* If-Match: strong comparison. */
    {"\"v1\"", "", "", "", MET},
    {"*", "", "", "", MET},
    {"\"v0\"", "", "", "", FAILED},
    {"\"v0\", \"v1\"", "", "", "", MET},
    {"W/\"v1\"", "", "", "", FAILED},
    {"v1", "", "", "", FAILED},
    {"\"V1\"", "", "", "", FAILED},
    {"\"v1", "", "", "", FAILED},
    {"\"a,\", \"v1\"", "", "", "", MET},
    {"\"a, \"v1\"", "", "", "", MET},
    {",, \"v1\" ,", "", "", "", MET},
    /* If-Unmodified-Since, which counts without If-Match only. */
    {"", SAME, "", "", MET},
    {"", LATER, "", "", MET},
    {"", EARLIER, "", "", FAILED},
    {"", "Sunday, 06-Nov-94 08:49:36 GMT", "", "", FAILED},
    {"", "Sun Nov  6 08:49:36 1994", "", "", FAILED},
    {"", "yesterday", "", "", MET},
    {"\"v1\"", EARLIER, "", "", MET},
    {"\"v0\"", LATER, "", "", FAILED},
    /* If-None-Match: weak comparison. */
    {"", "", "\"v1\"", "", NOT_MODIFIED},
    {"", "", "W/\"v1\"", "", NOT_MODIFIED},
    {"", "", "w/\"v1\"", "", MET},
    {"", "", "*", "", NOT_MODIFIED},
    {"", "", "\"v0\"", "", MET},
    {"", "", "\"v0\",W/\"v1\",\"v2\"", "", NOT_MODIFIED},
    {"", "", "v1", "", MET},
    {"", "", "\"v1\"x", "", MET},
    {"", "", "\"\"", "", MET},
    /* If-Modified-Since, which counts without If-None-Match only. */
    {"", "", "", SAME, NOT_MODIFIED},
    {"", "", "", LATER, NOT_MODIFIED},
    {"", "", "", EARLIER, MET},
    {"", "", "", "Sunday, 06-Nov-94 08:49:37 GMT", NOT_MODIFIED},
    {"", "", "", "Sun Nov  6 08:49:37 1994", NOT_MODIFIED},
    {"", "", "", "sun, 06 nov 1994 08:49:37 gmt", MET},
    {"", "", "", "0", MET},
    {"", "", "\"v0\"", LATER, MET},
    {"", "", "\"v1\"", EARLIER, NOT_MODIFIED},
    /* If-Match and If-Unmodified-Since come first. */
    {"\"v1\"", "", "\"v1\"", "", NOT_MODIFIED},
    {"\"v0\"", "", "\"v1\"", "", FAILED},
    {"", EARLIER, "", LATER, FAILED},
    {"", LATER, "", LATER, NOT_MODIFIED},
};

static const struct validators own = {{"\"v1\"", 4}, true, MODIFIED};
static const struct validators weak = {{"W/\"v1\"", 6}, true, MODIFIED};
static const struct validators none = {{"", 0}, false, 0};

/* The table's "" is no field at all. */
static struct slice field_of(const char *text)
{
    return text[0] == '\0' ? slice_of(NULL, 0) : slice_cstr(text);
}

START_TEST(conditions_are_judged_in_their_order)
{
    const struct conditions conditions = {
        .if_match = field_of(cases[_i].match),
        .if_unmodified_since = field_of(cases[_i].unmodified),
        .if_none_match = field_of(cases[_i].none_match),
        .if_modified_since = field_of(cases[_i].modified),
    };
    ck_assert_int_eq((int)conditions_judge(&conditions, &own, NOW), cases[_i].want);
}
END_TEST

START_TEST(no_tag_is_in_an_empty_list)
{
    const struct conditions match = {.if_match = SLICE(""), .if_unmodified_since = SLICE(LATER)};
    const struct conditions none_match = {.if_none_match = SLICE(""),
                                          .if_modified_since = SLICE(LATER)};
    ck_assert_int_eq(conditions_judge(&match, &own, NOW), CONDITION_FAILED);
    ck_assert_int_eq(conditions_judge(&none_match, &own, NOW), CONDITION_MET);
}
END_TEST

START_TEST(a_weak_tag_matches_weakly_only)
{
    ck_assert(etag_list_has(SLICE("\"v1\""), weak.etag, true));
    ck_assert(etag_list_has(SLICE("W/\"v1\""), weak.etag, true));
    ck_assert(!etag_list_has(SLICE("\"v1\""), weak.etag, false));
    ck_assert(!etag_list_has(SLICE("W/\"v1\""), weak.etag, false));
}
END_TEST

START_TEST(without_validators_conditions_are_met)
{
    const struct conditions dates = {.if_modified_since = slice_cstr(SAME),
                                     .if_unmodified_since = slice_cstr(EARLIER)};
    const struct conditions any = {.if_none_match = SLICE("*")};
    const struct conditions one = {.if_none_match = SLICE("\"\"")};
    ck_assert_int_eq(conditions_judge(&dates, &none, NOW), CONDITION_MET);
    ck_assert_int_eq(conditions_judge(&any, &none, NOW), CONDITION_NOT_MODIFIED);
    ck_assert_int_eq(conditions_judge(&one, &none, NOW), CONDITION_MET);
}
END_TEST

START_TEST(if_range_wants_the_same_strong_validator)
{
    ck_assert(if_range_holds(slice_of(NULL, 0), &own, NOW));
    ck_assert(!if_range_holds(SLICE(""), &own, NOW));
    ck_assert(if_range_holds(SLICE("\"v1\""), &own, NOW));
    ck_assert(!if_range_holds(SLICE("\"v0\""), &own, NOW));
    ck_assert(!if_range_holds(SLICE("W/\"v1\""), &own, NOW));
    ck_assert(!if_range_holds(SLICE("\"v1\""), &weak, NOW));
    ck_assert(!if_range_holds(SLICE("W/\"v1\""), &weak, NOW));
    ck_assert(!if_range_holds(SLICE("\"v1\", \"v1\""), &own, NOW));
    ck_assert(!if_range_holds(SLICE("*"), &own, NOW));
    ck_assert(!if_range_holds(SLICE("nonsense"), &own, NOW));
}
END_TEST

START_TEST(if_range_wants_the_very_date)
{
    ck_assert(if_range_holds(slice_cstr(SAME), &own, NOW));
    ck_assert(if_range_holds(SLICE("Sun Nov  6 08:49:37 1994"), &own, NOW));
    ck_assert(!if_range_holds(slice_cstr(EARLIER), &own, NOW));
    ck_assert(!if_range_holds(slice_cstr(LATER), &own, NOW));
    ck_assert(!if_range_holds(slice_cstr(SAME), &own, MODIFIED)); /* it may change again */
    ck_assert(!if_range_holds(slice_cstr(SAME), &none, NOW));
}
END_TEST

Suite *conditional_suite(void)
{
    Suite *const suite = suite_create("conditional");
    TCase *const tests = tcase_create("conditional");
    tcase_add_loop_test(tests, conditions_are_judged_in_their_order, 0,
                        (int)(sizeof(cases) / sizeof(cases[0])));
    tcase_add_test(tests, no_tag_is_in_an_empty_list);
    tcase_add_test(tests, a_weak_tag_matches_weakly_only);
    tcase_add_test(tests, without_validators_conditions_are_met);
    tcase_add_test(tests, if_range_wants_the_same_strong_validator);
    tcase_add_test(tests, if_range_wants_the_very_date);
    suite_add_tcase(suite, tests);
    return suite;
}
