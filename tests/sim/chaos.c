/* The chaos of one seed. What each client sends is its plan, made before; what it gets is held
 * against the plan, answer by answer. Clients that harm themselves (reset, vanish) may miss
 * answers, never get wrong ones. */
#include "chaos.h"

#include "answers.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/sys.h"
#include "world.h"

#include <stdio.h>
#include <string.h>

#define CLIENTS_MAX  6
#define REQUESTS_MAX 12
#define BODY_MAX     9000

static char complaint[512];

struct request {
    char target[48];
    char kind;
    bool head_only;
    bool bad;   /* malformed: 400 and the end */
    size_t end; /* where it ends in the plan's bytes */
    size_t body_len;
    unsigned salt; /* its body's bytes follow from it */
};

struct talk {
    struct sim_client *client;
    struct request requests[REQUESTS_MAX];
    size_t count;
    size_t answered;
    struct buf bytes; /* all requests */
    size_t sent;
    struct buf got; /* what came and is not judged yet */
    bool shut;      /* half-closes after its last byte */
    bool doomed;    /* will reset or vanish */
    bool lazy;      /* leaves its window closed for a while */
    size_t doom_at; /* after so many bytes sent */
    bool dead;
};

struct story {
    uint64_t seed;
    struct random random; /* the plans', apart from the world's */
    struct world world;
    struct talk talks[CLIENTS_MAX];
    size_t talk_count;
    bool rough;        /* the network itself resets connections */
    bool short_of_fds; /* accepting fails at times, and a client is sent away with 503 */
    struct chaos_report *report;
};

static char body_byte(unsigned salt, size_t i)
{
    return (char)('!' + (salt * 31 + i * 7 + i / 93) % 90);
}

static const char *complain(const struct story *story, const struct talk *talk, const char *what,
                            const char *detail)
{
    snprintf(
        complaint, sizeof(complaint), "seed %llu, client %d, answer %zu of %zu (%s): %s %s",
        (unsigned long long)story->seed, (int)(talk - story->talks), talk->answered, talk->count,
        talk->answered < talk->count ? talk->requests[talk->answered].target : "-", what, detail);
    return complaint;
}

/* Plans. */

static void plan_chunked(struct story *story, struct talk *talk, const struct request *request)
{
    size_t done = 0;
    while (done < request->body_len) {
        size_t piece = 1 + random_below(&story->random, 1500);
        piece = piece < request->body_len - done ? piece : request->body_len - done;
        buf_printf(&talk->bytes, "%zx%s\r\n", piece,
                   random_percent(&story->random, 20) ? ";note=\"x\"" : "");
        for (size_t i = 0; i < piece; i++) {
            buf_append_byte(&talk->bytes, body_byte(request->salt, done + i));
        }
        buf_printf(&talk->bytes, "\r\n");
        done += piece;
    }
    buf_printf(&talk->bytes, "0\r\n%s\r\n",
               random_percent(&story->random, 20) ? "X-Sum: 1\r\n" : "");
}

static void plan_body(struct story *story, struct talk *talk, const struct request *request)
{
    if (request->body_len == 0) {
        buf_printf(&talk->bytes, "\r\n");
        return;
    }
    if (random_percent(&story->random, 50)) {
        buf_printf(&talk->bytes, "Transfer-Encoding: chunked\r\n\r\n");
        plan_chunked(story, talk, request);
        return;
    }
    buf_printf(&talk->bytes, "Content-Length: %zu\r\n\r\n", request->body_len);
    for (size_t i = 0; i < request->body_len; i++) {
        buf_append_byte(&talk->bytes, body_byte(request->salt, i));
    }
}

static void plan_request(struct story *story, struct talk *talk, bool last)
{
    static const char kinds[] = "eeeszub";
    struct request *const request = &talk->requests[talk->count];
    *request = (struct request){
        .kind = kinds[random_below(&story->random, sizeof(kinds) - 1)],
        .salt = (unsigned)random_below(&story->random, 10000),
        .bad = last && random_percent(&story->random, 15),
        .head_only = random_percent(&story->random, 10),
    };
    if (random_percent(&story->random, 40) && !request->head_only) {
        request->body_len =
            random_below(&story->random, random_percent(&story->random, 20) ? BODY_MAX : 200);
    }
    snprintf(request->target, sizeof(request->target), "/%c/%d/%zu?salt=%u", request->kind,
             (int)(talk - story->talks), talk->count, request->salt);
    buf_printf(&talk->bytes, "%s%s %s HTTP/1.1\r\nHost: sim\r\n",
               random_percent(&story->random, 10) ? "\r\n" : "",
               request->head_only      ? "HEAD"
               : request->body_len > 0 ? "POST"
                                       : "GET",
               request->target);
    if (request->bad) {
        buf_printf(&talk->bytes, "Broken : yes\r\n\r\n");
    } else {
        plan_body(story, talk, request);
    }
    request->end = talk->bytes.len;
    talk->count++;
}

static void plan_talk(struct story *story, struct talk *talk)
{
    const size_t count = 1 + random_below(&story->random, REQUESTS_MAX);
    buf_init(&talk->bytes, SIZE_MAX);
    buf_init(&talk->got, SIZE_MAX);
    while (talk->count < count) {
        plan_request(story, talk, talk->count + 1 == count);
    }
    talk->shut = random_percent(&story->random, 20);
    talk->doomed = random_percent(&story->random, 15);
    talk->lazy = random_percent(&story->random, 20);
    talk->doom_at = random_below(&story->random, talk->bytes.len + 1);
    story->report->planned += (unsigned)count;
}

/* Judging. */

static const char *judge_refusal(struct story *story, struct talk *talk,
                                 const struct answer *answer)
{
    if (answer->status != 400 || !answer->close) {
        return complain(story, talk, "a bad request was not refused with 400 and close", "");
    }
    story->report->refused++;
    return NULL;
}

static bool body_is(const struct request *request, const struct buf *body)
{
    const bool big = request->kind == 'b';
    const size_t len = request->head_only || request->kind == 'u' ? 0
                       : big                                      ? WORLD_BIG
                                                                  : request->body_len;
    if (body->len != len) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (body->data[i] != (big ? world_big_byte(i) : body_byte(request->salt, i))) {
            return false;
        }
    }
    return true;
}

static const char *judge(struct story *story, struct talk *talk, const struct answer *answer)
{
    if (talk->answered == talk->count) {
        return complain(story, talk, "an answer that nobody asked for", "");
    }
    const struct request *const request = &talk->requests[talk->answered];
    if (story->short_of_fds && answer->status == 503 && talk->answered == 0) {
        talk->dead = true;
        story->report->cut++;
        return NULL;
    }
    if (talk->sent < request->end && answer->status == 200 && request->kind != 'u') {
        return complain(story, talk, "an answer before its request was sent", "");
    }
    if (request->bad) {
        return judge_refusal(story, talk, answer);
    }
    if (answer->status != 200) {
        char text[32];
        snprintf(text, sizeof(text), "%d", answer->status);
        return complain(story, talk, "the status is not 200 but", text);
    }
    if (!slice_eq(answer->target, slice_cstr(request->target))) {
        return complain(story, talk, "the answer belongs to another request", "");
    }
    return body_is(request, &answer->body)
               ? NULL
               : complain(story, talk, "the body is not the request's", "");
}

/* Reads what has come, and judges every whole answer in it. */
static const char *hear(struct story *story, struct talk *talk)
{
    char piece[4096];
    const char *why = NULL;
    for (size_t n; (n = sim_recv(talk->client, piece, sizeof(piece))) > 0;) {
        buf_append(&talk->got, piece, n);
    }
    for (;;) {
        struct answer answer;
        const bool head_only =
            talk->answered < talk->count && talk->requests[talk->answered].head_only;
        const enum answer_result result = answer_read(
            buf_slice(&talk->got), head_only, sim_end(talk->client) == SIM_EOF, &answer, &why);
        if (result == ANSWER_MORE) {
            return NULL;
        }
        if (result == ANSWER_BAD) {
            return complain(story, talk, "no lawful response:", why);
        }
        const char *const wrong = judge(story, talk, &answer);
        buf_consume(&talk->got, answer.size);
        buf_deinit(&answer.body);
        if (wrong != NULL) {
            return wrong;
        }
        talk->answered++;
        story->report->answered++;
    }
}

/* Telling. */

static void speak(struct story *story, struct talk *talk)
{
    const size_t left = talk->bytes.len - talk->sent;
    size_t n = random_percent(&story->random, 20) ? left : random_below(&story->random, 800);
    n = n < left ? n : left;
    if (talk->doomed && talk->sent + n > talk->doom_at) {
        n = talk->doom_at - talk->sent;
    }
    sim_send(talk->client, talk->bytes.data + talk->sent, n);
    talk->sent += n;
    if (talk->doomed && talk->sent == talk->doom_at) {
        talk->dead = true;
        if (random_percent(&story->random, 50)) {
            sim_reset(talk->client);
        } else {
            sim_vanish(talk->client);
        }
    } else if (talk->shut && left == n && n > 0) {
        sim_shut_write(talk->client);
    }
}

static const char *act(struct story *story, struct talk *talk)
{
    if (talk->dead) {
        return NULL;
    }
    const char *const wrong = hear(story, talk);
    if (wrong == NULL && talk->sent < talk->bytes.len && random_percent(&story->random, 50)) {
        speak(story, talk);
    }
    if (talk->lazy && random_percent(&story->random, 10)) {
        talk->lazy = false;
        sim_set_window(talk->client, KIB(64));
    }
    return wrong;
}

static bool finished(const struct story *story)
{
    for (size_t i = 0; i < story->talk_count; i++) {
        const struct talk *const talk = &story->talks[i];
        if (!talk->dead && talk->answered < talk->count && sim_end(talk->client) == SIM_OPEN &&
            !sim_ended(talk->client)) {
            return false;
        }
    }
    return true;
}

static const char *check_end(const struct story *story, const struct talk *talk)
{
    if (talk->dead || talk->answered == talk->count) {
        return NULL;
    }
    const bool sent_away =
        story->short_of_fds && talk->answered == 0 && sim_end(talk->client) != SIM_OPEN;
    if (sent_away ||
        (story->rough && (sim_ended(talk->client) || sim_end(talk->client) == SIM_RESET))) {
        story->report->cut++;
        return NULL;
    }
    return complain(story, talk, "the answer was lost:",
                    sim_end(talk->client) == SIM_OPEN    ? "the connection is still open"
                    : sim_end(talk->client) == SIM_RESET ? "the connection was reset"
                                                         : "the connection was closed");
}

/* The story. */

static struct world_options make_world_options(struct story *story)
{
    struct random *const random = &story->random;
    struct world_options options = {.workers = 1 + random_below(random, WORLD_WORKERS_MAX)};
    if (random_percent(random, 80)) {
        options.sim = (struct sim_options){
            .latency_ns_max = (int64_t)random_below(random, 3) * NS_PER_MS,
            .turn_ns_max = (int64_t)random_below(random, 2) * NS_PER_MS / 10,
            .one_byte_reads = (unsigned)random_below(random, 30),
            .short_reads = (unsigned)random_below(random, 50),
            .short_writes = (unsigned)random_below(random, 50),
            .spurious_again = (unsigned)random_below(random, 30),
            .spurious_wakes = (unsigned)random_below(random, 30),
            .accept_errors = (unsigned)random_below(random, 10),
            .reorder = random_percent(random, 50),
            .segment_max = random_percent(random, 50) ? 0 : 1 + random_below(random, 1000),
            .window = random_percent(random, 30) ? 100 + random_below(random, 5000) : 0,
        };
        options.sim.resets = random_percent(random, 20) ? 20 : 0;
    }
    story->rough = options.sim.resets > 0;
    story->short_of_fds = options.sim.accept_errors > 0;
    return options;
}

static const char *play(struct story *story)
{
    const int64_t end_ns = sim_now_ns(story->world.sim) + 9 * NS_PER_SEC;
    while (!finished(story) && sim_now_ns(story->world.sim) < end_ns) {
        for (size_t i = 0; i < story->talk_count; i++) {
            const char *const wrong = act(story, &story->talks[i]);
            if (wrong != NULL) {
                return wrong;
            }
        }
        world_run_ms(&story->world, 1);
    }
    for (size_t i = 0; i < story->talk_count; i++) {
        const char *const wrong = check_end(story, &story->talks[i]);
        if (wrong != NULL) {
            return wrong;
        }
    }
    return NULL;
}

static void begin(struct story *story)
{
    story->talk_count = 1 + random_below(&story->random, CLIENTS_MAX);
    story->report->clients += (unsigned)story->talk_count;
    for (size_t i = 0; i < story->talk_count; i++) {
        struct talk *const talk = &story->talks[i];
        plan_talk(story, talk);
        talk->client = world_connect(&story->world);
        if (talk->lazy) {
            sim_set_window(talk->client, random_below(&story->random, 100));
        }
    }
}

const char *chaos_run(uint64_t seed, struct chaos_report *ret_report)
{
    struct story story = {.seed = seed, .report = ret_report};
    random_seed(&story.random, seed);
    mem_count(true);
    const int64_t live = mem_live();
    const struct world_options options = make_world_options(&story);
    if (world_new(&story.world, seed, &options) < 0) {
        return "the world could not be made";
    }
    begin(&story);
    const char *wrong = play(&story);
    ret_report->trace = sim_trace_hash(story.world.sim);
    world_free(&story.world);
    for (size_t i = 0; i < story.talk_count; i++) {
        buf_deinit(&story.talks[i].bytes);
        buf_deinit(&story.talks[i].got);
    }
    if (wrong == NULL && mem_live() != live) {
        snprintf(complaint, sizeof(complaint), "seed %llu: %lld blocks of memory leaked",
                 (unsigned long long)seed, (long long)(mem_live() - live));
        wrong = complaint;
    }
    return wrong;
}
