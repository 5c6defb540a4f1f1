"""Thousands of non-blocking connections at once, driven by one epoll loop. Knows nothing of pytest."""
import errno
import resource
import select
import socket
import struct
import time

from wire import take_answer


def raise_descriptor_limit(count):
    """Lets this process hold that many descriptors, and says whether it may."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        return False
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return True


class Member:
    """One connection: what it has still to send, and what it has received."""

    def __init__(self, sock):
        self.sock = sock
        self.pending = b""
        self.data = bytearray()
        self.eof = False      # the server has ended the connection
        self.was_reset = False
        self.answers = []
        self.interims = []
        self.minor = 1        # of its requests' version
        self.expected = []    # methods of the requests sent and not answered yet
        self.ended_at = None


class Crowd:
    """`receive_bytes`: a small receive buffer. Members are in `members`; a closed one stays there with eof set."""

    def __init__(self, address, count=0, receive_bytes=0):
        self.address = address
        self.receive_bytes = receive_bytes
        self.poll = select.epoll()
        self.members = []
        self.by_fd = {}
        self.grow(count)

    def grow(self, count):
        """Connects that many more; each connect completes in the kernel at once, accepted or not."""
        for _ in range(count):
            sock = socket.socket()
            if self.receive_bytes:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_bytes)
            sock.settimeout(20)
            sock.connect(self.address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setblocking(False)
            member = Member(sock)
            self.members.append(member)
            self.by_fd[sock.fileno()] = member
            self.poll.register(sock.fileno(), select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLET)
        return self.members[-count:] if count else []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self, reset=True):
        """By RST, so that no port stays occupied."""
        for member in self.members:
            if reset and member.sock.fileno() >= 0:
                member.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            member.sock.close()
        self.poll.close()

    def send(self, member, data, method="GET", count=1):
        """Sends, as far as the kernel takes it at once; `count` answers are then expected."""
        member.expected += [method] * count
        member.pending += data
        self.push(member)

    def push(self, member):
        while member.pending and not member.eof:
            try:
                member.pending = member.pending[member.sock.send(member.pending):]
            except BlockingIOError:
                return
            except OSError as error:
                self.end(member, error)

    def end(self, member, error=None):
        if not member.eof:
            member.eof = True
            member.was_reset = error is not None and error.errno in (errno.ECONNRESET, errno.EPIPE)
            member.ended_at = time.monotonic()

    def pull(self, member):
        """Receives all there is, and takes whole answers off."""
        while not member.eof:
            try:
                data = member.sock.recv(1 << 16)
            except BlockingIOError:
                break
            except OSError as error:
                self.end(member, error)
                break
            if not data:
                self.end(member)
            member.data += data
        self.take(member)

    def take(self, member):
        """Takes whole answers off, for as long as some are expected; interim ones whenever they come."""
        while member.data:
            answer, used = take_answer(member.data, member.expected[0] if member.expected else "GET", member.minor, member.eof)
            if answer is None or (answer.status >= 200 and not member.expected):
                return
            del member.data[:used]
            if answer.status < 200:
                member.interims.append(answer)
            else:
                member.expected.pop(0)
                member.answers.append(answer)

    def turn(self, seconds=0.05):
        """Handles what is ready; waits for it at most so long."""
        for fd, _ in self.poll.poll(seconds, 4096):
            member = self.by_fd[fd]
            self.push(member)
            self.pull(member)

    def run_until(self, done, seconds=30, what="the crowd was not served"):
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, f"{what} within {seconds} s: {self.summary()}"
            self.turn()

    def run_for(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.turn(min(left, 0.05))

    def answered(self):
        return not any(member.expected for member in self.members)

    def all_ended(self):
        return all(member.eof for member in self.members)

    def summary(self):
        waiting = sum(1 for member in self.members if member.expected)
        ended = sum(1 for member in self.members if member.eof)
        return f"{len(self.members)} connections, {waiting} without their answer, {ended} ended"
