/* Overload control, after CoDel (RFC 8289) and Facebook's form of it (Maurer, "Fail at Scale",
 * 2015). A queue that stands, turn after turn, makes every client wait, and in the end the work is
 * done for clients that have given up. So: when requests have waited longer than the delay for a
 * whole interval, in more than one turn, none of them quick, and without a moment of rest, the
 * worker is overloaded; then it serves those that wait for less than a fifth of it, and refuses the
 * others, until it has refused none for an interval. What one poll finds is a burst, and harmless.
 * A request waits from that poll: a turn of a refusing worker is short, so what it waited before
 * that is short too, and so is the wait of those that are always served. */
#include "app/overload.h"

#include "app/ctx.h"
#include "serve/server.h"

#include <garm/overload.h>
#include <garm/reply.h>

#define DELAY_MS_DEFAULT      75
#define RETRY_AFTER_S_DEFAULT 1
#define INTERVAL_NS           (100 * NS_PER_MS)
#define REST_NS               NS_PER_MS /* a poll that waited as long had nothing to do */
/* Of the time between two looks this much counts: a process that was stopped was not busy. */
#define STEP_NS_MAX (50 * NS_PER_MS)
/* While requests wait for less than this, only some are looked at, which costs a look at the
 * clock. */
#define CALM_NS     NS_PER_MS
#define CALM_CREDIT 15
#define TELL_NS     (10 * NS_PER_SEC) /* overloads are logged at most so often */

void overload_init(struct overload *overload, int64_t delay_ns)
{
    *overload = (struct overload){.delay_ns = delay_ns};
}

/* What became of the turn before this one? */
static void begin_turn(struct overload *overload, const struct overload_moment *moment)
{
    if (!overload->late || moment->turn != overload->turn + 1 || moment->idle_ns >= REST_NS) {
        overload->standing = false;
        overload->standing_ns = 0;
    }
    overload->turn = moment->turn;
    overload->late = false;
}

static void count_standing(struct overload *overload, const struct overload_moment *moment)
{
    const int64_t step_ns = moment->now_ns - overload->look_ns;
    if (overload->standing) {
        overload->standing_ns += step_ns < STEP_NS_MAX ? step_ns : STEP_NS_MAX;
    }
    overload->look_ns = moment->now_ns;
}

static bool refuse(struct overload *overload, const struct overload_moment *moment, bool first)
{
    const int64_t waited_ns = moment->now_ns - moment->turn_ns;
    if (!first && waited_ns > overload->delay_ns / 5) {
        overload->refused_ns = moment->now_ns;
        return true;
    }
    if (moment->now_ns - overload->refused_ns > INTERVAL_NS) {
        counter_set(&overload->refusing, 0);
    }
    return false;
}

bool overload_decide(struct overload *overload, const struct overload_moment *moment)
{
    const int64_t waited_ns = moment->now_ns - moment->turn_ns;
    const bool first = moment->turn != overload->turn;
    if (first) {
        begin_turn(overload, moment);
    }
    count_standing(overload, moment);
    if (waited_ns > overload->delay_ns) {
        overload->stood_turn = overload->standing ? overload->stood_turn : moment->turn;
        overload->late = overload->standing = true;
    }
    if (overload->late && overload->standing_ns >= INTERVAL_NS &&
        moment->turn != overload->stood_turn && counter_get(&overload->refusing) == 0) {
        counter_set(&overload->refusing, 1);
        overload->refused_ns = moment->now_ns;
    }
    const bool refusing = counter_get(&overload->refusing) != 0;
    const bool calm = !refusing && !overload->standing && waited_ns < CALM_NS;
    overload->credit = calm ? CALM_CREDIT : 0;
    return refusing && refuse(overload, moment, first);
}

/* On a worker. */

/* Says so when an overload begins and ends; one that flutters is told now and then. */
static void tell(struct garm_worker *worker, const struct overload_moment *moment)
{
    struct overload *const overload = &worker->overload;
    const struct logger *const logger = &worker->application->logger;
    const uint64_t refused = counter_get(&overload->refused);
    if (counter_get(&overload->refusing) == 0) {
        log_write(logger, LOG_WARN, "worker %d is no longer overloaded: it refused %llu requests",
                  worker->index, (unsigned long long)(refused - overload->told_count));
        overload->told = false;
    } else if (overload->told_ns == 0 || moment->now_ns - overload->told_ns > TELL_NS) {
        log_write(
            logger, LOG_WARN,
            "worker %d is overloaded: requests wait longer than %lld ms for their turn; those "
            "that would are answered with 503 from now on",
            worker->index, (long long)(overload->delay_ns / NS_PER_MS));
        overload->told_ns = moment->now_ns;
        overload->told_count = refused;
        overload->told = true;
    }
}

bool overload_look(struct garm_worker *worker, bool refusable)
{
    struct overload *const overload = &worker->overload;
    if (overload->delay_ns == 0) {
        overload->credit = INT32_MAX;
        return false;
    }
    struct loop *const loop = &worker->server_worker->loop;
    const struct overload_moment moment = {
        .now_ns = loop->io->ops->now_ns(loop->io),
        .turn_ns = loop->now_ns,
        .idle_ns = loop->now_ns - loop->done_ns,
        .turn = loop->turns,
    };
    const bool refused = overload_decide(overload, &moment) && refusable &&
                         !server_draining(worker->server_worker->server);
    const bool refusing = counter_get(&overload->refusing) != 0;
    loop->timed = overload->standing;
    if (UNLIKELY(refusing != overload->told)) {
        tell(worker, &moment);
    }
    counter_add(&overload->refused, refused ? 1 : 0);
    return refused;
}

void overload_start(struct garm_worker *worker)
{
    const struct overload_settings *const settings = &worker->application->overload;
    const int64_t delay_ns =
        settings->delay_ns > 0 ? settings->delay_ns : DELAY_MS_DEFAULT * NS_PER_MS;
    overload_init(&worker->overload, settings->off ? 0 : delay_ns);
}

int overload_answer(garm_ctx *c)
{
    const int64_t asked_s = c->worker->application->overload.retry_after_s;
    TRY(garm_set_headerf(c, "Retry-After", "%lld",
                         (long long)(asked_s > 0 ? asked_s : RETRY_AFTER_S_DEFAULT)));
    return garm_problem(c, 503, "Too many requests wait to be served; try again later.");
}

void garm_overload_with(garm_app *app, const garm_overload_opts *opts)
{
    garm_overload_opts known = {0};
    GARM_OPTS_READ_(&known, opts);
    if (app->parent != NULL) {
        garm_fail_at(app, known.where,
                     "garm_overload: workers are the whole application's, not a group's; a route "
                     "or group may be .always = true");
    }
    if (known.delay_ms < 0 || known.delay_ms > 60000) {
        garm_fail_at(app, known.where, "garm_overload: .delay_ms is %lld: 1 to 60000 are possible",
                     (long long)known.delay_ms);
    }
    if (known.retry_after_s < 0 || known.retry_after_s > 86400) {
        garm_fail_at(app, known.where,
                     "garm_overload: .retry_after_s is %lld: 1 to 86400 are possible",
                     (long long)known.retry_after_s);
    }
    app->application->overload = (struct overload_settings){
        .off = known.off,
        .delay_ns = known.delay_ms * NS_PER_MS,
        .retry_after_s = known.retry_after_s,
    };
}
