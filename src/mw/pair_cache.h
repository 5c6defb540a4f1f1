/* Which names and passwords were right a while ago, and who the user was then: a bounded set of
 * keyed digests, shared by all workers. Who reads its memory learns no password. */
#ifndef GARM_MW_PAIR_CACHE_H
#define GARM_MW_PAIR_CACHE_H

#include <garm/base.h>

#define PAIR_USER_SIZE 257 /* of who the user was, NUL included */

struct pair_cache;

/** An empty one; lives as the application does. NULL when memory runs out. */
struct pair_cache *pair_cache_new(garm_app *app);

/** Is the pair in it, and not over? Then *ret_user is who came in with it. */
bool pair_cache_find(struct pair_cache *cache, const char *name, const char *password,
                     char ret_user[PAIR_USER_SIZE]);
/** Puts the pair in for `ns`, with the user that it stands for, in the place of one that is over,
 *  or is so next. A user whose name is too long is not remembered. */
void pair_cache_put(struct pair_cache *cache, const char *name, const char *password,
                    const char *user, int64_t ns);

#endif
