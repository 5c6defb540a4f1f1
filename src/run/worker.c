/* Threads. Signals other than those of our own faults stay with the threads that the program
 * had. */
#include "run/worker.h"

#include "base/sys.h"
#include "run/overflow.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

static void pin(int cpu)
{
    if (cpu < 0 || cpu >= CPU_SETSIZE) {
        return;
    }
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

/* Without a second stack an overflow still ends the process, only without a word. */
static void *run(void *arg)
{
    const struct worker *const worker = arg;
    struct overflow_thread overflow = {0};
    pthread_setname_np(pthread_self(), worker->name);
    pin(worker->cpu);
    const int rc = overflow_enter(&overflow);
    worker->fn(worker->arg);
    if (rc == 0) {
        overflow_leave(&overflow);
    }
    return NULL;
}

static void fill_but_faults(sigset_t *signals)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    sigfillset(signals);
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        sigdelset(signals, faults[i]);
    }
}

int worker_start(struct worker *worker, const char *name, int cpu, void (*fn)(void *arg), void *arg)
{
    sigset_t blocked;
    sigset_t before;
    *worker = (struct worker){.cpu = cpu, .fn = fn, .arg = arg};
    memcpy(worker->name, name, strnlen(name, sizeof(worker->name) - 1));
    fill_but_faults(&blocked);
    TRY(sys_sigmask(SIG_SETMASK, &blocked, &before));
    const int rc = sys_thread_create(&worker->thread, run, worker);
    pthread_sigmask(SIG_SETMASK, &before,
                    NULL); /* not by sys.h: no test's fault may leave us deaf */
    worker->started = rc == 0;
    return rc;
}

void worker_join(struct worker *worker)
{
    if (worker->started) {
        sys_thread_join(worker->thread);
        worker->started = false;
    }
}
