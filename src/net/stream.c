/* Plain streams: every call goes straight to the I/O seam. */
#include "net/stream.h"

static ssize_t plain_recv(struct stream *stream, void *buf, size_t cap)
{
    return stream->io->ops->recv(stream->io, stream->watch.fd, buf, cap);
}

static ssize_t plain_send(struct stream *stream, const struct iovec *iov, size_t count, bool more)
{
    return stream->io->ops->send(stream->io, stream->watch.fd, iov, count, more);
}

static ssize_t plain_send_file(struct stream *stream, int file_fd, int64_t *offset, size_t size,
                               bool more)
{
    return stream->io->ops->send_file(stream->io, stream->watch.fd, file_fd, offset, size, more);
}

static int plain_shut_write(struct stream *stream)
{
    return stream->io->ops->shut_write(stream->io, stream->watch.fd);
}

static void plain_close(struct stream *stream, bool reset)
{
    const int fd = stream->watch.fd;
    stream->io->ops->unwatch(stream->io, &stream->watch);
    stream->io->ops->close(stream->io, fd, reset);
}

static const struct stream_ops plain_ops = {
    .recv = plain_recv,
    .send = plain_send,
    .send_file = plain_send_file,
    .shut_write = plain_shut_write,
    .close = plain_close,
};

int stream_open(struct stream *stream, struct io *io, int fd,
                void (*on_ready)(struct io_watch *watch, unsigned ready))
{
    *stream = (struct stream){
        .watch = {.fd = fd, .on_ready = on_ready},
        .io = io,
        .ops = &plain_ops,
    };
    const int rc = io->ops->watch(io, &stream->watch, IO_STREAM);
    if (rc < 0) {
        io->ops->close(io, fd, false);
        stream->watch.fd = -1;
    }
    return rc;
}

void stream_set_unsent_max(struct stream *stream, size_t bytes)
{
    stream->io->ops->set_unsent_max(stream->io, stream->watch.fd, bytes);
}

int64_t stream_taken(struct stream *stream)
{
    return stream->io->ops->taken(stream->io, stream->watch.fd);
}

void stream_close(struct stream *stream, bool reset)
{
    if (stream->watch.fd >= 0) {
        stream->ops->close(stream, reset);
        stream->watch.fd = -1;
    }
}
