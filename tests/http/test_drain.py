"""The drain: every request sent before SIGTERM is answered, whoever else comes and whatever is slow; then the exit status is 0."""
import os
import signal
import socket
import threading
import time

import pytest

import apps
from crowd import Crowd
from server import Server, wait_until
from wire import Conn, chunked, request

MIB = 1 << 20


@pytest.fixture(params=[1, 3], ids=["1-worker", "3-workers"])
def workers(request):
    return request.param


def signal_and_wait(server, other):
    """Sends the signal, and returns once the drain has begun: an idle connection's end shows it, on its own worker."""
    server.term()
    other.expect_end()
    wait_until(lambda: refuses(server), what="new connections are still served")


def refuses(server):
    """Whoever comes now is refused, or has no answer."""
    try:
        with Conn(server, patience=2) as late:
            late.ask()
        return False
    except (OSError, AssertionError):
        return True


@pytest.fixture
def echo(workers):
    with Server("echo", workers=workers) as running:
        yield running


def slow(*args, **options):
    return Server(apps.build("slow"), *args, **options)


class Stopped:
    """Holds a server still, so that what comes meanwhile is certain to be there when it goes on."""

    def __init__(self, server):
        self.server = server

    def __enter__(self):
        os.kill(self.server.pid, signal.SIGSTOP)
        wait_until(lambda: open(f"/proc/{self.server.pid}/stat", encoding="ascii").read().rpartition(")")[2].split()[0] == "T")

    def __exit__(self, *_):
        os.kill(self.server.pid, signal.SIGCONT)


def check_all_answered(crowd, prefix=""):
    """Each has got the answer to its own last request, whole and once."""
    for member in crowd.members:
        assert not member.expected, f"{prefix}a request sent before SIGTERM was not answered: {crowd.summary()}"
        assert not member.data, "bytes behind the last answer"


def test_requests_sent_before_the_signal_are_answered_even_from_the_accept_queue(echo):
    """While the server stands still, 300 old connections and 300 new ones send; then comes the signal; then it goes on."""
    with Crowd(echo.address, 300) as crowd:
        for i, member in enumerate(crowd.members):
            crowd.send(member, request("GET", f"/first/{i}"))
        crowd.run_until(crowd.answered)
        with Stopped(echo):
            crowd.grow(300)
            for i, member in enumerate(crowd.members):
                crowd.send(member, request("POST", f"/last/{i}", body=b"%d" % i), "POST")
            echo.term()
        crowd.run_until(crowd.all_ended, what="the connections did not end")
        check_all_answered(crowd)
        for i, member in enumerate(crowd.members):
            answer = member.answers[-1]
            assert answer.get("X-Seen-Target") == f"/last/{i}" and answer.body == b"%d" % i
            assert not member.was_reset
    echo.check_end()


def test_requests_in_the_accept_queue_are_answered_while_descriptors_lack(workers):
    """64 descriptors for 200 clients: who cannot be served any more is told so, and nobody is reset."""
    with Server("echo", workers=workers, wrapper=("/usr/bin/prlimit", "--nofile=64:64", "--")) as server, Crowd(server.address, 30) as crowd:
        with Stopped(server):
            crowd.grow(170)
            for i, member in enumerate(crowd.members):
                crowd.send(member, request("POST", f"/{i}", body=b"%d" % i), "POST")
            server.term()
        crowd.run_until(crowd.all_ended, what="the connections did not end")
        check_all_answered(crowd)
        statuses = [member.answers[-1].status for member in crowd.members]
        assert set(statuses) == {200, 503} and statuses.count(200) >= 30
        assert all(answer.body == b"%d" % i for i, member in enumerate(crowd.members) for answer in member.answers if answer.status == 200)
        assert not any(member.was_reset for member in crowd.members)
        server.check_end()


def test_pipelined_requests_sent_before_the_signal_are_all_answered(echo):
    with Crowd(echo.address, 40) as crowd:
        with Stopped(echo):
            for member in crowd.members:
                crowd.send(member, b"".join(request("GET", f"/{i}") for i in range(150)), count=150)
            echo.term()
        crowd.run_until(crowd.all_ended, what="the connections did not end")
        check_all_answered(crowd)
        for member in crowd.members:
            assert [answer.get("X-Seen-Target") for answer in member.answers] == [f"/{i}" for i in range(150)]
            assert not any(answer.closes for answer in member.answers[:-1]) and not member.was_reset
    echo.check_end()


class Counter(threading.Thread):
    """One client that asks without a pause, new connections in between, and notes what was sent when."""

    def __init__(self, address):
        super().__init__()
        self.address = address
        self.lost = []      # (when it was sent, what went wrong)
        self.answered = 0
        self.start()

    def run(self):
        while self.visit():
            pass

    def visit(self):
        """One connection's worth of requests. False once nobody listens any more."""
        try:
            conn = Conn(self.address)
        except ConnectionError:
            return False
        with conn:
            for _ in range(30):
                sent_at = None
                try:
                    conn.send(request("GET", f"/{self.answered}"))
                    sent_at = time.monotonic()
                    answer = conn.read()
                except (OSError, AssertionError) as error:
                    if sent_at is not None:
                        self.lost.append((sent_at, error))
                    return not isinstance(error, ConnectionError) or True
                assert answer.get("X-Seen-Target") == f"/{self.answered}"
                self.answered += 1
                if answer.closes:
                    return True
        return True


def test_under_load_nothing_sent_before_the_signal_is_lost(echo):
    counters = [Counter(echo.address) for _ in range(12)]
    wait_until(lambda: sum(counter.answered for counter in counters) > 2000, 30, "no load")
    signalled_at = time.monotonic()
    echo.term()
    echo.check_end(15)
    for counter in counters:
        counter.join()
        assert [loss for loss in counter.lost if loss[0] < signalled_at] == []


def test_idle_connections_end_at_once_and_in_order(echo):
    with Conn(echo) as fresh, Conn(echo) as used:
        assert used.ask().status == 200
        begin = time.monotonic()
        echo.term()
        fresh.expect_end()
        used.expect_end()
        echo.check_end(10)
        assert time.monotonic() - begin < 5


def test_half_a_head_may_be_completed_during_the_drain(echo):
    with Conn(echo) as conn, Conn(echo) as other:
        conn.send(request("GET", "/half")[:-9])
        assert other.ask().status == 200
        assert conn.at_rest()
        signal_and_wait(echo, other)
        conn.send(request("GET", "/half")[-9:])
        answer = conn.read()
        assert answer.get("X-Seen-Target") == "/half" and answer.closes
        conn.expect_end()
    echo.check_end()


@pytest.mark.parametrize("fields, body", [([("Content-Length", str(MIB))], bytes(MIB)), ([("Transfer-Encoding", "chunked")], chunked(bytes(MIB)))],
                         ids=["length", "chunked"])
def test_upload_under_way_is_completed_during_the_drain(echo, fields, body):
    with Conn(echo) as conn, Conn(echo) as other:
        conn.send(request("PUT", "/up", fields) + body[:1000])
        assert other.ask().status == 200
        signal_and_wait(echo, other)
        conn.send(body[1000:])
        answer = conn.read("PUT")
        assert answer.status == 200 and answer.body == bytes(MIB) and answer.closes
        conn.expect_end()
    echo.check_end()


def test_late_connection_is_refused_and_not_left_to_hang(echo):
    with Conn(echo) as conn:
        conn.send(request("PUT", "/up", [("Content-Length", "3")]) + b"1")
        with Conn(echo) as other:
            assert other.ask().status == 200
            signal_and_wait(echo, other)
        begin = time.monotonic()
        assert all(refuses(echo) for _ in range(20))
        assert time.monotonic() - begin < 1.5
        conn.send(b"23")
        assert conn.read("PUT").body == b"123"
    echo.check_end()


def test_slow_handler_gets_the_grace():
    with slow("--grace", "20s") as server, Conn(server) as conn:
        conn.send(request("GET", "/after/600"))
        assert conn.at_rest()
        server.term()
        answer = conn.read()
        assert answer.status == 200 and answer.body == b"waited\n" and answer.closes
        conn.expect_end()
        server.check_end(5)


def test_stream_under_way_is_completed_within_the_grace():
    with slow("--grace", "20s") as server, Conn(server) as conn:
        conn.send(request("GET", "/stream/25"))
        while b"line" not in conn.data:
            conn.fill()
        server.term()
        assert conn.read().body == b"line\n" * 25 + b"end\n"
        conn.expect_end()
        server.check_end(5)


def test_handler_slower_than_the_grace_is_cut():
    """What had not begun gets an answer that says so; a stream is broken off visibly."""
    with slow("--grace", "300ms") as server, Conn(server) as waiting, Conn(server) as streaming:
        waiting.send(request("GET", "/after/60000"))
        streaming.send(request("GET", "/stream/100000"))
        while b"line" not in streaming.data:
            streaming.fill()
        begin = time.monotonic()
        server.term()
        answer = waiting.read()
        assert answer.status >= 500 and answer.closes
        with pytest.raises((ConnectionError, AssertionError)):
            streaming.read()
        server.check_end(10)
        assert 0.25 < time.monotonic() - begin < 8


def test_second_signal_stops_now():
    with slow("--grace", "1h") as server, Conn(server) as conn:
        conn.send(request("GET", "/after/60000"))
        assert conn.at_rest()
        server.term()
        assert conn.at_rest(0.3) and server.alive()
        begin = time.monotonic()
        server.term()
        server.check_end(10)
        assert time.monotonic() - begin < 8


STUCK = [("/stuck", "1 offloaded call"), ("/deaf", "GET /deaf (")]

# Its threads are left where they are, on purpose.
UNJOINED = {"TSAN_OPTIONS": f"{os.environ.get('TSAN_OPTIONS', '')}:report_thread_leaks=0"}


def check_ended_by_force(server, name):
    """The process ended under what runs, with one line that names it."""
    server.ended = True
    assert server.wait(20) == 1
    told = [line for line in server.stderr().splitlines() if "stopped without waiting any longer" in line]
    assert len(told) == 1 and "level=error" in told[0] and name in told[0], server.stderr()


@pytest.mark.parametrize("path, name", STUCK)
def test_second_signal_stops_what_ignores_its_cancellation(path, name, workers, tmp_path):
    log = tmp_path / "access.log"
    with slow("--grace", "1h", "--access-log", str(log), workers=workers, env=UNJOINED) as server, Conn(server) as conn, Conn(server) as other:
        conn.send(request("GET", path))
        assert conn.at_rest()
        other.send(request("GET", "/after/1"))
        assert other.read().status == 200
        server.term()
        assert conn.at_rest(0.3) and server.alive()
        begin = time.monotonic()
        server.term()
        check_ended_by_force(server, name)
        assert 0.9 < time.monotonic() - begin < 8
    assert log.read_text().count("/after/1") == 1


@pytest.mark.parametrize("path, name", STUCK)
def test_grace_bounds_what_ignores_its_cancellation(path, name):
    """Beyond the grace there is what deferred functions may take, and a second."""
    with slow("--grace", "100ms", env=UNJOINED) as server, Conn(server) as conn:
        conn.send(request("GET", path))
        assert conn.at_rest()
        begin = time.monotonic()
        server.term()
        check_ended_by_force(server, name)
        assert 5 < time.monotonic() - begin < 15


def test_client_that_does_not_read_cannot_hold_the_drain_beyond_the_grace(root):
    with Server("echo", "--root", str(root), "--grace", "500ms") as server:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect(server.address)
        with sock:
            sock.sendall(request("GET", "/static/big.bin") * 8)
            wait_until(lambda: sock.recv(1, socket.MSG_PEEK))
            begin = time.monotonic()
            server.term()
            server.check_end(10)
            assert time.monotonic() - begin < 8


def test_drain_in_a_unix_socket_answers_its_queue(tmp_path, workers):
    path = str(tmp_path / "s")
    with Server("echo", listen=[f"unix:{path}"], workers=workers) as server:
        with Stopped(server):
            conns = [Conn(path) for _ in range(50)]
            for i, conn in enumerate(conns):
                conn.send(request("GET", f"/{i}"))
            server.term()
        for i, conn in enumerate(conns):
            with conn:
                assert conn.read().get("X-Seen-Target") == f"/{i}"
                conn.expect_end()
        server.check_end()
    assert not os.path.exists(path)
