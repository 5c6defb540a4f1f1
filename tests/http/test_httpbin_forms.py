"""examples/httpbin, continued: the form, uploads, tokens that are signed, the request as text."""
import base64
import hashlib
import hmac
import html.parser
import json
import time

import pytest

from httpbin_api import get, shown
from wire import Conn, chunked, request

MULTIPART = ("Content-Type", "multipart/form-data; boundary=b")
UPLOAD = (b'--b\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nhello\r\n'
          b'--b\r\nContent-Disposition: form-data; name="f"; filename="b.bin"\r\n\r\n\xff\r\n'
          b'--b\r\nContent-Disposition: form-data; name="note"\r\n\r\nx\r\n--b--\r\n')
SECRET = b"httpbin: everybody knows this secret"


class Form(html.parser.HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.fields, self.form = {}, {}
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form":
            self.form = attrs
        elif "name" in attrs and tag in ("input", "textarea"):
            self.fields.setdefault(attrs["name"], []).append(attrs.get("value"))


def test_the_form_posts_to_post(httpbin):
    answer = get(httpbin, "/forms/post")
    assert (answer.status, answer.get("Content-Type")) == (200, "text/html; charset=utf-8")
    page = Form(answer.body.decode())
    assert page.form == {"method": "post", "action": "/post"}
    assert page.fields == {"custname": [None], "custtel": [None], "custemail": [None], "size": ["small", "medium", "large"],
                           "topping": ["bacon", "cheese", "onion", "mushroom"], "delivery": [None], "comments": [None]}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_upload_shows_files_and_fields(httpbin, method):
    seen = shown(get(httpbin, "/upload?q=1", MULTIPART, method=method, body=UPLOAD))
    assert sorted(seen) == ["args", "bytes_received", "files", "form", "headers", "method", "origin", "url"]
    assert seen["files"] == {"f": ["hello", "data:application/octet-stream;base64,/w=="]} and seen["form"] == {"note": "x"}
    assert (seen["method"], seen["bytes_received"], seen["args"]) == (method, len(UPLOAD), {"q": "1"})


@pytest.mark.parametrize("kind, body", [("application/octet-stream", bytes(range(256))), ("image/png", b"x"), ("unknown", b"{"),
                                        ("application/json", b"["), ("multipart/form-data; foo", b"")])
def test_upload_counts_the_bytes_of_any_body(httpbin, kind, body):
    seen = shown(get(httpbin, "/upload", ("Content-Type", kind), method="POST", body=body))
    assert (seen["bytes_received"], seen["files"], seen["form"]) == (len(body), {}, {})


@pytest.mark.parametrize("kind, body, status", [("multipart/form-data", b"a", 400), (MULTIPART[1], UPLOAD[:-4], 400), (MULTIPART[1], b"x" * (1 << 21), 413),
                                                ("text/plain", b"x" * (1 << 21), 413)])
def test_upload_refuses_a_broken_form_and_too_much(httpbin, kind, body, status):
    assert get(httpbin, "/upload", ("Content-Type", kind), method="POST", body=body).status == status


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(secret=SECRET, alg="HS256", **claims):
    signed = encode(json.dumps({"alg": alg}).encode()) + "." + encode(json.dumps(claims).encode())
    return signed + "." + encode(hmac.digest(secret, signed.encode(), hashlib.sha256))


def test_jwt_bearer_shows_the_claims(httpbin):
    for claims in ({}, {"sub": "ada", "aud": ["x"], "exp": int(time.time()) + 60, "deep": {"a": [1, 2.5, None]}}):
        sent = token(**claims)
        answer = get(httpbin, "/jwt-bearer", ("Authorization", f"Bearer {sent}"))
        assert shown(answer) == {"authenticated": True, "token": sent, "claims": claims}


@pytest.mark.parametrize("sent", [token(secret=b"x" * 32), token(alg="none"), token(alg="RS256"), token(exp=1), token()[:-1], "x.y.z", "abc"])
def test_jwt_bearer_refuses_what_is_not_signed_so(httpbin, sent):
    answer = get(httpbin, "/jwt-bearer", ("Authorization", f"Bearer {sent}"))
    assert answer.status == 401 and answer.get("WWW-Authenticate").startswith("Bearer ")


def test_jwt_bearer_wants_a_token_and_other_paths_do_not(httpbin):
    assert get(httpbin, "/jwt-bearer").status == 401
    assert get(httpbin, "/jwt-bearer", method="POST").status == 405
    assert get(httpbin, "/get").status == 200 and get(httpbin, "/nothing").status == 404


@pytest.mark.parametrize("target", ["/dump", "/dump/request"])
def test_dump_is_the_request_as_text(httpbin, target):
    with Conn(httpbin) as conn:
        sent = request("POST", f"{target}?a=%20b", [("x-lower", "a  b"), ("X-Lower", "c"), ("Content-Length", "5")]) + b"a\r\n\0\xff"
        conn.send(sent)
        answer = conn.read()
    assert (answer.status, answer.get("Content-Type"), answer.get("X-Content-Type-Options")) == (200, "text/plain; charset=utf-8", "nosniff")
    assert answer.body == sent


def test_dump_shows_a_body_in_chunks_whole(httpbin):
    with Conn(httpbin) as conn:
        head = request("PUT", "/dump", [("Transfer-Encoding", "chunked")])
        conn.send(head + chunked(b"ab", b"c"))
        assert conn.read().body == head + b"abc"
