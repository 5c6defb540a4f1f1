/* The stage: see stage.h. */
#include "stage.h"

#include <stdio.h>

struct world world;
struct answer heard;

static struct list visitors;
static struct buf heard_bytes; /* that the slices of `heard` point into */
static int64_t live_before;

static void set_up(void)
{
    mem_count(true);
    live_before = mem_live();
    list_init(&visitors);
    buf_init(&heard_bytes, SIZE_MAX);
}

static void forget_heard(void)
{
    buf_deinit(&heard.body);
    heard = (struct answer){0};
    buf_clear(&heard_bytes);
}

void leave(struct visitor *visitor)
{
    list_remove(&visitor->node);
    buf_deinit(&visitor->bytes);
    mem_free_aside(visitor);
}

void close_world(void)
{
    forget_heard();
    buf_deinit(&heard_bytes);
    list_each_safe (node, next, &visitors) {
        leave(CONTAINER_OF(node, struct visitor, node));
    }
    if (world.sim != NULL) {
        world_free(&world);
    }
    ck_assert_int_eq(mem_live(), live_before);
}

void open_world(const struct world_options *options)
{
    ck_assert_int_eq(world_new(&world, 1, options), 0);
}

TCase *stage_case(const char *name)
{
    TCase *const tests = tcase_create(name);
    tcase_add_checked_fixture(tests, set_up, close_world);
    tcase_set_timeout(tests, 60);
    return tests;
}

/* Saying. */

struct visitor *visitor(const char *text)
{
    struct visitor *const made = mem_zalloc_aside(sizeof(*made));
    made->client = world_connect(&world);
    buf_init(&made->bytes, SIZE_MAX);
    list_push_back(&visitors, &made->node);
    say(made, text);
    return made;
}

void say(struct visitor *visitor, const char *text)
{
    sim_send(visitor->client, text, strlen(text));
}

void say_bytes(struct visitor *visitor, size_t size)
{
    char piece[KIB(4)];
    memset(piece, 'x', sizeof(piece));
    for (size_t left = size; left > 0;) {
        const size_t n = left < sizeof(piece) ? left : sizeof(piece);
        sim_send(visitor->client, piece, n);
        left -= n;
    }
}

void ask(struct visitor *visitor, const char *target)
{
    char text[256];
    snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: sim\r\n\r\n", target);
    say(visitor, text);
}

/* Hearing. */

/* Reads all that comes; what is read makes room for more. */
static void listen_to(struct visitor *visitor)
{
    char piece[KIB(4)];
    size_t n;
    do {
        world_settle(&world);
        n = sim_recv(visitor->client, piece, sizeof(piece));
        ck_assert_int_eq(buf_append(&visitor->bytes, piece, n), 0);
    } while (n > 0);
}

static int hear_answer(struct visitor *visitor, bool head_only)
{
    const char *why = "";
    listen_to(visitor);
    forget_heard();
    ck_assert_int_eq(buf_append_slice(&heard_bytes, buf_slice(&visitor->bytes)), 0);
    const bool ended = sim_end(visitor->client) == SIM_EOF;
    const enum answer_result result =
        answer_read(buf_slice(&heard_bytes), head_only, ended, &heard, &why);
    ck_assert_msg(result != ANSWER_BAD, "no lawful response: %s", why);
    if (result == ANSWER_MORE) {
        return 0;
    }
    buf_consume(&visitor->bytes, heard.size);
    return heard.status;
}

int hear(struct visitor *visitor)
{
    return hear_answer(visitor, false);
}

int hear_within(struct visitor *visitor, int64_t ms_max)
{
    int status = hear(visitor);
    for (int64_t ms = 0; status == 0 && ms < ms_max; ms++) {
        world_run_ms(&world, 1);
        status = hear(visitor);
    }
    return status;
}

int hear_to_head(struct visitor *visitor)
{
    return hear_answer(visitor, true);
}

size_t hear_all(struct visitor *visitor, int status)
{
    size_t count = 0;
    while (hear(visitor) == status) {
        count++;
    }
    return count;
}

bool heard_body(const char *text)
{
    return slice_eq(buf_slice(&heard.body), slice_cstr(text));
}

struct slice heard_field(const char *name)
{
    size_t count;
    return answer_field(heard.head, name, &count);
}

bool is_silent(struct visitor *visitor)
{
    listen_to(visitor);
    return visitor->bytes.len == 0 && sim_end(visitor->client) == SIM_OPEN;
}

enum sim_end end_of(struct visitor *visitor)
{
    listen_to(visitor);
    const enum sim_end end = sim_end(visitor->client);
    return end == SIM_EOF && visitor->bytes.len > 0 ? SIM_OPEN : end;
}

size_t connections_open(void)
{
    size_t listeners = 0;
    for (size_t i = 0; i < world.options.workers; i++) {
        listeners += world.fds[i] >= 0;
    }
    return sim_open_fds(world.sim) - listeners;
}

/* Waiting. */

int64_t ms_until_word(struct visitor *visitor, int64_t ms_max)
{
    const char *data;
    for (int64_t ms = 0; ms <= ms_max; ms++) {
        if (sim_unread(visitor->client, &data) > 0 || sim_end(visitor->client) != SIM_OPEN) {
            return ms;
        }
        world_run_ms(&world, 1);
    }
    return -1;
}

int64_t ms_until_open(size_t count, int64_t ms_max)
{
    for (int64_t ms = 0; ms <= ms_max; ms++) {
        if (connections_open() == count) {
            return ms;
        }
        world_run_ms(&world, 1);
    }
    return -1;
}
