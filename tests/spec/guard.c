/* One mapping, its last page without access. */
#include "spec/guard.h"

#include "base/compiler.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ROOM ((size_t)1 << 20)

static char *end_of_room;

static void map_once(void)
{
    if (end_of_room != NULL) {
        return;
    }
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *const base =
        mmap(NULL, ROOM + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(base != MAP_FAILED);
    CHECK(mprotect(base + ROOM, page, PROT_NONE) == 0);
    end_of_room = base + ROOM;
}

const char *guard_copy(struct slice s)
{
    CHECK(s.len <= ROOM);
    map_once();
    char *const at = end_of_room - s.len;
    if (s.len > 0) {
        memcpy(at, s.ptr, s.len);
    }
    return at;
}
