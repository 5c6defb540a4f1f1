/* Cookies: what is set can be read again, by us and with nothing else beside it; what is signed or
 * sealed opens under its own name and keys alone, unaltered; a session's record is read as it was
 * written. The input is a Cookie field's value, the lines of a Set-Cookie (name, value, path,
 * domain), the content of tokens, and the entries of a record. */
#include "fuzz.h"

#include "app/query.h"
#include "app/session.h"
#include "codec/field.h"

#include <garm/garm.h>

#define INPUT_MAX 1024
#define LINES     4

static garm_test *test;
static garm_keys *keys, *others;
static struct slice input;
static size_t hash;
static bool expected; /* the cookie is to be there */

/* Cookie fields. */

static void check_pair(struct slice name, struct slice value)
{
    struct slice found;
    CHECK(name.ptr >= input.ptr && name.ptr + name.len < input.ptr + input.len);
    CHECK(value.ptr >= name.ptr + name.len && value.ptr + value.len <= input.ptr + input.len);
    CHECK(name.len > 0 && slice_eq(slice_trim(name), name));
    CHECK(slice_find(name, '=') == name.len && slice_find(name, ';') == name.len);
    CHECK(slice_find(value, ';') == value.len);
    /* The first of a name is the one that is found. */
    CHECK(cookie_find(input, name, &found) && found.ptr <= value.ptr);
}

/* The pairs, written with quotes, are read as the same pairs. */
static void check_field(void)
{
    struct buf text;
    struct slice rest = input;
    struct slice name;
    struct slice value;
    buf_init(&text, MIB(1));
    while (cookie_next(&rest, &name, &value)) {
        check_pair(name, value);
        buf_append_slice(&text, name);
        buf_append(&text, "=\"", 2);
        buf_append_slice(&text, value);
        buf_append(&text, "\"; ", 3);
    }
    CHECK(text.error == 0);
    struct slice written = buf_slice(&text);
    struct slice own_name;
    struct slice own_value;
    for (rest = input; cookie_next(&rest, &name, &value);) {
        CHECK(cookie_next(&written, &own_name, &own_value));
        CHECK(slice_eq(own_name, name) && slice_eq(own_value, value));
    }
    CHECK(!cookie_next(&written, &own_name, &own_value));
    buf_deinit(&text);
}

/* Set-Cookie. */

/* The input's lines, up to a NUL. A last one that is not there is NULL. */
static void split_lines(garm_ctx *c, const char *lines[LINES])
{
    struct slice rest = slice_of(input.ptr, slice_find(input, '\0'));
    struct slice line;
    for (size_t i = 0; i < LINES && slice_cut(&rest, '\n', &line); i++) {
        lines[i] = ctx_dup(c, line);
        CHECK(lines[i] != NULL);
    }
}

static size_t count(struct slice text, char byte)
{
    size_t found = 0;
    for (size_t i = 0; i < text.len; i++) {
        CHECK(text.ptr[i] >= 0x20 && text.ptr[i] < 0x7f);
        found += text.ptr[i] == byte;
    }
    return found;
}

/* The cookie is the name and the value, and has the attributes that were asked for: no more. */
static void check_line(const char *name, const char *value, const garm_cookie_opts *opts,
                       struct slice line)
{
    const bool domain = opts->domain != NULL && opts->domain[0] != '\0';
    const struct slice pair = slice_of(line.ptr, slice_find(line, ';'));
    struct slice found;
    CHECK(count(line, ';') == 1U + (opts->max_age_s != 0) + domain + opts->secure +
                                  !opts->script_readable +
                                  (opts->same_site != GARM_SAME_SITE_UNSET) + opts->partitioned);
    CHECK(pair.len == strlen(name) + 1 + strlen(value));
    CHECK(cookie_find(pair, slice_cstr(name), &found) && slice_eq(found, slice_cstr(value)));
    CHECK(line.len <= COOKIE_BYTES_MAX);
}

static int set_plain(garm_ctx *c)
{
    const char *lines[LINES] = {"", "", NULL, NULL};
    split_lines(c, lines);
    const garm_cookie_opts opts = {
        .size = sizeof(opts),
        .where = "here",
        .max_age_s = (int64_t)(hash >> 8 & 3) - 1, /* GARM_NONE, none, and two */
        .path = lines[2],
        .domain = lines[3],
        .secure = (hash & 3) != 0,
        .script_readable = (hash & 4) != 0,
        .same_site = (enum garm_same_site)(hash >> 4 & 3),
        .partitioned = (hash & 8) != 0,
    };
    const int rc = garm_set_cookie_with(c, lines[0], lines[1], &opts);
    const struct slice line = slice_cstr(garm_res_header(c, "Set-Cookie"));
    CHECK(rc == 0 || rc == -EINVAL);
    CHECK((rc == 0) == (line.len > 0));
    if (rc == 0) {
        check_line(lines[0], lines[1], &opts, line);
    }
    return 204;
}

/* Tokens. */

static void expect_none(garm_ctx *c, garm_keys *with, enum token_kind kind, struct slice name,
                        struct slice text)
{
    struct slice data;
    CHECK(token_read(c, with, kind, name, text, 0, &data) == -EBADMSG);
}

/* Another byte at each of some places, a piece less, a piece more. */
static void check_altered(garm_ctx *c, enum token_kind kind, struct slice name, const char *token)
{
    const size_t len = strlen(token);
    char *const text = fuzz_alloc(len + input.len);
    for (size_t i = 0; i < 8; i++) {
        const size_t at = (hash >> i * 7) % len;
        memcpy(text, token, len);
        text[at] = (char)(text[at] ^ (char)(1 + (hash >> i * 5) % 255));
        expect_none(c, keys, kind, name, slice_of(text, len));
        memcpy(text, token, len);
        text[at] = token[at] == 'A' ? 'B' : 'A';
        expect_none(c, keys, kind, name, slice_of(text, len));
    }
    memcpy(text, token, len);
    expect_none(c, keys, kind, name, slice_of(text, hash % len));
    if (input.len > 0) {
        memcpy(text + len, input.ptr, input.len);
        expect_none(c, keys, kind, name, slice_of(text, len + input.len));
    }
    free(text);
}

static void check_token(garm_ctx *c, enum token_kind kind)
{
    const struct slice name = slice_of("__Host-name", 6 + hash % 6);
    const enum token_kind other = kind == TOKEN_SIGNED ? TOKEN_SEALED : TOKEN_SIGNED;
    const char *const token = token_make(c, keys, kind, name, input, 1);
    struct slice data;
    CHECK(token != NULL);
    const struct slice text = slice_cstr(token);
    CHECK(token_read(c, keys, kind, name, text, 0, &data) == 0);
    CHECK(slice_eq(data, input) && data.ptr[data.len] == '\0');
    expect_none(c, keys, other, name, text);
    expect_none(c, others, kind, name, text);
    expect_none(c, keys, kind, slice_of(name.ptr, name.len - 1), text);
    expect_none(c, keys, kind, name, input);
    check_altered(c, kind, name, token);
}

/* Records of sessions. */

static struct session new_session(void)
{
    static const struct sessions config = {
        .idle_s = 3600, .absolute_s = 3600, .bytes_max = SIZE_MAX};
    struct session session = {.config = &config};
    session_clear(&session);
    session.created_s = session_now_s();
    session.saved_s = session.created_s;
    return session;
}

static void check_same(const struct session *a, const struct session *b)
{
    const struct session_entry *other = b->entries;
    for (const struct session_entry *entry = a->entries; entry != NULL; entry = entry->next) {
        CHECK(other != NULL && strcmp(entry->name, other->name) == 0);
        CHECK(strcmp(entry->value, other->value) == 0);
        CHECK(session_find(a, entry->name) == entry);
        other = other->next;
    }
    CHECK(other == NULL && a->size == b->size && a->created_s == b->created_s);
}

static void check_record(garm_ctx *c)
{
    struct session empty = new_session();
    struct session session = new_session();
    struct session again = new_session();
    const struct slice head = session_write(c, &empty);
    char *const record = fuzz_alloc(head.len + input.len);
    CHECK(head.len == SESSION_HEAD_SIZE);
    CHECK(session_read(c, &empty, input) >= 0);
    memcpy(record, head.ptr, head.len);
    if (input.len > 0) {
        memcpy(record + head.len, input.ptr, input.len);
    }
    const int rc = session_read(c, &session, slice_of(record, head.len + input.len));
    CHECK(rc == 0 || rc == 1);
    if (rc == 1) {
        const struct slice written = session_write(c, &session);
        CHECK(written.len <= head.len + input.len);
        CHECK(session_read(c, &again, written) == 1);
        check_same(&session, &again);
        CHECK(slice_eq(session_write(c, &again), written));
    }
    free(record);
}

static int play(garm_ctx *c)
{
    check_token(c, TOKEN_SIGNED);
    check_token(c, TOKEN_SEALED);
    check_record(c);
    CHECK(garm_set_signed_cookie(c, keys, "signed", "of ours") == 0);
    return 204;
}

/* Cookies that somebody planted hide none of ours. */
static int look(garm_ctx *c)
{
    const char *const value = garm_signed_cookie(c, keys, "signed", 0);
    CHECK(strcmp(value, expected ? "of ours" : "") == 0);
    CHECK(strcmp(garm_sealed_cookie(c, keys, "signed", 0), "") == 0);
    CHECK(strcmp(garm_signed_cookie(c, others, "signed", 0), "") == 0);
    return 204;
}

static void setup(garm_app *app)
{
    app->application->logger.threshold = LOG_OFF; /* each refusal is a line */
    keys = garm_keys_new(app, .secrets = {"0123456789abcdef0123456789abcdef"});
    others = garm_keys_new(app, .secrets = {"fedcba9876543210fedcba9876543210"});
    garm_route(app, "GET /plain", set_plain);
    garm_route(app, "GET /play", play);
    garm_route(app, "GET /look", look);
}

static void expect_look(const struct buf *field)
{
    char text[INPUT_MAX + 512];
    CHECK(field->len < sizeof(text));
    memcpy(text, field->data, field->len);
    text[field->len] = '\0';
    CHECK(garm_test_do(test, "GET", "/look", .headers = {text})->status == 204);
}

/* The input, and then with our cookie behind it. */
static void check_planted(void)
{
    struct buf field;
    const struct slice set = slice_cstr(garm_test_header(test, "Set-Cookie"));
    buf_init(&field, KIB(4));
    buf_printf(&field, "Cookie: %.*s", SLICE_ARG(input));
    const size_t alone = field.len;
    buf_printf(&field, "; %.*s; more", (int)slice_find(set, ';'), set.ptr);
    CHECK(field.error == 0);
    expected = true;
    expect_look(&field);
    field.len = alone;
    expected = false;
    expect_look(&field);
    buf_deinit(&field);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const garm_app_entry entry = GARM_ENTRY(setup);
    if (test == NULL) {
        test = garm_test_new(&entry, NULL);
    }
    if (size > INPUT_MAX) {
        return 0;
    }
    char *const copy = fuzz_copy((const char *)data, size);
    input = slice_of(copy, size);
    hash = fuzz_hash(data, size);
    check_field();
    CHECK(garm_test_do(test, "GET", "/plain")->status == 204);
    CHECK(garm_test_do(test, "GET", "/play")->status == 204);
    input = slice_trim(input);
    if (field_value_valid(input)) {
        check_planted();
    }
    free(copy);
    return 0;
}
