/* Chaos by the thousand: runs seeds in several processes, stops at the first failures, and says how
 * to replay them.
 *
 *   campaign [--seeds N] [--from S] [--jobs N] */
#include "chaos.h"

#include "base/compiler.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define JOBS_MAX     64
#define SEED_SECONDS 60 /* that one seed may take */
#define REPLAY_EVERY 50 /* of so many seeds one runs twice, and must do the same */

struct plan {
    uint64_t from, seeds, jobs;
};

/* Shared by the jobs. */
struct board {
    _Atomic uint64_t done, failures, answered, cut;
    _Atomic uint64_t current[JOBS_MAX];
};

static void tell_failure(struct board *board, const char *program, uint64_t seed, const char *what)
{
    board->failures++;
    printf("\nseed %" PRIu64 ": %s\n  replay: %s --from %" PRIu64 " --seeds 1\n", seed, what,
           program, seed);
    fflush(stdout);
}

/* NULL, or what is wrong. */
static const char *run_seed(uint64_t seed, struct chaos_report *ret_report)
{
    const char *const wrong = chaos_run(seed, ret_report);
    if (wrong != NULL || seed % REPLAY_EVERY != 0) {
        return wrong;
    }
    struct chaos_report again = {0};
    const char *const wrong_again = chaos_run(seed, &again);
    if (wrong_again != NULL) {
        return wrong_again;
    }
    return again.trace == ret_report->trace ? NULL : "a second run went another way";
}

static void run_job(const struct plan *plan, uint64_t job, struct board *board, const char *program)
{
    for (uint64_t i = job; i < plan->seeds && board->failures == 0; i += plan->jobs) {
        struct chaos_report report = {0};
        const uint64_t seed = plan->from + i;
        board->current[job] = seed;
        alarm(SEED_SECONDS);
        const char *const wrong = run_seed(seed, &report);
        if (wrong != NULL) {
            tell_failure(board, program, seed, wrong);
        }
        board->answered += report.answered;
        board->cut += report.cut;
        board->done++;
    }
}

static void show_progress(const struct plan *plan, const struct board *board, const char *end)
{
    printf("%" PRIu64 " of %" PRIu64 " seeds, %" PRIu64 " answers, %" PRIu64 " connections cut%s",
           board->done, plan->seeds, board->answered, board->cut, end);
    fflush(stdout);
}

/* On a terminal one line that changes, else a line now and then. */
static void pass_time(const struct plan *plan, const struct board *board, unsigned *ticks)
{
    const struct timespec pause = {.tv_nsec = 200000000};
    const bool terminal = isatty(STDOUT_FILENO) == 1;
    clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
    if (terminal || ++*ticks % 100 == 0) {
        show_progress(plan, board, terminal ? "\r" : "\n");
    }
}

/* Waits for the jobs; a job that died tells by its death that its seed failed. */
static void wait_for_jobs(const struct plan *plan, struct board *board, const pid_t *pids,
                          const char *program)
{
    unsigned ticks = 0;
    for (uint64_t left = plan->jobs; left > 0;) {
        int status = 0;
        const pid_t pid = waitpid(-1, &status, WNOHANG);
        if (pid <= 0) {
            pass_time(plan, board, &ticks);
            continue;
        }
        left--;
        for (uint64_t job = 0; job < plan->jobs; job++) {
            if (pids[job] == pid && status != 0) {
                char what[64];
                snprintf(what, sizeof(what), "the process died (status %#x)", (unsigned)status);
                tell_failure(board, program, board->current[job], what);
            }
        }
    }
    show_progress(plan, board, "\n");
}

static int run(const struct plan *plan, const char *program)
{
    pid_t pids[JOBS_MAX];
    struct board *const board =
        mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(board != MAP_FAILED);
    for (uint64_t job = 0; job < plan->jobs; job++) {
        pids[job] = fork();
        CHECK(pids[job] >= 0);
        if (pids[job] == 0) {
            run_job(plan, job, board, program);
            exit(EXIT_SUCCESS);
        }
    }
    wait_for_jobs(plan, board, pids, program);
    printf("%" PRIu64 " seeds, %" PRIu64 " failures\n", board->done, board->failures);
    return board->failures == 0 && board->done == plan->seeds ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct plan plan = {.from = 1, .seeds = 10000, .jobs = 2};
    for (int i = 1; i < argc; i += 2) {
        uint64_t *const value = strcmp(argv[i], "--seeds") == 0  ? &plan.seeds
                                : strcmp(argv[i], "--from") == 0 ? &plan.from
                                : strcmp(argv[i], "--jobs") == 0 ? &plan.jobs
                                                                 : NULL;
        if (value == NULL || i + 1 == argc || text_to_u64(slice_cstr(argv[i + 1]), value) < 0 ||
            plan.jobs == 0 || plan.jobs > JOBS_MAX) {
            fprintf(stderr, "usage: %s [--seeds N] [--from S] [--jobs 1-%d]\n", argv[0], JOBS_MAX);
            return 2;
        }
    }
    return run(&plan, argv[0]);
}
