/* A directory of files, served as it should be: conditions and ranges, precompressed siblings, a
 * cache that notices changes, listings, single-page applications.
 *
 *     garm_static(app, "/assets", "./public", .cache_max_age_s = 3600, .immutable = true);
 *
 * No request leaves the directory, by dots, links, encodings or otherwise, and what is no regular
 * file in it is not there. */
#ifndef GARM_STATIC_H
#define GARM_STATIC_H

#include <garm/base.h>

/* Options of garm_static. */
typedef struct garm_static_opts {
    size_t size;
    const char *where;
    /* of a directory that is asked for with a slash at the end. Default "index.html"; "": none */
    const char *index GARM_UNSET_;
    /* Clients may keep what they got for so long without asking, but HTML. 0: they ask each time,
     * and usually hear 304; GARM_NONE: no Cache-Control, but for who is logged in */
    int64_t cache_max_age_s GARM_UNSET_;
    /* Names with a hash of the content (app.3f9a0c21.js, index-BX2f9aQ1.css: 8 to 64 letters,
     * digits or '_', with a letter and two digits, behind a '.' or '-' and before the extension)
     * never change: clients keep them for a year */
    bool immutable GARM_UNSET_;
    /* Where there is a file.br, file.zst or file.gz that is not older than the file, clients that
     * take the coding get it */
    bool precompressed GARM_UNSET_;
    /* Text and its like from 1 KiB to 1 MiB is compressed when a client that takes it asks, once
     * for each coding (br, zstd, gzip), off the loop, and kept in the cache (32 MiB per worker).
     * Each form has an ETag of its own, and ranges */
    bool compress GARM_UNSET_;
    bool spa GARM_UNSET_;      /* a page that is not there is the root's index; a file is 404 */
    bool list GARM_UNSET_;     /* a directory without an index is a page of what it holds */
    bool dotfiles GARM_UNSET_; /* serve and list names that begin with a dot, too */
    /* nothing is kept in memory or open: for a directory that changes all the time */
    bool no_cache GARM_UNSET_;
} garm_static_opts;

GARM_BEGIN

/** Serves the files of the directory `dir` at `prefix` ("/assets"; "" or "/": the whole site) to
 *  GET and HEAD. `dir` is opened now, and stays the one that is served, even if another one takes
 *  its name. If it cannot be, or this user may not open what is in it or, with .list, not list it,
 *  the start is refused.
 *
 *  The rules: a directory with an index, or listed, is at its path with a slash; without it, 301.
 *  Other directories, a file's path with a slash, empty segments ("a//b"), names that begin with a
 *  dot (but for /.well-known), and all that is no regular file: 404. Content types go by the name's
 *  ending. ETag is strong and made of inode, size and time of the last change; conditions and
 *  ranges are those of RFC 9110 sections 13 and 14. A change of a file shows within a second. One
 *  that is replaced by renaming is never served in a mixture; one that shrinks while it is sent
 *  resets its connection.
 *
 *  Behind a login (the request has Authorization, garm_user says who it is, or a session was looked
 *  at) Cache-Control is `private` too, so that no cache that others share keeps the answer. A
 *  Cache-Control that middleware has set stays as it is. See garm_static. */
GARM_EXPORT void garm_static_with(garm_app *app, const char *prefix, const char *dir,
                                  const garm_static_opts *opts);
/* garm_static(app, "/", "./public", .spa = true) */
#define garm_static(app, prefix, ...)                                                              \
    garm_static_with((app), (prefix), GARM_HEAD_(__VA_ARGS__, ),                                   \
                     GARM_OPTS_(garm_static_opts, __VA_ARGS__))

GARM_END

#endif
