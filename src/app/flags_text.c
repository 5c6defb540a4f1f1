/* What flags say to people: errors of one line, and --help. */
#include "app/flags.h"

#include "app/flags_inner.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>

#define HELP_WIDTH      80
#define HELP_COLUMN_MAX 30 /* where the explanations begin, at most */
#define SHOWN_MAX       64 /* bytes of somebody's input in an error */

/* How far `name` is from the flag's; 0 for a beginning of it that is long enough to be meant. */
static size_t distance(const char *name, const struct flag *flag)
{
    const size_t len = strlen(name);
    if (len >= 3 && strncmp(name, flag->spec.name, len) == 0) {
        return 0;
    }
    return text_distance(slice_cstr(name), slice_cstr(flag->spec.name));
}

/* The flag that was probably meant, or NULL. */
static const struct flag *nearest(const struct flags *flags, const char *name)
{
    const size_t len = strlen(name);
    const struct flag *best = NULL;
    size_t bound = len / 3 > 1 ? len / 3 : 1;
    for (const struct flag *flag = flags->first; flag != NULL; flag = flag->next) {
        const size_t edits = distance(name, flag);
        if (edits < bound || (edits == bound && best == NULL)) {
            bound = edits;
            best = flag;
        }
    }
    return best;
}

static int refuse_unknown(const struct flags *flags, const struct given *given,
                          struct buf *ret_error)
{
    char shown[SHOWN_MAX];
    text_printable(slice_cstr(given->name), shown, sizeof(shown));
    buf_printf(ret_error, "unknown flag '%s%s'", given->form == GIVEN_DASH ? "-" : "--", shown);
    const struct flag *const meant = nearest(flags, given->name);
    if (meant != NULL) {
        buf_printf(ret_error, "; did you mean '--%s'?", meant->spec.name);
    }
    buf_printf(ret_error, " (--help lists all)");
    return -EINVAL;
}

/* `count` arguments stood beside flags before this one. */
static int check_argument(const struct flags *flags, const struct given *given, size_t count,
                          struct buf *ret_error)
{
    char shown[SHOWN_MAX];
    if (count < flags->arguments_max) {
        return 0;
    }
    buf_printf(ret_error, "unexpected argument '%s'%s (--help lists all)",
               text_printable(slice_cstr(given->name), shown, sizeof(shown)),
               flags->arguments_max == 0 ? "; every value has a flag before it" : "");
    return -EINVAL;
}

static int check_given(const struct flags *flags, const struct given *given, struct buf *ret_error)
{
    const struct flag *const flag = flags_find(flags, given->name);
    if (flag == NULL || given->form == GIVEN_DASH) {
        return refuse_unknown(flags, given, ret_error);
    }
    const char *const name = flag->spec.name;
    if (flag->spec.kind == FLAG_BOOL && given->value != NULL) {
        buf_printf(ret_error, "flag '--%s' takes no value; write '--%s'", name, name);
        return -EINVAL;
    }
    if (flag->spec.kind != FLAG_BOOL && given->value == NULL) {
        const char *const value = flag->spec.value != NULL ? flag->spec.value : "VALUE";
        buf_printf(ret_error, "flag '--%s' needs a value; write '--%s %s'", name, name, value);
        return -EINVAL;
    }
    return 0;
}

static int check_environment(const struct flags *flags, struct buf *ret_error)
{
    for (const struct flag *flag = flags->first; flag != NULL; flag = flag->next) {
        char name[FLAG_ENV_MAX];
        char shown[SHOWN_MAX];
        const char *const value = flag_env_value(flags, &flag->spec);
        if (flag->spec.kind == FLAG_BOOL && value != NULL && flag_env_bool(value) < 0) {
            text_printable(slice_cstr(value), shown, sizeof(shown));
            buf_printf(ret_error, "environment: %s is '%s'; write 1 or 0",
                       flag_env_name(&flag->spec, name), shown);
            return -EINVAL;
        }
    }
    return 0;
}

int flags_check(const struct flags *flags, struct buf *ret_error)
{
    TRY(flags->error);
    size_t arguments = 0;
    for (const struct given *given = flags->given; given != NULL; given = given->next) {
        TRY(given->form == GIVEN_STRAY ? check_argument(flags, given, arguments++, ret_error)
                                       : check_given(flags, given, ret_error));
    }
    return check_environment(flags, ret_error);
}

/* "--listen ADDRESS", "--help, -h". Returns its width; `out` may be NULL. */
static size_t write_synopsis(const struct flag_spec *spec, struct buf *out)
{
    const bool valued = spec->kind != FLAG_BOOL;
    const char *const value = spec->value != NULL ? spec->value : "VALUE";
    const size_t width =
        2 + strlen(spec->name) + (valued ? 1 + strlen(value) : 0) + (spec->letter != 0 ? 4 : 0);
    if (out != NULL) {
        buf_printf(out, "--%s%s%s", spec->name, valued ? " " : "", valued ? value : "");
        if (spec->letter != 0) {
            buf_printf(out, ", -%c", spec->letter);
        }
    }
    return width;
}

static void write_spaces(struct buf *out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buf_append_byte(out, ' ');
    }
}

/* Writes words from `column` on, and goes on there in the next line when one is full. *at is
 * where we are. */
static void write_wrapped(struct buf *out, struct slice text, size_t column, size_t *at)
{
    struct slice word;
    while (slice_cut(&text, ' ', &word)) {
        if (word.len == 0) {
            continue;
        }
        if (*at > column && *at + 1 + word.len > HELP_WIDTH) {
            buf_append_byte(out, '\n');
            write_spaces(out, column);
            *at = column;
        } else if (*at > column) {
            buf_append_byte(out, ' ');
            *at += 1;
        }
        buf_append_slice(out, word);
        *at += word.len;
    }
}

/* "[default: :8000; env: GARM_LISTEN; may be repeated]" */
static void write_notes(struct buf *out, const struct flag_spec *spec, size_t column, size_t *at)
{
    char env[FLAG_ENV_MAX];
    struct buf notes;
    buf_init(&notes, 4096);
    if (spec->def != NULL && spec->def[0] != '\0' && spec->kind != FLAG_BOOL) {
        buf_printf(&notes, "; default: %s", spec->def);
    }
    if (!spec->no_env) {
        buf_printf(&notes, "; env: %s", flag_env_name(spec, env));
    }
    if (spec->kind == FLAG_REPEAT) {
        buf_printf(&notes, "; may be repeated");
    }
    if (notes.len > 2) {
        buf_append_byte(&notes, ']');
        notes.data[1] = '[';
        write_wrapped(out, slice_of(notes.data + 1, notes.len - 1), column, at);
    }
    out->error = out->error != 0 ? out->error : notes.error;
    buf_deinit(&notes);
}

static void write_flag(const struct flag_spec *spec, size_t column, struct buf *out)
{
    buf_append(out, "  ", 2);
    size_t at = 2 + write_synopsis(spec, out);
    if (at + 2 > column) {
        buf_append_byte(out, '\n');
        at = 0;
    }
    write_spaces(out, column - at);
    at = column;
    write_wrapped(out, slice_cstr(spec->help), column, &at);
    write_notes(out, spec, column, &at);
    buf_append_byte(out, '\n');
}

static size_t help_column(const struct flags *flags)
{
    size_t column = 0;
    for (const struct flag *flag = flags->first; flag != NULL; flag = flag->next) {
        const size_t end = 2 + write_synopsis(&flag->spec, NULL) + 2;
        column = flag->spec.help != NULL && end > column ? end : column;
    }
    return column < HELP_COLUMN_MAX ? column : HELP_COLUMN_MAX;
}

void flags_help(const struct flags *flags, const char *intro, struct buf *out)
{
    buf_printf(out, "%s\nFlags:\n", intro);
    const size_t column = help_column(flags);
    for (const struct flag *flag = flags->first; flag != NULL; flag = flag->next) {
        if (flag->spec.help != NULL) {
            write_flag(&flag->spec, column, out);
        }
    }
}
