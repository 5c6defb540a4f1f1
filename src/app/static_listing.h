/* What a directory holds, sorted, and its rendering piece by piece. Knows no requests: all of it
 * may run on a thread of the offload pool. */
#ifndef GARM_APP_STATIC_LISTING_H
#define GARM_APP_STATIC_LISTING_H

#include "app/json_out.h"
#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum listing_order {
    ORDER_NAME,
    ORDER_SIZE,
    ORDER_DATE,
    ORDER_COUNT_,
};

struct listed {
    size_t name_offset;
    size_t name_len;
    uint64_t size;
    int64_t modified_s;
    bool directory;
};

struct listing {
    /* What is wanted. */
    int root_fd;
    const char *path;   /* below it: "", or "a/" */
    struct slice title; /* the path as people read it */
    bool dotfiles;
    bool json;
    enum listing_order order;
    bool descending;
    size_t count_max;

    /* What was found. */
    int result;
    bool cut; /* there was more than count_max */
    struct listed *entries;
    size_t count, cap;
    struct buf names;

    /* How far it is rendered. */
    size_t next; /* entry */
    bool begun, ended;
    struct json writer;
    struct buf out;
};

/** Reads and sorts the directory: listing->result is 0, or a negative errno. Blocks. */
void listing_read(struct listing *listing);
/** Renders the next piece into listing->out, whose old content is gone: the page's begin, entries,
 *  its end. Then listing->ended. listing->result is negative without memory. */
void listing_render(struct listing *listing);
/** Accepts a zeroed one. */
void listing_deinit(struct listing *listing);

/** The name of an entry; of an order ("name", "size", "date"). */
struct slice listed_name(const struct listing *listing, const struct listed *entry);
const char *listing_order_name(enum listing_order order);

#endif
