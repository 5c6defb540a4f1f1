/* application/x-www-form-urlencoded, as the URL standard reads it: pairs apart by '&', empty ones
 * skipped; the first '=' ends the name; '+' is a blank; a '%' without two hex digits is itself. A
 * name with a NUL in it is refused. */
#ifndef GARM_CODEC_URLENCODED_H
#define GARM_CODEC_URLENCODED_H

#include "codec/form.h"

struct urlencoded {
    struct form_reader reader;
    char escape[2]; /* an escape whose end has not come: '%', and its first digit */
    uint8_t escape_len;
    uint8_t state;
};

/** Ready for a body. `text` has limits->head_bytes bytes and outlives the reader. */
void urlencoded_init(struct urlencoded *urlencoded, const struct form_limits *limits, char *text);

/** Consumes bytes from the front of data[0..len) up to the next event: how many goes to
 *  *ret_consumed. A value is decoded in place: of FORM_DATA *ret_run is the run, inside data or the
 *  reader, valid until the next call. FORM_BAD stays. */
enum form_event urlencoded_read(struct urlencoded *urlencoded, char *data, size_t len,
                                size_t *ret_consumed, struct slice *ret_run);
/** The body has ended: the events that are still to come, one by one, up to FORM_END. */
enum form_event urlencoded_end(struct urlencoded *urlencoded, struct slice *ret_run);

#endif
