/* A server on a loopback port of the kernel's choice, with a small application:
 *   /b             SITE_BIG bytes by reference
 *   /f             the same from a file
 *   /d             "d", without a look at the request's body
 *   /s             "a", and then the first byte of the request's body
 *   anything else  the request's body */
#ifndef GARM_TESTS_UNIT_SERVE_SITE_H
#define GARM_TESTS_UNIT_SERVE_SITE_H

#include "net/listener.h"
#include "serve/server.h"

#include <netinet/in.h>
#include <stdatomic.h>

#define SITE_BIG 300000

struct site {
    struct listener listener;
    struct sockaddr_in address;
    struct server_options options;
    struct server *server; /* NULL until site_start or site_attach */
    int file_fd;
    int start_error; /* what on_start returns on the last worker */
    atomic_int started, stopped, handled;
};

/** Opens the listener; no server yet. */
void site_open(struct site *site, size_t workers);
/** Makes the server on threads of its own, or to be turned. 0 or a negative errno, and then there
 * is none. */
int site_start(struct site *site);
int site_attach(struct site *site);
/** Frees the server, which must have ended, and closes the listener. */
void site_close(struct site *site);

#endif
