/* What a session holds, and its record: version, when it began, when it was saved, then names and
 * values, each with a NUL behind it. The record of one that is gone: another version, and the key
 * where it went, with a NUL. */
#include "app/session.h"

#include <endian.h>

#define RECORD_VERSION 1
#define RECORD_GONE    2

static size_t entry_size(const char *name, const char *value)
{
    return strlen(name) + strlen(value) + 2;
}

void session_clear(struct session *session)
{
    session->entries = NULL;
    session->size = SESSION_HEAD_SIZE;
}

/* Also one that was removed. */
static struct session_entry **place_of(struct session *session, const char *name)
{
    struct session_entry **place = &session->entries;
    while (*place != NULL && strcmp((*place)->name, name) != 0) {
        place = &(*place)->next;
    }
    return place;
}

struct session_entry *session_find(const struct session *session, const char *name)
{
    struct session_entry *entry = session->entries;
    while (entry != NULL && (entry->value == NULL || strcmp(entry->name, name) != 0)) {
        entry = entry->next;
    }
    return entry;
}

static int put(garm_ctx *c, struct session *session, const char *name, const char *value,
               bool changed, size_t size_max)
{
    struct session_entry **const place = place_of(session, name);
    struct session_entry *entry = *place;
    const char *const before = entry != NULL ? entry->value : NULL;
    const size_t size = session->size - (before != NULL ? entry_size(name, before) : 0) +
                        (value != NULL ? entry_size(name, value) : 0);
    if (value != NULL && size > size_max) {
        return -EMSGSIZE;
    }
    if (entry == NULL) {
        entry = ctx_alloc(c, sizeof(*entry));
        if (entry == NULL) {
            return -ENOMEM;
        }
        *entry = (struct session_entry){.name = name};
        *place = entry;
    }
    entry->value = value;
    entry->changed = changed;
    session->size = size;
    return 0;
}

int session_put(garm_ctx *c, struct session *session, const char *name, const char *value)
{
    return put(c, session, name, value, true, session->config->bytes_max);
}

/* Takes a string with its NUL off the record; NULL if there is none. */
static const char *take_text(struct slice *rest)
{
    const char *const text = rest->ptr;
    const size_t len = slice_find(*rest, '\0');
    if (len == rest->len) {
        return NULL;
    }
    *rest = slice_of(rest->ptr + len + 1, rest->len - len - 1);
    return text;
}

static int64_t take_time(const char *at)
{
    uint64_t time = 0;
    memcpy(&time, at, sizeof(time));
    return (int64_t)be64toh(time);
}

static bool is_over(const struct session *session)
{
    const int64_t now_s = session_now_s();
    return now_s - session->saved_s >= session->config->idle_s ||
           now_s - session->created_s >= session->config->absolute_s;
}

/* What this request did goes on top, whatever the bound: others' changes have used some of it. */
static int put_changes(garm_ctx *c, struct session *session, const struct session_entry *changes)
{
    for (; changes != NULL; changes = changes->next) {
        if (changes->changed) {
            TRY(put(c, session, changes->name, changes->value, true, SIZE_MAX));
        }
    }
    return 0;
}

int session_read(garm_ctx *c, struct session *session, struct slice record)
{
    if (record.len < SESSION_HEAD_SIZE || record.ptr[0] != RECORD_VERSION) {
        return 0;
    }
    struct session_entry *const changes = session->entries;
    struct slice rest = slice_of(record.ptr + SESSION_HEAD_SIZE, record.len - SESSION_HEAD_SIZE);
    session->created_s = take_time(record.ptr + 1);
    session->saved_s = take_time(record.ptr + 9);
    if (is_over(session)) {
        return 0;
    }
    session_clear(session);
    while (rest.len > 0) {
        const char *const name = take_text(&rest);
        const char *const value = name != NULL ? take_text(&rest) : NULL;
        if (value == NULL) {
            session->entries = changes;
            return 0;
        }
        TRY(put(c, session, name, value, false, SIZE_MAX));
    }
    TRY(put_changes(c, session, changes));
    return 1;
}

static char *write_time(char *out, int64_t time_s)
{
    const uint64_t time = htobe64((uint64_t)time_s);
    memcpy(out, &time, sizeof(time));
    return out + sizeof(time);
}

static char *write_text(char *out, const char *text)
{
    const size_t size = strlen(text) + 1;
    memcpy(out, text, size);
    return out + size;
}

struct slice session_write(garm_ctx *c, struct session *session)
{
    char *const record = ctx_alloc(c, session->size);
    if (record == NULL) {
        return (struct slice){0};
    }
    char *at = record;
    *at++ = RECORD_VERSION;
    at = write_time(at, session->created_s);
    at = write_time(at, session->saved_s);
    for (const struct session_entry *entry = session->entries; entry != NULL; entry = entry->next) {
        if (entry->value != NULL) {
            at = write_text(at, entry->name);
            at = write_text(at, entry->value);
        }
    }
    CHECK((size_t)(at - record) == session->size);
    return slice_of(record, session->size);
}

struct slice session_write_gone(const char *next, char *record)
{
    record[0] = RECORD_GONE;
    return slice_of(record, (size_t)(write_text(record + 1, next) - record));
}

const char *session_read_gone(struct slice record)
{
    if (record.len == 0 || record.ptr[0] != RECORD_GONE) {
        return NULL;
    }
    struct slice rest = slice_of(record.ptr + 1, record.len - 1);
    const char *const next = take_text(&rest);
    return next != NULL && strlen(next) == SESSION_ID_LEN ? next : "";
}
