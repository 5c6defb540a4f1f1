/* Lists. */
#include "suites.h"
#include "base/list.h"

struct item {
    char name;
    struct list node;
};

/* The names from front to back; checks the links backwards too. */
static const char *names(const struct list *list)
{
    static char text[16];
    size_t count = 0;
    list_each (node, list) {
        ck_assert_ptr_eq(node->next->prev, node);
        ck_assert_ptr_eq(node->prev->next, node);
        text[count++] = CONTAINER_OF(node, struct item, node)->name;
    }
    text[count] = '\0';
    return text;
}

START_TEST(nodes_keep_the_order_in_which_they_were_pushed)
{
    struct item items[4] = {{.name = 'a'}, {.name = 'b'}, {.name = 'c'}, {.name = 'd'}};
    struct list list;
    list_init(&list);
    ck_assert(list_empty(&list));
    list_push_back(&list, &items[1].node);
    list_push_back(&list, &items[2].node);
    list_push_front(&list, &items[0].node);
    list_push_back(&list, &items[3].node);
    ck_assert_str_eq(names(&list), "abcd");
    ck_assert(!list_empty(&list));
}
END_TEST

START_TEST(a_removed_node_is_in_no_list_and_may_be_removed_again)
{
    struct item items[3] = {{.name = 'a'}, {.name = 'b'}, {.name = 'c'}};
    struct list list;
    list_init(&list);
    for (size_t i = 0; i < 3; i++) {
        list_push_back(&list, &items[i].node);
    }
    list_remove(&items[1].node);
    list_remove(&items[1].node);
    ck_assert_str_eq(names(&list), "ac");
    ck_assert(list_empty(&items[1].node));
}
END_TEST

START_TEST(pop_takes_from_the_front_until_the_list_is_empty)
{
    struct item items[2] = {{.name = 'a'}, {.name = 'b'}};
    struct list list;
    list_init(&list);
    list_push_back(&list, &items[0].node);
    list_push_back(&list, &items[1].node);
    ck_assert_ptr_eq(list_pop_front(&list), &items[0].node);
    ck_assert_ptr_eq(list_pop_front(&list), &items[1].node);
    ck_assert_ptr_null(list_pop_front(&list));
}
END_TEST

START_TEST(splice_moves_all_nodes_to_the_end)
{
    struct item items[4] = {{.name = 'a'}, {.name = 'b'}, {.name = 'c'}, {.name = 'd'}};
    struct list to;
    struct list from;
    list_init(&to);
    list_init(&from);
    list_splice_back(&to, &from);
    ck_assert(list_empty(&to));
    list_push_back(&from, &items[0].node);
    list_push_back(&from, &items[1].node);
    list_splice_back(&to, &from);
    ck_assert_str_eq(names(&to), "ab");
    ck_assert(list_empty(&from));
    list_push_back(&from, &items[2].node);
    list_push_back(&from, &items[3].node);
    list_splice_back(&to, &from);
    ck_assert_str_eq(names(&to), "abcd");
}
END_TEST

START_TEST(the_current_node_may_be_removed_in_a_safe_walk)
{
    struct item items[3] = {{.name = 'a'}, {.name = 'b'}, {.name = 'c'}};
    struct list list;
    list_init(&list);
    for (size_t i = 0; i < 3; i++) {
        list_push_back(&list, &items[i].node);
    }
    list_each_safe (node, next, &list) {
        if (CONTAINER_OF(node, struct item, node)->name != 'b') {
            list_remove(node);
        }
    }
    ck_assert_str_eq(names(&list), "b");
}
END_TEST

Suite *list_suite(void)
{
    Suite *const suite = suite_create("list");
    TCase *const tests = tcase_create("list");
    tcase_add_test(tests, nodes_keep_the_order_in_which_they_were_pushed);
    tcase_add_test(tests, a_removed_node_is_in_no_list_and_may_be_removed_again);
    tcase_add_test(tests, pop_takes_from_the_front_until_the_list_is_empty);
    tcase_add_test(tests, splice_moves_all_nodes_to_the_end);
    tcase_add_test(tests, the_current_node_may_be_removed_in_a_safe_walk);
    suite_add_tcase(suite, tests);
    return suite;
}
