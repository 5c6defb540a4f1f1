/* HTTP dates (RFC 9110 section 5.6.7), and RFC 3339 for log lines. The days of the proleptic
 * Gregorian calendar are counted from March, which puts the leap day at the end of the year. */
#include "base/date.h"
#include "base/limits.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#define SECONDS_PER_DAY INT64_C(86400)
#define YEAR_1          INT64_C(-62135596800) /* 0001-01-01T00:00:00Z */
#define YEAR_9999_END   INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

struct civil {
    int64_t year;
    int month; /* 1 to 12 */
    int day;   /* 1 to 31 */
    int hour;
    int minute;
    int second; /* 60 in a leap second */
};

static const char month_names[12][4] = {
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
};

static const struct slice weekday_names[7] = {
    SLICE_INIT("Sunday"),   SLICE_INIT("Monday"), SLICE_INIT("Tuesday"),  SLICE_INIT("Wednesday"),
    SLICE_INIT("Thursday"), SLICE_INIT("Friday"), SLICE_INIT("Saturday"),
};

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Days from 1970-01-01 to a date; a day beyond its month runs into the next one. */
static int64_t days_from_civil(int64_t year, int month, int day)
{
    const int64_t from_march = month > 2 ? month - 3 : month + 9;
    const int64_t y = month > 2 ? year : year - 1;
    const int64_t era = floor_div(y, 400);
    const int64_t year_of_era = y - era * 400;
    const int64_t day_of_year = (153 * from_march + 2) / 5 + day - 1;
    const int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static int64_t seconds_from_civil(const struct civil *c)
{
    return days_from_civil(c->year, c->month, c->day) * SECONDS_PER_DAY + c->hour * 3600 +
           c->minute * 60 + c->second;
}

static struct civil civil_from_seconds(int64_t seconds)
{
    const int64_t days = floor_div(seconds, SECONDS_PER_DAY);
    const int of_day = (int)(seconds - days * SECONDS_PER_DAY);
    const int64_t since_era_0 = days + 719468;
    const int64_t era = floor_div(since_era_0, 146097);
    const int64_t day_of_era = since_era_0 - era * 146097;
    const int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const int day_of_year =
        (int)(day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100));
    const int from_march = (5 * day_of_year + 2) / 153;
    const int month = from_march < 10 ? from_march + 3 : from_march - 9;
    return (struct civil){
        .year = year_of_era + era * 400 + (month <= 2),
        .month = month,
        .day = day_of_year - (153 * from_march + 2) / 5 + 1,
        .hour = of_day / 3600,
        .minute = of_day / 60 % 60,
        .second = of_day % 60,
    };
}

/* Writes `count` decimal digits; returns the place after them. */
static char *put_number(char *out, int64_t value, int count)
{
    for (int i = count; i-- > 0; value /= 10) {
        out[i] = (char)('0' + value % 10);
    }
    return out + count;
}

static char *put_text(char *out, const char *text, size_t count)
{
    memcpy(out, text, count);
    return out + count;
}

static char *put_time(char *out, const struct civil *c)
{
    out = put_number(out, c->hour, 2);
    *out++ = ':';
    out = put_number(out, c->minute, 2);
    *out++ = ':';
    return put_number(out, c->second, 2);
}

void date_to_http(int64_t seconds, char *out)
{
    seconds = seconds < YEAR_1 ? YEAR_1 : seconds;
    seconds = seconds > YEAR_9999_END ? YEAR_9999_END : seconds;
    const struct civil c = civil_from_seconds(seconds);
    /* 0001-01-01, 719162 days before 1970, was a Monday. */
    const int64_t weekday = (floor_div(seconds, SECONDS_PER_DAY) + 719162 + 1) % 7;
    out = put_text(out, weekday_names[weekday].ptr, 3);
    out = put_text(out, ", ", 2);
    out = put_number(out, c.day, 2);
    *out++ = ' ';
    out = put_text(out, month_names[c.month - 1], 3);
    *out++ = ' ';
    out = put_number(out, c.year, 4);
    *out++ = ' ';
    out = put_time(out, &c);
    put_text(out, " GMT", 4);
}

void date_to_iso(int64_t ns, char *out)
{
    const int64_t seconds = floor_div(ns, NS_PER_SEC);
    const struct civil c = civil_from_seconds(seconds);
    out = put_number(out, c.year, 4);
    *out++ = '-';
    out = put_number(out, c.month, 2);
    *out++ = '-';
    out = put_number(out, c.day, 2);
    *out++ = 'T';
    out = put_time(out, &c);
    *out++ = '.';
    out = put_number(out, (ns % NS_PER_SEC + NS_PER_SEC) % NS_PER_SEC / NS_PER_MS, 3);
    *out = 'Z';
}

/* The readers below take what they name off the front of `*s`; false: it is not there. */
static bool take_text(struct slice *s, struct slice text)
{
    if (!slice_starts_with(*s, text)) {
        return false;
    }
    *s = slice_of(s->ptr + text.len, s->len - text.len);
    return true;
}

static bool take_number(struct slice *s, size_t count, int64_t *ret_value)
{
    if (s->len < count) {
        return false;
    }
    int64_t value = 0;
    for (size_t i = 0; i < count; i++) {
        if (s->ptr[i] < '0' || s->ptr[i] > '9') {
            return false;
        }
        value = value * 10 + (s->ptr[i] - '0');
    }
    *s = slice_of(s->ptr + count, s->len - count);
    *ret_value = value;
    return true;
}

static bool take_number_2(struct slice *s, int *ret_value)
{
    int64_t value;
    if (!take_number(s, 2, &value)) {
        return false;
    }
    *ret_value = (int)value;
    return true;
}

/* Mon (`full` false) or Monday (`full` true). */
static bool take_weekday(struct slice *s, bool full)
{
    for (size_t i = 0; i < COUNT_OF(weekday_names); i++) {
        const struct slice name = weekday_names[i];
        if (take_text(s, slice_of(name.ptr, full ? name.len : 3))) {
            return true;
        }
    }
    return false;
}

static bool take_month(struct slice *s, int *ret_month)
{
    for (int i = 0; i < 12; i++) {
        if (take_text(s, slice_of(month_names[i], 3))) {
            *ret_month = i + 1;
            return true;
        }
    }
    return false;
}

static bool take_time(struct slice *s, struct civil *c)
{
    return take_number_2(s, &c->hour) && take_text(s, SLICE(":")) && take_number_2(s, &c->minute) &&
           take_text(s, SLICE(":")) && take_number_2(s, &c->second);
}

/* Sun, 06 Nov 1994 08:49:37 GMT */
static bool read_imf(struct slice s, struct civil *c)
{
    return take_weekday(&s, false) && take_text(&s, SLICE(", ")) && take_number_2(&s, &c->day) &&
           take_text(&s, SLICE(" ")) && take_month(&s, &c->month) && take_text(&s, SLICE(" ")) &&
           take_number(&s, 4, &c->year) && take_text(&s, SLICE(" ")) && take_time(&s, c) &&
           slice_eq(s, SLICE(" GMT"));
}

/* Sunday, 06-Nov-94 08:49:37 GMT */
static bool read_rfc850(struct slice s, struct civil *c)
{
    return take_weekday(&s, true) && take_text(&s, SLICE(", ")) && take_number_2(&s, &c->day) &&
           take_text(&s, SLICE("-")) && take_month(&s, &c->month) && take_text(&s, SLICE("-")) &&
           take_number(&s, 2, &c->year) && take_text(&s, SLICE(" ")) && take_time(&s, c) &&
           slice_eq(s, SLICE(" GMT"));
}

/* 06, or " 6" */
static bool take_asctime_day(struct slice *s, int *ret_day)
{
    int64_t day;
    const bool one_digit = take_text(s, SLICE(" "));
    if (!take_number(s, one_digit ? 1 : 2, &day)) {
        return false;
    }
    *ret_day = (int)day;
    return true;
}

/* Sun Nov  6 08:49:37 1994 */
static bool read_asctime(struct slice s, struct civil *c)
{
    return take_weekday(&s, false) && take_text(&s, SLICE(" ")) && take_month(&s, &c->month) &&
           take_text(&s, SLICE(" ")) && take_asctime_day(&s, &c->day) &&
           take_text(&s, SLICE(" ")) && take_time(&s, c) && take_text(&s, SLICE(" ")) &&
           take_number(&s, 4, &c->year) && s.len == 0;
}

/* Puts a two-digit year into the century of `now`, or into the one before. */
static void set_century(struct civil *c, int64_t now)
{
    struct civil bound = civil_from_seconds(now);
    c->year += bound.year - bound.year % 100;
    bound.year += 50;
    if (seconds_from_civil(c) > seconds_from_civil(&bound)) {
        c->year -= 100;
    }
}

static int month_days(int64_t year, int month)
{
    static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

static bool is_valid(const struct civil *c)
{
    return c->year >= 1 && c->day >= 1 && c->day <= month_days(c->year, c->month) &&
           c->hour <= 23 && c->minute <= 59 && c->second <= 60;
}

int date_from_http(struct slice s, int64_t now, int64_t *ret_seconds)
{
    struct civil c = {0};
    if (read_rfc850(s, &c)) {
        set_century(&c, now);
    } else if (!read_imf(s, &c) && !read_asctime(s, &c)) {
        return -EINVAL;
    }
    if (!is_valid(&c)) {
        return -EINVAL;
    }
    *ret_seconds = seconds_from_civil(&c);
    return 0;
}

int64_t date_ns_of(const struct timespec *time)
{
    int64_t ns = 0;
    if (__builtin_mul_overflow(time->tv_sec, NS_PER_SEC, &ns) ||
        __builtin_add_overflow(ns, time->tv_nsec, &ns)) {
        return time->tv_sec < 0 ? INT64_MIN : INT64_MAX;
    }
    return ns;
}
