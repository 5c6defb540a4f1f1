/* Flags: command line, environment, errors, help. */
#include "app/flags.h"
#include "base/sys.h"

#include <check.h>
#include <errno.h>

Suite *suite_flags(void);

static const struct flag_spec specs[] = {
    {.name = "listen",
     .value = "ADDRESS",
     .def = "127.0.0.1:8000",
     .kind = FLAG_REPEAT,
     .help = "Where to listen: HOST:PORT, :PORT, unix:PATH or fd:N."},
    {.name = "workers",
     .value = "N",
     .def = "0",
     .help = "Worker threads; 0 is one for each core."},
    {.name = "log-level",
     .value = "LEVEL",
     .def = "info",
     .help = "The least important lines that are logged: debug, info, warning or error, and "
             "nothing below."},
    {.name = "quiet", .kind = FLAG_BOOL, .help = "Say nothing at the start."},
    {.name = "hidden"},
    {.name = "help",
     .kind = FLAG_BOOL,
     .no_env = true,
     .letter = 'h',
     .help = "Print this and exit."},
};

static struct flags *flags;
static struct buf text;

static void begin(void)
{
    buf_init(&text, 1 << 16);
    ck_assert_int_eq(flags_new(&flags), 0);
    for (size_t i = 0; i < COUNT_OF(specs); i++) {
        ck_assert_int_eq(flags_add(flags, &specs[i]), 0);
    }
}

static void finish(void)
{
    flags_free(flags);
    buf_deinit(&text);
}

/* Parses up to eight arguments and three variables. */
#define ARGS(...) ((const char *[9]){__VA_ARGS__})
#define NO_ARGS   ((const char *[9]){NULL})

static void parse(const char *const args[9], const char *const env[4])
{
    static char *argv[10] = {(char *)"prog"};
    static char *environment[5];
    int argc = 1;
    for (; args[argc - 1] != NULL; argc++) {
        argv[argc] = (char *)(uintptr_t)args[argc - 1];
    }
    for (size_t i = 0; env != NULL && (i == 0 || env[i - 1] != NULL); i++) {
        environment[i] = (char *)(uintptr_t)env[i];
    }
    ck_assert_int_eq(flags_parse(flags, argc, argv, env != NULL ? environment : NULL), 0);
}

static void check_error(const char *expected)
{
    ck_assert_int_eq(flags_check(flags, &text), expected[0] == '\0' ? 0 : -EINVAL);
    ck_assert_str_eq(buf_cstr(&text), expected);
}

START_TEST(flags_default_when_nothing_is_given)
{
    parse(NO_ARGS, NULL);
    ck_assert_str_eq(flags_get(flags, "workers", NULL, NULL), "0");
    ck_assert_str_eq(flags_get(flags, "hidden", NULL, NULL), "");
    ck_assert_str_eq(flags_at(flags, "listen", 0), "127.0.0.1:8000");
    ck_assert_ptr_eq(flags_at(flags, "listen", 1), NULL);
    ck_assert(!flags_on(flags, "help"));
    ck_assert(!flags_given(flags, "workers"));
    check_error("");
}
END_TEST

START_TEST(flags_take_both_forms_and_the_last_value_counts)
{
    parse(ARGS("--workers", "2", "--log-level=debug", "--hidden=", "--workers=-3"), NULL);
    ck_assert_str_eq(flags_get(flags, "workers", NULL, NULL), "-3");
    ck_assert_str_eq(flags_get(flags, "log-level", NULL, NULL), "debug");
    ck_assert_str_eq(flags_get(flags, "hidden", "other", NULL), "");
    ck_assert(flags_given(flags, "workers"));
    check_error("");
}
END_TEST

START_TEST(flags_know_where_a_value_comes_from)
{
    parse(ARGS("--workers", "2"), ARGS("GARM_LOG_LEVEL=loud", "GARM_WORKERS=9"));
    ck_assert_str_eq(flags_origin(flags, "workers"), "--workers");
    ck_assert_str_eq(flags_origin(flags, "log-level"), "GARM_LOG_LEVEL");
    ck_assert_str_eq(flags_origin(flags, "listen"), "--listen");
}
END_TEST

START_TEST(flags_repeat_in_order)
{
    parse(ARGS("--listen", ":1", "--quiet", "--listen=unix:/a=b", "--listen", "fd:3"), NULL);
    ck_assert_str_eq(flags_at(flags, "listen", 0), ":1");
    ck_assert_str_eq(flags_at(flags, "listen", 1), "unix:/a=b");
    ck_assert_str_eq(flags_at(flags, "listen", 2), "fd:3");
    ck_assert_ptr_eq(flags_at(flags, "listen", 3), NULL);
    ck_assert(flags_on(flags, "quiet"));
    check_error("");
}
END_TEST

START_TEST(flags_fall_back_to_the_environment)
{
    static const char *const env[4] = {"GARM_LISTEN=:1, :2,", "GARM_LOG_LEVEL=warning",
                                       "GARM_QUIET=Yes"};
    parse(NO_ARGS, env);
    ck_assert_str_eq(flags_at(flags, "listen", 0), ":1");
    ck_assert_str_eq(flags_at(flags, "listen", 1), ":2");
    ck_assert_ptr_eq(flags_at(flags, "listen", 2), NULL);
    ck_assert_str_eq(flags_get(flags, "log-level", NULL, NULL), "warning");
    ck_assert(flags_on(flags, "quiet"));
    ck_assert(flags_given(flags, "listen"));
    check_error("");
}
END_TEST

START_TEST(flags_of_the_command_line_beat_the_environment)
{
    static const char *const env[4] = {"GARM_LISTEN=:1,:2", "GARM_WORKERS=7", "GARM_HELP=1"};
    parse(ARGS("--workers", "2", "--listen", ":3"), env);
    ck_assert_str_eq(flags_get(flags, "workers", NULL, NULL), "2");
    ck_assert_str_eq(flags_at(flags, "listen", 0), ":3");
    ck_assert_ptr_eq(flags_at(flags, "listen", 1), NULL);
    ck_assert(!flags_on(flags, "help"));
    check_error("");
}
END_TEST

START_TEST(flags_ignore_empty_variables_and_longer_names)
{
    static const char *const env[4] = {"GARM_WORKERS=", "GARM_WORKERSX=9", "GARM_QUIET=0"};
    parse(NO_ARGS, env);
    ck_assert_str_eq(flags_get(flags, "workers", NULL, NULL), "0");
    ck_assert(!flags_on(flags, "quiet"));
    check_error("");
}
END_TEST

START_TEST(flags_can_be_added_after_parsing)
{
    static const char *const env[4] = {"GARM_DB_FILE=env.db"};
    parse(ARGS("--data-dir", "/srv", "--greeting=hi"), env);
    ck_assert_str_eq(flags_get(flags, "data-dir", ".", "Where the data is."), "/srv");
    ck_assert_str_eq(flags_get(flags, "greeting", "hello", NULL), "hi");
    ck_assert_str_eq(flags_get(flags, "db-file", "a.db", "The database."), "env.db");
    ck_assert_str_eq(flags_get(flags, "unset", "default", NULL), "default");
    ck_assert_str_eq(flags_get(flags, "unset", "ignored", NULL), "default");
    check_error("");
}
END_TEST

START_TEST(flag_letters_stand_for_their_flag)
{
    parse(ARGS("-h"), NULL);
    ck_assert(flags_on(flags, "help"));
    check_error("");
}
END_TEST

static const struct {
    const char *args[9];
    const char *error;
} errors[] = {
    {{"--lisen", ":1"}, "unknown flag '--lisen'; did you mean '--listen'? (--help lists all)"},
    {{"--lisen=:1"}, "unknown flag '--lisen'; did you mean '--listen'? (--help lists all)"},
    {{"--log", "x"}, "unknown flag '--log'; did you mean '--log-level'? (--help lists all)"},
    {{"--wrokers", "1"}, "unknown flag '--wrokers'; did you mean '--workers'? (--help lists all)"},
    {{"--entirely-different", "1"}, "unknown flag '--entirely-different' (--help lists all)"},
    {{"--x", "--help"}, "unknown flag '--x' (--help lists all)"},
    {{"-listen", ":1"}, "unknown flag '-listen'; did you mean '--listen'? (--help lists all)"},
    {{"-p", "80"}, "unknown flag '-p' (--help lists all)"},
    {{"--=1"}, "unknown flag '--' (--help lists all)"},
    {{"--a\nb=1"}, "unknown flag '--a\\x0ab' (--help lists all)"},
    {{"--listen"}, "flag '--listen' needs a value; write '--listen ADDRESS'"},
    {{"--hidden", "--workers", "2"}, "flag '--hidden' needs a value; write '--hidden VALUE'"},
    {{"--quiet=1"}, "flag '--quiet' takes no value; write '--quiet'"},
    {{"8000"}, "unexpected argument '8000'; every value has a flag before it (--help lists all)"},
    {{"--quiet", "yes"},
     "unexpected argument 'yes'; every value has a flag before it (--help lists all)"},
    {{"--", "--quiet"},
     "unexpected argument '--quiet'; every value has a flag before it (--help lists all)"},
    {{"-"}, "unexpected argument '-'; every value has a flag before it (--help lists all)"},
    {{""}, "unexpected argument ''; every value has a flag before it (--help lists all)"},
    {{"--workers", "1", "a", "--lisen", "b"},
     "unexpected argument 'a'; every value has a flag before it (--help lists all)"},
};

START_TEST(flag_error_is_one_line_about_the_first_mistake)
{
    parse(errors[_i].args, NULL);
    check_error(errors[_i].error);
}
END_TEST

START_TEST(flag_error_names_a_bad_variable)
{
    static const char *const env[4] = {"GARM_QUIET=perhaps"};
    parse(NO_ARGS, env);
    check_error("environment: GARM_QUIET is 'perhaps'; write 1 or 0");
}
END_TEST

START_TEST(flag_names_are_checked)
{
    static const char *const bad[] = {
        "", "-a", "A", "a_b", "a=b", "a b", "a2345678901234567890123456789012345678901234567890"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        ck_assert_int_eq(flags_add(flags, &(struct flag_spec){.name = bad[i]}), -EINVAL);
    }
    ck_assert_str_eq(flags_get(flags, "A", "def", NULL), "def");
    ck_assert_int_eq(flags_check(flags, &text), -EINVAL);
}
END_TEST

START_TEST(as_many_arguments_as_allowed_may_stand_beside_flags)
{
    flags_take_arguments(flags, 2);
    parse(ARGS("a.so", "--workers", "3", "--", "--b"), NULL);
    ck_assert_int_eq(flags_check(flags, &text), 0);
    ck_assert_str_eq(flags_argument(flags, 0), "a.so");
    ck_assert_str_eq(flags_argument(flags, 1), "--b");
    ck_assert_ptr_null(flags_argument(flags, 2));
    flags_take_arguments(flags, 1);
    ck_assert_int_eq(flags_check(flags, &text), -EINVAL);
    ck_assert_str_eq(buf_cstr(&text), "unexpected argument '--b' (--help lists all)");
}
END_TEST

START_TEST(flags_help_is_aligned_and_at_most_80_wide)
{
    flags_get(flags, "a-name-that-is-too-long-for-its-column", "x", "Explained on the next line.");
    flags_help(flags, "Greets whoever asks.\n\nUsage: hello [--flag VALUE]...\n", &text);
    ck_assert_int_eq(text.error, 0);
    ck_assert_str_eq(
        buf_cstr(&text),
        "Greets whoever asks.\n"
        "\n"
        "Usage: hello [--flag VALUE]...\n"
        "\n"
        "Flags:\n"
        "  --listen ADDRESS            Where to listen: HOST:PORT, :PORT, unix:PATH or\n"
        "                              fd:N. [default: 127.0.0.1:8000; env: GARM_LISTEN;\n"
        "                              may be repeated]\n"
        "  --workers N                 Worker threads; 0 is one for each core. [default:\n"
        "                              0; env: GARM_WORKERS]\n"
        "  --log-level LEVEL           The least important lines that are logged: debug,\n"
        "                              info, warning or error, and nothing below.\n"
        "                              [default: info; env: GARM_LOG_LEVEL]\n"
        "  --quiet                     Say nothing at the start. [env: GARM_QUIET]\n"
        "  --help, -h                  Print this and exit.\n"
        "  --a-name-that-is-too-long-for-its-column VALUE\n"
        "                              Explained on the next line. [default: x; env:\n"
        "                              GARM_A_NAME_THAT_IS_TOO_LONG_FOR_ITS_COLUMN]\n");
}
END_TEST

/* Fails the allocation whose turn it is. */
static int fail_nth(void *arg, enum sys_kind kind, const char *name)
{
    (void)name;
    int *const left = arg;
    return kind == SYS_MEMORY && (*left)-- == 0 ? -ENOMEM : 0;
}

/* All that a program does with its flags; out of memory must be told by the last step. */
static int whole_use(void)
{
    static char *argv[] = {(char *)"prog", (char *)"--workers", (char *)"2", NULL};
    struct flags *mine = NULL;
    TRY(flags_new(&mine));
    for (int i = 0; i < 100; i++) {
        char name[] = "flag-00";
        name[5] = (char)('0' + i / 10);
        name[6] = (char)('0' + i % 10);
        flags_get(mine, name, "a default that takes some room in the arena of the flags", name);
    }
    flags_get(mine, "workers", "", "");
    int rc = flags_parse(mine, 3, argv, NULL);
    rc = rc == 0 ? flags_check(mine, &text) : rc;
    flags_free(mine);
    return rc;
}

START_TEST(flags_survive_every_failed_allocation)
{
    int failures = 0;
    for (int nth = 0;; nth++) {
        int left = nth;
        sys_set_fault(fail_nth, &left);
        const int rc = whole_use();
        sys_set_fault(NULL, NULL);
        if (rc == 0) {
            break;
        }
        ck_assert_int_eq(rc, -ENOMEM);
        failures++;
    }
    ck_assert_int_gt(failures, 2);
    ck_assert_uint_eq(text.len, 0);
}
END_TEST

Suite *suite_flags(void)
{
    Suite *const suite = suite_create("flags");
    TCase *const tests = tcase_create("flags");
    tcase_add_checked_fixture(tests, begin, finish);
    tcase_add_test(tests, flags_default_when_nothing_is_given);
    tcase_add_test(tests, flags_take_both_forms_and_the_last_value_counts);
    tcase_add_test(tests, flags_know_where_a_value_comes_from);
    tcase_add_test(tests, flags_repeat_in_order);
    tcase_add_test(tests, flags_fall_back_to_the_environment);
    tcase_add_test(tests, flags_of_the_command_line_beat_the_environment);
    tcase_add_test(tests, flags_ignore_empty_variables_and_longer_names);
    tcase_add_test(tests, flags_can_be_added_after_parsing);
    tcase_add_test(tests, flag_letters_stand_for_their_flag);
    tcase_add_loop_test(tests, flag_error_is_one_line_about_the_first_mistake, 0,
                        (int)COUNT_OF(errors));
    tcase_add_test(tests, flag_error_names_a_bad_variable);
    tcase_add_test(tests, flag_names_are_checked);
    tcase_add_test(tests, as_many_arguments_as_allowed_may_stand_beside_flags);
    tcase_add_test(tests, flags_help_is_aligned_and_at_most_80_wide);
    tcase_add_test(tests, flags_survive_every_failed_allocation);
    suite_add_tcase(suite, tests);
    return suite;
}
