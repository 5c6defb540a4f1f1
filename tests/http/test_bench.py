"""examples/bench: TechEmpower's plaintext and json, by the rules of its wiki."""
import json

import pytest

from wire import Conn, ask, request


@pytest.fixture(params=["/plaintext", "/json"])
def target(request):
    return request.param


def test_plaintext_is_as_the_rules_want_it(bench):
    answer = ask(bench, "GET", "/plaintext")
    assert answer.status == 200
    assert answer.body == b"Hello, World!"
    assert answer.get("Content-Type").split(";")[0] == "text/plain"


def test_json_is_as_the_rules_want_it(bench):
    answer = ask(bench, "GET", "/json")
    assert answer.status == 200
    assert json.loads(answer.body) == {"message": "Hello, World!"}
    assert answer.get("Content-Type").split(";")[0] == "application/json"


def test_answers_carry_server_date_and_a_length(bench, target):
    answer = ask(bench, "GET", target)
    assert answer.get("Server") and answer.get("Date")
    assert answer.length == len(answer.body)


def test_answers_are_not_compressed_and_set_no_cookie(bench, target):
    answer = ask(bench, "GET", target, [("Accept-Encoding", "gzip, br")])
    assert answer.get("Content-Encoding") is None and not answer.all("Set-Cookie")


def test_sixteen_pipelined_requests_are_answered_in_order(bench):
    with Conn(bench) as conn:
        for _ in range(20):
            conn.send(b"".join(request("GET", "/json" if i % 3 else "/plaintext") for i in range(16)))
            for i in range(16):
                assert (conn.read().body == b"Hello, World!") == (i % 3 == 0)


def test_browser_sized_request_is_answered(bench, target):
    fields = [("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
              ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"),
              ("Accept-Language", "en-US,en;q=0.5"), ("Accept-Encoding", "gzip, deflate, br, zstd"), ("Connection", "keep-alive"),
              ("Cookie", "session=" + "0123456789abcdef" * 8), ("Upgrade-Insecure-Requests", "1"), ("Sec-Fetch-Dest", "document"),
              ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Site", "none"), ("Priority", "u=0, i"), ("Pragma", "no-cache")]
    with Conn(bench) as conn:
        for _ in range(10):
            assert conn.ask("GET", target, fields).status == 200
