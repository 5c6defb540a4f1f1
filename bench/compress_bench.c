/* What a content coding costs and saves, per level: microseconds of CPU for a 20 KB JSON document
 * and for a 200 KB page, the shortest of several turns, and how many times smaller they get. The
 * last line is garm_etag's digest. Texts of one's own: compress_bench FILE FILE. */
#include <garm/garm.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TURNS 30

static struct {
    char text[512 << 10];
    size_t size;
} texts[2];

static uint32_t state = 1;

static uint32_t next_number(uint32_t below)
{
    state = state * 1664525U + 1013904223U;
    return (state >> 16) % below;
}

/* Text for tests has a vocabulary, of which some words come more often than others. */
static const char *next_word(void)
{
    static char words[4000][12];
    if (words[0][0] == '\0') {
        for (size_t i = 0; i < 4000; i++) {
            const size_t len = 2 + next_number(9);
            for (size_t k = 0; k < len; k++) {
                words[i][k] = (char)('a' + next_number(26));
            }
        }
    }
    return words[next_number(1 + next_number(1 + next_number(4000)))];
}

static void make_json(char *out, size_t cap, size_t *ret_size)
{
    size_t len = 0;
    for (unsigned id = 1; len < 20000; id++) {
        len += (size_t)snprintf(out + len, cap - len,
                                "%s{\"id\":%u,\"name\":\"%s %s\",\"email\":\"%s@%s.example\","
                                "\"active\":%s,\"score\":%u.%u,\"tags\":[\"%s\",\"%s\"]}",
                                id == 1 ? "[" : ",", id, next_word(), next_word(), next_word(),
                                next_word(), next_number(2) ? "true" : "false", next_number(100),
                                next_number(1000), next_word(), next_word());
    }
    len += (size_t)snprintf(out + len, cap - len, "]\n");
    *ret_size = len;
}

static void make_html(char *out, size_t cap, size_t *ret_size)
{
    size_t len = (size_t)snprintf(out, cap, "<!doctype html><title>%s</title>\n", next_word());
    while (len < 200000) {
        len += (size_t)snprintf(
            out + len, cap - len, "<section class=\"card %s\"><h2 id=\"%s-%u\">%s %s</h2>\n<p>",
            next_word(), next_word(), next_number(1000), next_word(), next_word());
        for (unsigned i = 0; i < 40; i++) {
            len += (size_t)snprintf(out + len, cap - len, "%s ", next_word());
        }
        len += (size_t)snprintf(out + len, cap - len, "<a href=\"/%s/%s\">%s</a></p></section>\n",
                                next_word(), next_word(), next_word());
    }
    *ret_size = len;
}

static void read_file(const char *path, size_t which)
{
    FILE *const file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    texts[which].size = fread(texts[which].text, 1, sizeof(texts[which].text), file);
    fclose(file);
}

static double cpu_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int measure(garm_ctx *c)
{
    const enum garm_coding coding = (enum garm_coding)garm_param_int(c, "coding");
    const int level = (int)garm_param_int(c, "level");
    const size_t which = (size_t)garm_param_int(c, "text");
    double best_us = 1e12;
    size_t made = 0;
    for (int turn = 0; turn < TURNS; turn++) {
        const void *data = NULL;
        const double begin_us = cpu_us();
        GARM_TRY(garm_encode(c, coding, level, texts[which].text, texts[which].size, &data, &made));
        const double us = cpu_us() - begin_us;
        best_us = us < best_us ? us : best_us;
    }
    printf(" %8.0f %6.2f", best_us, (double)texts[which].size / (double)made);
    return 204;
}

static int digest(garm_ctx *c)
{
    unsigned char out[GARM_SHA256_SIZE];
    for (size_t which = 0; which < 2; which++) {
        const double begin_us = cpu_us();
        for (int turn = 0; turn < TURNS; turn++) {
            garm_sha256(texts[which].text, texts[which].size, out);
        }
        printf(" %8.0f      -", (cpu_us() - begin_us) / TURNS);
    }
    (void)c;
    return 204;
}

static void setup(garm_app *app)
{
    garm_route(app, "GET /{coding:int}/{level:int}/{text:int}", measure);
    garm_route(app, "GET /digest", digest);
}

int main(int argc, char **argv)
{
    static const garm_app_entry entry = GARM_ENTRY(setup);
    static const enum garm_coding codings[] = {GARM_GZIP, GARM_ZSTD, GARM_BROTLI};
    make_json(texts[0].text, sizeof(texts[0].text), &texts[0].size);
    make_html(texts[1].text, sizeof(texts[1].text), &texts[1].size);
    for (int i = 1; i < argc && i <= 2; i++) {
        read_file(argv[i], (size_t)i - 1);
    }
    garm_test *const test = garm_test_new(&entry, NULL);
    printf("coding level  %zu B: us  times  %zu B: us  times\n", texts[0].size, texts[1].size);
    for (size_t i = 0; i < 3; i++) {
        for (int level = 1; garm_coding_has_level(codings[i], level); level++) {
            printf("%-7s %4d    ", garm_coding_name(codings[i]), level);
            for (int which = 0; which < 2; which++) {
                char target[40];
                snprintf(target, sizeof(target), "/%d/%d/%d", (int)codings[i], level, which);
                garm_test_do(test, "GET", target);
            }
            printf("\n");
        }
    }
    printf("sha-256         ");
    garm_test_do(test, "GET", "/digest");
    printf("\n");
    garm_test_free(test);
    return 0;
}
