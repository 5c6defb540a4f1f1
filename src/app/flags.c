/* Flags: reading the command line, and finding values. What is said to people is flags_text.c's. */
#include "app/flags.h"

#include "app/flags_inner.h"
#include "base/limits.h"
#include "base/sys.h"

#include <errno.h>
#include <string.h>

#define FLAGS_BYTES_MAX MIB(4) /* all texts of the flags together */

int flags_new(struct flags **ret_flags)
{
    struct flags *const flags = mem_zalloc(sizeof(*flags));
    if (flags == NULL) {
        return -ENOMEM;
    }
    arena_init(&flags->arena, NULL, 0, FLAGS_BYTES_MAX);
    flags->last = &flags->first;
    flags->last_given = &flags->given;
    *ret_flags = flags;
    return 0;
}

void flags_free(struct flags *flags)
{
    if (flags != NULL) {
        arena_clear(&flags->arena);
        mem_free(flags);
    }
}

bool flag_name_valid(const char *name)
{
    const size_t len = strlen(name);
    bool valid = len > 0 && len <= FLAG_NAME_MAX && name[0] != '-';
    for (size_t i = 0; i < len && valid; i++) {
        valid = (name[i] >= 'a' && name[i] <= 'z') || (name[i] >= '0' && name[i] <= '9') ||
                name[i] == '-';
    }
    return valid;
}

bool flag_name_standard(const char *name)
{
    static const char *const names[] = {"listen",      "workers", "log-level", "grace",
                                        "drain-delay", "help",    "version"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* A copy; NULL stays NULL, and out of memory is remembered. */
static const char *copy(struct flags *flags, const char *text)
{
    if (text == NULL) {
        return NULL;
    }
    const char *const dup = arena_dup(&flags->arena, slice_cstr(text));
    if (dup == NULL) {
        flags->error = -ENOMEM;
    }
    return dup;
}

const struct flag *flags_find(const struct flags *flags, const char *name)
{
    for (const struct flag *flag = flags->first; flag != NULL; flag = flag->next) {
        if (strcmp(flag->spec.name, name) == 0) {
            return flag;
        }
    }
    return NULL;
}

int flags_add(struct flags *flags, const struct flag_spec *spec)
{
    if (!flag_name_valid(spec->name)) {
        return -EINVAL;
    }
    if (flags_find(flags, spec->name) != NULL) {
        return 0;
    }
    struct flag *const flag = arena_zalloc(&flags->arena, sizeof(*flag));
    if (flag == NULL) {
        return -ENOMEM;
    }
    flag->spec = *spec;
    flag->spec.name = copy(flags, spec->name);
    flag->spec.value = copy(flags, spec->value);
    flag->spec.def = copy(flags, spec->def);
    flag->spec.help = copy(flags, spec->help);
    TRY(flags->error);
    *flags->last = flag;
    flags->last = &flag->next;
    return 0;
}

static int add_given(struct flags *flags, struct slice name, enum given_form form,
                     const char *value)
{
    struct given *const given = arena_zalloc(&flags->arena, sizeof(*given));
    if (given == NULL) {
        return -ENOMEM;
    }
    given->form = form;
    given->name = arena_dup(&flags->arena, name);
    given->value = copy(flags, value);
    if (given->name == NULL || flags->error < 0) {
        return -ENOMEM;
    }
    *flags->last_given = given;
    flags->last_given = &given->next;
    return 0;
}

static const struct flag *find_letter(const struct flags *flags, const char *argument)
{
    for (const struct flag *flag = flags->first; flag != NULL && argument[1] != '\0';
         flag = flag->next) {
        if (flag->spec.letter == argument[1] && argument[2] == '\0') {
            return flag;
        }
    }
    return NULL;
}

/* An argument that does not begin with "--". */
static int parse_other(struct flags *flags, const char *argument)
{
    const struct flag *const flag = argument[0] == '-' ? find_letter(flags, argument) : NULL;
    if (flag != NULL) {
        return add_given(flags, slice_cstr(flag->spec.name), GIVEN_LONG, NULL);
    }
    const bool dashed = argument[0] == '-' && argument[1] != '\0';
    return add_given(flags, slice_cstr(argument + dashed), dashed ? GIVEN_DASH : GIVEN_STRAY, NULL);
}

/* `argument` begins with "--" and a name; *next may be its value, and is stepped over if so. */
static int parse_long(struct flags *flags, const char *argument, char *const **next,
                      char *const *end)
{
    const struct slice text = slice_cstr(argument + 2);
    const size_t equals = slice_find(text, '=');
    const struct slice name = slice_of(text.ptr, equals);
    if (equals < text.len) {
        return add_given(flags, name, GIVEN_LONG, text.ptr + equals + 1);
    }
    const struct flag *const flag = flags_find(flags, text.ptr);
    const bool takes_value = flag == NULL || flag->spec.kind != FLAG_BOOL;
    const char *value = NULL;
    if (takes_value && *next < end && strncmp(**next, "--", 2) != 0) {
        value = *(*next)++;
    }
    return add_given(flags, name, GIVEN_LONG, value);
}

int flags_parse(struct flags *flags, int argc, char *const *argv, char *const *environment)
{
    flags->environment = environment;
    if (argv == NULL || argc < 1) {
        return 0;
    }
    char *const *const end = argv + argc;
    char *const *next = argv + 1;
    bool flags_end = false;
    while (next < end) {
        const char *const argument = *next++;
        if (flags_end) {
            TRY(add_given(flags, slice_cstr(argument), GIVEN_STRAY, NULL));
        } else if (strcmp(argument, "--") == 0) {
            flags_end = true;
        } else if (strncmp(argument, "--", 2) == 0) {
            TRY(parse_long(flags, argument, &next, end));
        } else {
            TRY(parse_other(flags, argument));
        }
    }
    return 0;
}

void flags_take_arguments(struct flags *flags, size_t max)
{
    flags->arguments_max = max;
}

const char *flags_argument(const struct flags *flags, size_t index)
{
    for (const struct given *given = flags->given; given != NULL; given = given->next) {
        if (given->form == GIVEN_STRAY && index-- == 0) {
            return given->name;
        }
    }
    return NULL;
}

const char *flag_env_name(const struct flag_spec *spec, char out[FLAG_ENV_MAX])
{
    static const char prefix[] = "GARM_";
    memcpy(out, prefix, sizeof(prefix));
    size_t len = sizeof(prefix) - 1;
    for (const char *p = spec->name; *p != '\0'; p++) {
        const bool lower = *p >= 'a' && *p <= 'z';
        out[len++] = (char)(*p == '-' ? '_' : lower ? *p - ('a' - 'A') : *p);
    }
    out[len] = '\0';
    return out;
}

const char *flag_env_value(const struct flags *flags, const struct flag_spec *spec)
{
    char name[FLAG_ENV_MAX];
    if (spec->no_env || flags->environment == NULL) {
        return NULL;
    }
    const size_t len = strlen(flag_env_name(spec, name));
    for (char *const *entry = flags->environment; *entry != NULL; entry++) {
        if (strncmp(*entry, name, len) == 0 && (*entry)[len] == '=' && (*entry)[len + 1] != '\0') {
            return *entry + len + 1;
        }
    }
    return NULL;
}

int flag_env_bool(const char *value)
{
    static const char *const words[] = {"0", "1", "no", "yes", "false", "true"};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (slice_eq_nocase(slice_cstr(value), slice_cstr(words[i]))) {
            return (int)(i % 2);
        }
    }
    return -1;
}

/* The index-th time that the command line gives the flag; the last one for SIZE_MAX. */
static const struct given *find_given(const struct flags *flags, const char *name, size_t index)
{
    const struct given *last = NULL;
    size_t count = 0;
    for (const struct given *given = flags->given; given != NULL; given = given->next) {
        if (given->form != GIVEN_LONG || strcmp(given->name, name) != 0) {
            continue;
        }
        if (count++ == index) {
            return given;
        }
        last = given;
    }
    return index == SIZE_MAX ? last : NULL;
}

static const char *find_value(struct flags *flags, const struct flag *flag)
{
    const struct given *const given = find_given(flags, flag->spec.name, SIZE_MAX);
    if (given != NULL && given->value != NULL) {
        return given->value;
    }
    return copy(flags, flag_env_value(flags, &flag->spec));
}

const char *flags_default(const struct flags *flags, const char *name)
{
    const struct flag *const flag = flags_find(flags, name);
    return flag != NULL ? flag->spec.def : NULL;
}

const char *flags_get(struct flags *flags, const char *name, const char *def, const char *help)
{
    const struct flag_spec spec = {.name = name, .def = def, .help = help};
    const int rc = flags_add(flags, &spec);
    if (rc < 0) {
        flags->error = flags->error < 0 ? flags->error : rc;
        return def != NULL ? def : "";
    }
    const struct flag *const flag = flags_find(flags, name);
    const char *value = find_value(flags, flag);
    if (value == NULL) {
        value = flag->spec.def != NULL ? flag->spec.def : copy(flags, def);
    }
    return value != NULL ? value : "";
}

bool flags_given(const struct flags *flags, const char *name)
{
    const struct flag *const flag = flags_find(flags, name);
    return find_given(flags, name, 0) != NULL ||
           (flag != NULL && flag_env_value(flags, &flag->spec) != NULL);
}

const char *flags_origin(struct flags *flags, const char *name)
{
    char env[FLAG_ENV_MAX];
    const struct flag *const flag = flags_find(flags, name);
    const bool from_env = flag != NULL && find_given(flags, name, 0) == NULL &&
                          flag_env_value(flags, &flag->spec) != NULL;
    const char *const text =
        from_env ? arena_dup(&flags->arena, slice_cstr(flag_env_name(&flag->spec, env)))
                 : arena_printf(&flags->arena, NULL, "--%s", name);
    return text != NULL ? text : name;
}

bool flags_on(const struct flags *flags, const char *name)
{
    const struct flag *const flag = flags_find(flags, name);
    if (flag == NULL) {
        return false;
    }
    if (find_given(flags, name, 0) != NULL) {
        return true;
    }
    const char *const value = flag_env_value(flags, &flag->spec);
    return value != NULL && flag_env_bool(value) > 0;
}

/* The index-th piece of "a, b". */
static const char *list_at(struct flags *flags, const char *list, size_t index)
{
    struct slice rest = slice_cstr(list);
    struct slice piece;
    while (slice_cut(&rest, ',', &piece)) {
        piece = slice_trim(piece);
        if (piece.len > 0 && index-- == 0) {
            const char *const text = arena_dup(&flags->arena, piece);
            flags->error = text == NULL ? -ENOMEM : flags->error;
            return text;
        }
    }
    return NULL;
}

const char *flags_at(struct flags *flags, const char *name, size_t index)
{
    const struct flag *const flag = flags_find(flags, name);
    if (flag == NULL) {
        return NULL;
    }
    if (find_given(flags, name, 0) != NULL) {
        const struct given *const given = find_given(flags, name, index);
        return given != NULL ? given->value : NULL;
    }
    const char *const listed = flag_env_value(flags, &flag->spec);
    if (listed != NULL) {
        return list_at(flags, listed, index);
    }
    return index == 0 ? flag->spec.def : NULL;
}
