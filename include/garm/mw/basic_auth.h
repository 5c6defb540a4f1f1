/* Basic authentication: a name and a password with every request. RFC 7617. */
#ifndef GARM_MW_BASIC_AUTH_H
#define GARM_MW_BASIC_AUTH_H

#include <garm/base.h>

#define GARM_BASIC_USERS_MAX 32

/* Is it this user's password? 0: yes; -EACCES: no, or there is no such user (401). Anything else
 * becomes the answer as if a handler had returned it. `user` and `password` have no control bytes.
 * May set another name by garm_set_user, which .cache_s remembers too. May suspend. */
typedef int garm_basic_check_fn(garm_ctx *c, const char *user, const char *password, void *arg);

/* Needs .users or .check. With both, names that .users lacks are for .check. */
typedef struct garm_basic_auth_opts {
    size_t size;
    const char *where;
    const char *realm GARM_UNSET_; /* what browsers show; default "restricted" */
    /* "NAME:HASH", with a hash of garm_password_hash or of `argon2 SALT -id -e` */
    const char *users[GARM_BASIC_USERS_MAX] GARM_UNSET_;
    garm_basic_check_fn *check GARM_UNSET_;
    void *arg GARM_UNSET_; /* of .check; borrowed */
    /* for how long a pair that was right is taken without another look; default 300 for .users;
     * for .check none. GARM_NONE: never. At most a day */
    int64_t cache_s GARM_UNSET_;
    bool optional GARM_UNSET_; /* requests without credentials pass, and garm_user is "" */
} garm_basic_auth_opts;

GARM_BEGIN

/** Lets those requests to the application or group pass that have the name and the password of a
 *  user, who is then garm_user. Others get 401 with a challenge; credentials that cannot be read
 *  (no base64, no colon, control bytes) get 400; and when too many passwords are being hashed, 503
 *  (see password.h). A name that does not exist takes the time of a wrong password,
 *  of the costliest of .users. Pairs that were
 *  right are remembered, up to 1024, by a digest with a random key. Passwords are compared byte for
 *  byte: clients are told to send UTF-8. Only for https: the password is as good as in the clear.
 *  See garm_basic_auth. */
GARM_EXPORT void garm_basic_auth_with(garm_app *app, const garm_basic_auth_opts *opts);
/* garm_basic_auth(app, .users = {"ada:$argon2id$v=19$m=65536,t=2,p=1$..."}) */
#define garm_basic_auth(...)                                                                       \
    garm_basic_auth_with(GARM_HEAD_(__VA_ARGS__, ), GARM_OPTS_(garm_basic_auth_opts, __VA_ARGS__))

GARM_END

#endif
