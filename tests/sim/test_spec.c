/* The specification files through a whole server, examples/echo in a simulated world: each case
 * whole, cut in two at every byte, byte by byte, and pipelined in random groups. However it is cut,
 * the answers are the same. */
#include "stage.h"

#include "base/random.h"
#include "spec/spec_file.h"

#include <stdio.h>
#include <stdlib.h>

#define CASES_PER_TEST 20
#define CUT_ALL_MAX    4096 /* requests up to here are cut at every byte, */
#define CUTS           200  /* longer ones at so many, and near their ends */
#define NEAR           64
#define GROUPS         60 /* per test of groups */
#define GROUP_MAX      12
#define ANSWERS_MAX    100

extern const garm_app_entry garm_app_entry_;

static struct spec_set set;

/* What a client heard, in text: a line per answer, then how the connection stands. */
struct transcript {
    struct buf text;
    size_t interim_count;
    struct spec_answer answers[ANSWERS_MAX];
    size_t count;
};

static void open_echo(void)
{
    const struct world_options options = {.app = &garm_app_entry_};
    open_world(&options);
}

static bool contains(struct slice s, const char *word)
{
    return memmem(s.ptr, s.len, word, strlen(word)) != NULL;
}

/* The cases have HEAD only as their first and only request. */
static bool is_head(struct slice request)
{
    return slice_starts_with(request, SLICE("HEAD "));
}

static uint64_t hash(struct slice s)
{
    uint64_t sum = UINT64_C(14695981039346656037); /* FNV-1a */
    for (size_t i = 0; i < s.len; i++) {
        sum = (sum ^ (unsigned char)s.ptr[i]) * UINT64_C(1099511628211);
    }
    return sum;
}

static void note_answer(struct transcript *transcript)
{
    const struct slice body = buf_slice(&heard.body);
    if (heard.status < 200) {
        transcript->interim_count++;
        return;
    }
    ck_assert_uint_lt(transcript->count, COUNT_OF(transcript->answers));
    transcript->answers[transcript->count++] =
        (struct spec_answer){heard.status, heard.close ? SPEC_CLOSE : SPEC_KEEP};
    buf_printf(&transcript->text, "%d %s %.*s %zu %llx\n", heard.status,
               heard.close ? "close" : "keep", SLICE_ARG(heard.target), body.len,
               (unsigned long long)hash(body));
}

static void hear_out(struct visitor *client, bool head_only, struct transcript *transcript)
{
    while ((head_only ? hear_to_head(client) : hear(client)) != 0) {
        note_answer(transcript);
    }
    ck_assert(client->bytes.len == 0 || sim_ended(client->client));
}

static void transcript_init(struct transcript *transcript)
{
    *transcript = (struct transcript){0};
    buf_init(&transcript->text, SIZE_MAX);
}

static void transcript_deinit(struct transcript *transcript)
{
    buf_deinit(&transcript->text);
}

/* A client says the first `first` bytes, then the rest `step` by `step`. */
static void converse(struct slice request, size_t first, size_t step, struct transcript *transcript)
{
    struct visitor *const client = visitor("");
    const bool head_only = is_head(request);
    for (size_t at = 0; at < request.len;) {
        size_t n = at == 0 ? first : step;
        n = n < request.len - at ? n : request.len - at;
        sim_send(client->client, request.ptr + at, n);
        world_settle(&world);
        at += n;
    }
    hear_out(client, head_only, transcript);
    const enum sim_end end = end_of(client);
    buf_printf(&transcript->text, end == SIM_OPEN ? "open" : end == SIM_EOF ? "closed" : "reset");
    sim_close(client->client);
    world_settle(&world);
    leave(client);
}

static void fail_case(const struct spec_case *c, const char *way,
                      const struct transcript *transcript)
{
    ck_abort_msg("%s:%zu: %s (%s): heard %zu interim answers and\n%s", c->file, c->line, c->title,
                 way, transcript->interim_count,
                 buf_cstr((struct buf *)(uintptr_t)&transcript->text));
}

/* Is it what the case's ```answers say? */
static void check_answers(const struct spec_case *c, const struct transcript *transcript)
{
    size_t interims = 0;
    size_t finals = 0;
    enum spec_after last = SPEC_WAIT;
    for (size_t i = 0; i < c->answer_count; i++) {
        const struct spec_answer *const want = &c->answers[i];
        last = want->after;
        if (want->after == SPEC_INTERIM) {
            interims++;
        } else if (want->after != SPEC_WAIT) {
            const struct spec_answer *const got = &transcript->answers[finals++];
            if (finals > transcript->count || got->status != want->status ||
                got->after != want->after) {
                fail_case(c, "whole", transcript);
            }
        }
    }
    const bool closes = last == SPEC_CLOSE;
    if (finals != transcript->count || interims != transcript->interim_count ||
        !contains(buf_slice(&transcript->text), closes ? "closed" : "open")) {
        fail_case(c, "whole", transcript);
    }
}

/* Where a body is on its way, a client that sends in pieces may be told to go on. */
static void check_cut(const struct spec_case *c, size_t first, size_t step,
                      const struct transcript *whole)
{
    char way[64];
    struct transcript cut;
    transcript_init(&cut);
    converse(c->request, first, step, &cut);
    const bool same = slice_eq(buf_slice(&cut.text), buf_slice(&whole->text));
    const bool told = cut.interim_count >= whole->interim_count &&
                      (cut.interim_count == whole->interim_count || contains(c->request, "xpect"));
    if (!same || !told) {
        snprintf(way, sizeof(way), "first %zu bytes, then by %zu", first, step);
        fail_case(c, way, &cut);
    }
    transcript_deinit(&cut);
}

static void run_case(const struct spec_case *c)
{
    struct transcript whole;
    const size_t len = c->request.len;
    open_echo();
    transcript_init(&whole);
    converse(c->request, len, len, &whole);
    check_answers(c, &whole);
    const size_t stride = len <= CUT_ALL_MAX ? 1 : len / CUTS;
    for (size_t first = 1; first < len; first += first < NEAR || len - first < NEAR ? 1 : stride) {
        check_cut(c, first, len, &whole);
    }
    check_cut(c, 1, len <= CUT_ALL_MAX ? 1 : 61, &whole);
    transcript_deinit(&whole);
    close_world();
}

START_TEST(a_case_is_answered_the_same_however_it_is_cut)
{
    const size_t from = (size_t)_i * CASES_PER_TEST;
    for (size_t i = from; i < from + CASES_PER_TEST && i < set.count; i++) {
        run_case(&set.cases[i]);
    }
}
END_TEST

/* Pipelines. */

/* One answer that keeps the connection, to a request that can stand behind another one. */
static bool can_be_pipelined(const struct spec_case *c)
{
    return c->answer_count == 1 && c->answers[0].after == SPEC_KEEP && !is_head(c->request) &&
           !slice_starts_with(c->request, SLICE("\r")) && c->request.len <= CUT_ALL_MAX;
}

static const struct spec_case *pick_case(struct random *random)
{
    const struct spec_case *c;
    do {
        c = &set.cases[random_below(random, set.count)];
    } while (!can_be_pipelined(c));
    return c;
}

/* What the cases of a group say one after the other, and what each of them heard alone. */
static void gather_group(struct random *random, struct buf *requests, struct buf *answers)
{
    const size_t count = 2 + random_below(random, GROUP_MAX - 1);
    for (size_t i = 0; i < count; i++) {
        const struct spec_case *const c = pick_case(random);
        struct transcript alone;
        transcript_init(&alone);
        converse(c->request, c->request.len, 1, &alone);
        buf_append_slice(requests, c->request);
        buf_append(answers, alone.text.data, alone.text.len - strlen("open"));
        transcript_deinit(&alone);
    }
    buf_printf(answers, "open");
}

/* The worlds in which a group is played. */
enum weather { FAIR, ROUGH, RESETS, WEATHERS };

static void open_echo_in(enum weather weather, struct random *random)
{
    struct world_options options = {.app = &garm_app_entry_};
    if (weather != FAIR) {
        options.sim = (struct sim_options){
            .latency_ns_max = (int64_t)random_below(random, 3) * NS_PER_MS,
            .one_byte_reads = (unsigned)random_below(random, 50),
            .short_reads = (unsigned)random_below(random, 50),
            .short_writes = (unsigned)random_below(random, 50),
            .spurious_again = (unsigned)random_below(random, 50),
            .spurious_wakes = (unsigned)random_below(random, 50),
            .segment_max = random_below(random, 100),
            .window = random_percent(random, 50) ? 1 + random_below(random, 1000) : 0,
            .resets = weather == RESETS ? 100 : 0,
        };
    }
    open_world(&options);
}

/* The same; or the beginning of it, where the client resets amid it. */
static bool is_as_alone(enum weather weather, struct transcript *together,
                        const struct buf *answers)
{
    if (weather != RESETS) {
        return slice_eq(buf_slice(&together->text), buf_slice(answers));
    }
    while (together->text.len > 0 && together->text.data[together->text.len - 1] != '\n') {
        together->text.len--;
    }
    return slice_starts_with(buf_slice(answers), buf_slice(&together->text));
}

static void play_group(enum weather weather, struct random *random)
{
    struct buf requests;
    struct buf answers;
    struct transcript together;
    buf_init(&requests, SIZE_MAX);
    buf_init(&answers, SIZE_MAX);
    open_echo();
    gather_group(random, &requests, &answers);
    world_free(&world);
    open_echo_in(weather, random);
    transcript_init(&together);
    converse(buf_slice(&requests), 1 + random_below(random, requests.len),
             1 + random_below(random, requests.len), &together);
    if (!is_as_alone(weather, &together, &answers)) {
        ck_abort_msg("%s\nheard\n%s\ninstead of\n%s", buf_cstr(&requests), buf_cstr(&together.text),
                     buf_cstr(&answers));
    }
    transcript_deinit(&together);
    buf_deinit(&requests);
    buf_deinit(&answers);
    close_world();
}

START_TEST(a_pipeline_is_answered_as_its_requests_alone)
{
    struct random random;
    random_seed(&random, (uint64_t)_i);
    for (int group = 0; group < GROUPS; group++) {
        play_group((enum weather)(group % WEATHERS), &random);
    }
}
END_TEST

Suite *spec_suite(void)
{
    struct buf error;
    buf_init(&error, KIB(4));
    if (spec_load(SPEC_DIR, &set, &error) < 0) {
        fprintf(stderr, "%s\n", buf_cstr(&error));
        exit(EXIT_FAILURE);
    }
    buf_deinit(&error);
    Suite *const suite = suite_create("spec");
    TCase *const tests = stage_case("cases");
    tcase_add_loop_test(tests, a_case_is_answered_the_same_however_it_is_cut, 0,
                        (int)((set.count + CASES_PER_TEST - 1) / CASES_PER_TEST));
    tcase_add_loop_test(tests, a_pipeline_is_answered_as_its_requests_alone, 0, 8);
    suite_add_tcase(suite, tests);
    return suite;
}

void spec_forget(void)
{
    spec_unload(&set);
}
