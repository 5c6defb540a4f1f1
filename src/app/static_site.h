/* A served directory, and the files of it that a worker keeps. What static.c, static_cache.c,
 * static_load.c and static_list.c share. */
#ifndef GARM_APP_STATIC_SITE_H
#define GARM_APP_STATIC_SITE_H

#include "app/ctx.h"
#include "app/file_open.h"
#include "base/list.h"
#include "base/map.h"
#include "codec/coding.h"

#include <garm/static.h>

/* Cache-Control of a file: for anybody ("": none), and in answers that are one user's. */
struct static_control {
    struct slice shared, own;
};

/* As set up; shared by all workers, and never changed. */
struct static_site {
    int dir_fd;
    uint32_t index; /* among the application's sites */
    garm_static_opts opts;
    struct static_control control; /* of what is neither HTML nor hashed, */
    char own[48];                  /* and its text */
};

/* A path's file and its precompressed siblings, with what is the same in all their answers. */
struct static_entry {
    struct list node;  /* in the cache's order of use */
    struct list *home; /* the cache's list; NULL: it is in none (any more) */
    unsigned refs;
    int64_t checked_ns;
    const struct static_site *site;
    const char *type;
    struct static_control control;
    bool has_siblings; /* or may be compressed */
    /* bits of codings: those that were compressed here, and those that were tried, so that two
     * requests do not do it at once */
    uint8_t made, tried;
    struct file files[CODING_COUNT_]; /* CODING_IDENTITY is always there */
    size_t key_len;
    char key[]; /* the path */
};

/* What a path is. */
enum static_kind {
    STATIC_FILE,
    STATIC_DIRECTORY, /* asked for without its slash */
    STATIC_LISTING,   /* asked for with it; without an index */
};

/** What `path` is: *ret_kind, for a file with a new entry that the caller holds. `known` (may be
 *  NULL; the caller holds it): what was found before; if that is still so, it is what is given,
 *  with another reference.
 *  -ENOENT, or as open(2). May suspend. */
MUST_CHECK int static_load(garm_ctx *c, const struct static_site *site, struct slice path,
                           struct static_entry *known, enum static_kind *ret_kind,
                           struct static_entry **ret_entry);

/** May a compressed form be made of the file, and was it not tried? */
bool static_may_make(const struct static_entry *entry, enum coding coding);
/** Makes it, if that goes, and if it is smaller. The caller holds the entry. May suspend. */
void static_make(garm_ctx *c, struct static_entry *entry, enum coding coding);

/** Gives a reference back; the last one frees. Its argument is a struct static_entry. */
void static_entry_unref(void *entry);

/** What a worker keeps, of all sites. */
struct static_cache;
/** The worker's entry, looked at less than LIMIT_FILE_CHECK_MS ago, with a reference for the
 *  caller; or NULL, and in *ret_stale (without a reference) one that is to be looked at. */
struct static_entry *static_cache_get(garm_ctx *c, const struct static_site *site,
                                      struct slice path, struct static_entry **ret_stale);
/** Keeps it, in the place of another one of its path; what is used least makes room. Without room
 *  or memory it is not kept. */
void static_cache_keep(garm_ctx *c, struct static_entry *entry);
/** Counts a file of `bytes` that the entry got, if it is kept here; what is used least makes
 *  room. */
void static_cache_grew(garm_ctx *c, struct static_entry *entry, uint64_t bytes);
/** Forgets the path. */
void static_cache_drop(garm_ctx *c, const struct static_site *site, struct slice path);
/** Forgets all, when descriptors run out. What is being sent stays open until then. */
void static_cache_clear(garm_ctx *c);
/** Accepts NULL. */
void static_cache_free(struct static_cache *cache);

/** Is the answer one user's, so that no cache that others share may keep it? It is where the
 *  request has Authorization, somebody was authenticated, or a session was looked at. */
bool static_is_own(garm_ctx *c);

/** Replies with what the directory `path` ("" or "a/") holds, as a page or as JSON. May suspend. */
MUST_CHECK int static_list(garm_ctx *c, const struct static_site *site, struct slice path);

#endif
