"""JSON bodies over real sockets: what Python's json writes comes back the same, and what is broken is answered with its place."""
import json

import pytest

import apps
from server import Server
from wire import Conn, chunked, request

JSON = ("Content-Type", "application/json")
PERSON = b'{"name": "Ada", "age": 36}'


@pytest.fixture(scope="module", params=[1, 2], ids=["1-worker", "2-workers"])
def site(request):
    with Server(apps.build("json"), workers=request.param) as running:
        yield running


def post(site, body, *fields, target="/person"):
    with Conn(site) as conn:
        return conn.ask("POST", target, fields or [JSON], body)


def problem(answer, status):
    assert answer.status == status, answer
    assert answer.get("Content-Type") == "application/problem+json"
    seen = json.loads(answer.body)
    assert seen["status"] == status
    return seen.get("detail")


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=UTF-8", "application/merge-patch+json"])
def test_json_is_taken_by_its_type(site, kind):
    seen = json.loads(post(site, PERSON, ("Content-Type", kind)).body)
    assert seen == {"name": "Ada", "age": 36, "all": {"name": "Ada", "age": 36}}


@pytest.mark.parametrize("fields", [[("Content-Type", "text/plain")], [("Content-Type", "application/x-www-form-urlencoded")],
                                    [("Content-Type", "application/json; charset=latin1")], [("X-No", "type")]])
def test_another_type_is_415(site, fields):
    assert problem(post(site, PERSON, *fields), 415) == "a body of Content-Type application/json is expected"


@pytest.mark.parametrize("body, line, column", [
    (b"", 1, 1), (b'{"a": 1', 1, 8), (b'{"a": 1,\n "b" 2}', 2, 6), (b"[1, 2\r\n,\r\n}", 3, 1), (b'"\xff"', 1, 2), (b'["\\ud800"]', 1, 3),
    (b"\xef\xbb\xbf{}", 1, 1), (b"{} {}", 1, 4), (b"[01]", 1, 2), (b"[1e400]", 1, 2), (b"[" * 100000, 1, 129)])
def test_broken_json_is_400_with_its_place(site, body, line, column):
    detail = problem(post(site, body, target="/echo"), 400)
    assert detail.startswith(f"line {line}, column {column}: "), detail


@pytest.mark.parametrize("body, detail", [
    (b'{"age": 36}', "/name is missing: a string is expected"),
    (b'{"name": 1, "age": 36}', "/name is a number: a string is expected"),
    (b'{"name": "Ada", "age": "36"}', "/age is a string: a whole number is expected"),
    (b'{"name": "Ada", "age": 36.5}', "/age is a number: a whole number is expected"),
    (b'{"name": "Ada", "age": 18446744073709551615}', "/age does not fit: a whole number of 64 bits with a sign is expected"),
    (b"[]", "/name is missing: a string is expected")])
def test_a_member_that_is_not_as_expected_is_400_with_its_pointer(site, body, detail):
    assert problem(post(site, body), 400) == detail


def test_a_body_past_the_routes_limit_is_413(site):
    assert problem(post(site, b'{"name": "' + b"x" * 1000 + b'"}'), 413)
    with Conn(site) as conn:
        conn.send(request("POST", "/person", [JSON, ("Transfer-Encoding", "chunked")]) + chunked(b" " * 600, b" " * 600))
        assert conn.read("POST").status == 413


def test_a_connection_goes_on_behind_a_broken_text(site):
    with Conn(site) as conn:
        for _ in range(3):
            assert conn.ask("POST", "/person", [JSON], b"{").status == 400
            assert conn.ask("POST", "/person", [JSON], PERSON).status == 200


VALUES = [None, True, False, 0, -1, 2**63 - 1, -2**63, 2**64 - 1, 0.1, -1.5e-300, 5e-324, 1.7976931348623157e308, "", "é€😀\0\"\\/\b\f\n\r\t\x1f\x7f",
          [], {}, [[[]]], {"": {"a": [1, {"b": None}]}}, {"k": "v" * 100000}, list(range(5000)), {f"k{i}": i for i in range(1000)}]


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_what_a_client_writes_comes_back_the_same(site, value, ascii_only):
    answer = post(site, json.dumps(value, ensure_ascii=ascii_only, indent=1).encode(), target="/echo")
    assert answer.status == 200 and answer.get("Content-Type") == "application/json"
    back = json.loads(answer.body)
    assert back == value and type(back) is type(value)


@pytest.mark.parametrize("text", ["0", "101", "x", "1.5", "", "99999999999999999999"])
def test_a_bad_number_in_the_query_is_400_that_names_it(site, text):
    with Conn(site) as conn:
        assert problem(conn.ask("GET", f"/page?page={text}"), 400) == 'the query parameter "page" must be a whole number from 1 to 100'
        assert json.loads(conn.ask("GET", "/page").body) == {"page": 1}
