/* A daemon with a loop of its own, which serves HTTP inside it: no threads, no signals taken, no
 * main of Garm's. It counts the lines on its standard input, and tells their number at
 * http://127.0.0.1:8001/. */
#include <garm/garm.h>

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The daemon's own state: the server runs on this thread, so nothing is locked. */
static unsigned long lines;

static int show_lines(garm_ctx *c)
{
    return garm_json(c, 200, garm_kv("lines", lines));
}

static void setup(garm_app *app)
{
    garm_route(app, "GET /{$}", show_lines);
}

/* The daemon's own work. False at the end of the input. */
static bool count_lines(void)
{
    char buf[4096];
    const ssize_t size = read(STDIN_FILENO, buf, sizeof(buf));
    for (ssize_t i = 0; i < size; i++) {
        lines += buf[i] == '\n';
    }
    return size > 0;
}

int main(int argc, char **argv)
{
    static const garm_app_entry entry = GARM_ENTRY(setup);
    char *error = NULL;
    garm_server *const server = garm_server_new(
        &entry, &error, .listen = {argc > 1 ? argv[1] : "127.0.0.1:8001"}, .workers = 1);
    if (server == NULL) {
        fprintf(stderr, "embed: %s\n", error);
        garm_free(error);
        return 2;
    }
    struct pollfd fds[] = {{.fd = garm_server_fd(server), .events = POLLIN},
                           {.fd = STDIN_FILENO, .events = POLLIN}};
    printf("listening on %s\n", garm_server_address(server, 0));
    fflush(stdout);
    int ended = fds[0].fd < 0;
    while (!ended && poll(fds, 2, -1) >= 0) {
        if (fds[1].revents != 0 && !count_lines()) {
            fds[1].fd =
                -1; /* the end of the input is the end of the daemon, when all is answered */
            garm_server_stop(server, GARM_SEC(5));
        }
        ended = garm_server_turn(server, 0);
    }
    garm_server_free(server);
    return ended == 1 ? 0 : 1;
}
