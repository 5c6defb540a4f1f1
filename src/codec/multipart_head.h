/* What a part's head says (RFC 7578 section 4). */
#ifndef GARM_CODEC_MULTIPART_HEAD_H
#define GARM_CODEC_MULTIPART_HEAD_H

#include "codec/multipart.h"

/** Reads a whole head: lines that end in CRLF, the last one empty, without control bytes. Escapes
 *  are resolved in place. NULL, and *ret_head; or a static phrase that says why it is refused, and
 *  in *ret_offset the place of the line. */
const char *multipart_head_parse(char *text, size_t len, struct form_head *ret_head,
                                 uint32_t *ret_offset);

#endif
