/* HTTP/1.1 on the wire, as pure functions of bytes (RFC 9112): the request head, chunked bodies and
 * the response head. No I/O, no allocation, no clock; positions are offsets, so the caller may move
 * its buffer between two calls. Strict: see docs of each rule in tests/spec. */
#ifndef GARM_CODEC_H1_H
#define GARM_CODEC_H1_H

#include "base/limits.h"
#include "base/slice.h"
#include "codec/field.h"
#include "codec/method.h"
#include "codec/target.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum h1_result {
    H1_DONE, /* complete */
    H1_MORE, /* well-formed so far: call again with more bytes behind the same ones */
    H1_BAD,  /* refused: see the error */
};

/* Why a message was refused. */
struct h1_error {
    uint16_t status;    /* the status to answer with: 400, 413, 414, 417, 431, 501, 505 */
    uint32_t offset;    /* of the offending byte, or of its element, in the message */
    const char *reason; /* a short English phrase, such as "bare LF in the head"; static */
};

struct h1_limits {
    uint32_t target_bytes;
    uint32_t head_bytes;
    uint32_t field_count; /* at most LIMIT_FIELD_COUNT */
    uint32_t trailer_bytes;
    uint32_t chunk_ext_bytes;
    bool target_8bit; /* let bytes 0x80-0xff pass in targets */
};

/* The defaults of base/limits.h. */
extern const struct h1_limits h1_limits_default;

/* A piece of the buffer. */
struct h1_span {
    uint32_t offset;
    uint32_t len;
};

struct h1_field {
    uint32_t name_offset;
    uint32_t value_offset;
    uint32_t value_len;
    uint16_t name_len;
    uint16_t id; /* enum field_id */
};

/* A parsed request head. Spans count from the start of the buffer given to h1_head_parse. */
struct h1_head {
    uint32_t size;      /* bytes of the whole head, leading and final CRLF included */
    enum method method; /* METHOD_OTHER for a token that IANA does not list */
    enum target_form form;
    uint8_t minor;          /* HTTP/1.minor; 2 to 9 are given as 1 */
    bool chunked;           /* Transfer-Encoding: chunked; then content_length is -1 */
    bool keep_alive;        /* the connection may persist after the answer (RFC 9112 section 9.3) */
    bool keep_alive_asked;  /* Connection: keep-alive was sent: a 1.0 answer says so too */
    bool expect_continue;   /* Expect: 100-continue, on 1.1 only */
    bool upgrade;           /* Connection: upgrade and an Upgrade field, on 1.1 only */
    bool path_plain;        /* no '%', no dot segment: the path is its own decoded form */
    bool has_query;         /* a '?' was there */
    int64_t content_length; /* -1: not given */
    struct h1_span method_text;
    struct h1_span target;    /* as sent */
    struct h1_span path;      /* raw; len 0 in an absolute-form without one: it means "/" */
    struct h1_span query;     /* raw, without '?' */
    struct h1_span authority; /* the target's, else the Host field's value; len 0 without both */
    uint64_t id_repeated;     /* bit `id` is set: more than one field has it */
    uint16_t field_count;
    uint16_t id_first[FIELD_COUNT_]; /* 1 + index of the first field with that id; 0: absent */
    struct h1_field fields[LIMIT_FIELD_COUNT];
};

/* Parses one head, or one trailer section, over as many calls as its bytes need. Each byte is
 * looked at once: a call goes on where the last one stopped. */
struct h1_parser {
    const struct h1_limits *limits;
    struct h1_head *head;
    struct h1_error error;
    uint32_t pos;  /* next byte to look at */
    uint32_t mark; /* start of the element that pos is in */
    uint8_t state;
    uint8_t crlf_count;
    bool trailers;
};

/** Ready for a new head, which goes to *head. `limits` and `head` must outlive the parse. */
void h1_parser_init(struct h1_parser *parser, const struct h1_limits *limits, struct h1_head *head);
/** The same for the trailer section behind a last chunk; of *head only the fields and size are set.
 *  Fields that may not stand in trailers (RFC 9110 section 6.5.1) are dropped. */
void h1_parser_init_trailers(struct h1_parser *parser, const struct h1_limits *limits,
                             struct h1_head *head);

/** Has nothing of a request come yet, but empty lines before one? */
bool h1_parser_idle(const struct h1_parser *parser);

/** Goes on with the head in data[0..len): the bytes of all earlier calls, unchanged, and more. On
 *  H1_DONE head->size tells where the body, or the next message, begins. On H1_BAD see
 *  parser->error. A head without Host, with bad lengths and the like is refused at its end. Returns
 *  at once for a syntax error, however little of the head is there. */
enum h1_result h1_head_parse(struct h1_parser *parser, const char *data, size_t len);

/** The value of the first field with this id, as a slice of `data`; ptr NULL if absent. */
struct slice h1_head_get(const struct h1_head *head, const char *data, enum field_id id);

static inline struct slice h1_span_slice(struct h1_span span, const char *data)
{
    return slice_of(data + span.offset, span.len);
}

/* What h1_chunked_read found. */
enum h1_chunk {
    H1_CHUNK_DATA,     /* a run of body bytes */
    H1_CHUNK_MORE,     /* all given bytes were consumed, or too few to decide: give more */
    H1_CHUNK_TRAILERS, /* the last chunk's line is consumed: parse the trailer section next */
    H1_CHUNK_BAD,
};

/* A chunked body on its way (RFC 9112 section 7.1). */
struct h1_chunked {
    const struct h1_limits *limits;
    struct h1_error error; /* offset counts from the start of the body */
    uint64_t left;         /* of the current chunk's data */
    uint64_t seen;         /* wire bytes consumed so far */
    uint32_t ext_bytes;
    uint8_t state;
    uint8_t digits;
};

void h1_chunked_init(struct h1_chunked *chunked, const struct h1_limits *limits);
/** Consumes framing from the front of data[0..len), and at most one run of body bytes: how many
 *  bytes went goes to *ret_consumed, and for H1_CHUNK_DATA the run (inside data, len > 0) to
 *  *ret_data. Every byte is consumed: nothing has to be given twice. */
enum h1_chunk h1_chunked_read(struct h1_chunked *chunked, const char *data, size_t len,
                              size_t *ret_consumed, struct slice *ret_data);

/* How a response's end is told (RFC 9112 section 6.3). */
enum h1_framing {
    H1_FRAMING_NONE,    /* 1xx and 204, or the length of a HEAD or 304 is left out */
    H1_FRAMING_LENGTH,  /* Content-Length */
    H1_FRAMING_CHUNKED, /* Transfer-Encoding: chunked */
    H1_FRAMING_CLOSE,   /* by closing: 1.0 clients */
};

struct h1_response_field {
    struct slice name;
    struct slice value;
};

struct h1_response {
    uint16_t status;
    enum h1_framing framing;
    uint64_t content_length; /* with H1_FRAMING_LENGTH */
    bool close;              /* says Connection: close */
    bool keep_alive;         /* says Connection: keep-alive (to a 1.0 client that asked) */
    struct slice prefix;     /* whole field lines with their CRLFs, sent first: Date and Server */
    const struct h1_response_field *fields; /* names and values are valid */
    size_t field_count;
};

/** How many bytes h1_response_write will need, at most. */
size_t h1_response_size(const struct h1_response *response);
/** Writes status line, fields and the empty line to `out`; returns the end of what was written. */
char *h1_response_write(const struct h1_response *response, char *out);

/* A chunk's size line is at most this long. */
#define H1_CHUNK_LINE_MAX 18
/** Writes "SIZE\r\n" for a chunk of `size` (> 0) bytes; returns its length. Data and CRLF
 *  follow. */
size_t h1_chunk_line(uint64_t size, char *out);

#endif
