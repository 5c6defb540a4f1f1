/* What the files of the HTTP/1.1 parser share among themselves. */
#ifndef GARM_CODEC_H1_INTERNAL_H
#define GARM_CODEC_H1_INTERNAL_H

#include "codec/h1.h"

/* Notes the refusal; returns H1_BAD. `offset` counts from the start of the message. */
enum h1_result h1_refuse(struct h1_error *error, uint16_t status, uint64_t offset,
                         const char *reason);

/* Judges a head whose syntax is sound: Host, lengths, Connection, Upgrade and Expect, and fills
 * in what *head tells about them. H1_DONE or H1_BAD. */
enum h1_result h1_check_semantics(struct h1_head *head, const char *data, struct h1_error *error);

/* What to say of a control byte where none may stand. */
const char *h1_control_reason(char c, const char *otherwise);

#endif
