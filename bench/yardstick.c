/* The floor to measure against: edge-triggered epoll that looks for no more than the ends of heads,
 * and answers each with the same ready-made bytes, one write per batch. Not a server: nothing is
 * parsed, no deadline, no limit. Usage: yardstick PORT */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH 256

static const char answer[] = "HTTP/1.1 200 OK\r\n"
                             "Date: Sat, 21 Nov 2026 00:00:00 GMT\r\n"
                             "Server: bare\r\n"
                             "Content-Type: text/plain\r\n"
                             "Content-Length: 13\r\n\r\n"
                             "Hello, World!";

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static int open_listener(unsigned short port)
{
    const int one = 1;
    const struct sockaddr_in addr = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (fd < 0 || bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0 ||
        listen(fd, 4096) < 0) {
        die("listen");
    }
    return fd;
}

static void accept_all(int epoll_fd, int listener)
{
    for (;;) {
        const int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        if (fd < 0) {
            return;
        }
        struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.fd = fd};
        epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
    }
}

static size_t count_heads(const char *data, size_t len)
{
    size_t count = 0;
    const char *end = data + len;
    while ((data = memmem(data, (size_t)(end - data), "\r\n\r\n", 4)) != NULL) {
        data += 4;
        count++;
    }
    return count;
}

static void serve(int fd)
{
    static char in[65536];
    static char out[65536];
    const ssize_t n = recv(fd, in, sizeof(in), 0);
    if (n <= 0) {
        if (n == 0 || errno != EAGAIN) {
            close(fd);
        }
        return;
    }
    const size_t size = sizeof(answer) - 1;
    size_t count = count_heads(in, (size_t)n);
    count = count > sizeof(out) / size ? sizeof(out) / size : count;
    for (size_t i = 0; i < count; i++) {
        memcpy(out + i * size, answer, size);
    }
    if (send(fd, out, count * size, MSG_NOSIGNAL) < 0) {
        close(fd);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: yardstick PORT\n");
        return 2;
    }
    const int listener = open_listener((unsigned short)atoi(argv[1]));
    const int epoll_fd = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        struct epoll_event events[BATCH];
        const int count = epoll_wait(epoll_fd, events, BATCH, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == listener) {
                accept_all(epoll_fd, listener);
            } else {
                serve(events[i].data.fd);
            }
        }
    }
}
