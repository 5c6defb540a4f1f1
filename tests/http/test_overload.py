"""Overload control: what one worker does when three times as much is asked of it as it can do, with the control and without; and that
nothing is refused but then. What is compared is work per second of CPU, which other programs on the machine do not change."""
import os
import signal
import socket
import time

import pytest

import apps
import server
from crowd import Crowd, raise_descriptor_limit
from open_loop import OpenLoop, quantile, served
from server import Server, wait_until
from wire import Conn, request

RATE = 500 # of 2 ms each: what one worker can do at best
SECONDS = 6
SLOWED = pytest.mark.skipif(apps.cached("GARM_SANITIZE") == "thread", reason="ThreadSanitizer makes quick requests slow")


def overload(*args, build=None):
    return Server(apps.build("overload", *([build] if build else [])), *args)


def flood(running, times, seconds=SECONDS):
    """The calls of an overload that has begun before, and how many CPU seconds the server has spent. Clients that paused for 100 ms let the
    overload end, and send a burst instead: that shows something else, and they begin anew."""
    for _ in range(3):
        with OpenLoop(running.address, {"/work": RATE * times, "/always": 50}) as clients:
            clients.run(1.5)
            before = running.cpu_seconds()
            calls = clients.run(seconds)
            cpu = running.cpu_seconds() - before
        if clients.late < 0.1:
            break
    return calls, cpu


def report(name, calls, cpu):
    work, health = served(calls, "/work"), served(calls, "/always")
    refused = sum(call.status == 503 for call in calls)
    lost = sum(call.status == 0 for call in calls)
    p99 = f"{quantile(work, 0.99) * 1000:.0f} ms" if work else "-"
    print(f"{name}: {len(work)} useful in {cpu:.2f} s of CPU ({len(work) / cpu:.0f}/s), p99 {p99}, refused {refused}, given up {lost}, "
          f"health {len(health)} of {sum(call.kind == '/always' for call in calls)}, "
          f"p99 {quantile(health, 0.99) * 1000 if health else -1:.0f} ms")
    return len(work) / cpu


@pytest.mark.scale
def test_three_times_the_load_costs_less_than_a_tenth_of_the_work():
    with overload(build=server.RELEASE) as running:
        with OpenLoop(running.address, {"/work": RATE * 0.7}, patience=5) as clients:
            before = running.cpu_seconds()
            calls = clients.run(3)
            peak = report("peak", [*calls], running.cpu_seconds() - before)
            assert not any(call.status == 503 for call in calls) or quantile(calls, 0.9) > 0.04, "refused without need"
        calls, cpu = flood(running, 3)
        assert report("overloaded", calls, cpu) >= 0.9 * peak
        work = served(calls, "/work")
        assert quantile(work, 0.99) < 0.2
        health = [call for call in calls if call.kind == "/always"]
        assert all(call.status == 200 for call in health), "health was refused, or late"
        assert quantile(health, 0.9) < 0.05
        assert sum(call.status == 0 for call in calls) < len(calls) / 50, "clients had to give up"
        assert "is overloaded" in running.stderr()
        with Conn(running) as conn:
            wait_until(lambda: conn.ask("GET", "/work").status == 200, what="it stays overloaded")


@pytest.mark.scale
def test_without_the_control_the_same_load_is_a_collapse():
    with overload("--control", "off", build=server.RELEASE) as running:
        calls, cpu = flood(running, 3)
        assert report("without", calls, cpu) < 0.5 * RATE
        assert not any(call.status == 503 for call in calls)


@SLOWED
def test_a_refusal_says_when_to_come_back_and_only_quick_middleware_runs():
    with overload() as running, OpenLoop(running.address, {"/work": 2000}, patience=2) as clients:
        refusals = [call for call in clients.run(2) if call.status == 503]
        assert refusals, "nothing was refused"
        for call in refusals:
            assert b"\r\nRetry-After: 1\r\n" in call.data and b"\r\nX-Counted: yes\r\n" in call.data and b"\r\nX-Request-Id: " in call.data
            assert b"X-Checked" not in call.data and b'"status":503' in call.data
        with Conn(running) as conn:
            page = conn.ask("GET", "/metrics").body.decode()
            assert f'garm_overload_refused_total {len(refusals)}' in page
            assert f'route="GET /work",method="GET",status="503"' in page


@SLOWED
def test_sleeping_handlers_bursts_and_a_stopped_process_are_no_overload():
    assert raise_descriptor_limit(3000), "the limit on open files is too low for this test (ulimit -Hn)"
    with overload() as running:
        with Crowd(running.address, 1000) as crowd:
            for _ in range(3):
                for member in crowd.members:
                    crowd.send(member, request("GET", "/rest"))
                crowd.run_until(crowd.answered)
            os.kill(running.pid, signal.SIGSTOP)
            for member in crowd.members:
                crowd.send(member, request("GET", "/quick"))
            crowd.grow(1000)
            for member in crowd.members[1000:]:
                crowd.send(member, request("GET", "/quick"))
            time.sleep(1)
            os.kill(running.pid, signal.SIGCONT)
            crowd.run_until(crowd.answered)
            assert all(answer.status == 200 for member in crowd.members for answer in member.answers)


def test_a_drain_refuses_nobody():
    with overload() as running:
        with Crowd(running.address, 200) as crowd:
            os.kill(running.pid, signal.SIGSTOP)
            for member in crowd.members:
                crowd.send(member, request("GET", "/work"))
            running.term()
            os.kill(running.pid, signal.SIGCONT)
            crowd.run_until(crowd.all_ended, what="the connections did not end")
            assert all(member.answers[-1].status == 200 for member in crowd.members)
        running.check_end()


def test_impossible_options_stop_the_start():
    with pytest.raises(AssertionError, match="no `listening on` line|it ended"):
        overload("--control")
