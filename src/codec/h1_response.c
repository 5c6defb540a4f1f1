/* The response head as bytes (RFC 9112 sections 4 to 6). Nothing is checked here: fields were
 * when they were set. */
#include "codec/h1.h"
#include "codec/status.h"

#include "base/compiler.h"
#include "base/text.h"

#define COLON_BLANK ": "
#define CRLF        "\r\n"
#define LINE_EXTRA  (sizeof(COLON_BLANK CRLF) - 1)

static const struct slice length_name = SLICE_INIT("Content-Length: ");
static const struct slice chunked_line = SLICE_INIT("Transfer-Encoding: chunked\r\n");
static const struct slice close_line = SLICE_INIT("Connection: close\r\n");
static const struct slice keep_alive_line = SLICE_INIT("Connection: keep-alive\r\n");

static char *put(char *out, struct slice s)
{
    if (s.len > 0) {
        memcpy(out, s.ptr, s.len);
    }
    return out + s.len;
}

static char *put_crlf(char *out)
{
    memcpy(out, CRLF, 2);
    return out + 2;
}

/* Bytes of the field lines, exactly. */
static size_t fields_size(const struct h1_response_field *fields, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        size += fields[i].name.len + fields[i].value.len + LINE_EXTRA;
    }
    return size;
}

static char *put_fields(const struct h1_response_field *fields, size_t count, char *out)
{
    for (size_t i = 0; i < count; i++) {
        out = put(out, fields[i].name);
        memcpy(out, COLON_BLANK, 2);
        out = put(out + 2, fields[i].value);
        out = put_crlf(out);
    }
    return out;
}

size_t h1_response_size(const struct h1_response *response)
{
    /* Of the two framing lines, and of the two Connection lines, only one each is written. */
    const size_t framing = length_name.len + TEXT_INT_MAX + chunked_line.len;
    return STATUS_LINE_MAX + response->prefix.len + framing + keep_alive_line.len +
           fields_size(response->fields, response->field_count) + sizeof(CRLF) - 1;
}

static char *put_framing(const struct h1_response *response, char *out)
{
    switch (response->framing) {
    case H1_FRAMING_LENGTH:
        out = put(out, length_name);
        out += text_from_u64(response->content_length, out);
        return put_crlf(out);
    case H1_FRAMING_CHUNKED: return put(out, chunked_line);
    case H1_FRAMING_NONE:
    case H1_FRAMING_CLOSE: break;
    }
    return out;
}

static char *put_connection(const struct h1_response *response, char *out)
{
    if (response->close) {
        return put(out, close_line);
    }
    return response->keep_alive ? put(out, keep_alive_line) : out;
}

char *h1_response_write(const struct h1_response *response, char *out)
{
    char unlisted[STATUS_LINE_MAX];
    out = put(out, status_line(response->status, unlisted));
    out = put(out, response->prefix);
    out = put_framing(response, out);
    out = put_connection(response, out);
    out = put_fields(response->fields, response->field_count, out);
    return put_crlf(out);
}
