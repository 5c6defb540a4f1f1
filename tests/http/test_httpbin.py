"""examples/httpbin: the API of httpbin.org, with the answers to bad input that go-httpbin gives."""
import base64
import json
import re
import time
import urllib.parse

import pytest

from test_welcome import Links
from wire import Conn, ask, chunked, request

BINARY = b"\x01\x02\x03\x81\x82\x83"
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"]


def get(server, target, *fields, method="GET", body=b""):
    return ask(server, method, target, fields, body)


def shown(answer, status=200):
    """The JSON of an answer."""
    assert answer.status == status, answer
    assert answer.get("Content-Type") == "application/json"
    assert answer.body.endswith(b"\n")
    return json.loads(answer.body)


def page_links(httpbin):
    answer = get(httpbin, "/")
    assert answer.status == 200 and answer.get("Content-Type") == "text/html; charset=utf-8"
    page = Links(answer.body.decode())
    assert page.open == []
    return page.links


# The page.


def test_index_links_only_to_this_server(httpbin):
    links = page_links(httpbin)
    assert len(links) > 30 and all(link.startswith("/") and not link.startswith("//") for link in links)


def test_every_link_of_the_index_is_routed(httpbin):
    for link in page_links(httpbin):
        assert get(httpbin, link).status in ((404,) if "hidden" in link else (200, 302, 307, 401, 418)), link


def test_unknown_paths_are_404(httpbin):
    for path in ("/foo", "/status", "/status/", "/status/200/foo", "/redirect", "/redirect/", "/basic-auth/user", "/bytes",
                 "/stream", "/delay", "/delay/1/foo", "/range/1/foo", "/etag/a/b", "/cache/60/foo", "/image/png/foo",
                 "/image/jpg", "/links/10/1/foo", "/base64/", "/base64/decode/"):
        assert get(httpbin, path).status == 404, path


# Methods and what they show.


def test_get_shows_the_request(httpbin):
    answer = ask(httpbin, "GET", "/get?a=1&b=2&b=3&c=%C3%A9+x", [("User-Agent", "test"), ("x-lower", "1"), ("X-Lower", "2")])
    assert shown(answer) == {
        "args": {"a": "1", "b": ["2", "3"], "c": "é x"},
        "headers": {"Host": "test", "User-Agent": "test", "X-Lower": "1, 2"},
        "origin": "127.0.0.1",
        "url": "http://test/get?a=1&b=2&b=3&c=%C3%A9+x",
    }


@pytest.mark.parametrize("method, path", [("POST", "/get"), ("GET", "/post"), ("HEAD", "/post"), ("PUT", "/patch"), ("POST", "/json")])
def test_another_method_is_405(httpbin, method, path):
    assert get(httpbin, path, method=method).status == 405


@pytest.mark.parametrize("path", ["/get", "/anything", "/", "/stream/2", "/drip?duration=0"])
def test_head_is_get_without_the_body(httpbin, path):
    answer = get(httpbin, path, method="HEAD")
    assert answer.status == 200 and answer.body == b""


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_methods_show_the_body(httpbin, method):
    seen = shown(get(httpbin, f"/{method.lower()}?q=1", ("Content-Type", "application/json"), method=method, body=b'{"a": [1, "x"]}'))
    assert sorted(seen) == ["args", "data", "files", "form", "headers", "json", "origin", "url"]
    assert (seen["args"], seen["data"], seen["json"]) == ({"q": "1"}, '{"a": [1, "x"]}', {"a": [1, "x"]})
    assert seen["form"] == seen["files"] == {}


@pytest.mark.parametrize("body, data, parsed", [
    (b"", "", None),
    ("оживлённым".encode(), "оживлённым", None),
    (b"12", "12", 12),
    (b"{", "{", None),
    (b"[1.5, null, \"\\u00e9\"]", '[1.5, null, "\\u00e9"]', [1.5, None, "é"]),
    (BINARY, "data:application/octet-stream;base64," + base64.b64encode(BINARY).decode(), None),
    (b"\xed\xa0\x80", "data:application/octet-stream;base64,7aCA", None),
    (b"\xc0\x80", "data:application/octet-stream;base64,wIA=", None),
    (b"nul \0 inside", "nul \0 inside", None),
])
def test_data_is_text_or_a_data_url(httpbin, body, data, parsed):
    seen = shown(get(httpbin, "/post", method="POST", body=body))
    assert (seen["data"], seen["json"]) == (data, parsed)


@pytest.mark.parametrize("method, path", [("POST", "/post"), ("DELETE", "/delete"), ("GET", "/anything")])
def test_an_urlencoded_form_is_taken_apart(httpbin, method, path):
    seen = shown(get(httpbin, path, ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"), method=method,
                     body=b"name=kevin&a=1&a=2+3&e=&nul=a%00b"))
    assert seen["form"] == {"name": "kevin", "a": ["1", "2 3"], "e": "", "nul": "a\0b"}
    assert (seen["data"], seen["json"], seen["files"]) == ("", None, {})


def part(name, value, *fields, filename=None):
    disposition = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename is not None else "")
    lines = [f"Content-Disposition: {disposition}", *fields, "", ""]
    return b"--B\r\n" + "\r\n".join(lines).encode() + value + b"\r\n"


def test_a_multipart_form_has_fields_and_files(httpbin):
    body = (part("a", b"1") + part("a", b"2") + part("f", b"hello", filename="x.txt") + part("g", BINARY, filename="")
            + part("g", BINARY, "Content-Type: image/png", filename="b.png") + b"--B--\r\n")
    seen = shown(get(httpbin, "/post", ("Content-Type", "multipart/form-data; boundary=B"), method="POST", body=body))
    encoded = base64.b64encode(BINARY).decode()
    assert seen["form"] == {"a": ["1", "2"]}
    assert seen["files"] == {"f": "hello", "g": [f"data:application/octet-stream;base64,{encoded}", f"data:image/png;base64,{encoded}"]}
    assert seen["data"] == ""


@pytest.mark.parametrize("kind, body", [("multipart/form-data; etc", b"%ZZ"), ("multipart/form-data; boundary=B", b"--B\r\n")])
def test_a_broken_form_is_400(httpbin, kind, body):
    assert get(httpbin, "/post", ("Content-Type", kind), method="POST", body=body).status == 400


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "application/x-www-form-urlencoded", "multipart/form-data; foo"])
def test_no_body_is_no_error_of_any_type(httpbin, kind):
    seen = shown(get(httpbin, "/post", ("Content-Type", kind), method="POST"))
    assert (seen["data"], seen["form"], seen["files"], seen["json"]) == ("", {}, {}, None)


def test_a_too_large_body_is_413(httpbin):
    with Conn(httpbin) as conn:
        conn.send(request("POST", "/post", [("Content-Length", str(2 << 20))]))
        assert conn.read("POST").status == 413


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", ["/anything", "/anything/a/b%2Fc"])
def test_anything_takes_every_method(httpbin, method, path):
    seen = shown(get(httpbin, path, method=method))
    assert (seen["method"], seen["url"]) == (method, f"http://test{path}")


def test_raw_is_the_request_as_it_came(httpbin):
    head = (b"POST http://Name:80/anything/x/../y?a=%41&&b HTTP/1.1\r\nhost: Name:80\r\nX-Twice: 1\r\nx-tWICE:  \t2\r\n"
            b"X-Bytes: \xe9\xff\r\nX-Empty:\r\nTransfer-Encoding: chunked\r\n\r\n")
    with Conn(httpbin) as conn:
        seen = shown(conn.send(head + chunked(b"ab\0", b"\xff", trailers=b"X-Last: z\r\nX-Last2:\r\n")).read("POST"))
    assert seen["raw"] == {
        "target": "http://Name:80/anything/x/../y?a=%41&&b",
        "version": "1.1",
        "fields": [["host", "Name:80"], ["X-Twice", "1"], ["x-tWICE", "2"], ["X-Bytes", "\u00e9\u00ff"], ["X-Empty", ""],
                   ["Transfer-Encoding", "chunked"]],
        "trailers": [["X-Last", "z"], ["X-Last2", ""]],
        "body": base64.b64encode(b"ab\0\xff").decode(),
    }
    assert seen["url"] == "http://Name:80/anything/y?a=%41&&b"
    assert seen["args"] == {"a": "A", "b": ""}


def test_raw_tells_http_1_0(httpbin):
    assert shown(ask(httpbin, "GET", "/anything", version="1.0"))["raw"]["version"] == "1.0"


def test_a_query_of_empty_names_is_shown(httpbin):
    assert shown(get(httpbin, "/get?=&=x&a"))["args"] == {"": "x", "a": ""}


# Inspection.


def test_headers_of_proxies_are_hidden_unless_asked_for(httpbin):
    assert "Via" not in shown(get(httpbin, "/headers", ("Via", "bar")))["headers"]
    assert shown(get(httpbin, "/headers?show_env=1", ("Via", "bar")))["headers"]["Via"] == "bar"


def test_the_origin_is_what_proxies_say(httpbin):
    assert shown(get(httpbin, "/ip")) == {"origin": "127.0.0.1"}
    assert shown(get(httpbin, "/ip", ("X-Forwarded-For", "10.1.1.1")))["origin"] == "10.1.1.1"
    assert get(httpbin, "/ip?format=text").body == b"127.0.0.1\n"


@pytest.mark.parametrize("field", [("X-Forwarded-Proto", "https"), ("X-Forwarded-Protocol", "https"), ("X-Forwarded-Ssl", "on")])
def test_the_url_has_the_scheme_that_proxies_say(httpbin, field):
    assert shown(get(httpbin, "/get", field))["url"] == "https://test/get"


def test_the_user_agent_is_shown(httpbin):
    assert shown(get(httpbin, "/user-agent", ("User-Agent", "test"))) == {"user-agent": "test"}
    assert shown(get(httpbin, "/user-agent")) == {"user-agent": None}


# CORS.


def test_any_origin_may_read(httpbin):
    assert get(httpbin, "/get").get("Access-Control-Allow-Origin") == "*"
    for path in ("/get", "/nowhere", "/basic-auth/a/b"):
        answer = get(httpbin, path, ("Origin", "origin"))
        assert answer.get("Access-Control-Allow-Origin") == "origin"
        assert answer.get("Access-Control-Allow-Credentials") == "true"


def test_a_preflight_is_answered(httpbin):
    answer = get(httpbin, "/get", method="OPTIONS")
    assert answer.status == 200 and answer.body == b""
    assert answer.get("Access-Control-Allow-Methods") == "GET, POST, PUT, DELETE, PATCH, OPTIONS"
    assert answer.get("Access-Control-Max-Age") == "3600"
    assert answer.get("Access-Control-Allow-Headers") is None
    answer = get(httpbin, "/get", ("Access-Control-Request-Headers", "X-Test"), method="OPTIONS")
    assert answer.get("Access-Control-Allow-Headers") == "X-Test"


# /status.


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "TRACE"])
def test_status_takes_every_method(httpbin, method):
    assert get(httpbin, "/status/418", method=method).status == 418


@pytest.mark.parametrize("status, field, value", [
    (200, None, None), (204, None, None), (300, "Location", "/image/jpeg"), (301, "Location", "/redirect/1"),
    (302, "Location", "/redirect/1"), (303, "Location", "/redirect/1"), (304, None, None), (307, "Location", "/redirect/1"),
    (308, "Location", "/image/jpeg"), (401, "WWW-Authenticate", 'Basic realm="Fake Realm"'), (402, "X-More-Info", "http://vimeo.com/22053820"),
    (407, "Proxy-Authenticate", 'Basic realm="Fake Realm"'), (418, "X-More-Info", "http://tools.ietf.org/html/rfc2324"),
    (500, None, None), (599, None, None)])
def test_status_is_what_was_asked_for(httpbin, status, field, value):
    answer = get(httpbin, f"/status/{status}")
    assert answer.status == status
    assert field is None or answer.get(field) == value


def test_status_406_lists_the_images(httpbin):
    assert shown(get(httpbin, "/status/406"), 406)["accept"] == ["image/webp", "image/svg+xml", "image/jpeg", "image/png", "image/*"]


def test_status_of_several_is_one_of_them(httpbin):
    with Conn(httpbin) as conn:
        seen = {conn.ask("GET", "/status/200:0.5,404:1,503,500:0").status for _ in range(100)}
    assert seen == {200, 404, 503}


@pytest.mark.parametrize("codes", ["4!9", "200,402,foo", "3.14", "foo", "600", "1024", "100", "-1", "200:foo,500:1", "200:1,foo:1", "200,",
                                   "200:0", "200:-1", "200:inf", "200:nan", "200:1:1", ","])
def test_status_of_anything_else_is_400(httpbin, codes):
    assert get(httpbin, f"/status/{codes}").status == 400


# Redirects.


@pytest.mark.parametrize("path, location", [
    ("/redirect/1", "/get"), ("/redirect/5", "/relative-redirect/4"), ("/redirect/100?absolute=1", "/relative-redirect/99"),
    ("/redirect/1?absolute=True", "http://test/get"), ("/redirect/5?absolute=true", "http://test/absolute-redirect/4"),
    ("/relative-redirect/1", "/get"), ("/relative-redirect/7", "/relative-redirect/6"), ("/absolute-redirect/1", "http://test/get"),
    ("/absolute-redirect/5", "http://test/absolute-redirect/4"), ("/links/100", "/links/100/0"), ("/cookies/set?a=b", "/cookies"),
    ("/redirect-to?url=http://www.example.com/%3Fa", "http://www.example.com/?a"), ("/redirect-to?url=/get", "/get"), ("/redirect-to?url=foo", "foo")])
def test_redirects_lead_on(httpbin, path, location):
    answer = get(httpbin, path)
    assert (answer.status, answer.get("Location")) == (302, location)


def test_redirect_to_takes_status_and_body(httpbin):
    answer = get(httpbin, "/redirect-to?url=/post&status_code=307", method="POST", body=BINARY)
    assert (answer.status, answer.get("Location")) == (307, "/post")


@pytest.mark.parametrize("path, status", [
    *[(f"/{kind}/{n}", 400) for kind in ("redirect", "relative-redirect", "absolute-redirect") for n in ("-1", "0", "3.14", "foo")],
    ("/redirect-to", 400), ("/redirect-to?status_code=302", 400), ("/redirect-to?url=/get&status_code=201", 400),
    ("/redirect-to?url=/get&status_code=418", 400), ("/redirect-to?url=/get&status_code=x", 400),
    ("/redirect-to?url=/a%0D%0AX:y", 400)])
def test_bad_redirects_are_refused(httpbin, path, status):
    assert get(httpbin, path).status == status


# Cookies.


def test_cookies_are_shown(httpbin):
    assert shown(get(httpbin, "/cookies")) == {"cookies": {}}
    assert shown(get(httpbin, "/cookies", ("Cookie", "k1=v1; k2=\"v 2\""), ("Cookie", "k3=v3"))) == {
        "cookies": {"k1": "v1", "k2": "v 2", "k3": "v3"}}


@pytest.mark.parametrize("target, proto, line", [
    ("/cookies/set?k=v", "http", "k=v; Path=/; HttpOnly"), ("/cookies/set/k/v%201", "http", 'k="v 1"; Path=/; HttpOnly'),
    ("/cookies/set?k=v", "https", "k=v; Path=/; Secure; HttpOnly"), ("/cookies/set?k=v&attr[secure]=0", "https", "k=v; Path=/; HttpOnly"),
    ("/cookies/set?k=v&attr[HttpOnly]=0&attr[PATH]=/x&attr[Domain]=a.b&attr[SameSite]=none", "http",
     "k=v; Domain=a.b; Path=/x; SameSite=None"),
    ("/cookies/delete?k", "http", "k=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; HttpOnly")])
def test_cookies_are_set_and_deleted(httpbin, target, proto, line):
    answer = get(httpbin, target, ("X-Forwarded-Proto", proto))
    assert answer.status == 302 and answer.all("Set-Cookie") == [line.encode()]


def test_several_cookies_have_a_line_each(httpbin):
    assert len(get(httpbin, "/cookies/set?a=1&b=2").all("Set-Cookie")) == 2


@pytest.mark.parametrize("query", ["a%20b=1", "a=1%3B2", "a=%0A", "=1", "a=%22"])
def test_an_impossible_cookie_is_400(httpbin, query):
    assert get(httpbin, f"/cookies/set?{query}").status == 400


# Authentication.


def basic(text):
    return ("Authorization", "Basic " + base64.b64encode(text.encode()).decode())


@pytest.mark.parametrize("path, refusal", [("/basic-auth/us%20er/p:w", 401), ("/hidden-basic-auth/us%20er/p:w", 404)])
def test_basic_auth_wants_both_words(httpbin, path, refusal):
    assert shown(get(httpbin, path, basic("us er:p:w"))) == {"authenticated": True, "user": "us er"}
    for fields in ([], [basic("us er:x")], [basic("x:p:w")], [basic("us er")], [("Authorization", "Basic !")], [("Authorization", "Basic")]):
        answer = get(httpbin, path, *fields)
        assert answer.status == refusal
        assert (answer.get("WWW-Authenticate") is None) == (refusal == 404)


def test_a_refusal_says_who_it_was(httpbin):
    seen = shown(get(httpbin, "/basic-auth/user/passwd", basic("bad:x")), 401)
    assert seen == {"authenticated": False, "authorized": False, "user": "bad"}


def test_bearer_wants_one_token(httpbin):
    assert shown(get(httpbin, "/bearer", ("Authorization", "Bearer abc"))) == {"authenticated": True, "token": "abc"}
    for text in (None, "Bearer", "Bearer x y", "bearer x", "Bearer1 x", "Basic 1234abcd"):
        answer = get(httpbin, "/bearer", *([("Authorization", text)] if text else []))
        assert (answer.status, answer.get("WWW-Authenticate")) == (401, "Bearer")


# Caching.


def test_cache_is_304_for_whoever_has_it(httpbin):
    answer = get(httpbin, "/cache")
    assert answer.status == 200 and answer.get("ETag")
    time.strptime(answer.get("Last-Modified"), "%a, %d %b %Y %H:%M:%S GMT")
    assert get(httpbin, "/cache", ("If-None-Match", "x")).status == 304
    assert get(httpbin, "/cache", ("If-Modified-Since", "x")).status == 304


def test_cache_for_some_time(httpbin):
    assert get(httpbin, "/cache/60").get("Cache-Control") == "public, max-age=60"
    assert get(httpbin, "/cache/foo").status == get(httpbin, "/cache/3.14").status == 400


@pytest.mark.parametrize("field, value, status", [
    (None, None, 200), ("If-None-Match", "abc", 304), ("If-None-Match", '"123", "abc"', 304), ("If-None-Match", "*", 304),
    ("If-None-Match", 'W/"xyz", W/"abc"', 304), ("If-None-Match", '"123"', 200), ("If-None-Match", '"ab"', 200), ("If-None-Match", '"abcd"', 200),
    ("If-None-Match", '"x, abc"', 200), ("If-Match", "abc", 200), ("If-Match", '"123", "abc"', 200), ("If-Match", "*", 200),
    ("If-Match", "123", 412)])
def test_etag_heeds_conditions(httpbin, field, value, status):
    answer = get(httpbin, "/etag/abc", *([(field, value)] if field else []))
    assert (answer.status, answer.get("ETag")) == (status, None if status == 412 else "abc")


def test_response_headers_are_set_and_listed(httpbin):
    for method in ("GET", "POST"):
        answer = get(httpbin, "/response-headers?animal=dog&animal=cat&X-A=1", method=method)
        assert answer.all("animal") == [b"dog", b"cat"]
        assert shown(answer) == {"Content-Type": "application/json", "X-A": "1", "animal": ["dog", "cat"]}


@pytest.mark.parametrize("kind, value", [("text/html", "&lt;b&gt;"), ("image/svg+xml", "&lt;b&gt;"), ("text/plain; charset=utf-8", "<b>")])
def test_response_headers_bring_no_script_into_a_page(httpbin, kind, value):
    answer = get(httpbin, "/response-headers?" + urllib.parse.urlencode({"Content-Type": kind, "xss": "<b>"}))
    assert answer.status == 200 and answer.get("Content-Type") == kind
    assert json.loads(answer.body)["xss"] == value


@pytest.mark.parametrize("query", ["Content-Length=5", "Transfer-Encoding=chunked", "a%20b=1", "a=%0D%0Ab:c", "Connection=close"])
def test_response_headers_that_cannot_be_are_400(httpbin, query):
    assert get(httpbin, f"/response-headers?{query}").status == 400


# /range.

ALPHABET = b"abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize("path, wanted, status, content_range, body", [
    ("/range/26", None, 200, "bytes 0-25/26", ALPHABET),
    ("/range/30", "bytes=24-29", 206, "bytes 24-29/30", b"yzabcd"),
    ("/range/26", "bytes=20-", 206, "bytes 20-25/26", b"uvwxyz"),
    ("/range/26", "bytes=-5", 206, "bytes 21-25/26", b"vwxyz"),
    ("/range/26", "bytes=-99", 200, "bytes 0-25/26", ALPHABET),
    ("/range/100?duration=0.05&chunk_size=5", "bytes=10-24", 206, "bytes 10-24/100", b"klmnopqrstuvwxy"),
    ("/range/26", "bytes=10-5", 416, "bytes */26", b""),
    ("/range/26", "bytes=32-40", 416, "bytes */26", b""),
    ("/range/26", "bytes=0-40", 416, "bytes */26", b""),
    ("/range/26", "bytes=-0", 416, "bytes */26", b""),
    ("/range/26", "bytes=99999999999999999999-", 416, "bytes */26", b""),
    ("/range/26", "bytes=x-5", 200, "bytes 0-25/26", ALPHABET),
    ("/range/26", "lines=0-5", 200, "bytes 0-25/26", ALPHABET),
    ("/range/26", "bytes=", 200, "bytes 0-25/26", ALPHABET)])
def test_range_gives_what_is_asked_for(httpbin, path, wanted, status, content_range, body):
    answer = get(httpbin, path, *([("Range", wanted)] if wanted else []))
    assert (answer.status, answer.body, answer.length) == (status, body, len(body))
    assert answer.get("Content-Range") == content_range
    assert answer.get("ETag") == re.match(r"/(range/\d+)", path)[1].replace("/", "")
    assert answer.get("Accept-Ranges") == "bytes"


def test_several_ranges_come_in_parts(httpbin):
    answer = get(httpbin, "/range/100", ("Range", "bytes=10-24, 50-64"))
    assert answer.status == 206 and answer.get("Content-Type").startswith("multipart/byteranges; boundary=")
    for span, body in (("10-24", b"klmnopqrstuvwxy"), ("50-64", b"yzabcdefghijklm")):
        assert b"Content-Range: bytes %s/100\r\n\r\n%s\r\n--" % (span.encode(), body) in answer.body


@pytest.mark.parametrize("tag, status", [("range26", 206), ('"range26"', 206), ("range27", 200), ('"range26', 200)])
def test_a_range_counts_if_the_version_is_the_same(httpbin, tag, status):
    assert get(httpbin, "/range/26", ("Range", "bytes=0-4"), ("If-Range", tag)).status == status


@pytest.mark.parametrize("path, status", [("/range/foo", 400), ("/range/1.5", 400), ("/range/-1", 400), ("/range/0", 404), ("/range/102401", 404),
                                          ("/range/100?duration=-1", 400), ("/range/100?duration=XYZ", 400), ("/range/100?duration=2h", 400),
                                          ("/range/100?chunk_size=x", 400)])
def test_bad_ranges_are_refused(httpbin, path, status):
    assert get(httpbin, path).status == status


# Size and time.


def test_bytes_are_those_of_the_seed(httpbin):
    # What Python's random gives for random.seed(0), so that the bytes are httpbin.org's.
    assert get(httpbin, "/bytes/10?seed=0").body.hex() == "c5d71484f8cf9bf4b76f"
    assert get(httpbin, "/stream-bytes/10?seed=0&chunk_size=3").body.hex() == "c5d71484f8cf9bf4b76f"
    assert get(httpbin, "/bytes/16?seed=-12345").body == get(httpbin, "/bytes/16?seed=12345").body
    assert get(httpbin, "/bytes/2000?seed=123456789012").body == get(httpbin, "/stream-bytes/2000?seed=123456789012").body
    assert get(httpbin, "/bytes/32").body != get(httpbin, "/bytes/32").body


@pytest.mark.parametrize("n, size", [(0, 0), (1, 1), (1024, 1024), (99999999, 102400)])
def test_bytes_have_their_number_up_to_100_kib(httpbin, n, size):
    answer = get(httpbin, f"/bytes/{n}")
    assert (answer.status, answer.length, len(answer.body)) == (200, size, size)
    answer = get(httpbin, f"/stream-bytes/{n}")
    assert (answer.status, len(answer.body), answer.get("Transfer-Encoding")) == (200, size, "chunked")


@pytest.mark.parametrize("chunk", ["1", "7", "256", "512", "-10"])
def test_chunks_of_any_size_make_the_whole(httpbin, chunk):
    assert len(get(httpbin, f"/stream-bytes/256?chunk_size={chunk}").body) == 256


@pytest.mark.parametrize("path", ["/bytes/-1", "/bytes/foo", "/bytes/3.14", "/bytes/16?seed=foo", "/bytes/16?seed=3.14",
                                  "/bytes/16?seed=12345678901234567890", "/stream-bytes/foo", "/stream-bytes/16?chunk_size=foo",
                                  "/stream-bytes/16?chunk_size=3.14", "/stream/foo", "/stream/3.1415"])
def test_bad_numbers_are_400(httpbin, path):
    assert get(httpbin, path).status == 400


@pytest.mark.parametrize("n, lines", [("20", 20), ("1000", 100), ("0", 1), ("-100", 1)])
def test_stream_gives_lines_of_json(httpbin, n, lines):
    answer = get(httpbin, f"/stream/{n}?a=1")
    assert answer.get("Transfer-Encoding") == "chunked" and answer.body.endswith(b"}\n")
    seen = [json.loads(line) for line in answer.body.splitlines()]
    assert [line["id"] for line in seen] == list(range(lines))
    assert sorted(seen[0]) == ["args", "headers", "id", "origin", "url"] and seen[0]["args"] == {"a": "1"}


@pytest.mark.parametrize("text, seconds", [("0", 0), ("0.1", 0.1), ("0ms", 0), ("100ms", 0.1), ("0.05s50ms", 0.1), ("0h", 0)])
def test_delay_waits_as_long_as_asked(httpbin, text, seconds):
    begin = time.monotonic()
    answer = get(httpbin, f"/delay/{text}", method="POST", body=b"x")
    assert time.monotonic() - begin >= seconds
    assert shown(answer)["data"] == "x"
    assert answer.get("Server-Timing") == f'initial_delay;dur={seconds * 1000:.2f};desc="initial delay"'


@pytest.mark.parametrize("text", ["foo", "-1", "-1ms", "1x", "1.5.2", "1e3", "inf", "0x1", "s", "1s2"])
def test_delay_refuses_what_is_no_duration(httpbin, text):
    assert get(httpbin, f"/delay/{text}").status == 400


def test_drip_drips(httpbin):
    with Conn(httpbin) as conn:
        begin = time.monotonic()
        conn.send(request("GET", "/drip?duration=1.5&delay=100ms&numbytes=3&code=500"))
        while b"\r\n\r\n*" not in conn.data:
            conn.fill()
        assert time.monotonic() - begin >= 0.1 and not conn.data.endswith(b"***")
        answer = conn.read()
    assert (answer.status, answer.length, answer.body) == (500, 3, b"***")
    assert time.monotonic() - begin >= 1.6


@pytest.mark.parametrize("query, size", [("duration=0", 10), ("duration=0&numbytes=400", 400), ("duration=20ms&numbytes=100000", 100000),
                                         ("duration=0&numbytes=20000000", 10 << 20), ("duration=1ms&numbytes=1", 1)])
def test_drip_gives_all_bytes(httpbin, query, size):
    answer = get(httpbin, f"/drip?{query}")
    assert answer.length == size and answer.body == b"*" * size


@pytest.mark.parametrize("query", ["duration=1m", "duration=-1", "duration=1001", "duration=foo", "delay=1m", "delay=-1ms", "delay=foo", "numbytes=foo",
                                   "numbytes=0", "numbytes=-1", "numbytes=0xff", "code=foo", "code=-1", "code=25", "code=600", "duration=6&delay=5"])
def test_bad_drips_are_400(httpbin, query):
    assert get(httpbin, f"/drip?{query}").status == 400


# Formats and values.


@pytest.mark.parametrize("path, kind, text", [
    ("/xml", "application/xml", "<?xml version='1.0' encoding='us-ascii'?>"), ("/html", "text/html; charset=utf-8", "<h1>Herman Melville - Moby-Dick</h1>"),
    ("/robots.txt", "text/plain; charset=utf-8", "Disallow: /deny"), ("/deny", "text/plain; charset=utf-8", "YOU SHOULDN'T BE HERE"),
    ("/encoding/utf8", "text/html; charset=utf-8", "Hello world, Καλημέρα κόσμε, コンニチハ")])
def test_documents_have_their_type(httpbin, path, kind, text):
    answer = get(httpbin, path)
    assert (answer.status, answer.get("Content-Type")) == (200, kind) and text in answer.body.decode()


def test_json_is_the_slide_show(httpbin):
    seen = shown(get(httpbin, "/json"))["slideshow"]
    assert sorted(seen) == ["author", "date", "slides", "title"] and [slide["type"] for slide in seen["slides"]] == ["all", "all"]


MAGIC = {"png": b"\x89PNG\r\n\x1a\n", "jpeg": b"\xff\xd8\xff", "webp": b"RIFF", "svg": b"<svg "}


@pytest.mark.parametrize("kind", MAGIC)
def test_images_are_what_they_say(httpbin, kind):
    answer = get(httpbin, f"/image/{kind}")
    assert answer.get("Content-Type") == ("image/svg+xml" if kind == "svg" else f"image/{kind}")
    assert answer.body.startswith(MAGIC[kind])


@pytest.mark.parametrize("accept, kind", [(None, "image/png"), ("image/*", "image/png"), ("*/*", "image/png"), ("image/jpeg", "image/jpeg"),
                                          ("image/png", "image/png"), ("image/webp,*/*", "image/webp"), ("text/html, Image/SVG+xml;q=0.5", "image/svg+xml")])
def test_image_is_chosen_by_accept(httpbin, accept, kind):
    answer = get(httpbin, "/image", *([("Accept", accept)] if accept else []))
    assert (answer.status, answer.get("Content-Type"), answer.get("Vary")) == (200, kind, "Accept")


@pytest.mark.parametrize("accept", ["image/raw", "image/jpg", "image/svg", "text/html"])
def test_no_image_is_406(httpbin, accept):
    assert get(httpbin, "/image", ("Accept", accept)).status == 406


def test_uuids_are_random(httpbin):
    seen = [shown(get(httpbin, "/uuid"))["uuid"] for _ in range(20)]
    assert len(set(seen)) == 20
    assert all(re.fullmatch("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", one) for one in seen)


@pytest.mark.parametrize("path, kind, text", [
    ("/base64/" + base64.urlsafe_b64encode("Здравствуй, мир!".encode()).decode(), "text/plain; charset=utf-8", "Здравствуй, мир!"),
    ("/base64/dGVzdC1pbWFnZQ==", "text/plain; charset=utf-8", "test-image"),
    ("/base64/decode/YWJjMTIzIT8kKiYoKSctPUB-", "text/plain; charset=utf-8", "abc123!?$*&()'-=@~"),
    ("/base64/decode/8J+Ziywg8J+MjSEK4oCm", "text/plain; charset=utf-8", "🙋, 🌍!\n…"),
    ("/base64/encode/abc123%21%3F%24%2A%26%28%29%27-%3D%40~", "text/plain; charset=utf-8", "YWJjMTIzIT8kKiYoKSctPUB-"),
    ("/base64/e30K?content-type=application/json", "application/json", "{}\n"),
    ("/base64/PGI+?content-type=text/html", "text/html", "&lt;b&gt;")])
def test_base64_both_ways(httpbin, path, kind, text):
    answer = get(httpbin, path)
    assert (answer.status, answer.get("Content-Type"), answer.body.decode()) == (200, kind, text)


@pytest.mark.parametrize("path", ["/base64/invalid_base64_encoded_string", "/base64/decode/a", "/base64/ab=c", "/base64/====", "/base64/a===", "/base64/unknown/YQ==",
                                  "/base64/YQ==?content-type=%0A"])
def test_broken_base64_is_400(httpbin, path):
    assert get(httpbin, path).status == 400


@pytest.mark.parametrize("path, body", [
    ("/links/2/0", '0 <a href="/links/2/1">1</a> '), ("/links/2/1", '<a href="/links/2/0">0</a> 1 '),
    ("/links/2/-1", '<a href="/links/2/0">0</a> <a href="/links/2/1">1</a> '), ("/links/0/0", "")])
def test_links_lead_to_pages_like_this(httpbin, path, body):
    assert get(httpbin, path).body.decode() == f"<html><head><title>Links</title></head><body>{body}</body></html>"


@pytest.mark.parametrize("path", ["/links/3.14", "/links/-1", "/links/257", "/links/1/3.14", "/links/1/foo"])
def test_bad_links_are_400(httpbin, path):
    assert get(httpbin, path).status == 400
