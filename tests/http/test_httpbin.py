"""examples/httpbin: the API of httpbin.org, with the answers to bad input that go-httpbin gives. Requests and what is
shown of them, statuses, redirects, cookies, authentication; the rest is in test_httpbin_bodies.py."""
import base64

import pytest

from httpbin_api import get, shown
from test_welcome import Links
from wire import Conn, ask, chunked, request

BINARY = b"\x01\x02\x03\x81\x82\x83"
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"]


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


def test_a_last_boundary_behind_a_bare_lf_ends_the_file(httpbin):
    # As httpbin.org's own tests send it.
    body = (b'--bound\r\nContent-Disposition: form-data; name="media"; filename="test.bin"\r\n\r\n'
            b"\xc2\xa5\xc3\x86\n--bound--\r\n")
    seen = shown(get(httpbin, "/post", ("Content-Type", "multipart/form-data; boundary=bound"), method="POST", body=body))
    assert seen["files"] == {"media": "\u00a5\u00c6"}


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


def test_a_large_body_is_shown_whole(httpbin):
    body = bytes(range(256)) * 4000
    seen = shown(get(httpbin, "/anything", method="POST", body=body))
    assert base64.b64decode(seen["raw"]["body"]) == body
    assert seen["data"] == "data:application/octet-stream;base64," + seen["raw"]["body"]


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


@pytest.mark.parametrize("path, allow", [
    ("/get", "GET, HEAD, OPTIONS"), ("/post", "OPTIONS, POST"), ("/anything", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, TRACE"),
    ("/status/418", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, TRACE"),
    # A preflight brings no password, and may ask nevertheless.
    ("/basic-auth/a/b", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, TRACE"),
    ("/hidden-basic-auth/a/b", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, TRACE")])
def test_options_tells_the_methods_of_a_path(httpbin, path, allow):
    answer = get(httpbin, path, method="OPTIONS")
    assert (answer.status, answer.body, answer.get("Allow")) == (200, b"", allow)
    assert answer.get("Access-Control-Allow-Origin") == "*"


def test_options_of_no_path_is_404(httpbin):
    assert get(httpbin, "/nowhere", method="OPTIONS").status == 404


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


def test_of_cookies_with_one_name_the_last_is_shown(httpbin):
    assert shown(get(httpbin, "/cookies", ("Cookie", "a=1; b=2; a=3")))["cookies"] == {"a": "3", "b": "2"}


@pytest.mark.parametrize("target, proto, line", [
    ("/cookies/set?k=v", "http", "k=v; Path=/; HttpOnly"), ("/cookies/set/k/v%201", "http", 'k="v 1"; Path=/; HttpOnly'),
    ("/cookies/set?k=v", "https", "k=v; Path=/; Secure; HttpOnly"), ("/cookies/set?k=v&attr[secure]=0", "https", "k=v; Path=/; HttpOnly"),
    ("/cookies/set?k=v&attr[HttpOnly]=false", "http", "k=v; Path=/"), ("/cookies/set?k=v&attr[httponly]=x", "http", "k=v; Path=/"),
    ("/cookies/set?k=v&attr[HttpOnly]=1&attr[PATH]=/x&attr[Domain]=a.b&attr[SameSite]=none", "http",
     "k=v; Domain=a.b; Path=/x; HttpOnly; SameSite=None"),
    ("/cookies/delete?k", "http", "k=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; HttpOnly")])
def test_cookies_are_set_and_deleted(httpbin, target, proto, line):
    answer = get(httpbin, target, ("X-Forwarded-Proto", proto))
    assert answer.status == 302 and answer.all("Set-Cookie") == [line.encode()]


def test_several_cookies_have_a_line_each(httpbin):
    assert len(get(httpbin, "/cookies/set?a=1&b=2").all("Set-Cookie")) == 2


@pytest.mark.parametrize("query, value, quoted", [
    ("%3B", ";", r'"\073"'), ("%0A", "\n", r'"\012"'), ("%22", '"', r'"\""'), ("1%5C2", "1\\2", r'"1\\2"'), ("1,2", "1,2", r'"1\0542"'),
    ("%C3%A9", "\u00e9", r'"\303\251"'), ("a/b", "a/b", '"a/b"'), ("a.b", "a.b", "a.b"), ("", "", "")])
def test_any_value_of_a_cookie_is_quoted_and_read_again(httpbin, query, value, quoted):
    line = get(httpbin, f"/cookies/set?k={query}").all("Set-Cookie")
    assert line == [f"k={quoted}; Path=/; HttpOnly".encode()]
    assert shown(get(httpbin, "/cookies", ("Cookie", f"k={quoted}")))["cookies"] == {"k": value}


@pytest.mark.parametrize("query", ["a%20b=1", "=1", "a=1&attr[Path]=%0A"])
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
        assert answer.get("Content-Type") == "text/plain; charset=utf-8"
