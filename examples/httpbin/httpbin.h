/* What the parts of httpbin share. Each file is one theme: its handlers, and last a function that
 * adds their routes. All of it stands on <garm/garm.h> alone. */
#ifndef HTTPBIN_H
#define HTTPBIN_H

#include <garm/garm.h>

/* No answer is longer than these, whatever is asked for. */
#define BYTES_MAX    GARM_KIB(100)
#define DRIP_MAX     GARM_MIB(10)
#define LINES_MAX    100
#define LINKS_MAX    256
#define WAIT_MAX_NS  GARM_SEC(10)
#define CHUNK_NORMAL GARM_KIB(10)

/* The themes, a file each. */
void add_inspection(garm_app *app); /* inspect.c: /get, /post, /anything, /dump, /ip ... */
void add_status(garm_app *app);     /* status.c */
void add_redirects(garm_app *app);  /* redirect.c */
void add_cookies(garm_app *app);    /* cookies.c */
void add_auth(garm_app *app);       /* auth.c */
void add_caching(garm_app *app);    /* caching.c: /cache, /etag, /response-headers */
void add_compressed(garm_app *app); /* compressed.c: /gzip, /deflate, /brotli, /zstd */
void add_streams(garm_app *app);    /* streams.c: /bytes, /stream-bytes, /stream, /delay, /drip */
void add_range(garm_app *app);      /* range.c */
void add_formats(garm_app *app);    /* formats.c: /json, /html, /xml, /robots.txt ... */
void add_forms(garm_app *app);      /* forms.c: /forms/post, /upload */
void add_dynamic(garm_app *app);    /* dynamic.c: /uuid, /base64, /links */
void add_images(garm_app *app);     /* images.c */
int show_index(garm_ctx *c);        /* index.c: the page at / */

/* main.c: adds a route that takes every method but OPTIONS, which is answered for all. */
void add_for_all(garm_app *app, const char *pattern, garm_handler *handler);

/* main.c: does the answer, with the fields that are set, get a newline behind its body? */
bool gets_newline(garm_ctx *c);

/* The handler of /get. */
int show_get(garm_ctx *c);
/* The handler of every method with a body. */
int show_body(garm_ctx *c);
/* The reply of /status/{status}, 200 to 599. */
int reply_status(garm_ctx *c, int status);

/* view.c: a request as members of a JSON document, in httpbin.org's shapes. */

/* What every request has. */
struct request_view {
    garm_json_member args, headers, method, origin, url;
};

/* What one with a body has besides. */
struct body_view {
    garm_json_member data, files, form, json;
    const char *bytes; /* the body as it came */
    size_t size;
};

int view_request(garm_ctx *c, struct request_view *ret_view);
/* Reads the body and takes it apart. May suspend. */
int view_body(garm_ctx *c, struct body_view *ret_view);
/* The client's address, or what proxies in front of us say about it. */
const char *origin_of(garm_ctx *c);
/* "http://host", or with the scheme that proxies in front of us say. */
const char *base_url(garm_ctx *c);

/* fields.c: names and values, of which a name may come again. */

struct fields {
    struct field *items;
    size_t count, cap;
};

/* Both texts are borrowed. 0 or -ENOMEM. */
int fields_add(garm_ctx *c, struct fields *fields, const char *name, const char *value,
               size_t size);
/* Changes the value of the first one of that name; false if there is none. */
bool fields_change(struct fields *fields, const char *name, const char *value);
/* An object called `name`, sorted by name; a name that comes again has an array of its values. */
int fields_object(garm_ctx *c, const char *name, struct fields *fields, garm_json_member *ret);

/* text.c: numbers and texts. */

/* A whole number within bounds, and nothing else. */
bool read_int(const char *text, int64_t min, int64_t max, int64_t *ret_value);
/* The same for a parameter of the path. */
bool param_int(garm_ctx *c, const char *name, int64_t min, int64_t max, int64_t *ret_value);
/* A number such as "2", "0.5". */
bool read_decimal(const char *text, double *ret_value);
/* Seconds ("1.5"), or a duration as Go writes it ("1m30s", "200ms"), in nanoseconds; an hour at
 * most. */
bool read_duration(const char *text, int64_t *ret_ns);
/* The same for a query parameter; `def_ns` if it is absent. */
bool query_duration(garm_ctx *c, const char *name, int64_t def_ns, int64_t *ret_ns);
bool is_utf8(const char *text, size_t size);
/* A token of RFC 9110 section 5.6.2: what fields and cookies are called. */
bool is_token(const char *text);
/* May a browser take content of this type for a page, and run what is in it? */
bool is_dangerous_type(const char *type);

/* random.c: bytes that can be asked for again by their seed, and others. */

struct random {
    uint32_t state[624];
    unsigned next;
};

/* The sequence that Python's random.seed(seed) begins, and so httpbin.org's. */
void random_init(struct random *random, int64_t seed);
void random_fill(struct random *random, void *data, size_t size);
/* From the kernel, new every time. */
uint64_t random_u64(void);
/* In [0, 1). */
double random_unit(void);

/* paced.c: a body that comes in pieces. */

struct paced {
    int64_t size, chunk; /* bytes: of all, and of each piece (> 0) */
    int64_t duration_ns; /* from the first piece to the last */
    void (*make)(void *arg, int64_t offset, char *buf, size_t size);
    void *arg;
};

/* Streams it, each piece sent when it is due. Status and fields were set before. May suspend. */
int send_paced(garm_ctx *c, const struct paced *paced);

#endif
