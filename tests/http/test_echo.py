"""The contract of examples/echo, the target of conformance tools: what comes in goes out, byte for byte."""
import os
import threading

import pytest
from hypothesis import HealthCheck, given, settings, strategies

from conftest import SECRET, STATIC_FILES
from server import Server
from wire import Conn, ask, chunked, request

MIB = 1 << 20
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "PROPFIND", "M-SEARCH", "PRI", "SLUDGE", "GET!", "0", "get", "a" * 64]
# Accepted as they are and told back as they came.
TARGETS = ["/", "/a", "/a/b/", "/?", "/a?b=c&d", "/a?b?c/d", "/%41%2f%5c", "/a//b", "/./a", "/a/../b", "/;p=1", "/~!$&'()*+,=:@", "/[|]?[|]",
           "/a?\\^`{}", "http://other.example/x?y", "https://other.example:8443/", "http://other.example", "/" + "x" * 7999]


def echoed(answer, method, target, body, host="test"):
    assert answer.status == 200, answer
    assert answer.get("X-Seen-Method") == method
    assert answer.get("X-Seen-Target") == target
    assert answer.get("X-Seen-Host") == host
    if method != "HEAD":
        assert answer.length == len(body)
        assert answer.body == body


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m[:12])
def test_any_method_is_echoed(conn, method):
    for body in (b"", b"some content"):
        echoed(conn.ask(method, "/m", body=body), method, "/m", body)


def test_head_is_get_without_body(conn):
    get, head = conn.ask("GET", "/x"), conn.ask("HEAD", "/x")
    echoed(head, "HEAD", "/x", b"")
    assert head.length in (None, get.length)
    names = {name.lower() for name, _ in get.fields} - {b"content-length"}
    assert names <= {name.lower() for name, _ in head.fields}
    conn.expect_open()


def test_head_with_a_body_is_answered_without_one(conn):
    echoed(conn.ask("HEAD", "/x", body=b"not for you"), "HEAD", "/x", b"")
    conn.expect_open()


@pytest.mark.parametrize("method", ["TRACE", "CONNECT"])
def test_trace_and_connect_are_405(conn, method):
    answer = conn.ask(method, "test:80" if method == "CONNECT" else "/")
    assert answer.status == 405
    assert method not in [m.strip() for m in answer.get("Allow").split(",")]
    if not answer.closes:
        conn.expect_open()


def test_trace_of_a_file_names_only_what_is_allowed(conn):
    answer = conn.ask("TRACE", "/static/hello.txt")
    assert answer.status == 405
    assert sorted(method.strip() for method in answer.get("Allow").split(",")) == ["GET", "HEAD", "OPTIONS"]


def test_options_asterisk_is_204(conn):
    answer = conn.ask("OPTIONS", "*")
    assert answer.status == 204
    conn.expect_open()


@pytest.mark.parametrize("target", TARGETS, ids=lambda t: t[:24])
def test_target_is_told_as_it_came(conn, target):
    host = target.split("/")[2] if target.startswith("http") else "test"
    echoed(conn.ask("GET", target), "GET", target, b"", host)


@pytest.mark.parametrize("host", ["a", "a.example:8080", "a:", "127.0.0.1:80", "[::1]", "[::1]:80", "a_b", "xn--a-ecp.example"])
def test_host_is_told_as_it_came(conn, host):
    echoed(conn.ask("GET", "/", host=host), "GET", "/", b"", host)


def test_old_request_without_host_has_an_empty_one(echo):
    with Conn(echo) as conn:
        answer = conn.ask("GET", "/", host=None, version="1.0")
        assert answer.status == 200
        assert answer.get("X-Seen-Host") in (None, "")
        conn.expect_end()


SIZES = [0, 1, 2, 1000, 2047, 2048, 4096, 8191, 8192, 8193, 16383, 16384, 16385, 65535, 65537, 262144, 262145, MIB, 5 * MIB + 1, 16 * MIB]


@pytest.mark.parametrize("size", SIZES)
def test_body_of_any_size_comes_back(conn, size):
    body = os.urandom(size)
    for data in (request("POST", "/b", body=body), request("POST", "/b", [("Transfer-Encoding", "chunked")]) + chunked(*pieces(body))):
        sender = threading.Thread(target=conn.send, args=(data,))
        sender.start()
        answer = conn.read("POST")
        sender.join()
        echoed(answer, "POST", "/b", body)
    conn.expect_open()


def pieces(body):
    """Chunks of all sizes, none empty: that would be the last one."""
    size, at, out = 1, 0, []
    while at < len(body):
        out.append(body[at:at + size])
        at, size = at + size, min(size * 3, 700001)
    return out


def test_body_is_not_answered_before_it_is_whole(conn):
    conn.send(request("POST", "/", [("Content-Length", "5")]) + b"1234")
    assert conn.at_rest()
    conn.send(b"5")
    echoed(conn.read("POST"), "POST", "/", b"12345")


def test_chunked_body_is_not_answered_before_its_last_byte(conn):
    body = chunked(b"12345", trailers=b"X-Sum: 1\r\n")
    conn.send(request("POST", "/", [("Transfer-Encoding", "chunked")]) + body[:-1])
    assert conn.at_rest()
    conn.send(body[-1:])
    echoed(conn.read("POST"), "POST", "/", b"12345")
    conn.expect_open()


def test_bad_chunk_at_the_end_takes_back_all(conn):
    body = b"5\r\n12345\r\n" * 1000
    conn.send(request("POST", "/", [("Transfer-Encoding", "chunked")]) + body + b"0x\r\n\r\n")
    answer = conn.read("POST")
    assert answer.status == 400 and answer.closes
    conn.expect_end()


def test_trailers_are_read_and_not_merged(conn):
    conn.send(request("POST", "/t", [("Transfer-Encoding", "chunked"), ("Trailer", "X-Seen-Host")]) +
              chunked(b"abc", trailers=b"Host: evil\r\nContent-Length: 99\r\nX-Seen-Host: evil\r\n"))
    echoed(conn.read("POST"), "POST", "/t", b"abc")
    conn.expect_open()


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(chunks=strategies.lists(strategies.binary(min_size=1, max_size=300), max_size=12),
       cuts=strategies.lists(strategies.integers(0, 4000), max_size=6),
       extension=strategies.sampled_from([b"", b";a", b";a=b", b';a="b c"', b" ; a = b"]),
       trailers=strategies.sampled_from([b"", b"X: y\r\n", b"A:\r\nB: \t c\r\n"]))
def test_any_chunking_cut_anywhere_comes_back(conn1, chunks, cuts, extension, trailers):
    data = request("PUT", "/h", [("Transfer-Encoding", "chunked")]) + chunked(*chunks, extension=extension, trailers=trailers)
    at = 0
    for cut in sorted({cut for cut in cuts if cut < len(data)} | {len(data)}):
        conn1.send(data[at:cut])
        at = cut
    echoed(conn1.read("PUT"), "PUT", "/h", b"".join(chunks))


def send_in_background(conn, data):
    """Sends as long as the server takes it; the end of the connection is not this side's business."""
    def run():
        try:
            conn.send(data)
        except OSError:
            pass
    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.parametrize("size", [16 * MIB + 1, 64 * MIB, 1 << 62])
def test_declared_excess_is_413_at_once(conn, size):
    conn.send(request("POST", "/", [("Content-Length", str(size))]))
    answer = conn.read("POST")
    assert answer.status == 413 and answer.closes
    conn.expect_end()


def test_declared_excess_is_413_while_the_client_still_sends(echo):
    with Conn(echo) as conn:
        sender = send_in_background(conn, request("POST", "/", [("Content-Length", str(16 * MIB + 1))]) + bytes(16 * MIB + 1))
        answer = conn.read("POST")
        assert answer.status == 413 and answer.closes
        conn.reset()
        sender.join()


def test_chunked_excess_is_413_while_the_client_still_sends(echo):
    with Conn(echo) as conn:
        body = chunked(*[bytes(MIB)] * 17)
        sender = send_in_background(conn, request("POST", "/", [("Transfer-Encoding", "chunked")]) + body)
        answer = conn.read("POST")
        assert answer.status == 413 and answer.closes
        conn.reset()
        sender.join()


def test_server_survives_many_large_bodies_at_once(echo):
    """Eight clients with 16 MiB each: none gets another's bytes."""
    bodies = [bytes([i]) * (16 * MIB) for i in range(8)]
    seen = [None] * len(bodies)

    def run(i):
        seen[i] = ask(echo, "PUT", f"/{i}", body=bodies[i])
    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(bodies))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i, body in enumerate(bodies):
        echoed(seen[i], "PUT", f"/{i}", body)


# Static files.

TYPES = {"hello.txt": "text/plain", "page.html": "text/html", "style.css": "text/css", "data.json": "application/json", "pixel.png": "image/png",
         "empty.txt": "text/plain", "sub/inner.txt": "text/plain"}


@pytest.mark.parametrize("name", [name for name in STATIC_FILES if " " not in name])
def test_file_below_root_is_served(conn, name):
    get, head = conn.ask("GET", f"/static/{name}"), conn.ask("HEAD", f"/static/{name}")
    assert get.status == head.status == 200
    assert get.body == STATIC_FILES[name]
    assert head.length in (None, len(STATIC_FILES[name])) and head.body == b""
    if name in TYPES:
        assert get.get("Content-Type").split(";")[0] == TYPES[name]
    conn.expect_open()


def test_file_is_found_under_its_decoded_name(conn):
    assert conn.ask("GET", "/static/a%20name.txt").body == STATIC_FILES["a name.txt"]
    assert conn.ask("GET", "/static/%68ello.txt?query=ignored").body == STATIC_FILES["hello.txt"]
    assert conn.ask("GET", "/x/../static/./sub/../hello.txt").body == STATIC_FILES["hello.txt"]


def test_link_inside_the_root_is_followed(conn):
    assert conn.ask("GET", "/static/inner-link.txt").body == STATIC_FILES["hello.txt"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "SLUDGE"])
def test_other_methods_on_a_file_are_405(conn, method):
    answer = conn.ask(method, "/static/hello.txt", body=b"x")
    assert answer.status == 405
    assert {"GET", "HEAD"} <= {name.strip() for name in answer.get("Allow").split(",")}


@pytest.mark.parametrize("name", ["missing.txt", "sub", "", "hello.txt/", "hello.txt/x", "sub/missing", "%0d%0aX:y", "a%0ab", "x" * 255, "y" * 300,
                                  "z/" * 500, "%ff%fe", "hello.txt%20", ".hello.txt"])
def test_what_is_no_file_is_404(conn, name):
    answer = conn.ask("GET", f"/static/{name}")
    assert answer.status == 404, answer
    conn.expect_open()


TRAVERSALS = ["/static/../secret.txt", "/static/%2e%2e/secret.txt", "/static/%2E./secret.txt", "/static/..%2fsecret.txt", "/static/..%2Fsecret.txt",
              "/static/%2e%2e%2fsecret.txt", "/static/..%5csecret.txt", "/static/..\\secret.txt", "/static/....//secret.txt",
              "/static/sub/../../secret.txt", "/static/sub/%2e%2e/%2e%2e/secret.txt", "/static//../secret.txt", "/static/./../secret.txt",
              "/static/%252e%252e/secret.txt", "/static/%c0%ae%c0%ae/secret.txt", "/static/%c0%af../secret.txt", "/static/link.txt",
              "/static/up/secret.txt", "/static/up/static-secret/x.txt", "/static-secret/x.txt", "/static/..;/secret.txt", "/static/%2fetc%2fpasswd",
              "/static//etc/passwd", "/static/../../../../../../etc/passwd", "/static/hello.txt%00.png", "/static/%00/../../secret.txt",
              "/../secret.txt", "/static/..", "/static/../", "/static/.%2e/secret.txt", "/static/..%252fsecret.txt", "/static/file:///etc/passwd",
              "http://test/static/%2e%2e/secret.txt", "/static/..%c1%9csecret.txt", "/static/%uff0e%uff0e/secret.txt",
              "/static/../static/../secret.txt", "/%2e%2e/secret.txt", "/static%2f..%2fsecret.txt", "/static/%2e%2e%5csecret.txt"]


@pytest.mark.parametrize("target", TRAVERSALS)
def test_nothing_outside_the_root_is_served(echo, target):
    with Conn(echo) as conn:
        answer = conn.ask("GET", target)
        assert SECRET not in answer.body and b"root:" not in answer.body
        assert answer.body == b"" or answer.status >= 400, answer
        assert answer.status in (200, 400, 403, 404), answer


def test_static_without_a_root_serves_nothing():
    with Server("echo") as bare, Conn(bare) as conn:
        assert conn.ask("GET", "/static/hello.txt").status == 404
        echoed(conn.ask("GET", "/other"), "GET", "/other", b"")


def test_fifo_below_root_does_not_block_the_server(echo, root):
    fifo = root / "static" / "fifo"
    if not fifo.exists():
        os.mkfifo(fifo)
    with Conn(echo) as conn:
        assert conn.ask("GET", "/static/fifo").status in (403, 404)
        conn.expect_open()


def test_unreadable_file_is_refused(echo, root):
    """As root everything can be read: then it is served."""
    path = root / "static" / "closed.txt"
    path.write_bytes(b"x")
    path.chmod(0)
    with Conn(echo) as conn:
        assert conn.ask("GET", "/static/closed.txt").status == (200 if os.geteuid() == 0 else 403)
