/* The status table. */
#include "codec/status.h"

#include "base/compiler.h"

#include <stdint.h>
#include <string.h>

/* X(code, phrase): IANA's HTTP Status Code Registry, but for the codes it marks as unused. */
#define STATUS_TABLE(X)                                                                            \
    X(100, "Continue")                                                                             \
    X(101, "Switching Protocols")                                                                  \
    X(102, "Processing")                                                                           \
    X(103, "Early Hints")                                                                          \
    X(104, "Upload Resumption Supported")                                                          \
    X(200, "OK")                                                                                   \
    X(201, "Created")                                                                              \
    X(202, "Accepted")                                                                             \
    X(203, "Non-Authoritative Information")                                                        \
    X(204, "No Content")                                                                           \
    X(205, "Reset Content")                                                                        \
    X(206, "Partial Content")                                                                      \
    X(207, "Multi-Status")                                                                         \
    X(208, "Already Reported")                                                                     \
    X(226, "IM Used")                                                                              \
    X(300, "Multiple Choices")                                                                     \
    X(301, "Moved Permanently")                                                                    \
    X(302, "Found")                                                                                \
    X(303, "See Other")                                                                            \
    X(304, "Not Modified")                                                                         \
    X(305, "Use Proxy")                                                                            \
    X(307, "Temporary Redirect")                                                                   \
    X(308, "Permanent Redirect")                                                                   \
    X(400, "Bad Request")                                                                          \
    X(401, "Unauthorized")                                                                         \
    X(402, "Payment Required")                                                                     \
    X(403, "Forbidden")                                                                            \
    X(404, "Not Found")                                                                            \
    X(405, "Method Not Allowed")                                                                   \
    X(406, "Not Acceptable")                                                                       \
    X(407, "Proxy Authentication Required")                                                        \
    X(408, "Request Timeout")                                                                      \
    X(409, "Conflict")                                                                             \
    X(410, "Gone")                                                                                 \
    X(411, "Length Required")                                                                      \
    X(412, "Precondition Failed")                                                                  \
    X(413, "Content Too Large")                                                                    \
    X(414, "URI Too Long")                                                                         \
    X(415, "Unsupported Media Type")                                                               \
    X(416, "Range Not Satisfiable")                                                                \
    X(417, "Expectation Failed")                                                                   \
    X(421, "Misdirected Request")                                                                  \
    X(422, "Unprocessable Content")                                                                \
    X(423, "Locked")                                                                               \
    X(424, "Failed Dependency")                                                                    \
    X(425, "Too Early")                                                                            \
    X(426, "Upgrade Required")                                                                     \
    X(428, "Precondition Required")                                                                \
    X(429, "Too Many Requests")                                                                    \
    X(431, "Request Header Fields Too Large")                                                      \
    X(451, "Unavailable For Legal Reasons")                                                        \
    X(500, "Internal Server Error")                                                                \
    X(501, "Not Implemented")                                                                      \
    X(502, "Bad Gateway")                                                                          \
    X(503, "Service Unavailable")                                                                  \
    X(504, "Gateway Timeout")                                                                      \
    X(505, "HTTP Version Not Supported")                                                           \
    X(506, "Variant Also Negotiates")                                                              \
    X(507, "Insufficient Storage")                                                                 \
    X(508, "Loop Detected")                                                                        \
    X(510, "Not Extended")                                                                         \
    X(511, "Network Authentication Required")

#define VERSION_SIZE (sizeof("HTTP/1.1 ") - 1)
#define PHRASE_AT    (sizeof("HTTP/1.1 200 ") - 1)
#define CRLF_SIZE    2

/* Status lines, the first of them empty: that of unlisted codes. */
static const struct slice lines[] = {SLICE_INIT(""),
#define X(code, phrase) SLICE_INIT("HTTP/1.1 " #code " " phrase "\r\n"),
                                     STATUS_TABLE(X)
#undef X
};

enum position {
    POSITION_UNLISTED,
#define X(code, phrase) POSITION_##code,
    STATUS_TABLE(X)
#undef X
};

/* The position in `lines` of each code. */
static const uint8_t positions[STATUS_MAX - STATUS_MIN + 1] = {
#define X(code, phrase) [code - STATUS_MIN] = POSITION_##code,
    STATUS_TABLE(X)
#undef X
};

static struct slice find(int status)
{
    const bool in_range = status >= STATUS_MIN && status <= STATUS_MAX;
    return lines[in_range ? positions[status - STATUS_MIN] : POSITION_UNLISTED];
}

struct slice status_reason(int status)
{
    const struct slice line = find(status);
    return line.len == 0 ? line : slice_of(line.ptr + PHRASE_AT, line.len - PHRASE_AT - CRLF_SIZE);
}

bool status_registered(int status)
{
    return find(status).len != 0;
}

struct slice status_line(int status, char *out)
{
    CHECK(status >= STATUS_MIN && status <= STATUS_MAX);
    const struct slice line = find(status);
    if (LIKELY(line.len != 0)) {
        return line;
    }
    static const char unlisted[] = "HTTP/1.1 000 \r\n";
    memcpy(out, unlisted, sizeof(unlisted) - 1);
    out[VERSION_SIZE] = (char)('0' + status / 100);
    out[VERSION_SIZE + 1] = (char)('0' + status / 10 % 10);
    out[VERSION_SIZE + 2] = (char)('0' + status % 10);
    return slice_of(out, sizeof(unlisted) - 1);
}

bool status_bodiless(int status)
{
    return status < 200 || status == 204 || status == 304;
}
