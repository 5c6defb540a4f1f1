/* Passwords: made, compared, and how many at once. */
#include <check.h>
#include <errno.h>
#include <garm/garm.h>
#include <string.h>

Suite *suite_password(void);

/* "lovelace" at the least cost. */
#define HASH                                                                                       \
    "$argon2id$v=19$m=8,t=1,p=1$/RCrmrk6pGkmx0iIOTI4SA$"                                           \
    "wWX5mG+hV5gcirw1jqiNX7gz3YpgVLtFOfUovPxQr5M"
/* What `printf %s lovelace | argon2 somesaltsalt -id -m 10 -t 2 -p 1 -e` printed. */
#define FOREIGN_HASH                                                                               \
    "$argon2id$v=19$m=1024,t=2,p=1$c29tZXNhbHRzYWx0$Y3o4ELyzT1R/hNPLGARrDJmq8G8XHmzbsvFpzYX8Z0M"

#define CROWD 200

static int round_trip(garm_ctx *c)
{
    const char *hash = "";
    const char *other = "";
    GARM_TRY(garm_password_hash(c, "lovelace", &hash));
    GARM_TRY(garm_password_hash(c, "lovelace", &other));
    return garm_text(c, 200, "%d %d %d %d %d %.30s", garm_password_hash_valid(hash),
                     strcmp(hash, other) != 0, garm_password_verify(c, hash, "lovelace"),
                     garm_password_verify(c, other, "lovelace"),
                     garm_password_verify(c, hash, "Lovelace") == -EACCES, hash);
}

static int verify(garm_ctx *c)
{
    char longest[GARM_PASSWORD_BYTES_MAX + 2];
    const char *hash = "";
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    return garm_text(c, 200, "%d %d %d %d %d %d %d", garm_password_verify(c, HASH, "lovelace"),
                     garm_password_verify(c, HASH, "") == -EACCES,
                     garm_password_verify(c, HASH, "lovelac") == -EACCES,
                     garm_password_verify(c, FOREIGN_HASH, "lovelace"),
                     garm_password_verify(c, HASH, longest) == -EACCES,
                     garm_password_verify(c, "lovelace", "lovelace") == -EINVAL,
                     garm_password_hash(c, longest, &hash) == -EMSGSIZE);
}

static struct {
    int good, refused, cancelled, other;
} seen;

static int one_of_many(garm_ctx *c, void *arg)
{
    (void)arg;
    const int rc = garm_password_verify(c, HASH, "lovelace");
    seen.good += rc == 0;
    seen.refused += rc == -EAGAIN;
    seen.cancelled += rc == -ECANCELED;
    seen.other += rc != 0 && rc != -EAGAIN && rc != -ECANCELED;
    return 0;
}

static garm_tasks *start_crowd(garm_ctx *c)
{
    garm_tasks *const tasks = garm_tasks_new(c);
    for (int i = 0; i < CROWD && tasks != NULL; i++) {
        if (garm_tasks_go(tasks, one_of_many, NULL) < 0) {
            seen.other++;
        }
    }
    return tasks;
}

static int crowd(garm_ctx *c)
{
    GARM_TRY(garm_tasks_wait(start_crowd(c)));
    return garm_text(c, 200, "done");
}

static int cancelled_crowd(garm_ctx *c)
{
    garm_tasks *const tasks = start_crowd(c);
    GARM_TRY(garm_sleep(c, 1));
    garm_tasks_cancel(tasks);
    GARM_TRY(garm_tasks_wait(tasks));
    return garm_text(c, 200, "done");
}

static void setup(garm_app *app)
{
    garm_route(app, "GET /round-trip", round_trip);
    garm_route(app, "GET /verify", verify);
    garm_route(app, "GET /crowd", crowd);
    garm_route(app, "GET /cancelled", cancelled_crowd);
}

static const garm_app_entry entry = GARM_ENTRY(setup);
static garm_test *test;

static void begin(void)
{
    memset(&seen, 0, sizeof(seen));
    test = garm_test_new(&entry, NULL);
}

static void end(void)
{
    garm_test_free(test);
}

START_TEST(a_hash_is_of_its_password_and_no_other)
{
    ck_assert_str_eq(garm_test_do(test, "GET", "/round-trip")->body,
                     "1 1 0 0 1 $argon2id$v=19$m=65536,t=2,p=1");
}
END_TEST

START_TEST(verifying_tells_right_from_wrong_from_impossible)
{
    ck_assert_str_eq(garm_test_do(test, "GET", "/verify")->body, "0 1 1 0 1 1 1");
}
END_TEST

START_TEST(of_a_crowd_some_wait_and_the_others_are_refused)
{
    for (int round = 1; round <= 2; round++) {
        ck_assert_int_eq(garm_test_do(test, "GET", "/crowd")->status, 200);
        ck_assert_int_eq(seen.good + seen.refused, CROWD * round);
        ck_assert_int_eq(seen.other, 0);
        ck_assert_int_ge(seen.good, 129 * round);
        ck_assert_int_ge(seen.refused, (CROWD - 128 - 4) * round);
    }
}
END_TEST

START_TEST(who_gives_up_leaves_the_queue)
{
    ck_assert_int_eq(garm_test_do(test, "GET", "/cancelled")->status, 200);
    ck_assert_int_eq(seen.good + seen.refused + seen.cancelled, CROWD);
    ck_assert_int_ge(seen.cancelled, 64);
    ck_assert_int_eq(seen.other, 0);
    memset(&seen, 0, sizeof(seen));
    ck_assert_int_eq(garm_test_do(test, "GET", "/crowd")->status, 200);
    ck_assert_int_ge(seen.good, 129);
}
END_TEST

static const char *const no_hashes[] = {
    "",
    "lovelace",
    "$argon2id$",
    "$argon2i$v=19$m=8,t=3,p=1$/RCrmrk6pGkmx0iIOTI4SA$wWX5mG+hV5gcirw1jqiNX7gz3YpgVLtFOfUovPxQr5M",
    "$argon2id$v=16$m=8,t=1,p=1$/RCrmrk6pGkmx0iIOTI4SA$wWX5mG+hV5gcirw1jqiNX7gz3YpgVLtFOfUovPxQr5M",
    "$argon2id$m=8,t=1,p=1$/RCrmrk6pGkmx0iIOTI4SA$wWX5mG+hV5gcirw1jqiNX7gz3YpgVLtFOfUovPxQr5M",
    "$argon2id$v=19$m=1048577,t=1,p=1$/RCrmrk6pGkmx0iIOTI4SA$"
    "wWX5mG+hV5gcirw1jqiNX7gz3YpgVLtFOfUovPxQr5M",
    "$argon2id$v=19$m=8,t=17,p=1$/"
    "RCrmrk6pGkmx0iIOTI4SA$wWX5mG+hV5gcirw1jqiNX7gz3YpgVLtFOfUovPxQr5M",
    "$argon2id$v=19$m=8,t=1,p=1$/"
    "RCrmrk6pGkmx0iIOTI4SA$wWX5mG+hV5gcirw1jqiNX7gz3YpgVLtFOfUovPxQr5M ",
    "$2y$05$abcdefghijklmnopqrstuuJ8KXbNq2Zq0bq0bq0bq0bq0bq0bq0bq",
};

START_TEST(what_is_no_hash_is_told)
{
    ck_assert_msg(!garm_password_hash_valid(no_hashes[_i]), "%s", no_hashes[_i]);
}
END_TEST

START_TEST(every_truncation_of_a_hash_is_none)
{
    char text[] = HASH;
    ck_assert(garm_password_hash_valid(text));
    /* A shorter hash is still one: of as many bytes as are left, four at least. */
    for (size_t len = strlen("$argon2id$v=19$m=8,t=1,p=1$/RCrmrk6pGkmx0iIOTI4SA$"); len > 0;
         len--) {
        text[len] = '\0';
        ck_assert_msg(!garm_password_hash_valid(text), "%s", text);
    }
}
END_TEST

Suite *suite_password(void)
{
    Suite *const suite = suite_create("mw/password");
    TCase *const tc = tcase_create("password");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_test(tc, a_hash_is_of_its_password_and_no_other);
    tcase_add_test(tc, verifying_tells_right_from_wrong_from_impossible);
    tcase_add_test(tc, of_a_crowd_some_wait_and_the_others_are_refused);
    tcase_add_test(tc, who_gives_up_leaves_the_queue);
    suite_add_tcase(suite, tc);
    TCase *const form = tcase_create("form");
    tcase_add_loop_test(form, what_is_no_hash_is_told, 0,
                        (int)(sizeof(no_hashes) / sizeof(no_hashes[0])));
    tcase_add_test(form, every_truncation_of_a_hash_is_none);
    suite_add_tcase(suite, form);
    return suite;
}
