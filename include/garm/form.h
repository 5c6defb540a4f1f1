/* Form bodies (multipart/form-data of RFC 7578, and application/x-www-form-urlencoded), and bodies
 * that become files.
 *
 * A form that is broken or too large is answered for you, whatever the handler returns, and the
 * connection closes: 415 for a Content-Type that is no form's, and for a coded body (a
 * Content-Encoding other than identity); 400 for a malformed one, with the part and the byte where
 * it is broken; 413 for one past a limit. The functions return -ENOTSUP, -EBADMSG and -EMSGSIZE for
 * them, and go on to do so; or any error of garm_read. */
#ifndef GARM_FORM_H
#define GARM_FORM_H

#include <garm/base.h>

/* Of RFC 7578's rules one is held loosely: the line break before a boundary may be a bare LF.
 * Within a part's head, and behind a boundary, a bare LF is malformed. */

/* Small forms are read by name:
 *
 *     const char *user = garm_form(c, "user"), *password = garm_form(c, "password");
 *
 * others part by part, in bounded memory however large they are:
 *
 *     garm_part part;
 *     int rc = 0;
 *     while ((rc = garm_form_next(c, &part)) > 0) {
 *         if (part.filename[0] != '\0') {
 *             GARM_TRY(garm_part_save(c, "uploads", garm_random_name(c)));
 *         }
 *     }
 *     return rc < 0 ? rc : garm_text(c, 201, "kept\n");
 *
 * which garm_form_save does in one call. */

/* A part of a form: a field or a file. The strings live as long as the request. */
typedef struct garm_part {
    size_t index;     /* from 0 */
    const char *name; /* of the field */
    bool is_file;     /* a file name came with it, though it may be "": no file was chosen */
    /* As the client sent it: it may be "", a path, or anything, and opens nothing unless it is a
     * garm_file_name_valid. "%22" and "\"" in it are a quote, "\\" is a backslash; "%0D" and "%0A"
     * stay as they are. */
    const char *filename;
    const char *type; /* its Content-Type as sent; "" if there was none */
} garm_part;

/* Bounds of one request's form; 0 is the default, GARM_NONE lifts a bound. The route's body limit
 * holds beside them. */
typedef struct garm_form_opts {
    size_t size;
    const char *where;
    int64_t parts_max GARM_UNSET_;      /* default 1000 */
    int64_t part_bytes_max GARM_UNSET_; /* of one part's content. Default none */
    int64_t head_bytes_max GARM_UNSET_; /* of one part's head, or name. 64 to 65536, default 4096 */
    int64_t text_bytes_max GARM_UNSET_; /* of all that garm_form keeps. Default 1 MiB */
} garm_form_opts;

/* How a file is saved. */
typedef struct garm_save_opts {
    size_t size;
    const char *where;
    int64_t bytes_max GARM_UNSET_; /* more: 413. Default none but the route's */
    int mode GARM_UNSET_;          /* permissions, whatever the umask. Default 0600 */
    bool replace GARM_UNSET_;      /* takes the place of a file of that name, at once */
    bool sync GARM_UNSET_;         /* the content is on the disk before the name is there */
    /* Called behind each piece with the bytes kept so far; a negative result ends the save. May
     * suspend. */
    int (*progress)(garm_ctx *c, uint64_t bytes, void *arg) GARM_UNSET_;
    void *progress_arg GARM_UNSET_;
    uint64_t *ret_bytes GARM_UNSET_; /* the file's size, once it is there */
} garm_save_opts;

GARM_BEGIN

/** Sets the bounds, before the form is first looked at. 0; -EALREADY after that; -EINVAL, and a log
 *  line, for a bound that cannot be; -ENOTCONN, -ENOMEM. See garm_form_limits. */
GARM_EXPORT int garm_form_limits_with(garm_ctx *c, const garm_form_opts *opts);
/* garm_form_limits(c, .parts_max = 20, .part_bytes_max = GARM_MIB(100)) */
#define garm_form_limits(c, ...)                                                                   \
    garm_form_limits_with((c), GARM_TEMPORARY_(garm_form_opts, .size = sizeof(garm_form_opts),     \
                                               .where = GARM_HERE, __VA_ARGS__))

/** The first field `name` of the form, "" if there is none. The first call reads the whole form;
 *  files in it are skipped. If that fails, every call gives "", and the answer is the error's: to
 *  act on fields only of a sound form, see garm_form_load. Not after garm_form_next: that is a bug,
 *  and 500. May suspend. */
GARM_EXPORT const char *garm_form(garm_ctx *c, const char *name);
/** Is there such a field, with or without a value? May suspend. */
GARM_EXPORT bool garm_has_form(garm_ctx *c, const char *name);
/** The i-th field in the form's order, its name in *ret_name; "" and "" past the last one. May
 *  suspend. */
GARM_EXPORT const char *garm_form_at(garm_ctx *c, size_t index, const char **ret_name);
/** Reads the whole form now, as garm_form would. 0, or its error. A value with a NUL in it is
 *  malformed. May suspend. */
GARM_EXPORT GARM_MUST_CHECK_ int garm_form_load(garm_ctx *c);

/** As garm_form_next, for a garm_part of `size` bytes. */
GARM_EXPORT GARM_MUST_CHECK_ int garm_form_next_sized(garm_ctx *c, garm_part *ret_part,
                                                      size_t size);
/* Goes to the next part; what is left of the last one is skipped. 1; 0 at the form's end, when the
 * whole body has been read and found valid, and ever after; or a negative error. -EALREADY after
 * garm_form. May suspend. */
#define garm_form_next(c, ret_part) garm_form_next_sized((c), (ret_part), sizeof(*(ret_part)))

/** Reads the next piece of the part's content, decoded.
 *  buf, cap  where to, and how many bytes fit (cap > 0).
 *  returns   bytes (> 0); 0 at the part's end; -EINVAL, and a log line, outside of a part; or an
 *            error of the form. May suspend. */
GARM_EXPORT GARM_MUST_CHECK_ ssize_t garm_part_read(garm_ctx *c, void *buf, size_t cap);
/** Reads the rest of the part's content into memory that lives as the request does, with a NUL
 *  behind it.
 *  max       how many bytes to take; more is -EMSGSIZE, and 413 is sent for you.
 *  ret_size  may be NULL: then a value with a NUL in it is malformed.
 *  returns   0, or as garm_part_read. May suspend. */
GARM_EXPORT GARM_MUST_CHECK_ int garm_part_text(garm_ctx *c, size_t max, const char **ret_text,
                                                size_t *ret_size);

/** Saves what is left of the part's content as the file `name` in the directory `dir`, both of the
 *  application's choice. Until all of it is there the file has no name (where the file system
 *  cannot do that, one that begins with ".garm-"); after any failure nothing is left. The writing
 *  is done by other threads.
 *  name     one segment, as garm_file_name_valid has it. See garm_random_name.
 *  returns  0; -EEXIST the name is taken (409 if returned), and nothing was replaced; -ENOSPC or
 *           -EDQUOT the disk is full (507 if returned); -EMSGSIZE past .bytes_max; -EINVAL, and a
 *           log line, for a name that is not valid; -EIO, and a log line, for all else that the
 *           file system refuses (500 if returned); -ECANCELED, -ENOMEM; what .progress returned;
 *           or as garm_part_read.
 *  If the form later turns out to be broken, or the request fails (its client goes, or the answer
 *  is an error) before garm_form_next has told the form's end, the files that were saved of it are
 *  removed again; what they had replaced is gone then. While it runs it uses 48 KiB beside the 20
 *  KiB of the form. May suspend. See garm_part_save. */
GARM_EXPORT int garm_part_save_with(garm_ctx *c, const char *dir, const char *name,
                                    const garm_save_opts *opts);
/* garm_part_save(c, "uploads", name, .bytes_max = GARM_MIB(100), .sync = true) */
#define garm_part_save(c, dir, ...)                                                                \
    garm_part_save_with((c), (dir), GARM_HEAD_(__VA_ARGS__, ),                                     \
                        GARM_OPTS_(garm_save_opts, __VA_ARGS__))

/** Saves every file of the form as garm_part_save does, under a random name each, and skips fields
 *  and what has no file name (no file was chosen). 0 when all are there; or as garm_form_next and
 *  garm_part_save, and if that is returned, nothing is left. May suspend. See garm_form_save. */
GARM_EXPORT GARM_MUST_CHECK_ int garm_form_save_with(garm_ctx *c, const char *dir,
                                                     const garm_save_opts *opts);
/* garm_form_save(c, "uploads", .bytes_max = GARM_MIB(10)): each file's bound */
#define garm_form_save(c, ...)                                                                     \
    garm_form_save_with((c), GARM_HEAD_(__VA_ARGS__, ), GARM_OPTS_(garm_save_opts, __VA_ARGS__))

/** Saves what is left of the request's body, of any type, likewise; the errors are those of
 *  garm_part_save and garm_read. May suspend. See garm_save_body. */
GARM_EXPORT int garm_save_body_with(garm_ctx *c, const char *dir, const char *name,
                                    const garm_save_opts *opts);
/* garm_save_body(c, "uploads", name, .replace = true) */
#define garm_save_body(c, dir, ...)                                                                \
    garm_save_body_with((c), (dir), GARM_HEAD_(__VA_ARGS__, ),                                     \
                        GARM_OPTS_(garm_save_opts, __VA_ARGS__))

/** A name that nobody can guess and nobody has had: 26 letters and digits, safe in paths and URLs.
 *  An ending is added by garm_strf(c, "%s.png", garm_random_name(c)). "" when memory runs out. */
GARM_EXPORT const char *garm_random_name(garm_ctx *c);

/** May a file in a directory of the application's be called so, whoever chose the name? It is one
 *  segment of at most 255 bytes, does not begin with a '.', and has no '/', '\\', control byte,
 *  "%2f" or "%5c" in it: it leads nowhere else, and garm_static serves what it names. It says
 *  nothing of the ending, by which a browser may take the file for a page. Any thread. */
GARM_EXPORT bool garm_file_name_valid(const char *name);

/** Removes the file `name` from the directory `dir`. Only the name may be a client's: one that is
 *  not valid is not there. A symbolic link goes itself, never what it leads to.
 *  returns  0; -ENOENT there is no such file (404 if returned), but perhaps a directory; -EIO, and
 *           a log line, for all else that the file system refuses (500 if returned); -EMFILE,
 *           -ENFILE, -ENOMEM; or as garm_offload. May suspend. */
GARM_EXPORT int garm_remove_file(garm_ctx *c, const char *dir, const char *name);

GARM_END

#endif
