"""Health as those outside see it, above all in a stop: readiness fails first, and serving goes on meanwhile; and a limit that three workers
share."""
import time

import pytest

import apps
from server import Server, wait_until
from wire import Conn, request


def health(*args, **options):
    return Server(apps.build("health"), *args, **options)


def ready(server):
    with Conn(server) as conn:
        return conn.ask("GET", "/readyz")


@pytest.mark.parametrize("workers", [1, 3])
def test_readiness_fails_first_on_a_stop_and_serving_goes_on(workers):
    with health("--drain-delay", "1500ms", workers=workers) as server, Conn(server) as old:
        assert ready(server).status == 200
        begin = time.monotonic()
        server.term()
        wait_until(lambda: ready(server).status == 503, 1, "readiness does not fail")
        answer = ready(server)
        assert b'"status":"stopping"' in answer.body and b'"file":"ok"' in answer.body
        while time.monotonic() - begin < 1:
            answer = old.ask("GET", "/")
            assert answer.status == 200 and not answer.closes
            with Conn(server) as new:
                assert new.ask("GET", "/livez").status == 200
        old.expect_end()
        assert time.monotonic() - begin >= 1.4
        server.check_end(5)


def test_a_second_signal_ends_the_delay():
    with health("--drain-delay", "1h") as server:
        server.term()
        wait_until(lambda: ready(server).status == 503, what="readiness does not fail")
        begin = time.monotonic()
        server.term()
        server.check_end(5)
        assert time.monotonic() - begin < 3


def test_without_a_delay_a_stop_drains_at_once():
    with health() as server, Conn(server) as idle:
        assert idle.ask("GET", "/readyz").status == 200
        server.term()
        idle.expect_end()
        server.check_end(5)


def test_a_failing_check_is_named_until_it_passes(tmp_path):
    file = tmp_path / "there"
    with health("--wants", str(file)) as server:
        answer = ready(server)
        assert answer.status == 503 and answer.body == b'{"status":"failing","checks":{"file":"failed"}}'
        assert "No such file" in server.stderr()
        file.write_text("")
        assert ready(server).status == 200


@pytest.mark.parametrize("delay", ["-1s", "2h", "soon"])
def test_an_impossible_delay_stops_the_start(delay):
    with pytest.raises(AssertionError, match="drain-delay"):
        health(f"--drain-delay={delay}")


def test_three_workers_share_one_limit_exactly():
    with health(workers=3) as server:
        begin = time.monotonic()
        statuses = []
        for _ in range(30):
            with Conn(server) as conn:
                conn.send(request("GET", "/limited/") * 50)
                statuses += [conn.read().status for _ in range(50)]
        granted, seconds = statuses.count(200), time.monotonic() - begin
        assert set(statuses) == {200, 429}
        assert 1000 <= granted <= 1000 + seconds + 1
