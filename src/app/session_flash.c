/* Flash messages: entries of the session, under names that no application can use: a control byte,
 * digits that keep two messages apart, and the kind. */
#include "app/session.h"

#include "base/sys.h"

#define MARK       '\x01'
#define DIGITS_LEN 16

int garm_flash(garm_ctx *c, const char *kind, const char *text)
{
    struct session *session = NULL;
    uint64_t number = 0;
    TRY(session_open(c, &session));
    sys_random(&number, sizeof(number));
    c->pins++;
    const char *const name =
        arena_printf(c->arena, NULL, "%c%016llx%s", MARK, (unsigned long long)number, kind);
    if (name == NULL) {
        ctx_poison(c);
        return -ENOMEM;
    }
    TRY(session_put(c, session, name, ctx_dup(c, slice_cstr(text))));
    session->changed = true;
    return ctx_check(c);
}

const char *garm_flash_next(garm_ctx *c, const char **ret_kind)
{
    const char *kind = "";
    const char *text = "";
    struct session *session = NULL;
    struct session_entry *entry = session_open(c, &session) < 0 ? NULL : session->entries;
    while (entry != NULL && (entry->name[0] != MARK || entry->value == NULL)) {
        entry = entry->next;
    }
    if (entry != NULL && strlen(entry->name) > DIGITS_LEN) {
        kind = entry->name + 1 + DIGITS_LEN;
        text = entry->value;
        session->changed = true;
        if (session_put(c, session, entry->name, NULL) < 0) {
            text = "";
        }
    }
    if (ret_kind != NULL) {
        *ret_kind = kind;
    }
    return text;
}
