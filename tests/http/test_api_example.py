"""examples/api: a JSON API behind tokens, with what stands around its handlers."""
import base64
import hashlib
import hmac
import json
import re
import time

import pytest

import server
from server import Server
from wire import Conn

SECRET = "0123456789abcdef" * 2
ORIGIN = "https://app.example"


@pytest.fixture(scope="module")
def api():
    with Server("api", "--secret", SECRET, "--origin", ORIGIN, workers=3) as running:
        yield running


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(sub, scope="read write", secret=SECRET, lifetime=60, **claims):
    head = encode(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    body = encode(json.dumps({"sub": sub, "scope": scope, "exp": int(time.time()) + lifetime, **claims}).encode())
    return f"{head}.{body}." + encode(hmac.digest(secret.encode(), f"{head}.{body}".encode(), hashlib.sha256))


def bearer(*args, **more):
    return ("Authorization", "Bearer " + token(*args, **more))


def ask(api, method, target, *fields, document=None):
    body = b"" if document is None else document if isinstance(document, bytes) else json.dumps(document).encode()
    more = [] if document is None else [("Content-Type", "application/json")]
    with Conn(api) as conn:
        return conn.ask(method, target, [*fields, *more], body)


def shown(answer, status=200):
    assert (answer.status, answer.get("Content-Type")) == (status, "application/json"), answer
    return json.loads(answer.body)


def test_notes_are_added_shown_changed_and_removed(api):
    me = bearer("test-life")
    answer = ask(api, "POST", "/v1/notes", me, document={"title": "milk \u20ac"})
    note = shown(answer, 201)
    assert note == {"id": note["id"], "title": "milk \u20ac", "done": False}
    where = f"/v1/notes/{note['id']}"
    assert answer.get("Location") == where
    assert shown(ask(api, "GET", where, me)) == note
    changed = {"id": note["id"], "title": "butter", "done": True}
    assert shown(ask(api, "PUT", where, me, document={"title": "butter", "done": True})) == changed
    assert shown(ask(api, "GET", where, me)) == changed
    assert ask(api, "DELETE", where, me).status == 204
    for method, document in (("GET", None), ("DELETE", None), ("PUT", {"title": "x"})):
        assert ask(api, method, where, me, document=document).status == 404


def test_notes_are_nobody_elses(api):
    where = ask(api, "POST", "/v1/notes", bearer("test-own"), document={"title": "mine"}).get("Location")
    eve = bearer("test-eve")
    for method, document in (("GET", None), ("DELETE", None), ("PUT", {"title": "x"})):
        assert ask(api, method, where, eve, document=document).status == 404
    assert shown(ask(api, "GET", "/v1/notes", eve)) == {"notes": [], "total": 0}
    assert shown(ask(api, "GET", where, bearer("test-own")))["title"] == "mine"


def test_pages(api):
    me = bearer("test-pages")
    ids = [shown(ask(api, "POST", "/v1/notes", me, document={"title": f"n{i}"}), 201)["id"] for i in range(5)]
    listed = shown(ask(api, "GET", "/v1/notes?offset=1&limit=2", me))
    assert listed["total"] == 5 and [note["id"] for note in listed["notes"]] == ids[1:3]
    assert len(shown(ask(api, "GET", "/v1/notes", me))["notes"]) == 5
    assert shown(ask(api, "GET", "/v1/notes?offset=5", me)) == {"notes": [], "total": 5}


@pytest.mark.parametrize("query, name", [("limit=0", "limit"), ("limit=101", "limit"), ("limit=x", "limit"), ("offset=-1", "offset"),
                                         ("offset=99999999999999999999", "offset"), ("limit=", "limit")])
def test_a_query_that_cannot_be_is_400_and_named(api, query, name):
    answer = ask(api, "GET", "/v1/notes?" + query, bearer("test-query"))
    assert answer.status == 400 and name.encode() in answer.body


@pytest.mark.parametrize("document, status, said", [
    (b"{", 400, b"line"), (b"", 400, b""), ({}, 400, b"/title"), ({"title": 7}, 400, b"/title"), ({"title": "a", "done": "yes"}, 400, b"/done"),
    ({"title": "a\0b"}, 400, b"/title"), ({"title": ""}, 422, b"/title"), ({"title": 201 * "x"}, 422, b"/title"), ([], 400, b"/title"),
    ({"title": 17000 * "x"}, 413, b"")])
def test_documents_that_cannot_be_are_refused_with_the_place(api, document, status, said):
    answer = ask(api, "POST", "/v1/notes", bearer(f"test-bad-{status}"), document=document)
    assert answer.status == status and said in answer.body, answer.body


def test_another_type_is_415(api):
    with Conn(api) as conn:
        answer = conn.ask("POST", "/v1/notes", [bearer("test-type"), ("Content-Type", "text/plain")], b'{"title": "a"}')
        assert answer.status == 415


@pytest.mark.parametrize("credentials, said", [
    ([], None), ([("Authorization", "Basic YTpi")], None), ([bearer("a", secret="x" * 32)], "invalid_token"),
    ([bearer("a", lifetime=-3600)], "invalid_token"), ([bearer("a", aud="other")], "invalid_token")])
def test_without_a_good_token_it_is_401(api, credentials, said):
    answer = ask(api, "GET", "/v1/notes", *credentials)
    assert answer.status == 401 and answer.get("WWW-Authenticate").startswith('Bearer realm="notes"')
    assert said is None or f'error="{said}"' in answer.get("WWW-Authenticate")


def test_a_scope_that_lacks_writing_is_403(api):
    for scope in ("read", "", "writer read", "read:write"):
        me = bearer("test-scope", scope=scope)
        assert ask(api, "GET", "/v1/notes", me).status == 200
        answer = ask(api, "POST", "/v1/notes", me, document={"title": "a"})
        assert answer.status == 403 and "insufficient_scope" in answer.get("WWW-Authenticate")


def test_a_token_without_an_owner_is_403(api):
    for sub in ("", 65 * "x"):
        assert ask(api, "GET", "/v1/notes", bearer(sub)).status == 403


def test_who_asks_too_often_is_429_and_others_are_not(api):
    me = bearer("test-often")
    with Conn(api) as conn:
        for _ in range(1000):
            answer = conn.ask("GET", "/v1/notes", [me], b"")
            if answer.status != 200:
                break
    assert answer.status == 429 and int(answer.get("Retry-After")) >= 1
    assert ask(api, "GET", "/v1/notes", bearer("test-seldom")).status == 200


def test_who_has_the_list_already_gets_304(api):
    me = bearer("test-etag")
    first = ask(api, "GET", "/v1/notes", me)
    known = ("If-None-Match", first.get("ETag"))
    assert ask(api, "GET", "/v1/notes", me, known).status == 304
    ask(api, "POST", "/v1/notes", me, document={"title": "new"})
    assert ask(api, "GET", "/v1/notes", me, known).status == 200


def test_pages_of_the_origin_may_call_and_others_may_not(api):
    preflight = [("Access-Control-Request-Method", "PUT"), ("Access-Control-Request-Headers", "authorization,content-type")]
    answer = ask(api, "OPTIONS", "/v1/notes/1", ("Origin", ORIGIN), *preflight)
    assert (answer.status, answer.get("Access-Control-Allow-Origin")) == (204, ORIGIN)
    assert ask(api, "OPTIONS", "/v1/notes/1", ("Origin", "https://evil.example"), *preflight).status == 403
    answer = ask(api, "GET", "/v1/notes", ("Origin", ORIGIN))
    assert (answer.status, answer.get("Access-Control-Allow-Origin")) == (401, ORIGIN)
    assert ask(api, "GET", "/v1/notes", bearer("test-cors"), ("Origin", "https://evil.example")).get("Access-Control-Allow-Origin") is None


def test_every_answer_has_its_id_and_the_log_has_it_too(api):
    answer = ask(api, "GET", "/v1/notes", bearer("test-id"), ("X-Request-Id", "mine-1"))
    assert answer.get("X-Request-Id") == "mine-1"
    assert re.fullmatch("[0-9a-f]{32}", ask(api, "GET", "/nothing").get("X-Request-Id"))
    line = server.wait_until(lambda: re.search(r".*mine-1.*", api.stderr()), what="no line in the log")[0]
    assert 'user=test-id' in line and 'status=200' in line and "/v1/notes" in line


def test_health_and_metrics_need_no_token(api):
    assert ask(api, "GET", "/livez").status == ask(api, "GET", "/readyz").status == 200
    before = float(re.search(rb"^notes_written_total (\S+)$", ask(api, "GET", "/metrics").body, re.M)[1])
    ask(api, "POST", "/v1/notes", bearer("test-count"), document={"title": "counted"})
    assert re.search(rb"^notes_written_total (\S+)$", ask(api, "GET", "/metrics").body, re.M)[1] == b"%d" % (before + 1)


def test_a_secret_that_protects_nobody_stops_the_start():
    for secret in ("", "short"):
        done = server.run("api", "--secret", secret)
        assert done.returncode == 2 and "--secret has to be 32 bytes" in done.stderr and "openssl" in done.stderr
