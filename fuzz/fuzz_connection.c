/* The whole connection under libFuzzer, in a simulated world. The input is one byte of options, one
 * with the number of acts, the acts, and what the client says. Whatever that is: what comes back
 * are lawful responses, not more of them than requests, and at the end nothing is left. */
#include "sim/answers.h"
#include "sim/world.h"

#include "base/limits.h"
#include "base/sys.h"

#define ACTS_MAX 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const garm_app_entry garm_app_entry_; /* of examples/echo */

struct play {
    struct world world;
    struct sim_client *client;
    struct slice words; /* not said yet */
    struct buf heard;
    size_t answers;
};

static struct world_options read_options(uint8_t byte)
{
    return (struct world_options){
        .app = (byte & 1) != 0 ? &garm_app_entry_ : NULL,
        .sim = {.short_reads = (byte & 2) != 0 ? 50 : 0,
                .spurious_again = (byte & 4) != 0 ? 30 : 0,
                .spurious_wakes = (byte & 4) != 0 ? 30 : 0,
                .short_writes = (byte & 8) != 0 ? 50 : 0,
                .latency_ns_max = (byte & 16) != 0 ? NS_PER_MS : 0,
                .window = (byte & 32) != 0 ? 500 : 0,
                .segment_max = (byte & 64) != 0 ? 20 : 0},
    };
}

static void say(struct play *play, size_t size)
{
    const size_t n = size < play->words.len ? size : play->words.len;
    sim_send(play->client, play->words.ptr, n);
    play->words = slice_of(play->words.ptr + n, play->words.len - n);
}

static void take(struct play *play)
{
    char piece[4096];
    for (size_t n; (n = sim_recv(play->client, piece, sizeof(piece))) > 0;) {
        CHECK(buf_append(&play->heard, piece, n) == 0);
    }
}

/* The top two bits choose, the others say how much. */
static void act(struct play *play, uint8_t byte)
{
    const uint8_t amount = byte & 63;
    switch (byte >> 6) {
    case 0: say(play, (size_t)amount + 1); break;
    case 1: say(play, ((size_t)amount + 1) * 64); break;
    case 2: world_run_ms(&play->world, amount * 250); break;
    default:
        switch (amount & 3) {
        case 0: sim_shut_write(play->client); break;
        case 1: sim_set_window(play->client, amount); break;
        case 2: take(play); break;
        default:
            amount > 32 ? sim_reset(play->client) : world_begin_stop(&play->world, 1000);
            break;
        }
    }
    world_settle(&play->world);
}

static bool answers_head(const struct answer *answer)
{
    size_t count;
    return slice_eq(answer_field(answer->head, "X-Seen-Method", &count), SLICE("HEAD"));
}

/* The next answer off `rest`. One that answers HEAD says so, but for refusals, which are the last
 * of all. */
static enum answer_result cut_answer(struct slice *rest, bool ended)
{
    struct answer answer = {0};
    const char *why = "";
    enum answer_result result = answer_read(*rest, true, ended, &answer, &why);
    if (result == ANSWER_DONE) {
        const bool last = ended && answer.close && answer.size == rest->len;
        const bool bodiless = answers_head(&answer) || last;
        buf_deinit(&answer.body);
        result = bodiless ? result : answer_read(*rest, false, ended, &answer, &why);
    }
    if (result == ANSWER_DONE) {
        buf_deinit(&answer.body);
        *rest = slice_of(rest->ptr + answer.size, rest->len - answer.size);
    }
    if (result == ANSWER_BAD) {
        check_failed(__FILE__, __LINE__, why);
    }
    return answer.status < 200 && result == ANSWER_DONE ? cut_answer(rest, ended) : result;
}

/* A reset may have taken answers away, and cut the last one; never has it added any. */
static void judge(struct play *play)
{
    struct server_stats stats;
    struct slice rest = buf_slice(&play->heard);
    const bool whole = sim_end(play->client) == SIM_EOF && !sim_ended(play->client);
    size_t answers = 0;
    while (rest.len > 0 && cut_answer(&rest, whole) == ANSWER_DONE) {
        answers++;
    }
    server_stats(play->world.server, &stats);
    CHECK(answers <= stats.requests + stats.refused + stats.no_stack);
    CHECK(!whole || rest.len == 0);
}

static void run(struct play *play, const uint8_t *acts, size_t count)
{
    play->client = world_connect(&play->world);
    for (size_t i = 0; i < count; i++) {
        act(play, acts[i]);
    }
    say(play, play->words.len);
    for (int i = 0; i < 10; i++) {
        world_run_ms(&play->world, 5);
        take(play);
    }
    judge(play);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    mem_count(true);
    const int64_t live = mem_live();
    struct play play = {0};
    const struct world_options options = read_options(data[0]);
    const size_t wanted = data[1] % ACTS_MAX;
    const size_t count = wanted < size - 2 ? wanted : size - 2;
    play.words = slice_of((const char *)data + 2 + count, size - 2 - count);
    buf_init(&play.heard, SIZE_MAX);
    CHECK(world_new(&play.world, 1, &options) == 0);
    run(&play, data + 2, count);
    world_free(&play.world);
    buf_deinit(&play.heard);
    CHECK(mem_live() == live);
    return 0;
}
