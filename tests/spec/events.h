/* What the codec says of a stream of bytes, as a list of events: the requests, bodies and
 * trailers of one connection, up to the first error. */
#ifndef GARM_TESTS_EVENTS_H
#define GARM_TESTS_EVENTS_H

#include "base/slice.h"
#include "spec/spec_file.h"

#include <stddef.h>

struct event_log {
    struct arena arena;
    struct arena_mark empty;
    struct spec_event *items;
    size_t count;
};

void event_log_init(struct event_log *log);
void event_log_clear(struct event_log *log);
void event_log_deinit(struct event_log *log);

/** Appends what the codec says of `stream`: its first `first` bytes come at once, then `step` at
 *  a time, each time at another address, before an unreadable page. Fails the running test if
 *  the parser goes back, or does not take all it is given. */
void event_log_feed(struct event_log *log, struct slice stream, size_t first, size_t step);

#endif
