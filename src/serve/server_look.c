/* What a server tells about itself: sums over its shards, and what the kernel holds for its
 * listeners. */
#include "serve/shard.h"

#include "base/sys.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

/* Adds what the kernel tells of one listening socket: its tcp_get_info() puts the length and the
 * limit of the accept queue where a connection has its unacknowledged and its sacked segments. */
static int add_socket(int fd, struct server_queue *queue)
{
    struct tcp_info info = {0};
    uint32_t memory[SK_MEMINFO_VARS] = {0};
    uint32_t len = sizeof(info);
    TRY(sys_getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len));
    len = sizeof(memory);
    TRY(sys_getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, &len));
    queue->length += info.tcpi_unacked;
    queue->limit += info.tcpi_sacked;
    queue->dropped += memory[SK_MEMINFO_DROPS];
    return 0;
}

int server_queue_read(const struct listener *listener, struct server_queue *ret_queue)
{
    struct server_queue queue = {0};
    for (size_t i = 0; i < listener->fd_count; i++) {
        if (listener->fds[i] < 0) {
            return -EBADF;
        }
        TRY(add_socket(listener->fds[i], &queue));
    }
    *ret_queue = queue;
    return 0;
}

void server_stats(struct server *server, struct server_stats *ret_stats)
{
    *ret_stats = (struct server_stats){0};
    for (size_t i = 0; i < server_worker_count(server); i++) {
        const struct shard *const shard =
            CONTAINER_OF(server_worker(server, i), struct shard, worker);
#define SUM(name) ret_stats->name += atomic_load_explicit(&shard->stats.name, memory_order_relaxed)
        SUM(accepted);
        SUM(shed);
        SUM(requests);
        SUM(refused);
        SUM(no_stack);
        SUM(connections);
        SUM(active);
        SUM(closing);
        SUM(bytes_in);
        SUM(bytes_out);
#undef SUM
    }
}
