/* HTTP dates (RFC 9110 section 5.6.7). UTC, years 1 to 9999 written, no locale, no time zone. */
#ifndef GARM_BASE_DATE_H
#define GARM_BASE_DATE_H

#include "base/compiler.h"
#include "base/slice.h"

#include <stdint.h>

struct timespec;

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
#define DATE_HTTP_SIZE 29

/** Writes an IMF-fixdate of DATE_HTTP_SIZE bytes, no NUL. `seconds` since 1970; what lies outside
 *  the years is moved to their nearest end. */
void date_to_http(int64_t seconds, char *out);

/** Reads any of the three forms (IMF-fixdate, RFC 850, asctime), to the letter and to the case: 0
 *  or -EINVAL. The weekday must be one, but need not be the date's: no recipient is asked to
 *  compare. Second 60, a leap second, is the next minute's first. A two-digit year is in the
 *  century of `now` (seconds since 1970) unless that lies over 50 years ahead: then in the one
 *  before. */
MUST_CHECK int date_from_http(struct slice s, int64_t now, int64_t *ret_seconds);

/* "2026-11-21T06:07:02.123Z" */
#define DATE_ISO_SIZE 24
/** Writes RFC 3339 in UTC with milliseconds, DATE_ISO_SIZE bytes, no NUL. `ns` since 1970. */
void date_to_iso(int64_t ns, char *out);

/** A time in nanoseconds. File systems keep times that 64 bits of them cannot hold: these become
 *  the last ones that they can. */
int64_t date_ns_of(const struct timespec *time);

#endif
