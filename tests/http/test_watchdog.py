"""The watchdog names the route that holds its worker, and says when it ends; nobody else is named."""
import os
import signal

import pytest

import apps
from server import Server, wait_until
from wire import Conn, request


@pytest.fixture(params=[1, 3], ids=["1-worker", "3-workers"])
def server(request):
    with Server(apps.build("blocking"), workers=request.param) as running:
        yield running


def fetch(server, path):
    with Conn(server) as conn:
        conn.send(request("GET", path))
        assert conn.read().status == 200


@pytest.mark.parametrize("path", ["/spin", "/nap", "/deep"])
def test_route_that_holds_its_worker_is_named(server, path):
    fetch(server, path)
    wait_until(lambda: "gave worker" in server.stderr())
    said = server.stderr()
    # twice where the machine is so busy that it lasted for more than a second
    assert said.count(" has blocked worker ") in (1, 2) and said.count(" gave worker ") == 1, said
    assert f"GET {path} (" in said and "blocking.c:" in said and "use garm_offload" in said, said


def test_route_that_parks_is_not_named(server):
    fetch(server, "/park")
    assert "blocked" not in server.stderr()


def test_process_that_was_stopped_names_nobody(server):
    with Conn(server) as conn:
        conn.send(request("GET", "/park"))
        os.kill(server.pid, signal.SIGSTOP)
        with pytest.raises(TimeoutError):
            conn.sock.settimeout(0.6)
            conn.sock.recv(1, 2)  # MSG_PEEK: nothing comes while it stands still
        os.kill(server.pid, signal.SIGCONT)
        conn.sock.settimeout(10)
        assert conn.read().status == 200
    assert "blocked" not in server.stderr()
