"""garm_metrics against real clients: promtool, an OpenMetrics parser, ab's own counts, and Prometheus itself.
GARM_METRICS_REQUESTS says how many requests are counted (20,000 unless it is set)."""
import json
import os
import re
import signal
import socket
import subprocess
import threading
import urllib.parse
import urllib.request

import pytest
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client import parser as prometheus_text

import apps
from server import Server, wait_until
from wire import Conn, ask

REQUESTS = int(os.environ.get("GARM_METRICS_REQUESTS", "20000"))
OPEN = [("Accept", "application/openmetrics-text; version=1.0.0")]


@pytest.fixture
def counted():
    """A server of its own for each test, for its counts."""
    with Server("bench", "--metrics", "/metrics", workers=2) as running:
        yield running


def page(server, fields=()):
    answer = ask(server, "GET", "/metrics", list(fields))
    assert answer.status == 200
    return answer.body.decode()


def samples(text, parse=prometheus_text.text_string_to_metric_families):
    """{(name, frozenset of labels): value}"""
    found = {}
    for family in parse(text):
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in found, f"twice: {key}"
            found[key] = sample.value
    return found


def value(found, name, **labels):
    return found.get((name, frozenset(labels.items())), 0)


def requests(found, route, method="GET", status="200"):
    return value(found, "garm_http_requests_total", route=route, method=method, status=status)


def load(server, count, target="/plaintext"):
    """Sends so many requests, and is sure that all were answered."""
    out = subprocess.run(["ab", "-q", "-k", "-c", "16", "-n", str(count), server.url + target], check=True, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=600).stdout
    assert re.search(rf"Complete requests:\s+{count}\n", out) and re.search(r"Failed requests:\s+0\n", out), out


def some_of_each(server):
    with Conn(server) as conn:
        for method, target in [("GET", "/json"), ("HEAD", "/plaintext"), ("POST", "/json"), ("BREW", "/x"), ("GET", "/nope")]:
            conn.ask(method, target)


def test_promtool_finds_nothing(counted):
    some_of_each(counted)
    page(counted)
    done = subprocess.run(["promtool", "check", "metrics"], input=page(counted), text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")


def test_a_strict_parser_takes_openmetrics(counted):
    some_of_each(counted)
    text = page(counted, OPEN)
    assert text.endswith("\n# EOF\n")
    found = samples(text, openmetrics.text_string_to_metric_families)
    assert requests(found, "GET /json") == 1
    assert requests(found, "GET /plaintext", "HEAD") == 1
    assert requests(found, "none", "POST", "405") == 1
    assert requests(found, "none", "other", "501") == 1
    assert requests(found, "none", "GET", "404") == 1


def test_both_formats_tell_the_same(counted):
    some_of_each(counted)
    steady = re.compile(r"garm_http_(requests|response|request_duration).*(?<!_sum)$")
    plain = samples(page(counted))
    opened = samples(page(counted, OPEN), openmetrics.text_string_to_metric_families)
    for name, labels in plain:
        if steady.match(name) and ("route", "/metrics") not in labels:
            assert opened[name, labels] == plain[name, labels], (name, labels)


def test_counts_equal_the_clients_own(counted):
    load(counted, REQUESTS)
    some_of_each(counted)
    for nth in range(1, 9): # each on a connection of its own, so on either worker
        found = samples(page(counted))
        assert requests(found, "GET /plaintext") == REQUESTS
        assert requests(found, "/metrics") == nth - 1
        assert value(found, "garm_http_request_duration_seconds_count", route="GET /plaintext") == REQUESTS + 1 # with HEAD
        assert value(found, "garm_http_response_body_bytes_total", route="GET /plaintext") == 13 * REQUESTS
        assert value(found, "garm_http_requests_in_flight") == 1
        assert value(found, "garm_workers") == 2


def test_who_has_the_answer_finds_it_counted(counted):
    conns = [Conn(counted) for _ in range(8)]
    for nth in range(1, 201):
        conns[nth % 8].ask("GET", "/plaintext")
        answer = conns[(nth + 1) % 8].ask("GET", "/metrics")
        assert requests(samples(answer.body.decode()), "GET /plaintext") == nth
    for conn in conns:
        conn.close()


def test_large_answers_are_counted_before_they_are_read():
    with Server(apps.build("counting"), workers=2) as counting:
        conns = [Conn(counting) for _ in range(4)]
        for nth in range(1, 41):
            assert len(conns[nth % 4].ask("GET", "/big").body) == 300000
            answer = conns[(nth + 1) % 4].ask("GET", "/metrics")
            assert requests(samples(answer.body.decode()), "GET /big") == nth
        for conn in conns:
            conn.close()


def test_own_metrics_are_summed_over_workers():
    with Server(apps.build("counting"), workers=3) as counting:
        threads = [threading.Thread(target=lambda n=n: [ask(counting, "GET", f"/hit/{n}") for _ in range(40)]) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for n in range(4, 24):
            ask(counting, "GET", f"/hit/{n}")
        text = page(counting, OPEN)
    found = samples(text, openmetrics.text_string_to_metric_families)
    assert value(found, "test_hits_total", kind="even") == 90 and value(found, "test_hits_total", kind="odd") == 90
    assert value(found, "test_level") == 180
    assert value(found, "test_size_bytes_bucket", le="10.0") == 167
    assert value(found, "test_size_bytes_bucket", le="+Inf") == value(found, "test_size_bytes_count") == 180
    assert value(found, "test_size_bytes_sum") == 40 * (0 + 1 + 2 + 3) + sum(range(4, 24))
    assert [value(found, "test_few_total", n=str(n)) for n in range(6)] == [40, 40, 40, 40, 1, 0]
    assert value(found, "test_few_total", n="_other_") == 19


def test_connections_are_told_by_their_state(counted):
    idle = [Conn(counted) for _ in range(5)]
    for conn in idle:
        conn.ask("GET", "/plaintext")
    partial = Conn(counted)
    partial.send(b"GET /plain")

    def as_expected():
        found = samples(page(counted))
        states = {state: value(found, "garm_connections", state=state) for state in ("idle", "active", "closing")}
        return states == {"idle": 5, "active": 2, "closing": 0} and found # the other active one reads this page
    found = wait_until(as_expected)
    assert value(found, "garm_connections_accepted_total") >= 7
    for conn in [*idle, partial]:
        conn.close()


def test_requests_that_do_not_parse_are_refused(counted):
    with Conn(counted) as conn:
        conn.send(b"GET nonsense\r\n\r\n")
        assert conn.read().status == 400
    assert value(samples(page(counted)), "garm_http_requests_refused_total") == 1


def test_listeners_tell_of_their_queues(counted):
    found = samples(page(counted))
    assert value(found, "garm_listen_queue_limit", listener=counted.url) >= 2
    assert value(found, "garm_listen_queue", listener=counted.url) == 0
    assert found["garm_listen_drops_total", frozenset({("listener", counted.url)})] == 0


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def prometheus(counted, tmp_path):
    """Prometheus, which scrapes the server each second; a function that asks it for the value of an expression."""
    config = tmp_path / "prometheus.yml"
    config.write_text("scrape_configs:\n- job_name: garm\n  scrape_interval: 1s\n  static_configs:\n"
                      f"  - targets: ['127.0.0.1:{counted.port}']\n")
    port = free_port()
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(["prometheus", f"--config.file={config}", f"--storage.tsdb.path={tmp_path}/data",
                                    f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"],
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def query(expression):
        url = f"http://127.0.0.1:{port}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                result = json.load(answer)["data"]["result"]
        except OSError: # it does not listen yet
            assert process.poll() is None, (tmp_path / "log").read_text()
            return None
        return float(result[0]["value"][1]) if result else None
    yield query
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def test_prometheus_scrapes_the_counts(counted, prometheus):
    load(counted, 1000)
    some_of_each(counted)
    wait_until(lambda: prometheus('sum(garm_http_requests_total{route="GET /plaintext",status="200"})') == 1001, 60)
    assert prometheus('garm_http_requests_total{route="none",method="other",status="501"}') == 1
    assert prometheus('garm_http_request_duration_seconds_count{route="GET /plaintext"}') == 1001
    assert prometheus('garm_http_request_duration_seconds_bucket{route="GET /json",le="+Inf"}') == 1
    assert prometheus("up") == 1
    assert prometheus("garm_workers") == 2
    assert prometheus("process_start_time_seconds") > 1.7e9
    wait_until(lambda: (prometheus('garm_http_requests_total{route="/metrics"}') or 0) >= 2, 60)
