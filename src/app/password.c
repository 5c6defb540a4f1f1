/* Passwords: hashed and compared on the offload pool, a few at once in the whole process, for each
 * takes its memory and a processor. Others wait, for a bounded time, in a bounded queue. */
#include "app/crypto_sodium.h"
#include "app/ctx.h"
#include "app/tasks.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/slice.h"
#include "base/sys.h"
#include "base/text.h"
#include "run/waiter.h"

#include <garm/password.h>

#include <pthread.h>
#include <string.h>

/* What a stored hash may ask for. */
#define HASH_KIB_MAX    (1024 * 1024)
#define HASH_PASSES_MAX 16

/* The process's: memory and processors are. */
static struct gate {
    pthread_mutex_t lock;
    struct list waiters;
    size_t inside, waiting;
} gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .waiters = {&gate.waiters, &gate.waiters}};

static size_t room(void)
{
    const size_t half = sys_cpu_count() / 2;
    return half < 1 ? 1 : half > LIMIT_PASSWORD_COUNT ? LIMIT_PASSWORD_COUNT : half;
}

/* Who is woken with 0 was given the place of who left. */
static int wait_for_place(void)
{
    struct waiter waiter;
    gate.waiting++;
    const int rc = waiter_wait(&waiter, &gate.lock, &gate.waiters,
                               due_from_now(LIMIT_PASSWORD_WAIT_MS * NS_PER_MS));
    pthread_mutex_lock(&gate.lock);
    gate.waiting--;
    pthread_mutex_unlock(&gate.lock);
    return rc == -ETIMEDOUT ? -EAGAIN : rc;
}

static int enter(void)
{
    pthread_mutex_lock(&gate.lock);
    const bool full = gate.inside >= room();
    if (full && gate.waiting < LIMIT_PASSWORD_WAITING) {
        return wait_for_place();
    }
    gate.inside += full ? 0 : 1;
    pthread_mutex_unlock(&gate.lock);
    return full ? -EAGAIN : 0;
}

static void leave(void)
{
    pthread_mutex_lock(&gate.lock);
    struct waiter *const next = waiter_take(&gate.waiters);
    gate.inside -= next == NULL ? 1 : 0;
    pthread_mutex_unlock(&gate.lock);
    if (next != NULL) {
        waiter_wake(next, 0);
    }
}

struct call {
    const char *password, *hash;
    char text[ARGON2_TEXT_SIZE];
};

static int make_hash(void *arg)
{
    struct call *const call = arg;
    return argon2_hash(call->password, call->text);
}

static int compare(void *arg)
{
    const struct call *const call = arg;
    return argon2_verify(call->hash, call->password);
}

static int run(garm_ctx *c, int (*fn)(void *arg), struct call *call)
{
    ctx_own(c);
    TRY(ctx_check(c));
    TRY(enter());
    const int rc = garm_offload(c, fn, call);
    leave();
    return rc;
}

int garm_password_hash(garm_ctx *c, const char *password, const char **ret_hash)
{
    struct call call = {.password = password};
    if (strlen(password) > GARM_PASSWORD_BYTES_MAX) {
        return -EMSGSIZE;
    }
    TRY(run(c, make_hash, &call));
    const char *const hash = ctx_dup(c, slice_cstr(call.text));
    TRY(ctx_check(c));
    *ret_hash = hash;
    return 0;
}

int garm_password_verify(garm_ctx *c, const char *hash, const char *password)
{
    struct call call = {.password = password, .hash = hash};
    if (!garm_password_hash_valid(hash)) {
        return -EINVAL;
    }
    return strlen(password) > GARM_PASSWORD_BYTES_MAX ? -EACCES : run(c, compare, &call);
}

/* The number behind `name` in "$argon2id$v=19$m=65536,t=2,p=1$..."; UINT64_MAX: there is none. */
static uint64_t parameter(const char *hash, const char *name)
{
    uint64_t value = UINT64_MAX;
    const char *const at = strstr(hash, name);
    if (at == NULL) {
        return UINT64_MAX;
    }
    const char *const digits = at + strlen(name);
    const size_t len = strspn(digits, "0123456789");
    return text_to_u64(slice_of(digits, len), &value) < 0 ? UINT64_MAX : value;
}

bool garm_password_hash_valid(const char *hash)
{
    return argon2_text_valid(hash) && parameter(hash, "$m=") <= HASH_KIB_MAX &&
           parameter(hash, ",t=") <= HASH_PASSES_MAX;
}
