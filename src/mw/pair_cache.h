/* Which names and passwords were right a while ago: a bounded set of keyed digests, shared by all
 * workers. Who reads its memory learns no password. */
#ifndef GARM_MW_PAIR_CACHE_H
#define GARM_MW_PAIR_CACHE_H

#include <garm/base.h>

struct pair_cache;

/** An empty one; lives as the application does. NULL when memory runs out. */
struct pair_cache *pair_cache_new(garm_app *app);

/** Is the pair in it, and not over? */
bool pair_cache_has(struct pair_cache *cache, const char *user, const char *password);
/** Puts the pair in for `ns`, in the place of one that is over, or is so next. */
void pair_cache_put(struct pair_cache *cache, const char *user, const char *password, int64_t ns);

#endif
