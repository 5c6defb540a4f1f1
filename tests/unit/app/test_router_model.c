/* The router against its definition: random patterns, and every request of a small universe. A
 * pattern stands for the set of requests it matches, found segment by segment; two conflict if
 * their sets meet and neither is a proper part of the other; and the winner of a request is the
 * smallest set that holds it. */
#include "app/router.h"
#include "base/random.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>

Suite *suite_router_model(void);

static const char *const methods[] = {"GET", "HEAD", "POST", "TRACE", "SLUDGE", "MUDGE"};
static const char *const hosts[] = {"", "a.com", "b.com"};
static const char *const segments[] = {"", "a", "b", "7", "-8", "%61", "c%2Fd"};

#define SEGMENTS_MAX 3
#define PATHS_MAX    (7 + 49 + 343)
#define REQUESTS_MAX (COUNT_OF(methods) * PATHS_MAX)
#define PATTERNS_MAX 12

struct path {
    char text[64];
    const char *segments[SEGMENTS_MAX];
    size_t count;
};

static struct path paths[PATHS_MAX];
static size_t path_count;

static void make_paths(struct path prefix)
{
    if (prefix.count > 0) {
        paths[path_count++] = prefix;
    }
    for (size_t i = 0; i < COUNT_OF(segments) && prefix.count < SEGMENTS_MAX; i++) {
        struct path longer = prefix;
        longer.segments[longer.count++] = segments[i];
        strcat(longer.text, "/");
        strcat(longer.text, segments[i]);
        make_paths(longer);
    }
}

/* A pattern in pieces, as the model sees it. */
struct model {
    char text[128];
    const char *method; /* "" is every one */
    const char *host;
    char segments[3][16]; /* literals, or as written between the slashes */
    size_t count;
    bool matches[REQUESTS_MAX];
    size_t size;
};

static bool literal_is(const char *literal, const char *segment)
{
    if (strcmp(segment, "%61") == 0) {
        return strcmp(literal, "a") == 0;
    }
    return strcmp(literal, segment) == 0;
}

static bool segment_matches(const char *pattern, const char *segment)
{
    if (pattern[0] != '{') {
        return literal_is(pattern, segment);
    }
    if (strstr(pattern, ":int") != NULL) {
        return strcmp(segment, "7") == 0 || strcmp(segment, "-8") == 0;
    }
    return segment[0] != '\0';
}

static bool path_matches(const struct model *model, const struct path *path)
{
    for (size_t i = 0; i < model->count; i++) {
        const char *const pattern = model->segments[i];
        if (i == path->count) {
            return false;
        }
        if (strstr(pattern, "...") != NULL || pattern[0] == '\0') {
            return true;
        }
        if (strcmp(pattern, "{$}") == 0) {
            return i + 1 == path->count && path->segments[i][0] == '\0';
        }
        if (!segment_matches(pattern, path->segments[i])) {
            return false;
        }
    }
    return model->count == path->count;
}

static bool method_matches(const char *pattern, const char *method)
{
    if (pattern[0] == '\0') {
        return strcmp(method, "TRACE") != 0;
    }
    return strcmp(pattern, method) == 0 ||
           (strcmp(pattern, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

static void fill_set(struct model *model)
{
    model->size = 0;
    for (size_t m = 0; m < COUNT_OF(methods); m++) {
        for (size_t p = 0; p < path_count; p++) {
            const bool match =
                method_matches(model->method, methods[m]) && path_matches(model, &paths[p]);
            model->matches[m * PATHS_MAX + p] = match;
            model->size += match;
        }
    }
}

static void random_segment(struct random *random, bool last, size_t index, char out[16])
{
    static const char *const literals[] = {"a", "b", "7", "c%2Fd"};
    static const char *const ends[] = {"{$}", "{r...}", ""};
    const uint64_t kind = random_below(random, last ? 8 : 6);
    if (kind < 3) {
        strcpy(out, literals[random_below(random, COUNT_OF(literals))]);
    } else if (kind < 6) {
        snprintf(out, 16, kind == 5 ? "{p%zu:int}" : "{p%zu}", index);
    } else {
        strcpy(out, ends[random_below(random, COUNT_OF(ends))]);
    }
}

static void random_model(struct random *random, struct model *model)
{
    static const char *const choices[] = {"", "", "GET", "GET", "HEAD", "POST", "TRACE", "SLUDGE"};
    memset(model, 0, sizeof(*model));
    model->method = choices[random_below(random, COUNT_OF(choices))];
    model->host = hosts[random_below(random, 4) == 0 ? 1 + random_below(random, 2) : 0];
    model->count = 1 + random_below(random, 3);
    strcat(model->text, model->method);
    strcat(model->text, model->method[0] == '\0' ? "" : " ");
    strcat(model->text, model->host);
    for (size_t i = 0; i < model->count; i++) {
        random_segment(random, i + 1 == model->count, i, model->segments[i]);
        strcat(model->text, "/");
        strcat(model->text, model->segments[i]);
    }
    fill_set(model);
}

static bool conflict(const struct model *a, const struct model *b)
{
    size_t common = 0;
    for (size_t i = 0; i < REQUESTS_MAX; i++) {
        common += a->matches[i] && b->matches[i];
    }
    const bool part = a->size != b->size && (common == a->size || common == b->size);
    return common > 0 && !part && strcmp(a->host, b->host) == 0;
}

/* The smallest set that holds the request; sets of one host that meet are never of equal size. */
static const struct model *winner(const struct model *models, size_t count, const char *host,
                                  size_t request)
{
    const struct model *best = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct model *const one = &models[i];
        const bool here = one->host[0] == '\0' || strcmp(one->host, host) == 0;
        if (!here || !one->matches[request]) {
            continue;
        }
        const bool closer = best != NULL && one->host[0] != '\0' && best->host[0] == '\0';
        const bool farther = best != NULL && one->host[0] == '\0' && best->host[0] != '\0';
        if (best == NULL || closer || (!farther && one->size < best->size)) {
            best = one;
        }
    }
    return best;
}

static uint16_t miss(const struct model *models, size_t count, const char *host, size_t method,
                     size_t path)
{
    bool path_has = false;
    bool token_known = method < 4;
    for (size_t i = 0; i < count; i++) {
        token_known = token_known || strcmp(models[i].method, methods[method]) == 0;
        const bool here = models[i].host[0] == '\0' || strcmp(models[i].host, host) == 0;
        path_has = path_has || (here && path_matches(&models[i], &paths[path]));
    }
    if (!token_known) {
        return 501;
    }
    return path_has ? 405 : 404;
}

static void check_request(const struct router *router, const struct model *models, size_t count,
                          const char *host, size_t method, size_t path)
{
    const struct model *const expected = winner(models, count, host, method * PATHS_MAX + path);
    const struct slice name = slice_cstr(methods[method]);
    const struct slice text = slice_cstr(paths[path].text);
    struct router_match found;
    router_match(router, method_lookup(name), name, slice_cstr(host), text,
                 slice_find(text, '%') == text.len, &found);
    ck_assert_msg(found.data == expected, "%s %s%s: %s, not %s", methods[method], host,
                  paths[path].text,
                  found.data == NULL ? "nothing" : ((const struct model *)found.data)->text,
                  expected == NULL ? "nothing" : expected->text);
    if (expected == NULL) {
        ck_assert_uint_eq(found.status, miss(models, count, host, method, path));
    }
}

static void check_allow(const struct router *router, const struct model *models, size_t count,
                        const char *host, size_t path)
{
    char out[256];
    const struct slice text = slice_cstr(paths[path].text);
    router_allow(router, slice_cstr(host), text, slice_find(text, '%') == text.len, out,
                 sizeof(out));
    for (size_t m = 0; m < COUNT_OF(methods); m++) {
        const struct model *const expected = winner(models, count, host, m * PATHS_MAX + path);
        /* A token that only a method-less pattern takes cannot be listed. */
        const bool listed = strstr(out, methods[m]) != NULL;
        ck_assert_msg(listed ? expected != NULL
                             : expected == NULL || (m >= 4 && expected->method[0] == '\0'),
                      "%s%s: %s in \"%s\"", host, paths[path].text, methods[m], out);
    }
}

/* Adds the model, unless it conflicts with an earlier one, of which the router must be of the
 * same opinion. */
static size_t add_model(struct router *router, struct model *models, size_t count,
                        struct buf *error)
{
    bool refused = false;
    for (size_t i = 0; i < count; i++) {
        refused = refused || conflict(&models[i], &models[count]);
    }
    const int rc = router_add(router, models[count].text, "a.c:1", &models[count], error);
    ck_assert_msg(rc == (refused ? -EEXIST : 0), "%s: %d (%s)", models[count].text, rc,
                  buf_cstr(error));
    buf_clear(error);
    return refused ? count : count + 1;
}

START_TEST(router_agrees_with_its_definition)
{
    static struct model models[PATTERNS_MAX];
    path_count = 0;
    make_paths((struct path){.count = 0});
    struct random random;
    random_seed(&random, (uint64_t)_i);
    struct buf error;
    buf_init(&error, 4096);
    struct router *router = NULL;
    ck_assert_int_eq(router_new(&router), 0);
    size_t count = 0;
    for (size_t tries = 0; tries < 40 && count < PATTERNS_MAX; tries++) {
        random_model(&random, &models[count]);
        count = add_model(router, models, count, &error);
    }
    for (size_t tries = 0; tries < 700; tries++) {
        const char *const host = hosts[random_below(&random, COUNT_OF(hosts))];
        const size_t path = random_below(&random, path_count);
        check_request(router, models, count, host, random_below(&random, COUNT_OF(methods)), path);
        check_allow(router, models, count, host, path);
    }
    router_free(router);
    buf_deinit(&error);
}
END_TEST

Suite *suite_router_model(void)
{
    Suite *const suite = suite_create("router_model");
    TCase *const tests = tcase_create("router_model");
    tcase_add_loop_test(tests, router_agrees_with_its_definition, 0, 60);
    suite_add_tcase(suite, tests);
    return suite;
}
