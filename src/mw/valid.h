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

/** Has the list of options no empty place (all of its bytes are 0) with something behind it? Lists
 *  end at their first empty place; what stood behind it would be lost, so the start is refused.
 *  `what` is the constructor's and the option's name. Items must have no padding. */
bool valid_list(garm_app *app, const char *where, const char *what, const void *list, size_t count,
                size_t item_size);
#define VALID_LIST(app, where, what, list)                                                         \
    valid_list((app), (where), (what), (list), sizeof(list) / sizeof((list)[0]), sizeof((list)[0]))

#endif
