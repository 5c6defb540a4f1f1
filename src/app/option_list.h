/* Lists among the options: they end at their first empty place, so one with something behind it
 * was not meant to end there. */
#ifndef GARM_APP_OPTION_LIST_H
#define GARM_APP_OPTION_LIST_H

#include "app/app.h"

/** The first empty place (all of its bytes are 0) that something stands behind; `count` if there
 *  is none. Items must have no padding. */
size_t option_list_gap(const void *list, size_t count, size_t item_size);

/** Has it no such place? Else the start is refused. `what` is the option's name. */
bool option_list_whole(struct application *application, const char *where, const char *what,
                       const void *list, size_t count, size_t item_size);

#define OPTION_LIST_WHOLE(application, where, what, list)                                          \
    option_list_whole((application), (where), (what), (list), COUNT_OF(list), sizeof((list)[0]))

#endif
