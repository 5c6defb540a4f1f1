/* A doubly linked list of nodes that live inside their owners. */
#ifndef GARM_BASE_LIST_H
#define GARM_BASE_LIST_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>

/* A node, or the list itself: then `next` is the first and `prev` the last node. */
struct list {
    struct list *next;
    struct list *prev;
};

static inline void list_init(struct list *list)
{
    list->next = list;
    list->prev = list;
}

static inline bool list_empty(const struct list *list)
{
    return list->next == list;
}

static inline void list_insert_(struct list *node, struct list *prev, struct list *next)
{
    node->prev = prev;
    node->next = next;
    prev->next = node;
    next->prev = node;
}

static inline void list_push_back(struct list *list, struct list *node)
{
    list_insert_(node, list->prev, list);
}

static inline void list_push_front(struct list *list, struct list *node)
{
    list_insert_(node, list, list->next);
}

/* Takes the node out of whatever list it is in; a node in none (initialised) stays as it is. */
static inline void list_remove(struct list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

/* The first node, taken out; NULL if the list is empty. */
static inline struct list *list_pop_front(struct list *list)
{
    struct list *const node = list->next;
    if (node == list) {
        return NULL;
    }
    list_remove(node);
    return node;
}

/* Moves all nodes of `from` to the end of `to`; `from` is empty afterwards. */
static inline void list_splice_back(struct list *to, struct list *from)
{
    if (list_empty(from)) {
        return;
    }
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    list_init(from);
}

#define list_each(pos, head) for (struct list *pos = (head)->next; pos != (head); pos = pos->next)
/* The current node may be removed or freed. */
#define list_each_safe(pos, tmp, head)                                                             \
    for (struct list *pos = (head)->next, *tmp = pos->next; pos != (head);                         \
         pos = tmp, tmp = tmp->next)

#endif
