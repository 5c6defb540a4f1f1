/* The client: see caller.h. */
#include "caller.h"

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

void caller_open(struct caller *caller, const struct site *site, const char *text)
{
    *caller = (struct caller){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .text = text};
    buf_init(&caller->got, SIZE_MAX);
    ck_assert_int_ge(caller->fd, 0);
    const struct sockaddr *const address = (const struct sockaddr *)&site->address;
    ck_assert_int_eq(connect(caller->fd, address, sizeof(site->address)), 0);
}

void caller_close(struct caller *caller)
{
    buf_deinit(&caller->got);
    close(caller->fd);
}

void caller_move(struct caller *caller)
{
    char piece[4096];
    if (*caller->text != '\0' && !caller->ended) {
        const ssize_t sent =
            send(caller->fd, caller->text, strlen(caller->text), MSG_DONTWAIT | MSG_NOSIGNAL);
        caller->text += sent > 0 ? sent : 0;
    }
    ssize_t n;
    while (!caller->ended && (n = recv(caller->fd, piece, sizeof(piece), MSG_DONTWAIT)) != -1) {
        caller->ended = n == 0;
        ck_assert_int_eq(buf_append(&caller->got, piece, (size_t)n), 0);
    }
    caller->ended = caller->ended || (errno != EAGAIN && errno != EINTR);
}

int caller_hear(struct caller *caller, size_t *ret_body_len)
{
    struct answer answer;
    const char *why = "";
    const enum answer_result result =
        answer_read(buf_slice(&caller->got), false, caller->ended, &answer, &why);
    ck_assert_msg(result != ANSWER_BAD, "no lawful response: %s", why);
    if (result == ANSWER_MORE) {
        return 0;
    }
    const int status = answer.status;
    *ret_body_len = answer.body.len;
    buf_consume(&caller->got, answer.size);
    buf_deinit(&answer.body);
    return status;
}

int caller_await(struct caller *caller, size_t *ret_body_len)
{
    struct pollfd poll_fd = {.fd = caller->fd, .events = POLLIN};
    for (;;) {
        caller_move(caller);
        const int status = caller_hear(caller, ret_body_len);
        if (status != 0 || caller->ended || poll(&poll_fd, 1, 10000) <= 0) {
            return status;
        }
    }
}
