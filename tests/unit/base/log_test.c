/* Log lines. */
#include "suites.h"
#include "base/compiler.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

/* The last line a sink was given. */
static char last[4096];
static int line_count;
static enum log_level last_level;

static void keep(void *arg, enum log_level level, struct slice line)
{
    ck_assert_ptr_eq(arg, &line_count);
    ck_assert_uint_lt(line.len, sizeof(last));
    memcpy(last, line.ptr, line.len);
    last[line.len] = '\0';
    last_level = level;
    line_count++;
}

static struct logger logger = {.sink = keep, .sink_arg = &line_count};

static void begin(void)
{
    line_count = 0;
    logger.threshold = LOG_DEBUG;
}

/* The text between the quotes. */
static const char *message(void)
{
    static char text[4096];
    const char *const at = strstr(last, " msg=\"");
    ck_assert_ptr_nonnull(at);
    snprintf(text, sizeof(text), "%s", at + 6);
    ck_assert_uint_gt(strlen(text), 0);
    ck_assert_int_eq(text[strlen(text) - 1], '"');
    text[strlen(text) - 1] = '\0';
    return text;
}

START_TEST(a_line_has_time_level_and_message)
{
    log_write(&logger, LOG_WARN, "%d apples", 3);
    ck_assert_int_eq(line_count, 1);
    ck_assert_int_eq(last_level, LOG_WARN);
    int year;
    int end = 0;
    ck_assert_int_eq(sscanf(last, "time=%4d-%*2d-%*2dT%*2d:%*2d:%*2d.%*3dZ%n", &year, &end), 1);
    ck_assert_int_eq(end, 29);
    ck_assert_int_ge(year, 2024);
    ck_assert_str_eq(last + end, " level=warn msg=\"3 apples\"");
}
END_TEST

START_TEST(only_levels_from_the_threshold_on_are_written)
{
    for (int threshold = LOG_DEBUG; threshold <= LOG_OFF; threshold++) {
        logger.threshold = (enum log_level)threshold;
        for (int level = LOG_DEBUG; level <= LOG_ERROR; level++) {
            line_count = 0;
            log_write(&logger, (enum log_level)level, "x");
            ck_assert_int_eq(line_count, level >= threshold);
        }
    }
    logger.threshold = LOG_DEBUG;
    line_count = 0;
    log_write(&logger, LOG_OFF, "a threshold is no level");
    ck_assert_int_eq(line_count, 0);
}
END_TEST

START_TEST(without_a_logger_nothing_happens)
{
    log_write(NULL, LOG_ERROR, "x");
    ck_assert_int_eq(line_count, 0);
}
END_TEST

START_TEST(quotes_and_control_characters_are_escaped)
{
    log_write(&logger, LOG_INFO, "%s", "a \"b\" \\ \r\n\t\x1b[31m\x7f");
    ck_assert_str_eq(message(), "a \\\"b\\\" \\\\ \\r\\n\\t\\x1b[31m\\x7f");
    log_write(&logger, LOG_INFO, "nul%cbyte", 0);
    ck_assert_str_eq(message(), "nul\\x00byte");
}
END_TEST

START_TEST(utf8_is_kept_and_what_is_none_is_escaped)
{
    log_write(&logger, LOG_INFO, "%s", "caf\xc3\xa9 \xf0\x9f\x98\x80");
    ck_assert_str_eq(message(), "caf\xc3\xa9 \xf0\x9f\x98\x80");
    log_write(&logger, LOG_INFO, "%s", "\xff \xc3( \xed\xa0\x80");
    ck_assert_str_eq(message(), "\\xff \\xc3( \\xed\\xa0\\x80");
    log_write(&logger, LOG_INFO, "%s", "c1 \xc2\x9b \xc2\xa0");
    ck_assert_str_eq(message(), "c1 \\xc2\\x9b \xc2\xa0");
}
END_TEST

START_TEST(what_turns_a_line_is_escaped)
{
    log_write(&logger, LOG_INFO, "%s", "exe.\xe2\x80\xaegpj \xe2\x81\xa6 \xd8\x9c");
    ck_assert_str_eq(message(), "exe.\\xe2\\x80\\xaegpj \\xe2\\x81\\xa6 \\xd8\\x9c");
    log_write(&logger, LOG_INFO, "%s", "\xe2\x80\xa8 \xe2\x80\x8e");
    ck_assert_str_eq(message(), "\\xe2\\x80\\xa8 \\xe2\\x80\\x8e");
    static const char kept[] = "\xe2\x80\x8d \xe2\x80\xaf \xe2\x81\xa5 \xe2\x81\xaa \xd8\x9b";
    log_write(&logger, LOG_INFO, "%s", kept);
    ck_assert_str_eq(message(), kept);
}
END_TEST

START_TEST(a_long_text_is_cut_with_dots)
{
    char text[3000];
    memset(text, 'x', sizeof(text));
    log_write(&logger, LOG_INFO, "%.*s", 1024, text);
    ck_assert_uint_eq(strlen(message()), 1024);
    ck_assert_ptr_null(strchr(message(), '.'));
    log_write(&logger, LOG_INFO, "%.*s", 1025, text);
    ck_assert_uint_eq(strlen(message()), 1027);
    ck_assert_str_eq(message() + 1024, "...");
    memset(text, '\n', sizeof(text));
    log_write(&logger, LOG_INFO, "%.*s", 513, text);
    ck_assert_uint_eq(strlen(message()), 1027);
    memset(text, '\1', sizeof(text));
    log_write(&logger, LOG_INFO, "x%.*s", 2999, text);
    ck_assert_uint_eq(strlen(message()), 1024);
    ck_assert_str_eq(message() + 1017, "\\x01...");
}
END_TEST

START_TEST(errno_is_saved)
{
    errno = EXDEV;
    log_write(&logger, LOG_INFO, "x");
    ck_assert_int_eq(errno, EXDEV);
}
END_TEST

START_TEST(a_zeroed_logger_writes_one_line_to_standard_error)
{
    const struct logger plain = {0};
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    const int saved = dup(STDERR_FILENO);
    ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    log_write(&plain, LOG_DEBUG, "to\nstderr");
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[1]);
    const ssize_t got = read(ends[0], last, sizeof(last) - 1);
    close(ends[0]);
    ck_assert_int_gt(got, 1);
    ck_assert_int_eq(last[got - 1], '\n');
    last[got - 1] = '\0';
    ck_assert_ptr_null(strchr(last, '\n'));
    ck_assert_str_eq(message(), "to\\nstderr");
}
END_TEST

START_TEST(a_failed_write_is_nobodys_trouble)
{
    struct failing failing = {.kind = SYS_CALL};
    const struct logger plain = {0};
    sys_set_fault(fail_one, &failing);
    log_write(&plain, LOG_ERROR, "lost");
    sys_set_fault(NULL, NULL);
    ck_assert_uint_eq(failing.failed, 1);
}
END_TEST

START_TEST(level_names_are_read_back)
{
    for (int i = LOG_DEBUG; i <= LOG_OFF; i++) {
        enum log_level level = LOG_DEBUG;
        ck_assert_int_eq(log_level_parse(slice_cstr(log_level_name((enum log_level)i)), &level), 0);
        ck_assert_int_eq((int)level, i);
    }
    enum log_level level = LOG_WARN;
    ck_assert_int_eq(log_level_parse(SLICE("loud"), &level), -EINVAL);
    ck_assert_int_eq(log_level_parse(SLICE(""), &level), -EINVAL);
    ck_assert_int_eq(log_level_parse(SLICE("INFO"), &level), -EINVAL);
    ck_assert_int_eq((int)level, LOG_WARN);
}
END_TEST

Suite *log_suite(void)
{
    Suite *const suite = suite_create("log");
    TCase *const tests = tcase_create("log");
    tcase_add_checked_fixture(tests, begin, NULL);
    tcase_add_test(tests, a_line_has_time_level_and_message);
    tcase_add_test(tests, only_levels_from_the_threshold_on_are_written);
    tcase_add_test(tests, without_a_logger_nothing_happens);
    tcase_add_test(tests, quotes_and_control_characters_are_escaped);
    tcase_add_test(tests, utf8_is_kept_and_what_is_none_is_escaped);
    tcase_add_test(tests, what_turns_a_line_is_escaped);
    tcase_add_test(tests, a_long_text_is_cut_with_dots);
    tcase_add_test(tests, errno_is_saved);
    tcase_add_test(tests, a_zeroed_logger_writes_one_line_to_standard_error);
    tcase_add_test(tests, a_failed_write_is_nobodys_trouble);
    tcase_add_test(tests, level_names_are_read_back);
    suite_add_tcase(suite, tests);
    return suite;
}
