/* What names and values may consist of, as several of the middleware check it. */
#ifndef GARM_MW_VALID_H
#define GARM_MW_VALID_H

#include <garm/base.h>

#define VALID_LABEL_MAX 64 /* characters */

/** Is it a token of RFC 9110, as a method and a field's name are? NULL is none. */
bool valid_token(const char *text);
/** Is it [a-z0-9_-], from 1 to VALID_LABEL_MAX of them? NULL is none. */
bool valid_label(const char *text);
/** Is it free of control characters? */
bool valid_printable(const char *text, size_t len);

#endif
