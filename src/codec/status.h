/* Status codes and their reason phrases (RFC 9110 section 15 and IANA's registry). */
#ifndef GARM_CODEC_STATUS_H
#define GARM_CODEC_STATUS_H

#include "base/slice.h"

#include <stdbool.h>

#define STATUS_MIN 100
#define STATUS_MAX 599
/* No status line is longer. */
#define STATUS_LINE_MAX 64

/** The registered reason phrase; "" for a code that IANA does not list. */
struct slice status_reason(int status);
/** Is it a code of IANA's registry? */
bool status_registered(int status);
/** "HTTP/1.1 200 OK\r\n", ready to send, for any status from STATUS_MIN to STATUS_MAX (an
 *  unlisted one: empty phrase). Static storage or `out`, which holds STATUS_LINE_MAX bytes. */
struct slice status_line(int status, char *out);

/** Must a response with this status have no content (1xx, 204, 304)? */
bool status_bodiless(int status);

#endif
