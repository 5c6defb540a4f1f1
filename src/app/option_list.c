/* See option_list.h. */
#include "app/option_list.h"

static bool is_empty(const unsigned char *item, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (item[i] != 0) {
            return false;
        }
    }
    return true;
}

size_t option_list_gap(const void *list, size_t count, size_t item_size)
{
    const unsigned char *const items = list;
    size_t end = 0;
    while (end < count && !is_empty(items + end * item_size, item_size)) {
        end++;
    }
    const size_t behind = end < count ? (count - end) * item_size : 0;
    return is_empty(items + end * item_size, behind) ? count : end;
}

bool option_list_whole(struct application *application, const char *where, const char *what,
                       const void *list, size_t count, size_t item_size)
{
    const size_t gap = option_list_gap(list, count, item_size);
    if (gap < count) {
        application_fail(application, where,
                         "%s[%zu] is empty, and what stands behind it would be ignored: leave no "
                         "gap",
                         what, gap);
    }
    return gap == count;
}
