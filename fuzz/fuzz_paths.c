/* Paths of files and pairs of forms. The input is what stands behind a site's prefix, and a query:
 * no path leaves its directory or reaches a hidden file, in the checks and on a real disk; the two
 * readers of urlencoded text agree, and what is encoded is read as it was. */
#include "fuzz.h"

#include "app/file_path.h"
#include "app/query.h"
#include "base/buf.h"
#include "base/limits.h"
#include "codec/field.h"
#include "codec/target.h"
#include "codec/urlencoded.h"

#include <garm/garm.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/stat.h>

#define INPUT_MAX 1024
#define TREASURE  "what nobody may see"

/* The checks. */

/* Whether the path, as a file system would walk it, stays below where it begins, with nothing
 * in it that is not plain. Hidden: with a name that begins with a dot. */
static void check_walk(struct slice path, bool dotfiles)
{
    static const char bad[] = "\\\x7f";
    bool first = true;
    struct slice segment;
    for (size_t i = 0; i < path.len; i++) {
        CHECK((unsigned char)path.ptr[i] >= 0x20 && memchr(bad, path.ptr[i], 2) == NULL);
    }
    for (struct slice rest = path; slice_cut(&rest, '/', &segment); first = false) {
        CHECK(segment.len > 0);
        CHECK(!slice_eq(segment, SLICE(".")) && !slice_eq(segment, SLICE("..")));
        CHECK(dotfiles || segment.ptr[0] != '.' ||
              (first && slice_eq(segment, SLICE(".well-known"))));
    }
}

static size_t count(struct slice text, char byte)
{
    size_t found = 0;
    for (size_t i = 0; i < text.len; i++) {
        found += text.ptr[i] == byte;
    }
    return found;
}

/* Decoded once more it has no other separators: nobody behind us sees another path. */
static void check_twice(struct slice path)
{
    char *const out = fuzz_alloc(path.len);
    size_t len = 0;
    if (percent_decode(path, false, out, &len) == 0) {
        CHECK(count(slice_of(out, len), '/') == count(path, '/'));
        CHECK(count(slice_of(out, len), '\\') == 0);
    }
    free(out);
}

static void check_servable(struct slice path)
{
    const bool hidden = file_path_servable(path, true);
    const bool plain = file_path_servable(path, false);
    CHECK(hidden || !plain);
    CHECK(!hidden || !file_path_suspect(path));
    CHECK(!file_path_hashed(path) || file_path_has_extension(path));
    if (hidden) {
        check_walk(path, true);
        check_twice(path);
    }
    if (plain) {
        check_walk(path, false);
    }
}

/* As a target has it: resolved, then decoded. */
static void check_path(struct slice text)
{
    struct target target;
    const char *reason = NULL;
    check_servable(text);
    if (target_parse(text, false, false, true, &target, &reason) < 0 || target.path.len == 0) {
        return;
    }
    char *const out = fuzz_alloc(target.path.len);
    size_t len = path_resolve(target.path, out);
    CHECK(percent_decode(slice_of(out, len), false, out, &len) == 0);
    CHECK(len > 0 && out[0] == '/');
    check_servable(slice_of(out + 1, len - 1));
    free(out);
}

/* The disk. */

static garm_test *test;
static char top[] = "garm-fuzz-XXXXXX";

static const char *at_top(const char *name)
{
    static char path[128];
    snprintf(path, sizeof(path), "%s/%s", top, name);
    return path;
}

static void put(const char *name, const char *content)
{
    const int fd = open(at_top(name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && write(fd, content, strlen(content)) == (ssize_t)strlen(content));
    close(fd);
}

static void remove_all(void)
{
    static const char *const names[] = {
        "site/.hidden", "site/a/.hidden", "site/a/b.txt", "site/index.html", "site/link", "site/up",
        "open/.shown",  "open/up",        "treasure",     "site/a",          "site",      "open"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)remove(at_top(names[i]));
    }
    (void)rmdir(top);
}

/* Directories, files that may be seen, files that may not, and links that lead out. */
static void make_all(void)
{
    CHECK(mkdtemp(top) != NULL && atexit(remove_all) == 0);
    CHECK(mkdir(at_top("site"), 0700) == 0 && mkdir(at_top("open"), 0700) == 0);
    CHECK(mkdir(at_top("site/a"), 0700) == 0);
    put("site/index.html", "index");
    put("site/a/b.txt", "text");
    put("site/.hidden", TREASURE);
    put("site/a/.hidden", TREASURE);
    put("open/.shown", "shown");
    put("treasure", TREASURE);
    CHECK(symlink("../treasure", at_top("site/link")) == 0);
    CHECK(symlink("..", at_top("site/up")) == 0);
    CHECK(symlink("../site", at_top("open/up")) == 0);
}

static void setup(garm_app *app)
{
    char dir[128];
    snprintf(dir, sizeof(dir), "%s", at_top("site"));
    garm_static(app, "/site", dir, .list = true, .precompressed = true);
    garm_static(app, "/spa", dir, .spa = true, .no_cache = true);
    snprintf(dir, sizeof(dir), "%s", at_top("open"));
    garm_static(app, "/open", dir, .list = true, .dotfiles = true);
}

static void begin(void)
{
    static const garm_app_entry entry = GARM_ENTRY(setup);
    if (test == NULL) {
        make_all();
        test = garm_test_new(&entry, NULL);
    }
}

static void check_get(const char *prefix, struct slice text)
{
    char target[INPUT_MAX + 16];
    snprintf(target, sizeof(target), "%s%.*s", prefix, SLICE_ARG(text));
    const garm_response *const res = garm_test_do(test, "GET", target);
    CHECK(res->complete && res->status >= 200 && res->status < 500);
    CHECK(strstr(res->body, TREASURE) == NULL);
}

/* What can stand in a request line. */
static bool is_target(struct slice text)
{
    return field_value_valid(text) && slice_find(text, ' ') == text.len &&
           slice_find(text, '\t') == text.len;
}

/* Pairs. */

/* The pairs, each name and value with a NUL behind it; false if some are broken. */
static bool read_query(struct slice raw, struct buf *out)
{
    struct arena arena;
    struct query_pair pair;
    const char *value = NULL;
    int rc = 0;
    arena_init(&arena, NULL, 0, MIB(16));
    for (struct slice rest = raw; (rc = query_next(&rest, &arena, &pair)) > 0;) {
        buf_append(out, pair.name, strlen(pair.name) + 1);
        buf_append(out, pair.value, strlen(pair.value) + 1);
        CHECK(query_find(raw, slice_cstr(pair.name), &arena, &value) != 0);
    }
    arena_clear(&arena);
    CHECK(out->error == 0 && rc != -ENOMEM);
    return rc == 0;
}

static void read_form(struct slice raw, struct buf *out)
{
    const struct form_limits limits = {SIZE_MAX, SIZE_MAX, INPUT_MAX};
    char text[INPUT_MAX];
    struct urlencoded form;
    struct slice run = {NULL, 0};
    enum form_event event = FORM_DATA;
    char *const copy = fuzz_copy(raw.ptr, raw.len);
    urlencoded_init(&form, &limits, text);
    for (size_t at = 0; event != FORM_END;) {
        size_t consumed = 0;
        event = at < raw.len ? urlencoded_read(&form, copy + at, raw.len - at, &consumed, &run)
                             : urlencoded_end(&form, &run);
        at += consumed;
        CHECK(event != FORM_BAD);
        if (event == FORM_PART) {
            buf_append_slice(out, form.reader.head.name);
        } else if (event == FORM_DATA) {
            buf_append_slice(out, run);
        }
        if (event == FORM_PART || event == FORM_PART_END) {
            buf_append_byte(out, '\0');
        }
    }
    free(copy);
}

/* Both parts of each pair, encoded. */
static void write_query(struct slice pairs, struct buf *out)
{
    struct slice part;
    for (char mark = '='; slice_cut(&pairs, '\0', &part); mark = mark == '=' ? '&' : '=') {
        char encoded[3 * INPUT_MAX];
        buf_append(out, encoded, percent_encode(part, "", encoded));
        buf_append_byte(out, mark);
    }
}

static void check_pairs(struct slice raw)
{
    struct buf bufs[4];
    for (size_t i = 0; i < 4; i++) {
        buf_init(&bufs[i], MIB(1));
    }
    if (slice_find(raw, 0) == raw.len && read_query(raw, &bufs[0])) {
        read_form(raw, &bufs[1]);
        write_query(buf_slice(&bufs[0]), &bufs[2]);
        CHECK(slice_eq(buf_slice(&bufs[1]), buf_slice(&bufs[0])));
        CHECK(read_query(buf_slice(&bufs[2]), &bufs[3]));
        CHECK(slice_eq(buf_slice(&bufs[3]), buf_slice(&bufs[0])));
    }
    for (size_t i = 0; i < 4; i++) {
        CHECK(bufs[i].error == 0);
        buf_deinit(&bufs[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    begin();
    if (size > INPUT_MAX) {
        return 0;
    }
    char *const copy = fuzz_copy((const char *)data, size);
    const struct slice text = slice_of(copy, size);
    check_path(text);
    check_pairs(text);
    if (is_target(text)) {
        check_get("/site", text);
        check_get("/spa", text);
        check_get("/open", text);
    }
    free(copy);
    return 0;
}
