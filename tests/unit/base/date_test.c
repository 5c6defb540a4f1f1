/* Dates, against the C library's calendar. */
#include "suites.h"
#include "base/date.h"
#include "base/random.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#define DAY       INT64_C(86400)
#define YEAR_1    INT64_C(-62135596800)
#define YEAR_9999 INT64_C(253402300799)
/* RFC 9110's example, in all its forms. */
#define EXAMPLE INT64_C(784111777)

static int64_t read_date(const char *text, int64_t now)
{
    int64_t seconds = INT64_MIN;
    const int rc = date_from_http(slice_cstr(text), now, &seconds);
    ck_assert_int_eq(rc, seconds == INT64_MIN ? -EINVAL : 0);
    return seconds;
}

static void assert_refused(const char *text)
{
    if (read_date(text, EXAMPLE) != INT64_MIN) {
        ck_abort_msg("accepted: %s", text);
    }
}

/* Check writes down each assertion that it passes; the long loops below cannot afford that. */
static void assert_read(const char *text, int64_t now, int64_t expected)
{
    int64_t seconds;
    if (date_from_http(slice_cstr(text), now, &seconds) < 0 || seconds != expected) {
        ck_abort_msg("misread: %s", text);
    }
}

/* One moment: we write what the C library says, and read it back in all forms. */
static void compare_with_libc(int64_t seconds)
{
    static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                       "Thursday", "Friday", "Saturday"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const time_t when = seconds;
    struct tm tm;
    gmtime_r(&when, &tm);
    const int year = tm.tm_year + 1900;
    char expected[128];
    char actual[DATE_HTTP_SIZE + 1] = "";
    date_to_http(seconds, actual);
    snprintf(expected, sizeof(expected), "%.3s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday],
             tm.tm_mday, months[tm.tm_mon], year, tm.tm_hour, tm.tm_min, tm.tm_sec);
    if (strcmp(actual, expected) != 0) {
        ck_abort_msg("%s is not %s", actual, expected);
    }
    assert_read(actual, 0, seconds);
    snprintf(expected, sizeof(expected), "%.3s %s %2d %02d:%02d:%02d %04d", days[tm.tm_wday],
             months[tm.tm_mon], tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, year);
    assert_read(expected, 0, seconds);
    snprintf(expected, sizeof(expected), "%s, %02d-%s-%02d %02d:%02d:%02d GMT", days[tm.tm_wday],
             tm.tm_mday, months[tm.tm_mon], year % 100, tm.tm_hour, tm.tm_min, tm.tm_sec);
    assert_read(expected, seconds, seconds);
}

START_TEST(each_day_of_three_centuries_is_as_the_c_library_has_it)
{
    for (int64_t day = -25567; day < 84000; day++) { /* 1900 to 2199 */
        compare_with_libc(day * DAY + (day * 7919 % DAY + DAY) % DAY);
    }
}
END_TEST

START_TEST(moments_of_all_years_are_as_the_c_library_has_them)
{
    struct random random;
    random_seed(&random, 1);
    for (int i = 0; i < 20000; i++) {
        compare_with_libc(YEAR_1 + (int64_t)random_below(&random, YEAR_9999 - YEAR_1 + 1));
    }
    compare_with_libc(YEAR_1);
    compare_with_libc(YEAR_9999);
    compare_with_libc(0);
    compare_with_libc(-1);
}
END_TEST

START_TEST(seconds_beyond_the_years_become_their_nearest_end)
{
    char out[DATE_HTTP_SIZE + 1] = "";
    date_to_http(INT64_MAX, out);
    ck_assert_str_eq(out, "Fri, 31 Dec 9999 23:59:59 GMT");
    date_to_http(INT64_MIN, out);
    ck_assert_str_eq(out, "Mon, 01 Jan 0001 00:00:00 GMT");
}
END_TEST

START_TEST(iso_dates_have_milliseconds)
{
    static const struct {
        int64_t ns;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {INT64_C(1795241222123999999), "2026-11-21T06:07:02.123Z"},
        {INT64_C(951825599999999999), "2000-02-29T11:59:59.999Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {INT64_MAX, "2262-04-11T23:47:16.854Z"},
        {INT64_MIN, "1677-09-21T00:12:43.145Z"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char out[DATE_ISO_SIZE + 1] = "";
        date_to_iso(cases[i].ns, out);
        ck_assert_str_eq(out, cases[i].text);
    }
}
END_TEST

START_TEST(the_three_forms_are_read)
{
    ck_assert_int_eq(read_date("Sun, 06 Nov 1994 08:49:37 GMT", EXAMPLE), EXAMPLE);
    ck_assert_int_eq(read_date("Sunday, 06-Nov-94 08:49:37 GMT", EXAMPLE), EXAMPLE);
    ck_assert_int_eq(read_date("Sun Nov  6 08:49:37 1994", EXAMPLE), EXAMPLE);
    ck_assert_int_eq(read_date("Sun Nov 06 08:49:37 1994", EXAMPLE), EXAMPLE);
}
END_TEST

START_TEST(a_weekday_need_not_be_the_dates)
{
    ck_assert_int_eq(read_date("Mon, 06 Nov 1994 08:49:37 GMT", EXAMPLE), EXAMPLE);
    ck_assert_int_eq(read_date("Monday, 06-Nov-94 08:49:37 GMT", EXAMPLE), EXAMPLE);
}
END_TEST

START_TEST(a_leap_second_is_the_next_minutes_first)
{
    ck_assert_int_eq(read_date("Sat, 31 Dec 2016 23:59:60 GMT", EXAMPLE), 1483228800);
    assert_refused("Sat, 31 Dec 2016 23:59:61 GMT");
}
END_TEST

START_TEST(two_digit_years_lie_at_most_fifty_years_ahead)
{
    const int64_t now = 1795241222; /* 2026-11-21T06:07:02Z */
    ck_assert_int_eq(read_date("Saturday, 21-Nov-26 06:07:02 GMT", now), now);
    ck_assert_int_eq(read_date("Sunday, 06-Nov-94 08:49:37 GMT", now), EXAMPLE);
    const int64_t bound = read_date("Sat, 21 Nov 2076 06:07:02 GMT", now);
    ck_assert_int_eq(read_date("Saturday, 21-Nov-76 06:07:02 GMT", now), bound);
    ck_assert_int_eq(read_date("Saturday, 21-Nov-76 06:07:03 GMT", now),
                     read_date("Sun, 21 Nov 1976 06:07:03 GMT", now));
    ck_assert_int_eq(read_date("Saturday, 01-Jan-00 00:00:00 GMT", now), 946684800);
    /* The bound of a 29 February is a 1 March. */
    const int64_t leap_day = read_date("Tue, 29 Feb 2000 00:00:00 GMT", 0);
    ck_assert_int_eq(read_date("Tuesday, 01-Mar-50 00:00:00 GMT", leap_day),
                     read_date("Tue, 01 Mar 2050 00:00:00 GMT", 0));
}
END_TEST

START_TEST(dates_that_do_not_exist_are_refused)
{
    assert_refused("Sun, 00 Nov 1994 08:49:37 GMT");
    assert_refused("Sun, 31 Nov 1994 08:49:37 GMT");
    assert_refused("Sun, 32 Jan 1994 08:49:37 GMT");
    assert_refused("Sun, 29 Feb 1994 08:49:37 GMT");
    assert_refused("Sun, 29 Feb 1900 08:49:37 GMT");
    assert_refused("Sun, 30 Feb 2000 08:49:37 GMT");
    assert_refused("Sun, 06 Nov 1994 24:00:00 GMT");
    assert_refused("Sun, 06 Nov 1994 08:60:00 GMT");
    assert_refused("Sun, 06 Nov 0000 08:49:37 GMT");
    assert_refused("Sunday, 29-Feb-94 08:49:37 GMT");
    assert_refused("Sun Nov  0 08:49:37 1994");
}
END_TEST

START_TEST(other_grammars_are_refused)
{
    static const char *const bad[] = {
        "",
        "0",
        "sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 gmt",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        " Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun,  6 Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06-Nov-1994 08:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Sunday, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Xxx, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Xxx 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun, 06 Nov 1994 08:49 GMT",
        "Sun, +6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov -994 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov   6 08:49:37 1994",
        "Sun Nov  6 08:49:37 94",
        "Sun Nov  6 08:49:37 1994 GMT",
        "1994-11-06T08:49:37Z",
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_refused(bad[i]);
    }
}
END_TEST

START_TEST(no_part_of_a_date_is_a_date)
{
    static const char *const dates[] = {
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    };
    for (size_t i = 0; i < COUNT_OF(dates); i++) {
        for (size_t len = 0; len < strlen(dates[i]); len++) {
            /* At the end of its allocation, where AddressSanitizer sees a read beyond it. */
            char *const part = mem_alloc(len + 1);
            ck_assert_ptr_nonnull(part);
            memcpy(part + 1, dates[i], len);
            int64_t seconds = 5;
            ck_assert_int_eq(date_from_http(slice_of(part + 1, len), 0, &seconds), -EINVAL);
            ck_assert_int_eq(seconds, 5);
            mem_free(part);
        }
    }
    int64_t seconds;
    ck_assert_int_eq(date_from_http(slice_of(NULL, 0), 0, &seconds), -EINVAL);
}
END_TEST

START_TEST(times_that_nanoseconds_cannot_hold_become_their_last_ones)
{
    const struct timespec some = {784111777, 5};
    const struct timespec before = {-1, 999999999};
    const struct timespec last = {9223372036, 854775807};
    ck_assert_int_eq(date_ns_of(&some), INT64_C(784111777000000005));
    ck_assert_int_eq(date_ns_of(&before), -1);
    ck_assert_int_eq(date_ns_of(&last), INT64_MAX);
    static const int64_t beyond[] = {9223372037, INT64_MAX};
    for (size_t i = 0; i < COUNT_OF(beyond); i++) {
        const struct timespec late = {beyond[i], 0};
        const struct timespec early = {-beyond[i], 0};
        ck_assert_int_eq(date_ns_of(&late), INT64_MAX);
        ck_assert_int_eq(date_ns_of(&early), INT64_MIN);
    }
}
END_TEST

Suite *date_suite(void)
{
    Suite *const suite = suite_create("date");
    TCase *const tests = tcase_create("date");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, each_day_of_three_centuries_is_as_the_c_library_has_it);
    tcase_add_test(tests, moments_of_all_years_are_as_the_c_library_has_them);
    tcase_add_test(tests, seconds_beyond_the_years_become_their_nearest_end);
    tcase_add_test(tests, iso_dates_have_milliseconds);
    tcase_add_test(tests, times_that_nanoseconds_cannot_hold_become_their_last_ones);
    tcase_add_test(tests, the_three_forms_are_read);
    tcase_add_test(tests, a_weekday_need_not_be_the_dates);
    tcase_add_test(tests, a_leap_second_is_the_next_minutes_first);
    tcase_add_test(tests, two_digit_years_lie_at_most_fifty_years_ahead);
    tcase_add_test(tests, dates_that_do_not_exist_are_refused);
    tcase_add_test(tests, other_grammars_are_refused);
    tcase_add_test(tests, no_part_of_a_date_is_a_date);
    suite_add_tcase(suite, tests);
    return suite;
}
