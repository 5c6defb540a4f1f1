/* Routes and the functions of their chains, as text and as JSON. */
#ifndef GARM_CLI_DESCRIBE_H
#define GARM_CLI_DESCRIBE_H

#include "app/app.h"
#include "app/json_out.h"
#include "base/arena.h"

/** The route's handler as a function of its chain: without the route's name, which its link has. */
struct link describe_handler(const struct endpoint *endpoint);
/** What a function of a chain is called: the name it was given, else its own, else where it was
 *  registered, else its address. "" when memory runs out. */
const char *describe_function(const struct link *link, struct arena *arena);
/** The functions before the handler, outermost first: "timing, auth"; "" for none. */
const char *describe_middleware(const struct endpoint *endpoint, struct arena *arena);
/** What of a route is not as by default: "name health, body 8 MiB, deadline 2 s". */
const char *describe_options(const struct endpoint *endpoint, struct arena *arena);
/** All its bounds. */
const char *describe_limits(const struct endpoint *endpoint, struct arena *arena);

/** An object of name, file and line: {"function": "show_user", "file": "app.c", "line": 12}. */
void describe_function_json(struct json *json, const struct link *link, struct arena *arena);
/** An array of these, outermost first, without the handler. */
void describe_middleware_json(struct json *json, const struct endpoint *endpoint,
                              struct arena *arena);
/** An object of all bounds; null stands for none. */
void describe_limits_json(struct json *json, const struct endpoint *endpoint);

#endif
