"""Sessions, keys and caches with several workers: what one of them has kept the others know."""
import concurrent.futures
import os

import pytest

import apps
from server import Server, wait_until
from wire import Conn

ONE = "one_" + "0123456789abcdef" * 2
TWO = "two_" + "0123456789abcdef" * 2


@pytest.fixture
def secrets(tmp_path):
    path = tmp_path / "secrets"
    path.write_text(ONE + "\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def site(secrets):
    with Server(apps.build("state"), "--secrets", str(secrets), workers=3) as running:
        yield running


def ask(site, method, target, cookie=""):
    """(body, cookie) over a connection of its own, so that any worker may get it."""
    with Conn(site) as conn:
        answer = conn.ask(method, target, [("Cookie", cookie)] if cookie else [])
        assert answer.status == 200, answer
        fresh = answer.all("Set-Cookie")
        return answer.body.decode(), fresh[0].decode().split(";")[0] if fresh else cookie


def together(count, work):
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


def test_every_worker_knows_the_session(site):
    cookie = ""
    for i in range(60):
        body, cookie = ask(site, "POST", "/count/n", cookie)
        assert body == str(i + 1)


def test_requests_at_once_change_different_names_without_harm(site):
    _, cookie = ask(site, "POST", "/count/first")

    def work(i):
        for _ in range(20):
            ask(site, "POST", f"/count/n{i}", cookie)

    together(8, work)
    assert [ask(site, "GET", f"/get/n{i}", cookie)[0] for i in range(8)] == ["20"] * 8


def test_slow_requests_keep_what_faster_ones_saved(site):
    _, cookie = ask(site, "POST", "/count/first")
    together(6, lambda i: ask(site, "POST", f"/slow/n{i}", cookie))
    assert [ask(site, "GET", f"/get/n{i}", cookie)[0] for i in range(6)] == ["slow"] * 6


def test_an_ended_session_does_not_come_back(site):
    _, cookie = ask(site, "POST", "/count/first")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        slow = pool.submit(ask, site, "POST", "/slow/late", cookie)
        wait_until(lambda: site.connection_count() > 0)
        ask(site, "POST", "/end", cookie)
        slow.result()
    assert ask(site, "GET", "/get/first", cookie)[0] == ""


def test_many_sessions_at_once(site):
    def work(i):
        cookie = ""
        for n in range(30):
            body, cookie = ask(site, "POST", f"/count/n{i}", cookie)
            assert body == str(n + 1)

    together(8, work)


def test_keys_rotate_without_a_restart(site, secrets):
    _, cookie = ask(site, "POST", "/sign")
    _, session = ask(site, "POST", "/count/n")
    fresh = secrets.with_suffix(".new")
    fresh.write_text(f"{TWO}\n{ONE}\n")
    fresh.chmod(0o600)
    os.rename(fresh, secrets)
    wait_until(lambda: "2 keys taken" in site.stderr())
    _, newer = ask(site, "POST", "/sign")
    assert ask(site, "GET", "/check", cookie)[0] == "value"
    assert ask(site, "GET", "/check", newer)[0] == "value"
    _, session = ask(site, "POST", "/count/n", session)
    secrets.write_text(TWO + "\n")
    wait_until(lambda: "1 keys taken" in site.stderr())
    assert ask(site, "GET", "/check", cookie)[0] == ""
    assert ask(site, "GET", "/check", newer)[0] == "value"
    assert ask(site, "POST", "/count/n", session)[0] == "3"
    secrets.write_text("short\n")
    wait_until(lambda: "the old keys stay: the secret in line 1 has 5 bytes" in site.stderr())
    assert ask(site, "GET", "/check", newer)[0] == "value"


def test_insecure_keys_are_warned_of_once(site):
    assert site.stderr().count("for development only") == 1


def test_caches_of_several_workers(site):
    def work(i):
        for n in range(20):
            assert ask(site, "GET", f"/cached/{(i + n) % 15}")[0] == "made"

    together(8, work)
