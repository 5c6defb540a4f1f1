"""When something runs out, or clients are slow on purpose: the server rests, bounds its memory, ends them in time, and recovers."""
import os
import pathlib
import subprocess
import sys
import threading
import time

import pytest

from crowd import Crowd, raise_descriptor_limit
from server import RELEASE, Server, wait_until
from wire import Conn, request

HEAD_SECONDS = 10  # the deadline of a head, and the bound on a peer that takes nothing


def prlimit(*limits):
    return ["/usr/bin/prlimit", *limits, "--"]


@pytest.fixture(params=[1, 3], ids=["1-worker", "3-workers"])
def few_descriptors(request, root):
    with Server("echo", "--root", str(root), workers=request.param, wrapper=prlimit("--nofile=64:64")) as running:
        yield running


def use_up(server, crowd):
    """Until the crowd has taken the server's last descriptor."""
    crowd.run_until(lambda: server.descriptor_count() >= 63, what="descriptors are left")


def served(server):
    """Is a new client served?"""
    try:
        with Conn(server, patience=2) as conn:
            return conn.ask().status == 200
    except (OSError, AssertionError):
        return False


def test_lack_of_descriptors_is_rest_and_not_a_spin(few_descriptors):
    server = few_descriptors
    with Crowd(server.address, 200) as crowd:
        use_up(server, crowd)
        before = server.cpu_seconds()
        crowd.run_for(2)
        assert server.cpu_seconds() - before < 0.4
        assert server.alive()
    assert wait_until(lambda: served(server), 10, "nobody was served after the flood")


def test_connections_that_got_in_are_served_while_descriptors_lack(few_descriptors):
    server = few_descriptors
    with Conn(server) as early:
        assert early.ask().status == 200
        with Crowd(server.address, 150) as crowd:
            use_up(server, crowd)
            for i in range(20):
                assert early.ask("POST", f"/{i}", body=b"x" * 1000).status == 200


def test_files_are_refused_politely_while_descriptors_lack(few_descriptors):
    """No descriptor for the file: an error, or none if it is open anyway, and the connection goes on."""
    server = few_descriptors
    with Conn(server) as early:
        assert early.ask("GET", "/static/hello.txt").status == 200
        with Crowd(server.address, 150) as crowd:
            use_up(server, crowd)
            assert early.ask("GET", "/static/hello.txt").status in (200, 500, 503)
            assert early.ask("GET", "/x").status == 200
    assert wait_until(lambda: served(server), 10, "nobody was served after the flood")


def test_waiting_clients_are_served_when_others_leave(few_descriptors):
    """Whoever was let in or waits in the queue has sent its request; as those before it end, its turn comes."""
    server = few_descriptors
    with Crowd(server.address, 120) as crowd:
        for member in crowd.members:
            crowd.send(member, request("GET", "/", [("Connection", "close")]))
        crowd.run_until(crowd.all_ended, 30, "connections hang")
        answered = sum(1 for member in crowd.members if member.answers)
        # A few may have been turned away to make room.
        assert answered > 90, crowd.summary()


def test_drain_works_while_descriptors_lack(few_descriptors):
    with Crowd(few_descriptors.address, 150) as crowd:
        use_up(few_descriptors, crowd)
        few_descriptors.term()
        few_descriptors.check_end(15)


def test_flood_of_short_connections_leaves_nothing_behind(echo):
    for _ in range(10):
        with Crowd(echo.address, 200) as crowd:
            for i, member in enumerate(crowd.members):
                crowd.send(member, request("GET", "/") if i % 2 else b"GET / HT", count=i % 2)
            crowd.turn(0)
    echo.wait_for_no_connections(10)
    with Conn(echo) as conn:
        conn.expect_open()


def test_idle_server_uses_no_cpu(echo):
    with Crowd(echo.address, 100) as crowd:
        for member in crowd.members:
            crowd.send(member, request())
        crowd.run_until(crowd.answered)
        before = echo.cpu_seconds()
        crowd.run_for(1.2)
        assert echo.cpu_seconds() - before < 0.1


@pytest.mark.scale # a sanitizer's shadow does not fit into a limited address space
def test_address_space_that_ends_costs_answers_and_not_the_server(root):
    """Out of memory under large bodies: some get 503 or are cut, all others are right, and later ones work."""
    with Server("echo", "--root", str(root), build=RELEASE, wrapper=prlimit(f"--data={96 << 20}")) as server:
        body = os.urandom(15 << 20)
        outcomes = []

        def client():
            try:
                with Conn(server) as conn:
                    answer = conn.ask("POST", "/", body=body)
                    assert answer.status != 200 or answer.body == body
                    outcomes.append(answer.status)
            except (OSError, AssertionError) as error:
                outcomes.append(error)
        threads = [threading.Thread(target=client) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert server.alive()
        assert not any(isinstance(outcome, AssertionError) and "answer.body" in str(outcome) for outcome in outcomes)
        assert any(outcome != 200 for outcome in outcomes), "memory did not run out: the test shows nothing"
        with Conn(server) as conn:
            assert conn.ask("POST", "/", body=b"still here").body == b"still here"


PROBE = """
import sys, time, threading
sys.path.insert(0, sys.argv[3])
from wire import Conn
over = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
seconds = []
with Conn((sys.argv[1], int(sys.argv[2]))) as conn:
    while not over.wait(0.004):
        begin = time.perf_counter()
        assert conn.ask().status == 200
        seconds.append(time.perf_counter() - begin)
print(sorted(seconds)[len(seconds) * 99 // 100])
"""


class Prober:
    """An honest client among slow ones, as a process of its own: asks at a steady pace until it is finished, and gives the p99 in seconds."""

    def __init__(self, address):
        here = str(pathlib.Path(__file__).resolve().parent)
        self.process = subprocess.Popen([sys.executable, "-B", "-c", PROBE, *map(str, address), here], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def finish(self):
        out, _ = self.process.communicate(timeout=20)
        assert self.process.returncode == 0
        return float(out)


def run_slow_clients(server, senders, readers):
    """Twenty times a second: a twentieth of the senders send their next byte, and ten more readers ask for what they will not take; until all
    have been ended. The largest memory seen meanwhile."""
    head = request("GET", "/", [("X-Slow", "x" * 200)])
    tick, begin, most, shy = 0, time.monotonic(), 0, list(readers.members)
    while shy or not (senders.all_ended() and all_cut(readers)):
        assert time.monotonic() - begin < 3 * HEAD_SECONDS, f"slow: {senders.summary()}; deaf: {readers.summary()}"
        if time.monotonic() - begin >= tick / 20:
            for member in senders.members[tick % 20::20]:
                if not member.eof:
                    member.began_at = member.began_at or time.monotonic()
                    member.sock.send(head[tick // 20:tick // 20 + 1])
            for member in shy[-10:]:
                readers.send(member, request("GET", "/static/big.bin") * 3, count=3)
                member.began_at = time.monotonic()
            del shy[-10:]
            tick += 1
            if tick % 10 == 0:
                most = max(most, server.resident_bytes())
        senders.turn(0.02)
    return most


def all_cut(readers):
    """Those that take nothing learn of their end only by asking the kernel: an RST is an error of the socket."""
    for member in readers.members:
        if not member.eof and member.sock.getsockopt(1, 4) != 0:  # SOL_SOCKET, SO_ERROR
            member.eof, member.ended_at = True, time.monotonic()
    return readers.all_ended()


@pytest.mark.scale
def test_slow_clients_neither_delay_others_nor_outstay_their_deadline(root):
    """1,000 that send a byte a second, and 1,000 that ask for megabytes and read nothing."""
    assert raise_descriptor_limit(5000), "the limit on open files is too low for this test (ulimit -Hn)"
    with Server("echo", "--root", str(root), build=RELEASE) as server, Server("echo", build=RELEASE) as control:
        at_rest = server.resident_bytes()
        with Crowd(server.address, 1000) as senders, Crowd(server.address, 1000, receive_bytes=2048) as readers:
            for member in readers.members:
                readers.poll.unregister(member.sock.fileno())
            for member in senders.members:
                member.expected, member.began_at = ["GET"], None
            prober, noise_prober = Prober(server.address), Prober(control.address)
            most = run_slow_clients(server, senders, readers)
            p99, noise = prober.finish(), noise_prober.finish()
            assert [member.answers[0].status for member in senders.members if member.answers] == [408] * 1000
            assert all(HEAD_SECONDS - 1 < member.ended_at - member.began_at < 1.5 * HEAD_SECONDS for member in senders.members + readers.members)
            # On a machine that is busy with other things a server without slow clients is late, too.
            assert p99 < max(0.005, 2 * noise), f"p99 of an honest client: {p99 * 1000:.1f} ms; of another server's {noise * 1000:.1f} ms"
            assert most - at_rest < 2000 * 48 * 1024, f"{(most - at_rest) >> 20} MiB for 2,000 slow clients"
