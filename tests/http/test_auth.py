"""Passwords over real sockets and threads: who comes in, what a crowd of guessers costs others, and what curl says."""
import base64
import subprocess
import threading
import time

import pytest

import apps
from server import Server
from wire import Conn, request


@pytest.fixture(params=[1, 3], ids=["1-worker", "3-workers"])
def server(request):
    with Server(apps.build("auth"), workers=request.param) as running:
        yield running


def basic(user, password):
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    return [("Authorization", f"Basic {pair}")]


def ask(server, method="GET", path="/secret/", fields=()):
    with Conn(server) as conn:
        conn.send(request(method, path, fields))
        return conn.read()


def test_password_opens_and_another_does_not(server):
    assert ask(server).status == 401
    for _ in range(3):
        answer = ask(server, fields=basic("ada", "lovelace"))
        assert (answer.status, answer.body) == (200, b"ada\n")
        assert ask(server, fields=basic("ada", "Lovelace")).status == 401
        assert ask(server, fields=basic("eve", "lovelace")).status == 401


def test_pair_that_was_right_is_not_hashed_again(server):
    assert ask(server, fields=basic("ada", "lovelace")).status == 200
    begin = server.cpu_seconds()
    for _ in range(20):
        assert ask(server, fields=basic("ada", "lovelace")).status == 200
    assert server.cpu_seconds() - begin < 0.5  # twenty hashes would take a second and more


def test_crowd_of_guessers_holds_nobody_else_up(server):
    statuses = []

    def guess(number):
        statuses.append(ask(server, fields=basic("ada", f"guess {number}")).status)

    assert ask(server, fields=basic("ada", "lovelace")).status == 200
    crowd = [threading.Thread(target=guess, args=(number,)) for number in range(24)]
    for thread in crowd:
        thread.start()
    slowest, peak = 0, 0
    while any(thread.is_alive() for thread in crowd):
        begin = time.monotonic()
        assert ask(server, path="/open").status == 200
        assert ask(server, fields=basic("ada", "lovelace")).status == 200
        slowest = max(slowest, time.monotonic() - begin)
        peak = max(peak, server.resident_bytes())
    for thread in crowd:
        thread.join()
    assert set(statuses) <= {401, 503} and 401 in statuses, statuses
    assert slowest < 1
    assert peak < 5 * 64 * 1024 * 1024 + 128 * 1024 * 1024
    assert ask(server, fields=basic("ada", "lovelace")).status == 200


def test_hash_that_was_made_is_the_usual_one(server):
    answer = ask(server, "POST", "/hash?password=lovelace")
    assert answer.status == 200 and answer.body.startswith(b"$argon2id$v=19$m=65536,t=2,p=1$")


def test_curl_gets_in(server):
    def curl(*args):
        done = subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", *args, f"{server.url}/secret/"],
                              stdout=subprocess.PIPE, text=True, check=True)
        return done.stdout

    assert curl("-u", "ada:lovelace") == "200"
    assert curl("--anyauth", "-u", "ada:lovelace") == "200"
    assert curl("-u", "ada:wrong") == "401"
