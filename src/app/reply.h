/* The reply of a context: held, changed, rendered, sent. What reply.c, fields.c, render.c and
 * send.c share. */
#ifndef GARM_APP_REPLY_H
#define GARM_APP_REPLY_H

#include "app/ctx.h"
#include "codec/field.h"

/** May a reply be given now? 0; -ENOTCONN, -ENOMEM, -EINVAL (broken), -EALREADY. */
MUST_CHECK int reply_open(garm_ctx *c, int status);
/** Holds `body`, which must live as long as the context. */
void reply_hold(garm_ctx *c, int status, struct slice body);
/** Drops what is held, but not the fields. */
void reply_drop(garm_ctx *c);

/** The field's index, or field_count. `name` in any case. */
size_t reply_field_find(const garm_ctx *c, struct slice name);
bool reply_field_is_set(const garm_ctx *c, struct slice name);
/** Puts a field that needs no check and no copy in the place of those of its name. 0, -ENOMEM,
 *  -EMSGSIZE. */
MUST_CHECK int reply_field_put(garm_ctx *c, struct slice name, struct slice value);
/** Puts Allow, with the methods that the target has, or those of the whole application for a
 *  target without a path. 0 or -ENOMEM. */
MUST_CHECK int reply_set_allow(garm_ctx *c);
/** Puts a Content-Type, unless one is set. 0, -ENOMEM, -EMSGSIZE. */
MUST_CHECK int reply_default_type(garm_ctx *c, struct slice type);
/** Sets Content-Type to a copy of `type`. 0, -ENOMEM, -EMSGSIZE, or -EINVAL and a log line. */
MUST_CHECK int reply_set_type(garm_ctx *c, const char *type);
/** Removes the fields that speak of the content: before an error takes its place. */
void reply_fields_drop_content(garm_ctx *c);
/** Removes the fields of the content, but not its validators: for a 304. */
void reply_fields_drop_body(garm_ctx *c);

/** Puts a rendered status in the place of whatever is held: 204, 304, or an error by the route's
 *  error handler, or as problem+json or HTML. `detail` (may be NULL) is for people; it must live
 *  as long as the context. Works without memory too, with an empty body. May suspend. */
void reply_render(garm_ctx *c, int status, int cause, const char *detail);

/** Sends what is held, or ends what is streamed. 0, or why the answer is not complete. May
 *  suspend. */
MUST_CHECK int reply_send(garm_ctx *c);

/** Names the trailer fields that are set already in a Trailer field. 0, -ENOMEM, -EMSGSIZE. */
MUST_CHECK int reply_announce_trailers(garm_ctx *c);
/** Those for the end of a streamed reply; NULL and 0 if there are none. */
const struct h1_response_field *reply_trailers(garm_ctx *c, size_t *ret_count);

/** The head of what is held, with a body of `length` bytes. */
struct exchange_head reply_head(const garm_ctx *c, uint64_t length);
/** Has a hook or a filter broken the request after its reply was made? 0, or why. */
MUST_CHECK int reply_still_sound(const garm_ctx *c);

/** Asks each filter whether it takes part: 1 if one does, 0, or negative. */
MUST_CHECK int filters_begin(garm_ctx *c);
/** The body's end: what the filters still keep back. */
MUST_CHECK int filters_end(garm_ctx *c, struct buf *held);
/** Passes data to the filters from `filter` on (NULL: none left), and to the client. */
MUST_CHECK int filters_data(garm_ctx *c, struct filter *filter, struct buf *held, const void *data,
                            size_t size);

#endif
