/* The specification files' loader. */
#include "spec/spec_file.h"

#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SET_BYTES_MAX     ((size_t)64 << 20)
#define FILE_BYTES_MAX    ((size_t)4 << 20)
#define REQUEST_BYTES_MAX ((size_t)1 << 20)
#define CASES_MAX         2000
#define LINES_MAX         64 /* of one block */

/* The parser's place in one file. */
struct reader {
    struct spec_set *set;
    struct buf *error;
    const char *file;
    size_t line;
    struct slice rest;
    struct spec_case *current; /* NULL before the first title */
};

static int fail(const struct reader *r, const char *what)
{
    (void)buf_printf(r->error, "%s:%zu: %s", r->file, r->line, what);
    return -EINVAL;
}

static bool next_line(struct reader *r, struct slice *ret_line)
{
    r->line++;
    return slice_cut(&r->rest, '\n', ret_line);
}

/* Takes `prefix` off the front. */
static bool skip(struct slice *s, struct slice prefix)
{
    if (!slice_starts_with(*s, prefix)) {
        return false;
    }
    *s = slice_of(s->ptr + prefix.len, s->len - prefix.len);
    return true;
}

/* Takes a number off the front. */
static bool skip_number(struct slice *s, uint64_t *ret_value)
{
    size_t len = 0;
    while (len < s->len && text_is_digit(s->ptr[len])) {
        len++;
    }
    if (text_to_u64(slice_of(s->ptr, len), ret_value) < 0) {
        return false;
    }
    *s = slice_of(s->ptr + len, s->len - len);
    return true;
}

/* The byte that an escape means, without its backslash, which goes off the front of *s; -1 if it
 * is none. */
static int take_escape(struct slice *s)
{
    static const char names[] = "rnt0\\";
    static const char bytes[] = "\r\n\t\0\\";
    const char *const at = s->len > 0 ? memchr(names, s->ptr[0], sizeof(names) - 1) : NULL;
    if (at != NULL) {
        *s = slice_of(s->ptr + 1, s->len - 1);
        return bytes[at - names];
    }
    if (s->len < 3 || s->ptr[0] != 'x') {
        return -1;
    }
    const int high = text_hex_digit(s->ptr[1]);
    const int low = text_hex_digit(s->ptr[2]);
    *s = slice_of(s->ptr + 3, s->len - 3);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static int decode(const struct reader *r, struct slice text, struct buf *out);

/* `{repeat N "text"}`, of which the first word is read. */
static int decode_repeat(const struct reader *r, struct slice *text, struct buf *out)
{
    uint64_t times;
    struct slice piece;
    if (!skip_number(text, &times) || !skip(text, SLICE(" \"")) || !slice_cut(text, '"', &piece) ||
        !skip(text, SLICE("}"))) {
        return fail(r, "expected {repeat N \"text\"}");
    }
    for (uint64_t i = 0; i < times; i++) {
        TRY(decode(r, piece, out));
    }
    return 0;
}

/* Appends the bytes that a line of a block stands for. */
static int decode(const struct reader *r, struct slice text, struct buf *out)
{
    while (text.len > 0) {
        if (skip(&text, SLICE("{repeat "))) {
            TRY(decode_repeat(r, &text, out));
            continue;
        }
        int byte = (unsigned char)text.ptr[0];
        text = slice_of(text.ptr + 1, text.len - 1);
        if (byte == '\\') {
            byte = take_escape(&text);
        }
        if (byte < 0) {
            return fail(r, "unknown escape");
        }
        TRY(buf_append_byte(out, (char)byte));
    }
    return 0;
}

static int keep(const struct reader *r, struct slice s, struct slice *ret_kept)
{
    const char *const copy = arena_dup(&r->set->arena, s);
    if (copy == NULL) {
        return -ENOMEM;
    }
    *ret_kept = slice_of(copy, s.len);
    return 0;
}

static int begin_case(struct reader *r, struct slice title)
{
    if (r->set->count == r->set->cap) {
        return fail(r, "too many cases");
    }
    struct slice kept;
    TRY(keep(r, title, &kept));
    r->current = &r->set->cases[r->set->count++];
    *r->current = (struct spec_case){.file = r->file, .line = r->line, .title = kept.ptr};
    return 0;
}

/* Reads lines up to the closing fence. */
static int read_block(struct reader *r, struct slice lines[LINES_MAX], size_t *ret_count)
{
    size_t count = 0;
    struct slice line;
    while (next_line(r, &line)) {
        if (slice_eq(line, SLICE("```"))) {
            *ret_count = count;
            return 0;
        }
        if (count == LINES_MAX) {
            return fail(r, "block too long");
        }
        lines[count++] = line;
    }
    return fail(r, "block without an end");
}

static int read_request(struct reader *r, const struct slice *lines, size_t count)
{
    struct buf bytes;
    buf_init(&bytes, REQUEST_BYTES_MAX);
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++) {
        rc = decode(r, lines[i], &bytes);
    }
    if (rc == 0) {
        rc = keep(r, buf_slice(&bytes), &r->current->request);
    }
    buf_deinit(&bytes);
    return rc;
}

static size_t kind_len(struct slice line)
{
    size_t len = 0;
    while (len < line.len && line.ptr[len] != '=' && line.ptr[len] != ' ') {
        len++;
    }
    return len;
}

static int read_event(const struct reader *r, struct slice line, struct spec_event *ret_event)
{
    const size_t at = kind_len(line);
    const size_t from = at < line.len ? at + 1 : at;
    struct buf value;
    buf_init(&value, REQUEST_BYTES_MAX);
    int rc = keep(r, slice_of(line.ptr, at), &ret_event->kind);
    if (rc == 0) {
        rc = decode(r, slice_of(line.ptr + from, line.len - from), &value);
    }
    if (rc == 0) {
        rc = keep(r, buf_slice(&value), &ret_event->value);
    }
    buf_deinit(&value);
    return rc;
}

static int read_events(struct reader *r, const struct slice *lines, size_t count)
{
    struct spec_event *const events = arena_zalloc(&r->set->arena, count * sizeof(*events));
    if (events == NULL) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        TRY(read_event(r, lines[i], &events[i]));
    }
    r->current->events = events;
    r->current->event_count = count;
    return 0;
}

/* "200 keep", "400 close", "100 interim", "wait" */
static int read_answer(const struct reader *r, struct slice line, struct spec_answer *ret_answer)
{
    static const struct slice words[] = {
        [SPEC_KEEP] = {" keep", 5},
        [SPEC_CLOSE] = {" close", 6},
        [SPEC_INTERIM] = {" interim", 8},
        [SPEC_WAIT] = {"wait", 4},
    };
    uint64_t status = 0;
    const bool has_status = skip_number(&line, &status) && status >= 100 && status <= 599;
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (slice_eq(line, words[i]) && has_status == (i != SPEC_WAIT)) {
            *ret_answer = (struct spec_answer){(int)status, (enum spec_after)i};
            return 0;
        }
    }
    return fail(r, "expected STATUS keep, STATUS close, STATUS interim or wait");
}

static int read_answers(struct reader *r, const struct slice *lines, size_t count)
{
    struct spec_answer *const answers = arena_zalloc(&r->set->arena, count * sizeof(*answers));
    if (answers == NULL) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        TRY(read_answer(r, lines[i], &answers[i]));
    }
    r->current->answers = answers;
    r->current->answer_count = count;
    return 0;
}

static int read_fenced(struct reader *r, struct slice name)
{
    static const struct {
        struct slice name;
        int (*read)(struct reader *r, const struct slice *lines, size_t count);
    } blocks[] = {
        {{"http", 4}, read_request},
        {{"events", 6}, read_events},
        {{"answers", 7}, read_answers},
    };
    struct slice lines[LINES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        if (slice_eq(name, blocks[i].name)) {
            TRY(read_block(r, lines, &count));
            return r->current == NULL ? fail(r, "block before a title")
                                      : blocks[i].read(r, lines, count);
        }
    }
    return fail(r, "unknown kind of block");
}

/* Is the case that ends here whole? */
static int check_case(const struct reader *r)
{
    const struct spec_case *const c = r->current;
    if (c == NULL || (c->request.len > 0 && c->event_count > 0 && c->answer_count > 0)) {
        return 0;
    }
    (void)buf_printf(r->error, "%s:%zu: case without http, events or answers", c->file, c->line);
    return -EINVAL;
}

static int read_cases(struct reader *r)
{
    struct slice line;
    while (next_line(r, &line)) {
        if (skip(&line, SLICE("## "))) {
            TRY(check_case(r));
            TRY(begin_case(r, line));
        } else if (skip(&line, SLICE("```"))) {
            TRY(read_fenced(r, line));
        }
    }
    return check_case(r);
}

/* The whole file, in memory to be freed by free(); NULL if it cannot be read. */
static char *read_file(const char *path, size_t *ret_size)
{
    FILE *const file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    char *const bytes = malloc(FILE_BYTES_MAX);
    *ret_size = bytes == NULL ? 0 : fread(bytes, 1, FILE_BYTES_MAX, file);
    (void)fclose(file);
    return bytes;
}

static int load_file(struct spec_set *set, const char *dir, const char *name, struct buf *error)
{
    struct reader r = {.set = set, .error = error};
    r.file = arena_dup(&set->arena, slice_cstr(name));
    const char *const path = arena_printf(&set->arena, NULL, "%s/%s", dir, name);
    if (r.file == NULL || path == NULL) {
        return -ENOMEM;
    }
    size_t size;
    char *const bytes = read_file(path, &size);
    if (bytes == NULL) {
        return fail(&r, "cannot be read");
    }
    r.rest = slice_of(bytes, size);
    const int rc = read_cases(&r);
    free(bytes);
    return rc;
}

static int is_spec(const struct dirent *entry)
{
    const char *const dot = strrchr(entry->d_name, '.');
    return dot != NULL && strcmp(dot, ".md") == 0 && strcmp(entry->d_name, "README.md") != 0;
}

int spec_load(const char *dir, struct spec_set *ret_set, struct buf *ret_error)
{
    *ret_set = (struct spec_set){.cap = CASES_MAX};
    arena_init(&ret_set->arena, NULL, 0, SET_BYTES_MAX);
    ret_set->cases = arena_zalloc(&ret_set->arena, CASES_MAX * sizeof(*ret_set->cases));
    struct dirent **entries;
    const int count = scandir(dir, &entries, is_spec, alphasort);
    if (ret_set->cases == NULL || count < 0) {
        (void)buf_printf(ret_error, "%s: cannot be read", dir);
        return -ENOENT;
    }
    int rc = 0;
    for (int i = 0; i < count; i++) {
        if (rc == 0) {
            rc = load_file(ret_set, dir, entries[i]->d_name, ret_error);
        }
        free(entries[i]);
    }
    free(entries);
    return rc;
}

void spec_unload(struct spec_set *set)
{
    arena_deinit(&set->arena);
}
