"""examples/embed: a daemon that counts the lines of its standard input, and serves inside its own poll loop."""
import json
import os
import subprocess
import threading

import pytest

from server import ALARMS, LISTENING, address_of, environment, program, wait_until
from wire import Conn, ask, request


class Daemon:
    """The program, with a pipe to its standard input."""

    def __init__(self):
        self.process = subprocess.Popen([program("embed"), "127.0.0.1:0"], env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        line = self.process.stdout.readline().decode()
        assert LISTENING.fullmatch(line), line
        self.address = address_of(LISTENING.fullmatch(line)[1])

    def feed(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def lines(self):
        answer = ask(self)
        assert answer.status == 200 and answer.get("Content-Type").startswith("application/json")
        return json.loads(answer.body)["lines"]

    def finish(self):
        """The end of its input is its end."""
        self.process.stdin.close()
        self.check_end()

    def check_end(self):
        code, said = self.process.wait(20), self.process.stderr.read().decode()
        assert not any(alarm in said for alarm in ALARMS), said
        assert code == 0, said


@pytest.fixture
def daemon():
    running = Daemon()
    try:
        yield running
        if running.process.poll() is None:
            running.finish()
    finally:
        running.process.kill()
        running.process.wait()
        running.process.stdout.close()
        running.process.stderr.close()


def test_daemon_does_both_its_works(daemon):
    assert daemon.lines() == 0
    daemon.feed(b"one\ntwo\nthree\n")
    wait_until(lambda: daemon.lines() == 3)
    daemon.feed(b"four\n" * 1000)
    wait_until(lambda: daemon.lines() == 1003)


def test_daemon_serves_pipelined_and_parallel_clients(daemon):
    failures = []

    def client():
        try:
            with Conn(daemon) as conn:
                for _ in range(20):
                    conn.send(request() * 10)
                    assert all(conn.read().status == 200 for _ in range(10))
        except BaseException as error:
            failures.append(error)
    threads = [threading.Thread(target=client) for _ in range(8)]
    for thread in threads:
        thread.start()
    daemon.feed(b"line\n" * 5000)
    for thread in threads:
        thread.join()
    assert not failures
    wait_until(lambda: daemon.lines() == 5000)


def test_daemon_answers_what_is_asked_before_its_input_ends(daemon):
    with Conn(daemon) as conn:
        assert conn.ask().status == 200
        conn.send(request())
        daemon.process.stdin.close()
        assert conn.read().status == 200
        conn.expect_end()
    daemon.check_end()


def test_idle_daemon_uses_no_cpu(daemon):
    """A descriptor that is always readable would make the caller's loop spin."""
    with Conn(daemon) as conn:
        assert conn.ask().status == 200
        before = cpu_ticks(daemon.process.pid)
        assert conn.at_rest(1.0)
        assert cpu_ticks(daemon.process.pid) - before <= 0.2 * os.sysconf("SC_CLK_TCK")
        assert conn.ask().status == 200


def cpu_ticks(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_malformed_request_does_not_end_the_daemon(daemon):
    with Conn(daemon) as conn:
        answer = conn.send(b"BAD\r\n\r\n").read()
        assert answer.status == 400 and answer.closes
        conn.expect_end()
    assert daemon.lines() == 0


def test_bad_address_is_refused_with_one_line():
    done = subprocess.run([program("embed"), "nowhere"], env=environment(), stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20, check=False)
    assert done.returncode == 2 and done.stdout == ""
    assert "nowhere" in done.stderr and done.stderr.count("\n") == 1
