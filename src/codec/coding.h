/* Content codings, and which of them a client takes (RFC 9110 sections 8.4.1 and 12.5.3). Pure. */
#ifndef GARM_CODEC_CODING_H
#define GARM_CODEC_CODING_H

#include "base/slice.h"

#include <stddef.h>

/* In the server's order of preference. */
enum coding {
    CODING_BROTLI,
    CODING_ZSTD,
    CODING_GZIP,
    CODING_IDENTITY,
    CODING_COUNT_,
};

/* q=1, in thousandths. */
#define QUALITY_MAX 1000

/** ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] ) in thousandths; -1 if it is none. RFC 9110
 *  section 12.4.2. */
int quality_parse(struct slice text);

/** "br", "zstd", "gzip", "identity". */
struct slice coding_name(enum coding coding);

/** How much an Accept-Encoding field wants each coding, in thousandths; 0: it is refused. Without
 *  the field, or without a value, identity alone is taken: a client that says nothing gets nothing
 *  that it might not read. Malformed elements are skipped; "x-gzip" is gzip. */
void coding_qualities(struct slice accept_encoding, int ret_qualities[CODING_COUNT_]);

#endif
