/* Replies and their fields. */
#include "fake.h"

#include "base/sys.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Suite *suite_reply(void);

#define GET "GET / HTTP/1.1\nHost: a"

static void begin(void)
{
    fake_start(fake_setup_one);
}

static const struct answer *ask(garm_handler *handler)
{
    fake_handler = handler;
    return fake_ask(GET);
}

static int rcs[8]; /* what the handler's calls returned */

static int reply_twice(garm_ctx *c)
{
    rcs[0] = garm_text(c, 201, "first %d", 1);
    rcs[1] = garm_text(c, 200, "second");
    return rcs[0];
}

START_TEST(a_second_reply_is_refused)
{
    const struct answer *const answer = ask(reply_twice);
    ck_assert_int_eq(rcs[1], -EALREADY);
    ck_assert_uint_eq(answer->status, 201);
    ck_assert_str_eq(answer->body, "first 1");
}
END_TEST

static int reset_and_reply(garm_ctx *c)
{
    garm_set_header(c, "X-First", "1");
    GARM_TRY(garm_html(c, 200, "<p>first"));
    GARM_TRY(garm_reply_reset(c));
    return garm_bytes(c, 200, "a/b", "x\0y", 3);
}

START_TEST(a_reset_drops_reply_and_fields)
{
    const struct answer *const answer = ask(reset_and_reply);
    ck_assert_str_eq(answer->head, "Content-Type: a/b\n");
    ck_assert_mem_eq(answer->body, "x\0y", 3);
}
END_TEST

static int bad_statuses(garm_ctx *c)
{
    rcs[0] = garm_text(c, 199, "x");
    rcs[1] = garm_text(c, 600, "x");
    rcs[2] = garm_redirect(c, 200, "/");
    rcs[3] = garm_problem(c, 200, "x");
    return garm_text(c, 599, "x");
}

START_TEST(only_final_statuses_can_be_replied)
{
    ck_assert_uint_eq(ask(bad_statuses)->status, 599);
    for (size_t i = 0; i < 4; i++) {
        ck_assert_int_eq(rcs[i], -EINVAL);
    }
}
END_TEST

static int own_type(garm_ctx *c)
{
    garm_set_header(c, "content-type", "text/csv");
    return garm_text(c, 200, "a,b");
}

START_TEST(a_type_that_was_set_stays)
{
    ck_assert_str_eq(ask(own_type)->head, "content-type: text/csv\n");
}
END_TEST

static const struct {
    const char *name, *value;
    int rc;
} fields[] = {
    {"X-A", "b", 0},
    {"X-A", "", 0},
    {"X-A", "b c\td", 0},
    {"X-A", "caf\xc3\xa9", 0},
    {"X-A", "a\r\nX-B: c", -EINVAL},
    {"X-A", "a\nb", -EINVAL},
    {"X-A", "a\x01", -EINVAL},
    {"X-A", " a", -EINVAL},
    {"X A", "a", -EINVAL},
    {"X-A:", "a", -EINVAL},
    {"", "a", -EINVAL},
    {"X-\xc3\xa9", "a", -EINVAL},
    {"Connection", "close", -EINVAL},
    {"transfer-ENCODING", "chunked", -EINVAL},
    {"Date", "now", -EINVAL},
    {"Server", "me", -EINVAL},
    {"Upgrade", "x", -EINVAL},
    {"Trailer", "x", -EINVAL},
    {"Keep-Alive", "x", -EINVAL},
    {"Content-Length", "x", -EINVAL},
    {"Content-Length", "-1", -EINVAL},
    {"Content-Length", "9223372036854775808", -EINVAL},
};

static size_t field_index;

static int set_one_field(garm_ctx *c)
{
    rcs[0] = garm_set_header(c, fields[field_index].name, fields[field_index].value);
    rcs[1] = garm_add_header(c, fields[field_index].name, fields[field_index].value);
    rcs[2] = garm_set_headerf(c, fields[field_index].name, "%s", fields[field_index].value);
    return garm_bytes(c, 200, NULL, "", 0);
}

START_TEST(fields_are_checked)
{
    field_index = (size_t)_i;
    const struct answer *const answer = ask(set_one_field);
    ck_assert_uint_eq(answer->status, 200);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(rcs[i], fields[_i].rc);
    }
    const bool valid = garm_header_valid(fields[_i].name, fields[_i].value);
    ck_assert(valid == (fields[_i].rc == 0 || strcmp(fields[_i].name, "Content-Length") == 0));
    if (fields[_i].rc < 0) {
        ck_assert_str_eq(answer->head, "");
        ck_assert_str_ne(fake_log(), "");
    }
}
END_TEST

static int set_and_add(garm_ctx *c)
{
    garm_add_header(c, "Link", "1");
    garm_add_header(c, "Link", "2");
    garm_set_header(c, "X", "1");
    garm_set_headerf(c, "x", "%0400d", 7);
    garm_add_header(c, "Link", "3");
    rcs[0] = strlen(garm_res_header(c, "X")) == 400 && garm_res_header(c, "none")[0] == '\0';
    garm_set_header(c, "link", "4");
    return garm_bytes(c, 200, NULL, "", 0);
}

START_TEST(set_replaces_and_add_adds)
{
    const struct answer *const answer = ask(set_and_add);
    ck_assert(rcs[0]);
    ck_assert_ptr_nonnull(strstr(answer->head, "7\nlink: 4\n"));
    ck_assert_ptr_null(strstr(answer->head, "Link: "));
}
END_TEST

static int many_fields(garm_ctx *c)
{
    int rc = 0;
    for (int i = 0; rc == 0; i++) {
        rcs[0] = i;
        rc = garm_add_header(c, "X-Many", "v");
    }
    rcs[1] = rc;
    return garm_bytes(c, 200, NULL, "", 0);
}

START_TEST(a_reply_holds_a_hundred_fields)
{
    ck_assert_uint_eq(ask(many_fields)->status, 200);
    ck_assert_int_eq(rcs[0], 100);
    ck_assert_int_eq(rcs[1], -EMSGSIZE);
}
END_TEST

static int redirect(garm_ctx *c)
{
    return garm_redirect(c, 303, "/a b\r\nX: y?q=\"%20#f");
}

START_TEST(a_redirect_cannot_split_the_head)
{
    const struct answer *const answer = ask(redirect);
    ck_assert_uint_eq(answer->status, 303);
    ck_assert_str_eq(answer->head, "Location: /a%20b%0D%0AX:%20y?q=%22%20#f\n");
}
END_TEST

static int problem(garm_ctx *c)
{
    garm_set_header(c, "ETag", "\"1\"");
    garm_set_header(c, "X-Stays", "1");
    return garm_problem(c, 422, "no <%s>", "b\"");
}

START_TEST(a_problem_has_its_detail)
{
    const struct answer *const answer = ask(problem);
    ck_assert_uint_eq(answer->status, 422);
    ck_assert(answer_has(answer, "Content-Type: application/problem+json"));
    ck_assert(answer_has(answer, "X-Stays: 1"));
    ck_assert_ptr_null(strstr(answer->head, "ETag"));
    ck_assert_ptr_nonnull(strstr(answer->body, "no <b\\\">"));
}
END_TEST

static int json(garm_ctx *c)
{
    const char *const none = NULL;
    const unsigned char small = 255;
    return garm_json(
        c, 201, garm_kv("i", -7), garm_kv("u", UINT64_MAX), garm_kv("c", small), garm_kv("d", 0.5),
        garm_kv("nan", (double)NAN), garm_kv("s", "a\"b\n"), garm_kv("n", none),
        garm_kv_bool("t", 2 > 1),
        garm_obj("o", garm_kv("x", 1L), garm_obj("e"), garm_obj("p", garm_kv("y", 2U))));
}

START_TEST(json_members_have_their_types)
{
    const struct answer *const answer = ask(json);
    ck_assert_uint_eq(answer->status, 201);
    ck_assert(answer_has(answer, "Content-Type: application/json"));
    ck_assert_str_eq(answer->body,
                     "{\"i\":-7,\"u\":18446744073709551615,\"c\":255,\"d\":0.5,\"nan\":null,"
                     "\"s\":\"a\\\"b\\n\",\"n\":null,\"t\":true,"
                     "\"o\":{\"x\":1,\"e\":{},\"p\":{\"y\":2}}}");
}
END_TEST

static int empty_json(garm_ctx *c)
{
    return garm_json(c, 200);
}

START_TEST(json_without_members_is_an_object)
{
    ck_assert_str_eq(ask(empty_json)->body, "{}");
}
END_TEST

/* As a line of a stream is made: many, in bounded memory. */
static int formatted_json(garm_ctx *c)
{
    const garm_json_member list[] = {garm_kv(NULL, "a"), garm_kv_bool(NULL, false), {0}};
    const garm_json_member members[] = {garm_kv_array("list", list), garm_obj("o"), {0}};
    const garm_memory_mark mark = garm_mark(c);
    const void *const first = garm_json_format(c, garm_kv_object(NULL, members));
    garm_release(c, mark);
    const char *const text = garm_json_format(c, garm_kv_object(NULL, members));
    return garm_text(c, 200, "%d%s%s", first == (const void *)text, text,
                     garm_json_format(c, garm_obj(NULL, garm_kv(NULL, 1))));
}

START_TEST(json_is_formatted_for_other_uses)
{
    ck_assert_str_eq(ask(formatted_json)->body, "1{\"list\":[\"a\",false],\"o\":{}}");
    ck_assert_ptr_nonnull(strstr(fake_log(), "without a name"));
}
END_TEST

static int cookies(garm_ctx *c)
{
    garm_set_cookie(c, "a", "1");
    garm_set_cookie(c, "b", "2", .max_age_s = 60, .path = "/x", .domain = "a.b", .secure = true,
                    .script_readable = true, .same_site = GARM_SAME_SITE_STRICT);
    garm_set_cookie(c, "c", "", .max_age_s = GARM_NONE);
    rcs[0] = garm_set_cookie(c, "a b", "1");
    rcs[1] = garm_set_cookie(c, "a", "1;2");
    rcs[2] = garm_set_cookie(c, "a", "1", .path = "/;x");
    rcs[3] = garm_set_cookie(c, "a", "1", .same_site = GARM_SAME_SITE_NONE);
    return garm_bytes(c, 200, NULL, "", 0);
}

START_TEST(cookies_are_strict_by_default)
{
    ck_assert_str_eq(ask(cookies)->head,
                     "Set-Cookie: a=1; Path=/; HttpOnly; SameSite=Lax\n"
                     "Set-Cookie: b=2; Max-Age=60; Path=/x; Domain=a.b; Secure; SameSite=Strict\n"
                     "Set-Cookie: c=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax\n");
    for (size_t i = 0; i < 4; i++) {
        ck_assert_int_eq(rcs[i], -EINVAL);
    }
}
END_TEST

/* Streams. */

static int stream(garm_ctx *c)
{
    rcs[0] = garm_set_status(c, 202);
    garm_set_header(c, "X-A", "1");
    rcs[1] = garm_write(c, "one ", 4);
    rcs[2] = garm_set_header(c, "X-B", "2");
    rcs[3] = garm_text(c, 200, "x");
    rcs[4] = garm_set_status(c, 203);
    rcs[5] = garm_flush(c);
    rcs[6] = garm_reply_reset(c);
    rcs[7] = garm_write(c, "two", 3);
    return 0;
}

START_TEST(a_stream_commits_its_head_once)
{
    const struct answer *const answer = ask(stream);
    const int wanted[8] = {0, 0, -EALREADY, -EALREADY, -EALREADY, 0, -EALREADY, 0};
    for (size_t i = 0; i < 8; i++) {
        ck_assert_int_eq(rcs[i], wanted[i]);
    }
    ck_assert_uint_eq(answer->status, 202);
    ck_assert_uint_eq(answer->length, EXCHANGE_LENGTH_UNKNOWN);
    ck_assert_str_eq(answer->body, "one two");
    ck_assert_str_eq(answer->head, "X-A: 1\nContent-Type: application/octet-stream\n");
    ck_assert_uint_eq(answer->heads, 1);
    ck_assert_uint_eq(answer->flushes, 1);
    ck_assert_uint_eq(answer->finishes, 1);
    ck_assert_uint_eq(answer->responds, 0);
}
END_TEST

static int stream_with_length(garm_ctx *c)
{
    GARM_TRY(garm_set_header(c, "Content-Length", "3"));
    GARM_TRY(garm_flush(c));
    return garm_write(c, "abc", 3);
}

START_TEST(a_stream_may_promise_its_length)
{
    const struct answer *const answer = ask(stream_with_length);
    ck_assert_uint_eq(answer->length, 3);
    ck_assert_str_eq(answer->head, "Content-Type: application/octet-stream\n");
}
END_TEST

/* Files. */

static char file_path[64];
static const char *beneath;

static void make_file(const char *ending, size_t size)
{
    snprintf(file_path, sizeof(file_path), "garm-XXXXXX%s", ending);
    const int fd = mkstemps(file_path, (int)strlen(ending));
    ck_assert_int_ge(fd, 0);
    for (size_t i = 0; i < size; i++) {
        ck_assert_int_eq(write(fd, "z", 1), 1);
    }
    close(fd);
}

static int send_file(garm_ctx *c)
{
    return garm_file(c, file_path);
}

START_TEST(a_small_file_goes_out_in_one_piece)
{
    make_file(".css", 5);
    const struct answer *const answer = ask(send_file);
    unlink(file_path);
    ck_assert_uint_eq(answer->responds, 1);
    ck_assert_str_eq(answer->body, "zzzzz");
    ck_assert(answer_has(answer, "Content-Type: text/css; charset=utf-8"));
}
END_TEST

START_TEST(a_large_file_is_not_read)
{
    make_file("", 20000);
    const struct answer *const answer = ask(send_file);
    unlink(file_path);
    ck_assert_uint_eq(answer->length, 20000);
    ck_assert_uint_eq(answer->file_bytes, 20000);
    ck_assert_uint_eq(answer->finishes, 1);
}
END_TEST

START_TEST(head_sends_no_file)
{
    make_file("", 20000);
    fake_handler = send_file;
    const struct answer *const answer = fake_ask("HEAD / HTTP/1.1\nHost: a");
    unlink(file_path);
    ck_assert_uint_eq(answer->length, 20000);
    ck_assert_uint_eq(answer->file_bytes + answer->body_size, 0);
}
END_TEST

static int send_beneath(garm_ctx *c)
{
    return garm_file_beneath(c, STDIN_FILENO, beneath);
}

START_TEST(what_is_no_file_is_not_there)
{
    snprintf(file_path, sizeof(file_path), "%s",
             _i == 0   ? "/"
             : _i == 1 ? "/dev/null"
                       : "/nowhere/x");
    ck_assert_uint_eq(ask(send_file)->status, 404);
}
END_TEST

static const char *const suspects[] = {"a%2fb", "a%2Fb", "a%5cb", "a%5Cb", "a\\b"};

START_TEST(a_file_whose_name_has_an_encoded_separator_is_not_there)
{
    char dir[] = "garm-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(dir));
    close(STDIN_FILENO);
    ck_assert_int_eq(open(dir, O_PATH | O_DIRECTORY), STDIN_FILENO);
    const int fd = openat(STDIN_FILENO, suspects[_i], O_WRONLY | O_CREAT | O_EXCL, 0600);
    ck_assert_int_ge(fd, 0);
    close(fd);
    beneath = suspects[_i];
    const uint16_t status = ask(send_beneath)->status;
    unlinkat(STDIN_FILENO, suspects[_i], 0);
    rmdir(dir);
    ck_assert_uint_eq(status, 404);
}
END_TEST

/* Valgrind, and emulators of another architecture, lack the call. */
static bool can_open_beneath(void)
{
    const int fd = sys_open_beneath(AT_FDCWD, ".", O_PATH | O_DIRECTORY);
    sys_close(fd);
    return fd != -ENOSYS;
}

START_TEST(a_file_beneath_cannot_leave)
{
    char dir[] = "garm-XXXXXX";
    char link_path[64];
    char up[80];
    ck_assert_ptr_nonnull(mkdtemp(dir));
    make_file("", 5); /* beside the directory */
    snprintf(link_path, sizeof(link_path), "%s/link", dir);
    snprintf(up, sizeof(up), "../%s", file_path);
    ck_assert_int_eq(symlink(up, link_path), 0);
    const char *const paths[] = {up, "link", "/etc/passwd", "a\nb", "", "none/../../x", "."};
    close(STDIN_FILENO);
    ck_assert_int_eq(open(dir, O_PATH | O_DIRECTORY), STDIN_FILENO);
    beneath = paths[_i];
    const uint16_t status = ask(send_beneath)->status;
    unlink(link_path);
    unlink(file_path);
    rmdir(dir);
    ck_assert_uint_eq(status, 404);
}
END_TEST

Suite *suite_reply(void)
{
    Suite *const suite = suite_create("app/reply");
    TCase *const tc = tcase_create("reply");
    tcase_add_checked_fixture(tc, begin, fake_end);
    tcase_add_test(tc, a_second_reply_is_refused);
    tcase_add_test(tc, a_reset_drops_reply_and_fields);
    tcase_add_test(tc, only_final_statuses_can_be_replied);
    tcase_add_test(tc, a_type_that_was_set_stays);
    tcase_add_loop_test(tc, fields_are_checked, 0, (int)COUNT_OF(fields));
    tcase_add_test(tc, set_replaces_and_add_adds);
    tcase_add_test(tc, a_reply_holds_a_hundred_fields);
    tcase_add_test(tc, a_redirect_cannot_split_the_head);
    tcase_add_test(tc, a_problem_has_its_detail);
    tcase_add_test(tc, json_members_have_their_types);
    tcase_add_test(tc, json_without_members_is_an_object);
    tcase_add_test(tc, json_is_formatted_for_other_uses);
    tcase_add_test(tc, cookies_are_strict_by_default);
    tcase_add_test(tc, a_stream_commits_its_head_once);
    tcase_add_test(tc, a_stream_may_promise_its_length);
    if (can_open_beneath()) {
        tcase_add_test(tc, a_small_file_goes_out_in_one_piece);
        tcase_add_test(tc, a_large_file_is_not_read);
        tcase_add_test(tc, head_sends_no_file);
        tcase_add_loop_test(tc, what_is_no_file_is_not_there, 0, 3);
        tcase_add_loop_test(tc, a_file_whose_name_has_an_encoded_separator_is_not_there, 0,
                            (int)COUNT_OF(suspects));
        tcase_add_loop_test(tc, a_file_beneath_cannot_leave, 0, 7);
    }
    suite_add_tcase(suite, tc);
    return suite;
}
