/* How long the codec takes for one head, in nanoseconds: requests of three sizes with each
 * implementation of the scans, and a common response. The fastest of several rounds counts. */
#include "codec/h1.h"
#include "codec/scan.h"

#include "base/compiler.h"

#include <stdio.h>
#include <time.h>

#define ROUNDS 500
#define CALLS  2000

struct sample {
    const char *name;
    struct slice bytes;
};

static const struct sample samples[] = {
    {"small", SLICE("GET /a HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")},
    {"plain", SLICE("GET /plaintext HTTP/1.1\r\n"
                    "Host: 127.0.0.1:8000\r\n"
                    "Accept: text/plain,text/html;q=0.9,application/xhtml+xml;q=0.9,*/*;q=0.7\r\n"
                    "Connection: keep-alive\r\n"
                    "User-Agent: a\r\n\r\n")},
    {"browser",
     SLICE("GET /shop/items/4711/reviews?page=2&sort=newest HTTP/1.1\r\n"
           "Host: www.example.com\r\n"
           "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
           "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
           "Accept-Language: en-GB,en;q=0.7,de;q=0.3\r\n"
           "Accept-Encoding: gzip, deflate, br, zstd\r\n"
           "Referer: https://www.example.com/shop/items/4711\r\n"
           "DNT: 1\r\n"
           "Connection: keep-alive\r\n"
           "Cookie: session=4f7a1c2e9b8d4e0f8c3a5b6d7e8f9a0b; theme=dark; lang=en; consent=yes\r\n"
           "Upgrade-Insecure-Requests: 1\r\n"
           "Sec-Fetch-Dest: document\r\n"
           "Sec-Fetch-Mode: navigate\r\n"
           "Sec-Fetch-Site: same-origin\r\n"
           "Priority: u=0, i\r\n\r\n")},
};

static struct h1_head head;

static double now_ns(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void parse(struct slice bytes)
{
    struct h1_parser parser;
    h1_parser_init(&parser, &h1_limits_default, &head);
    CHECK(h1_head_parse(&parser, bytes.ptr, bytes.len) == H1_DONE);
}

static double parse_ns(struct slice bytes)
{
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        const double start = now_ns();
        for (int i = 0; i < CALLS; i++) {
            parse(bytes);
        }
        const double taken = (now_ns() - start) / CALLS;
        best = taken < best ? taken : best;
    }
    return best;
}

static double write_ns(void)
{
    static const struct h1_response_field fields[] = {
        {SLICE("Content-Type"), SLICE("text/plain")},
    };
    const struct h1_response response = {
        .status = 200,
        .framing = H1_FRAMING_LENGTH,
        .content_length = 13,
        .prefix = SLICE("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nServer: garm\r\n"),
        .fields = fields,
        .field_count = COUNT_OF(fields),
    };
    static char out[512];
    CHECK(h1_response_size(&response) <= sizeof(out));
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        const double start = now_ns();
        for (int i = 0; i < CALLS; i++) {
            (void)h1_response_write(&response, out);
            __asm__ volatile("" : : "r"(out) : "memory");
        }
        const double taken = (now_ns() - start) / CALLS;
        best = taken < best ? taken : best;
    }
    return best;
}

int main(void)
{
    for (const struct scan_ops *const *ops = scan_all(); *ops != NULL; ops++) {
        scan = *ops;
        for (size_t i = 0; i < COUNT_OF(samples); i++) {
            (void)printf("parse  %-7s %-8s %4zu bytes %7.1f ns\n", scan->name, samples[i].name,
                         samples[i].bytes.len, parse_ns(samples[i].bytes));
        }
    }
    (void)printf("write  response %25.1f ns\n", write_ns());
    return 0;
}
