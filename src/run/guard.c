/* Which kind of guard this process uses is found out once, by trying: an emulator may accept the
 * advice and do nothing. */
#include "run/guard.h"

#include "base/slice.h"
#include "base/sys.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define GUARD_INSTALL 102 /* MADV_GUARD_INSTALL, newer than our libc's headers */

/* Map entries left to the rest of the process: libraries, heaps, other threads' stacks. */
#define SPARE_MAPS   5000
#define DEFAULT_MAPS 65530

static pthread_once_t probed = PTHREAD_ONCE_INIT;
static bool by_advice;
static size_t protected_max;
static _Atomic size_t protected_count;

/* The kernel refuses to read from a guard; one that is not there would be read. */
static bool refuses(const void *ptr)
{
    const int fd = sys_eventfd();
    if (fd < 0) {
        return false;
    }
    const ssize_t rc = sys_write(fd, ptr, sizeof(uint64_t));
    sys_close(fd);
    return rc == -EFAULT;
}

static bool advice_works(void)
{
    const size_t size = (size_t)sysconf(_SC_PAGESIZE);
    void *page = NULL;
    if (sys_mmap(size, &page) < 0) {
        return false;
    }
    const bool works = sys_madvise(page, size, GUARD_INSTALL) == 0 && refuses(page);
    sys_munmap(page, size);
    return works;
}

static size_t read_map_count_max(void)
{
    char text[32];
    uint64_t value = DEFAULT_MAPS;
    const int fd = sys_open("/proc/sys/vm/max_map_count", O_RDONLY);
    if (fd < 0) {
        return DEFAULT_MAPS;
    }
    const ssize_t len = sys_read(fd, text, sizeof(text));
    sys_close(fd);
    const struct slice digits = slice_trim(slice_of(text, len > 1 ? (size_t)len - 1 : 0));
    return text_to_u64(digits, &value) == 0 ? (size_t)value : DEFAULT_MAPS;
}

static void probe(void)
{
    by_advice = advice_works();
    const size_t maps = read_map_count_max();
    protected_max = maps > SPARE_MAPS ? (maps - SPARE_MAPS) / 2 : 0;
}

void guard_find_kind(void)
{
    pthread_once(&probed, probe);
}

void guard_force_mprotect(size_t max)
{
    guard_find_kind();
    by_advice = false;
    protected_max = max;
}

static int install(char *ptr, size_t size)
{
    return by_advice ? sys_madvise(ptr, size, GUARD_INSTALL) : sys_mprotect(ptr, size, PROT_NONE);
}

static int reserve(size_t count)
{
    if (by_advice) {
        return 0;
    }
    if (atomic_fetch_add(&protected_count, count) + count > protected_max) {
        atomic_fetch_sub(&protected_count, count);
        return -EAGAIN;
    }
    return 0;
}

int guard_install(void *ptr, size_t count, size_t block_size, size_t guard_size)
{
    guard_find_kind();
    TRY(reserve(count));
    for (size_t i = 0; i < count; i++) {
        if (install((char *)ptr + i * block_size, guard_size) < 0) {
            guard_forget(count);
            return -EAGAIN;
        }
    }
    return 0;
}

void guard_forget(size_t count)
{
    if (!by_advice) {
        atomic_fetch_sub(&protected_count, count);
    }
}
