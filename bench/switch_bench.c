/* What a switch of context costs: bare, and as a task that yields, sleeps or is started. Prints
 * nanoseconds each, the best of several rounds; run it pinned (taskset -c 0). */
#include "base/limits.h"
#include "base/sys.h"
#include "run/coro.h"
#include "run/io_epoll.h"
#include "run/loop.h"
#include "run/task.h"

#include <stdio.h>
#include <stdlib.h>

#define ROUNDS     7
#define ITERATIONS 2000000

static struct coro home;
static struct coro other;
static struct loop loop;

static void die_if(int rc, const char *what)
{
    if (rc < 0) {
        fprintf(stderr, "switch_bench: %s: %s\n", what, sys_error_text(rc));
        exit(EXIT_FAILURE);
    }
}

static void bounce(void *arg)
{
    (void)arg;
    for (;;) {
        coro_switch(&other, &home);
    }
}

static void bench_coro(void)
{
    for (int i = 0; i < ITERATIONS; i++) {
        coro_switch(&home, &other);
    }
}

static bool stay(void *arg)
{
    (void)arg;
    return false;
}

static void park_forever(void *arg)
{
    while (*(const bool *)arg) {
        if (task_park(stay, NULL, INT64_MAX) < 0) {
            return;
        }
    }
}

static struct task *parked;

/* What one wake costs without the poll: wake, and run the job that resumes the task. */
static void bench_wake(void)
{
    for (int i = 0; i < ITERATIONS; i++) {
        task_wake(parked, 0);
        struct job *const job = CONTAINER_OF(list_pop_front(&loop.ready), struct job, node);
        job->run(job);
    }
}

static void nothing(void *arg)
{
    (void)arg;
}

static void bench_start(void)
{
    for (int i = 0; i < ITERATIONS; i++) {
        die_if(task_run(&loop, "nothing", nothing, NULL), "starting a task");
    }
}

/* A turn with nothing to do: one epoll_wait, one clock. */
static void bench_turn(void)
{
    for (int i = 0; i < ITERATIONS; i++) {
        die_if(loop_turn(&loop, 0), "turning the loop");
    }
}

static void report(const char *name, void (*fn)(void))
{
    int64_t best_ns = INT64_MAX;
    for (int i = 0; i < ROUNDS; i++) {
        const int64_t begin_ns = sys_monotonic_ns();
        fn();
        const int64_t took_ns = sys_monotonic_ns() - begin_ns;
        best_ns = took_ns < best_ns ? took_ns : best_ns;
    }
    printf("%-28s %8.2f ns\n", name, (double)best_ns / ITERATIONS);
}

int main(void)
{
    struct io *io = NULL;
    void *stack = NULL;
    bool go_on = true;
    die_if(sys_mmap(KIB(64), &stack), "mapping a stack");
    coro_init_thread(&home);
    coro_init(&other, stack, KIB(64), bounce, NULL);
    report("switch in and out", bench_coro);
    die_if(io_epoll_new(&io), "opening epoll");
    die_if(loop_init(&loop, io), "making a loop");
    struct loop *const outer = loop_enter(&loop);
    die_if(task_spawn(&loop, "parked", park_forever, &go_on, &parked), "starting a task");
    die_if(loop_turn(&loop, 0), "turning the loop");
    report("wake, resume, park", bench_wake);
    report("start and end a task", bench_start);
    report("empty turn of the loop", bench_turn);
    go_on = false;
    task_wake(parked, 0);
    die_if(loop_turn(&loop, 0), "turning the loop");
    loop_leave(outer);
    loop_deinit(&loop);
    return EXIT_SUCCESS;
}
