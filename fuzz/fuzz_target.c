/* Targets, paths and percent-encoding: parts lie in the target, what parses decodes, what is
 * encoded decodes to itself, and no resolved path has a dot segment. */
#include "fuzz.h"
#include "codec/target.h"

static void check_part(struct slice raw, struct slice part)
{
    CHECK(part.ptr >= raw.ptr && part.ptr + part.len <= raw.ptr + raw.len);
}

/* A path or query that was accepted. */
static void check_decodes(struct slice part)
{
    char *const out = fuzz_alloc(part.len);
    size_t len = 0;
    CHECK(percent_decode(part, false, out, &len) == 0);
    CHECK(len <= part.len);
    CHECK(memchr(out, '\0', len) == NULL);
    free(out);
}

static bool has_dots(struct slice path)
{
    struct slice segment;
    bool found = false;
    while (path_next(&path, &segment)) {
        found = found || path_dots(segment) > 0;
    }
    return found;
}

static void check_path(const struct target *target)
{
    const struct slice path = target->path;
    char *const out = fuzz_copy(path.ptr, path.len);
    const size_t len = path_resolve(path, out);
    CHECK(len <= path.len && len > 0 && out[0] == '/');
    CHECK(!has_dots(slice_of(out, len)));
    const bool escaped = memchr(path.ptr, '%', path.len) != NULL;
    CHECK(target->path_plain == (!escaped && !has_dots(path)));
    if (target->path_plain) {
        CHECK(slice_eq(slice_of(out, len), path));
    }
    /* In place, and once more. */
    const size_t again = path_resolve(slice_of(out, len), out);
    CHECK(again == len);
    free(out);
}

static void check_target(struct slice raw, const struct target *target)
{
    check_part(raw, target->path);
    check_part(raw, target->query);
    check_part(raw, target->authority);
    check_decodes(target->path);
    check_decodes(target->query);
    const bool has_authority = target->form == TARGET_ABSOLUTE || target->form == TARGET_AUTHORITY;
    CHECK(authority_valid(target->authority) == has_authority);
    if (target->path.len > 0) {
        check_path(target);
    } else {
        CHECK(target->form != TARGET_ORIGIN);
    }
}

static void check_forms(struct slice raw)
{
    for (unsigned flags = 0; flags < 8; flags++) {
        const bool connect = (flags & 1) != 0;
        const bool options = (flags & 2) != 0;
        const char *reason = NULL;
        struct target target;
        if (target_parse(raw, connect, options, (flags & 4) != 0, &target, &reason) < 0) {
            CHECK(reason != NULL);
            continue;
        }
        CHECK(connect == (target.form == TARGET_AUTHORITY));
        CHECK(options || target.form != TARGET_ASTERISK);
        check_target(raw, &target);
    }
}

static void check_authority(struct slice raw)
{
    const struct slice host = authority_host(raw);
    const struct slice port = authority_port(raw);
    check_part(raw, host);
    check_part(raw, port);
    if (authority_valid(raw)) {
        CHECK(authority_valid(host));
        CHECK(host.len + port.len + 1 >= raw.len);
    }
}

/* Encoded bytes decode to themselves; with NUL they are refused. */
static void check_encoding(struct slice raw, const char *keep)
{
    char *const encoded = fuzz_alloc(raw.len * 3);
    char *const decoded = fuzz_alloc(raw.len * 3);
    const size_t len = percent_encode(raw, keep, encoded);
    CHECK(len <= raw.len * 3);
    size_t back = 0;
    const bool has_nul = raw.len > 0 && memchr(raw.ptr, '\0', raw.len) != NULL;
    CHECK((percent_decode(slice_of(encoded, len), false, decoded, &back) < 0) == has_nul);
    CHECK(has_nul || slice_eq(slice_of(decoded, back), raw));
    free(decoded);
    free(encoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *const copy = fuzz_copy((const char *)data, size);
    const struct slice raw = slice_of(copy, size);
    check_forms(raw);
    check_authority(raw);
    check_encoding(raw, "");
    check_encoding(raw, "/:");
    free(copy);
    return 0;
}
