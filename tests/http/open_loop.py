"""Clients that come when they come, however the server does: requests are sent on schedule, each on a connection that is free or new, and
given up after a while, with their connection. (Clients that wait for the answer before they ask again never overload anybody.)"""
import random
import select
import socket
import time

GONE = 0 # the status of a request that was given up, or whose connection broke


class Call:
    """One request under way, and how it ended."""

    def __init__(self, kind, sent_at):
        self.kind = kind
        self.sent_at = sent_at
        self.ended_at = None
        self.status = None
        self.data = b""

    @property
    def seconds(self):
        return self.ended_at - self.sent_at


def whole(data):
    """Is it a whole answer?"""
    head, found, body = data.partition(b"\r\n\r\n")
    if not found:
        return False
    at = head.lower().find(b"content-length:")
    return at >= 0 and len(body) >= int(head[at + 15:].split(b"\r\n")[0])


class OpenLoop:
    """`rates` says how many requests of each kind (a path) come per second."""

    def __init__(self, address, rates, patience=0.5, seed=1):
        self.address = address
        self.patience = patience
        self.random = random.Random(seed)
        self.epoll = select.epoll()
        self.free, self.busy = [], {}
        self.calls = []
        self.rates = rates
        self.late = 0.0  # how much, at most, a request was sent behind its time: a pause of ours

    def run(self, seconds):
        """Sends for so long, and waits for what is under way: the calls that were sent meanwhile."""
        begin = time.monotonic()
        due = {kind: begin + self.random.expovariate(rate) for kind, rate in self.rates.items()}
        first = len(self.calls)
        while time.monotonic() < begin + seconds:
            now = time.monotonic()
            for kind, rate in self.rates.items():
                while due[kind] <= now:
                    self.late = max(self.late, now - due[kind])
                    self.send(kind)
                    due[kind] += self.random.expovariate(rate)
            self.look(max(0.0, min(due.values()) - time.monotonic()))
        while self.busy:
            self.look(0.01)
        return self.calls[first:]

    def send(self, kind):
        sock = self.free.pop() if self.free else None
        if sock is None:
            sock = socket.create_connection(self.address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setblocking(False)
            self.epoll.register(sock, select.EPOLLIN)
        call = Call(kind, time.monotonic())
        self.calls.append(call)
        self.busy[sock.fileno()] = sock, call
        try:
            sock.send(f"GET {kind} HTTP/1.1\r\nHost: test\r\n\r\n".encode())
        except OSError:
            self.end(sock, call, GONE)

    def end(self, sock, call, status):
        call.ended_at, call.status = time.monotonic(), status
        del self.busy[sock.fileno()]
        if status == GONE or b"connection: close" in call.data.lower():
            self.epoll.unregister(sock)
            sock.close()
        else:
            self.free.append(sock)

    def look(self, seconds):
        for fd, _ in self.epoll.poll(seconds, 256):
            if fd in self.busy:
                self.read(*self.busy[fd])
            else:
                self.drop(fd)
        now = time.monotonic()
        for fd in list(self.busy): # in the order sent
            sock, call = self.busy[fd]
            if now - call.sent_at < self.patience:
                break
            self.end(sock, call, GONE)

    def read(self, sock, call):
        try:
            data = sock.recv(65536)
        except OSError:
            data = b""
        call.data += data
        if not data:
            self.end(sock, call, GONE)
        elif whole(call.data):
            self.end(sock, call, int(call.data[9:12]))

    def drop(self, fd):
        """A connection that was free has ended."""
        for sock in self.free:
            if sock.fileno() == fd:
                self.free.remove(sock)
                self.epoll.unregister(sock)
                sock.close()
                return

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for sock in [*self.free, *(sock for sock, _ in self.busy.values())]:
            sock.close()
        self.epoll.close()


def served(calls, kind):
    return [call for call in calls if call.kind == kind and call.status == 200]


def quantile(calls, part):
    """The time within which such a part of them was answered."""
    times = sorted(call.seconds for call in calls)
    return times[min(len(times) - 1, int(part * len(times)))]
