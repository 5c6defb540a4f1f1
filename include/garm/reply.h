/* What the client gets. A reply is held until the outermost middleware returns, and can be
 * changed until then; garm_write and garm_flush begin a streamed one, whose head is sent at
 * once.
 *
 * All functions: -ENOTCONN without a request, -ENOMEM (the answer will be 503), and on replies
 * -EALREADY if there is one. */
#ifndef GARM_REPLY_H
#define GARM_REPLY_H

#include <garm/base.h>

GARM_BEGIN

/** Replies with formatted text as text/plain in UTF-8, unless Content-Type was set. -EINVAL for
 *  a status outside 200 to 599. */
GARM_EXPORT int garm_text(garm_ctx *c, int status, const char *format, ...) GARM_PRINTF_(3, 4);
/** Replies with `html`, which is copied, as text/html in UTF-8, unless Content-Type was set. */
GARM_EXPORT int garm_html(garm_ctx *c, int status, const char *html);
/** Text of others' for an HTML page: & < > " and ' are escaped, so that it is safe within an
 *  element and within a quoted attribute. Not within a script, nor for the scheme of a link.
 *  Lives as the request does; "" when memory runs out, and the answer will be 503. */
GARM_EXPORT const char *garm_html_escape(garm_ctx *c, const char *text);
/** Replies with `size` bytes, which are copied. `type` is the Content-Type; NULL: the one set, else
 *  application/octet-stream. */
GARM_EXPORT int garm_bytes(garm_ctx *c, int status, const char *type, const void *data,
                           size_t size);
/** The same without a copy: `data` must stay unchanged until the request's last deferred
 *  function. */
GARM_EXPORT int garm_bytes_view(garm_ctx *c, int status, const char *type, const void *data,
                                size_t size);
/** Redirects to `url` (a URI reference; other bytes are escaped). `status`: 301, 302, 303, 307
 *  or 308, else -EINVAL. */
GARM_EXPORT int garm_redirect(garm_ctx *c, int status, const char *url);
/** Replies with the file at `path`, which the application chose: never build it from what a
 *  client sent. The type is that of the name's ending, unless Content-Type was set. To GET and HEAD
 *  it has conditions and, for GET, ranges (RFC 9110 sections 13 and 14): then the reply is 206,
 *  304, 412 or 416. -ENOENT also for what is no regular file; -EACCES, -EMFILE ... as open(2). May
 *  suspend. */
GARM_EXPORT int garm_file(garm_ctx *c, const char *path);
/** The same for a `path` that a client chose, within the directory `dir_fd`: it cannot leave it,
 *  by dots, links or otherwise. A path with control bytes, a '\', or an encoded '/' or '\' is
 *  -ENOENT. May suspend. */
GARM_EXPORT int garm_file_beneath(garm_ctx *c, int dir_fd, const char *path);
/** Replies with an error (status 400 to 599, else -EINVAL), as the server would render it, with
 *  a text of your own. */
GARM_EXPORT int garm_problem(garm_ctx *c, int status, const char *format, ...) GARM_PRINTF_(3, 4);

/** Sets a field, in the place of earlier ones of that name. Name and value are copied. -EINVAL,
 *  and a log line, for a name that is no token, a value with control bytes or blanks at its
 *  ends, and the fields that are the server's: Connection, Transfer-Encoding, Keep-Alive,
 *  Upgrade, Trailer, Date, Server. Content-Length may be set for a streamed reply: writing more
 *  is -EMSGSIZE, less resets the connection. -EALREADY once the head is sent; -EMSGSIZE after
 *  100 fields. */
GARM_EXPORT int garm_set_header(garm_ctx *c, const char *name, const char *value);
/** The same with a formatted value. */
GARM_EXPORT int garm_set_headerf(garm_ctx *c, const char *name, const char *format, ...)
    GARM_PRINTF_(3, 4);
/** Adds a field line beside earlier ones of that name (Vary, Link, Set-Cookie). Else as
 *  garm_set_header. */
GARM_EXPORT int garm_add_header(garm_ctx *c, const char *name, const char *value);
/** Can there be such a field, and may an application set it? What a client sent should be asked for
 *  before it becomes a field: what is refused is logged. Any thread. RFC 9110 section 5. */
GARM_EXPORT bool garm_header_valid(const char *name, const char *value);
/** Adds the name of a request's field to Vary, unless it stands there. Else as garm_set_header. */
GARM_EXPORT int garm_add_vary(garm_ctx *c, const char *name);

enum garm_same_site {
    GARM_SAME_SITE_LAX, /* the default */
    GARM_SAME_SITE_STRICT,
    GARM_SAME_SITE_NONE,  /* needs .secure */
    GARM_SAME_SITE_UNSET, /* left out: the browser's own default */
};

typedef struct garm_cookie_opts {
    size_t size;
    const char *where;
    /* 0: until the browser ends; GARM_NONE: delete it now; more than 400 days count as those */
    int64_t max_age_s GARM_UNSET_;
    const char *path GARM_UNSET_;     /* default "/" */
    const char *domain GARM_UNSET_;   /* default: this host only */
    bool secure GARM_UNSET_;          /* over https only */
    bool script_readable GARM_UNSET_; /* without it the cookie is HttpOnly */
    enum garm_same_site same_site GARM_UNSET_;
    bool partitioned GARM_UNSET_; /* one per site that embeds this one (CHIPS); needs .secure */
} garm_cookie_opts;

/** Adds a Set-Cookie line. -EINVAL, and a log line, for a name that is no token, a value with
 *  bytes that cookies cannot hold (blanks, quotes, commas, semicolons, backslashes, controls), bad
 *  options, a name that begins with "__Host-" or "__Secure-" without what that needs, and more
 *  than 4096 bytes in all. Cookies that nobody can forge: keys.h. RFC 6265bis section 4.1. See
 *  garm_set_cookie. */
GARM_EXPORT int garm_set_cookie_with(garm_ctx *c, const char *name, const char *value,
                                     const garm_cookie_opts *opts);
/* garm_set_cookie(c, "theme", "dark", .max_age_s = 86400 * 365) */
#define garm_set_cookie(c, name, ...)                                                              \
    garm_set_cookie_with((c), (name), GARM_HEAD_(__VA_ARGS__, ),                                   \
                         GARM_OPTS_(garm_cookie_opts, __VA_ARGS__))

/** The status of a streamed reply, before its first byte; 200 without it. -EINVAL outside 200 to
 *  599, -EALREADY once the head is sent. */
GARM_EXPORT int garm_set_status(garm_ctx *c, int status);
/** Streams the next piece of the body, gathered with those around it; the type is as garm_bytes
 *  has it. Returns when all of it is copied or sent. 0; -ECONNRESET the client is gone;
 *  -ETIMEDOUT it takes too little; -ECANCELED; -EMSGSIZE more than Content-Length promised. May
 *  suspend. */
GARM_EXPORT int garm_write(garm_ctx *c, const void *data, size_t size);
/** Sends what is gathered, and the head, now. As garm_write. May suspend. */
GARM_EXPORT int garm_flush(garm_ctx *c);

/** Sets a field that is sent behind the body of a streamed reply (a checksum, a count, a late
 *  error), in the place of an earlier one of that name, at any time until the handler returns. Only
 *  clients that sent "TE: trailers" get it; for others this does nothing, and gives 0. Those set
 *  before the first byte are announced in a Trailer field. Without chunks (Content-Length was set)
 *  there is no room for any. -EINVAL, and a log line, for what is no field, and those that may not
 *  stand there: framing, routing, cookies, authentication, the content's type and coding, Date,
 *  Location, Vary and their like; -EALREADY for a held reply; -EMSGSIZE after 16. RFC 9110 section
 *  6.5. */
GARM_EXPORT int garm_set_trailer(garm_ctx *c, const char *name, const char *value);

GARM_END

#endif
