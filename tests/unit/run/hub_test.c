/* Hubs on one loop. */
#include "suites.h"
#include "support.h"

#include "base/limits.h"
#include "base/sys.h"
#include "run/hub.h"

#include <errno.h>
#include <string.h>

static struct hub hub;

static void publish(const char *text)
{
    ck_assert_int_eq(hub_publish(&hub, text, strlen(text)), 0);
}

static void expect(struct hub_subscription *subscription, const char *text, uint64_t lost_before)
{
    struct hub_message *message = NULL;
    uint64_t lost = 99;
    ck_assert_int_eq(hub_next(subscription, INT64_MAX, &message, &lost), 0);
    ck_assert_uint_eq(message->size, strlen(text));
    ck_assert_mem_eq(message->data, text, message->size);
    ck_assert_uint_eq(lost, lost_before);
    hub_message_unref(message);
}

static void check_delivery(void *arg)
{
    (void)arg;
    struct hub_subscription first;
    struct hub_subscription second;
    hub_init(&hub);
    publish("to nobody");
    ck_assert_int_eq(hub_subscribe(&hub, &first, 4), 0);
    publish("one");
    ck_assert_int_eq(hub_subscribe(&hub, &second, 4), 0);
    publish("two");
    expect(&first, "one", 0);
    expect(&first, "two", 0);
    expect(&second, "two", 0);
    hub_unsubscribe(&first);
    hub_unsubscribe(&second);
    hub_unsubscribe(&second);
    hub_deinit(&hub);
}

START_TEST(subscriber_receives_what_is_published_from_then_on)
{
    run_tasks(check_delivery, NULL);
}
END_TEST

static void check_slow(void *arg)
{
    (void)arg;
    struct hub_subscription slow;
    struct hub_subscription quick;
    hub_init(&hub);
    ck_assert_int_eq(hub_subscribe(&hub, &slow, 2), 0);
    ck_assert_int_eq(hub_subscribe(&hub, &quick, 10), 0);
    publish("a");
    publish("b");
    publish("c");
    publish("d");
    publish("e");
    expect(&slow, "d", 3);
    expect(&slow, "e", 0);
    expect(&quick, "a", 0);
    expect(&quick, "b", 0);
    hub_unsubscribe(&slow);
    hub_unsubscribe(&quick); /* with messages that were not received */
    hub_deinit(&hub);
}

START_TEST(slow_subscriber_loses_the_oldest_and_is_told_how_many)
{
    run_tasks(check_slow, NULL);
}
END_TEST

static void publish_later(void *arg)
{
    ck_assert_int_eq(task_sleep(10 * NS_PER_MS), 0);
    publish(arg);
    ck_assert_int_eq(task_sleep(10 * NS_PER_MS), 0);
    hub_close(&hub);
}

static void check_waiting(void *arg)
{
    (void)arg;
    char text[] = "at last";
    struct hub_subscription subscription;
    struct hub_message *message = NULL;
    hub_init(&hub);
    ck_assert_int_eq(hub_subscribe(&hub, &subscription, 1), 0);
    ck_assert_int_eq(task_spawn(loop_self(), "publisher", publish_later, text, NULL), 0);
    const int64_t due_ns = loop_self()->now_ns + 5 * NS_PER_MS;
    ck_assert_int_eq(hub_next(&subscription, due_ns, &message, NULL), -ETIMEDOUT);
    expect(&subscription, "at last", 0);
    ck_assert_int_eq(hub_next(&subscription, INT64_MAX, &message, NULL), -EPIPE);
    ck_assert_int_eq(hub_next(&subscription, INT64_MAX, &message, NULL), -EPIPE);
    hub_unsubscribe(&subscription);
    hub_deinit(&hub);
}

START_TEST(subscriber_waits_for_a_message_or_the_end)
{
    run_tasks_simulated(check_waiting, NULL);
}
END_TEST

static void check_memory(void *arg)
{
    (void)arg;
    struct hub_subscription subscription = {0};
    hub_unsubscribe(&subscription);
    hub_init(&hub);
    fail_call("calloc", 0, -ENOMEM);
    ck_assert_int_eq(hub_subscribe(&hub, &subscription, 1), -ENOMEM);
    fail_call("malloc", 0, -ENOMEM);
    ck_assert_int_eq(hub_publish(&hub, "x", 1), -ENOMEM);
    fail_nothing();
    hub_unsubscribe(&subscription);
    hub_message_unref(NULL);
    hub_deinit(&hub);
}

START_TEST(want_of_memory_is_an_error)
{
    run_tasks(check_memory, NULL);
}
END_TEST

Suite *hub_suite(void)
{
    Suite *const suite = suite_create("hub");
    TCase *const tcase = tcase_create("hub");
    tcase_add_test(tcase, subscriber_receives_what_is_published_from_then_on);
    tcase_add_test(tcase, slow_subscriber_loses_the_oldest_and_is_told_how_many);
    tcase_add_test(tcase, subscriber_waits_for_a_message_or_the_end);
    tcase_add_test(tcase, want_of_memory_is_an_error);
    suite_add_tcase(suite, tcase);
    return suite;
}
