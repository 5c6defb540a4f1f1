"""Signals while a program does not serve, before and after: they end it at once, as if it knew nothing of them."""
import os
import signal
import subprocess

import pytest

import apps
from server import Server, environment, wait_until
from wire import Conn, request


def ended_by(number):
    """The codes of a process that a signal has ended; ThreadSanitizer holds signals back, and it ends itself as a shell would."""
    return (-number, 128 + number)


@pytest.fixture
def fifo(tmp_path):
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return str(path)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("where", ["set-up", "start", "worker"])
def test_signal_ends_a_start_that_blocks(where, number, fifo, tmp_path):
    said = tmp_path / "said"
    command = [apps.build("early"), "--listen", "127.0.0.1:0", "--workers", "1", "--block", where, "--fifo", fifo]
    with open(said, "wb") as errors, subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=errors) as process:
        wait_until(lambda: said.read_text() == "blocks\n")
        process.send_signal(number)
        assert process.wait(10) in ended_by(number)
        assert process.stdout.read() == b""


def test_signal_ends_a_stop_hook_that_blocks(fifo):
    with Server(apps.build("early"), "--block", "stop", "--fifo", fifo) as server:
        server.term()
        wait_until(lambda: server.stderr() == "blocks\n")
        server.term()
        server.ended = True
        assert server.wait(10) in ended_by(signal.SIGTERM)


@pytest.mark.parametrize("workers", [1, 3])
def test_thread_of_the_application_passes_the_signal_on(workers):
    with Server(apps.build("early"), workers=workers) as server, Conn(server) as conn:
        conn.send(request("GET", "/after"))
        assert conn.at_rest()
        server.term()
        assert conn.read().body == b"waited\n"
        server.check_end(10)


def test_log_that_nobody_reads_is_refused(fifo):
    command = [apps.build("slow"), "--listen", "127.0.0.1:0", "--access-log", fifo]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 2 and done.stdout == ""
    assert f"{fifo} cannot be opened for appending: nobody reads from it" in done.stderr and done.stderr.count("\n") == 1


def test_log_into_a_fifo_that_is_read_gets_its_lines(fifo):
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with Server(apps.build("slow"), "--access-log", fifo) as server, Conn(server) as conn:
            conn.send(request("GET", "/after/1"))
            assert conn.read().status == 200
        assert b"/after/1" in os.read(reader, 4096)
    finally:
        os.close(reader)
