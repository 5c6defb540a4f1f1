"""One connection's life: keep-alive, pipelining, 100-continue, half-closes, resets, the lingering close."""
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading

import pytest

from server import wait_until
from wire import Conn, chunked, request

MIB = 1 << 20


# Persistence.

def test_new_connection_persists(conn):
    for i in range(20):
        answer = conn.ask("GET", f"/{i}")
        assert answer.status == 200 and not answer.closes
        assert answer.get("X-Seen-Target") == f"/{i}"


@pytest.mark.parametrize("value", ["close", "Close", "CLOSE", "keep-alive, close", "close, keep-alive", "x,close", " close", "close\t", ",close,"])
def test_close_is_honoured_and_told(conn, value):
    conn.send(request("GET", "/", [("Connection", value)]) + request("GET", "/late"))
    answer = conn.read()
    assert answer.status == 200 and answer.closes
    conn.expect_end()


def test_close_on_a_second_line_is_honoured(conn):
    answer = conn.ask("GET", "/", [("Connection", "keep-alive"), ("Connection", "close")])
    assert answer.closes
    conn.expect_end()


@pytest.mark.parametrize("value", ["closed", "x-close", "clos", "c l o s e"])
def test_what_only_looks_like_close_does_not(conn, value):
    assert not conn.ask("GET", "/", [("Connection", value)]).closes
    conn.expect_open()


def test_old_client_is_closed_on(conn):
    assert conn.ask("GET", "/", version="1.0").status == 200
    conn.expect_end()


def test_old_client_may_ask_to_stay(conn):
    for _ in range(3):
        answer = conn.ask("GET", "/", [("Connection", "Keep-Alive")], version="1.0")
        assert answer.get("Connection").lower() == "keep-alive"
    conn.expect_open()


def test_old_and_new_requests_mix_on_one_connection(conn):
    assert conn.ask("GET", "/", [("Connection", "keep-alive")], version="1.0").status == 200
    assert not conn.ask("GET", "/").closes
    assert conn.ask("GET", "/", version="1.0").status == 200
    conn.expect_end()


# Pipelining.

@pytest.mark.parametrize("depth", [2, 50, 63, 64, 65, 500])
def test_pipelined_answers_come_in_order(conn, depth):
    conn.send(b"".join(request("GET", f"/{i}") for i in range(depth)))
    for i in range(depth):
        assert conn.read().get("X-Seen-Target") == f"/{i}"
    conn.expect_open()


def test_pipelined_bodies_stay_apart(conn):
    bodies = [os.urandom(i * 37 % 5000) for i in range(100)]
    data = b"".join(request("POST", f"/{i}", body=body) if i % 2 else
                    request("POST", f"/{i}", [("Transfer-Encoding", "chunked")]) + chunked(*([body] if body else []))
                    for i, body in enumerate(bodies))
    sender = threading.Thread(target=conn.send, args=(data,))
    sender.start()
    for i, body in enumerate(bodies):
        answer = conn.read("POST")
        assert answer.get("X-Seen-Target") == f"/{i}" and answer.body == body
    sender.join()
    conn.expect_open()


def test_pipelined_requests_byte_by_byte_are_answered_in_order(conn):
    conn.send_slowly(b"".join(request("GET", f"/{i}") for i in range(10)))
    for i in range(10):
        assert conn.read().get("X-Seen-Target") == f"/{i}"


def test_client_that_writes_all_before_it_reads_gets_all(conn):
    """2,000 answers of a kilobyte wait for a client that first writes: neither side may starve the other."""
    data = b"".join(request("POST", f"/{i}", body=b"%1000d" % i) for i in range(2000))
    sender = threading.Thread(target=conn.send, args=(data,))
    sender.start()
    for i in range(2000):
        assert conn.read("POST").body == b"%1000d" % i
    sender.join()


def test_bad_request_loses_no_earlier_answer(conn):
    conn.send(b"".join(request("GET", f"/{i}") for i in range(30)) + b"GET /bad\r\n\r\n" + request("GET", "/never"))
    for i in range(30):
        assert conn.read().get("X-Seen-Target") == f"/{i}"
    answer = conn.read()
    assert answer.status == 400 and answer.closes
    conn.expect_end()


def test_heads_and_bodies_of_head_answers_do_not_mix(conn):
    conn.send(request("HEAD", "/1") + request("GET", "/2") + request("HEAD", "/3") + request("OPTIONS", "*") + request("GET", "/5"))
    for method, target in (("HEAD", "/1"), ("GET", "/2"), ("HEAD", "/3"), ("OPTIONS", None), ("GET", "/5")):
        assert conn.read(method).get("X-Seen-Target") in (target, "*" if target is None else target)


# Expect: 100-continue.

def test_continue_is_sent_when_the_body_is_wanted(conn):
    conn.send(request("POST", "/e", [("Expect", "100-continue"), ("Content-Length", "3")]))
    assert conn.read("POST", interim=True).status == 100
    conn.send(b"abc")
    answer = conn.read("POST", interim=True)
    assert answer.status == 200 and answer.body == b"abc"
    conn.expect_open()


def test_continue_is_sent_before_a_chunked_body(conn):
    conn.send(request("POST", "/e", [("Expect", "100-Continue"), ("Transfer-Encoding", "chunked")]))
    assert conn.read("POST", interim=True).status == 100
    conn.send(chunked(b"ab", b"c"))
    assert conn.read("POST", interim=True).body == b"abc"
    conn.expect_open()


def test_continue_may_be_left_out_when_the_body_is_there(conn):
    conn.send(request("POST", "/e", [("Expect", "100-continue")], b"abc"))
    assert conn.read("POST").body == b"abc"
    conn.expect_open()


def test_continue_is_not_sent_to_an_old_client(conn):
    conn.send(request("POST", "/e", [("Expect", "100-continue"), ("Content-Length", "3")], version="1.0"))
    assert conn.at_rest()
    conn.send(b"abc")
    assert conn.read("POST", minor=0).body == b"abc"


def test_excess_is_refused_instead_of_continued(conn):
    conn.send(request("POST", "/e", [("Expect", "100-continue"), ("Content-Length", str(64 * MIB))]))
    answer = conn.read("POST", interim=True)
    assert answer.status == 413 and answer.closes
    conn.expect_end()


def test_method_is_refused_instead_of_continued(conn):
    conn.send(request("POST", "/static/hello.txt", [("Expect", "100-continue"), ("Content-Length", "3")]))
    answer = conn.read("POST", interim=True)
    assert answer.status == 405 and answer.closes
    conn.expect_end()


def test_unknown_expectation_is_417(conn):
    answer = conn.ask("GET", "/", [("Expect", "a-miracle")])
    assert answer.status == 417


# Half-closes.

def test_half_closed_client_gets_its_answer(conn):
    conn.send(request("GET", "/h"))
    conn.shut()
    assert conn.read().get("X-Seen-Target") == "/h"
    conn.expect_end()


def test_half_closed_client_gets_all_pipelined_answers(conn):
    conn.send(b"".join(request("POST", f"/{i}", body=b"x" * i * 10) for i in range(200)))
    conn.shut()
    for i in range(200):
        assert conn.read("POST").get("X-Seen-Target") == f"/{i}"
    conn.expect_end()


def test_half_close_inside_a_head_is_400(conn):
    conn.send(b"GET / HTTP/1.1\r\nHost: a\r\n")
    conn.shut()
    answer = conn.read()
    assert answer.status == 400 and answer.closes
    conn.expect_end()


@pytest.mark.parametrize("fields, part", [([("Content-Length", "10")], b"123"), ([("Transfer-Encoding", "chunked")], b"5\r\n123"),
                                          ([("Transfer-Encoding", "chunked")], b"3\r\n123\r\n")])
def test_half_close_inside_a_body_is_400(conn, fields, part):
    conn.send(request("GET", "/first") + request("POST", "/", fields) + part)
    conn.shut()
    assert conn.read().get("X-Seen-Target") == "/first"
    answer = conn.read("POST")
    assert answer.status == 400 and answer.closes
    conn.expect_end()


def test_half_close_of_a_silent_connection_ends_it_without_a_byte(conn):
    conn.shut()
    conn.expect_end()


def test_half_close_of_an_idle_connection_ends_it_without_a_byte(conn):
    assert conn.ask().status == 200
    conn.shut()
    conn.expect_end()


def test_half_closed_client_gets_a_large_answer_whole(conn):
    conn.send(request("GET", "/static/big.bin"))
    conn.shut()
    answer = conn.read()
    assert len(answer.body) == answer.length == 3 * MIB
    conn.expect_end()


# The lingering close.

def test_junk_behind_an_error_does_not_destroy_the_answer(conn):
    conn.send(b"BAD\r\n\r\n" + b"junk" * 100000)
    answer = conn.read()
    assert answer.status == 400 and answer.closes
    conn.expect_end()


def test_client_that_reads_late_finds_413_behind_what_it_sent(conn):
    """3 MiB of a body nobody wants are sent before the first look at the answer."""
    conn.send(request("POST", "/", [("Content-Length", str(17 * MIB))]) + bytes(3 * MIB))
    answer = conn.read("POST")
    assert answer.status == 413 and answer.closes
    conn.expect_end()


def test_client_that_sends_without_end_finds_413(conn):
    """What the server stops taking makes the client's sends fail; the answer is there nevertheless."""
    try:
        conn.send(request("POST", "/", [("Content-Length", str(1 << 40))]))
        for _ in range(64):
            conn.send(bytes(MIB))
        pytest.fail("64 MiB of a refused body were taken")
    except OSError:
        pass
    answer = conn.read("POST")
    assert answer.status == 413 and answer.closes


def test_lingering_connection_goes_when_the_client_does(echo1):
    echo1.wait_for_no_connections()
    with Conn(echo1) as conn:
        conn.send(b"BAD\r\n\r\n")
        assert conn.read().status == 400
        conn.expect_end()
    echo1.wait_for_no_connections(1.5)


def test_lingering_connection_goes_after_a_while_by_itself(echo1):
    echo1.wait_for_no_connections()
    with Conn(echo1) as conn:
        conn.send(b"BAD\r\n\r\n")
        assert conn.read().status == 400
        echo1.wait_for_no_connections(6)


# Bodies nobody reads.

def test_small_unread_body_is_skipped(conn):
    """A 405 by the router: its body of 100 KB is thrown away, or the connection is closed."""
    conn.send(request("POST", "/static/hello.txt", body=b"x" * 100000) + request("GET", "/next"))
    refused = conn.read("POST")
    assert refused.status == 405
    if refused.closes:
        conn.expect_end()
    else:
        assert conn.read().get("X-Seen-Target") == "/next"


def test_unread_chunked_body_is_skipped_exactly(conn):
    conn.send(request("PUT", "/static/x", [("Transfer-Encoding", "chunked")]) +
              chunked(b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n", trailers=b"A: b\r\n") + request("GET", "/next"))
    refused = conn.read("PUT")
    assert refused.status == 405
    if refused.closes:
        conn.expect_end()
    else:
        assert conn.read().get("X-Seen-Target") == "/next"


@pytest.mark.parametrize("size, statuses", [(900000, (405,)), (8 * MIB, (405, 413))])
def test_large_unread_body_closes_and_still_answers(conn, size, statuses):
    """Above what is worth skipping; the second one above the route's limit too."""
    sender = threading.Thread(target=send_all_it_can, args=(conn, request("POST", "/static/x", body=bytes(size))))
    sender.start()
    refused = conn.read("POST")
    assert refused.status in statuses and refused.closes
    with contextlib.suppress(OSError):
        conn.sock.shutdown(socket.SHUT_RDWR)
    sender.join()


def send_all_it_can(conn, data):
    try:
        conn.send(data)
    except OSError:
        pass


def test_malformed_unread_body_closes(conn):
    conn.send(request("POST", "/static/x", [("Transfer-Encoding", "chunked")]) + b"zz\r\n" + request("GET", "/never"))
    assert conn.read("POST").status in (400, 405)
    conn.expect_end()


# Clients that vanish.

MOMENTS = {
    "before a byte": b"",
    "inside a head": b"GET / HTTP/1.1\r\nHo",
    "behind a request": request("GET", "/"),
    "inside a body": request("POST", "/", [("Content-Length", "100000")]) + b"x" * 500,
    "inside a chunk": request("POST", "/", [("Transfer-Encoding", "chunked")]) + b"ff\r\nx",
    "inside a pipeline": request("GET", "/") * 100 + b"GET",
    "waiting for 100": request("POST", "/", [("Expect", "100-continue"), ("Content-Length", "9")]),
    "inside a large answer": request("GET", "/static/big.bin") * 4,
    "behind a bad request": b"BAD\r\n\r\n",
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_reset_leaves_nothing_behind(echo, moment):
    echo.wait_for_no_connections()
    for _ in range(40):
        conn = Conn(echo)
        conn.send(MOMENTS[moment])
        conn.reset()
    echo.wait_for_no_connections()
    with Conn(echo) as conn:
        conn.expect_open()


@pytest.mark.parametrize("moment", MOMENTS)
def test_close_leaves_nothing_behind(echo, moment):
    echo.wait_for_no_connections()
    for _ in range(10):
        with Conn(echo) as conn:
            conn.send(MOMENTS[moment])
    echo.wait_for_no_connections()


CLIENT = """
import socket, sys
data = bytes.fromhex(sys.argv[2])
socks = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for _ in range(50)]
for sock in socks:
    sock.sendall(data)
print("sent", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("moment", ["inside a head", "inside a body", "inside a large answer"])
def test_killed_client_leaves_nothing_behind(echo, moment):
    echo.wait_for_no_connections()
    with subprocess.Popen([sys.executable, "-c", CLIENT, str(echo.port), MOMENTS[moment].hex()],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as client:
        assert client.stdout.readline() == b"sent\n"
        wait_until(lambda: echo.connection_count() >= 50, 5, "not all were accepted")
        os.kill(client.pid, signal.SIGKILL)
    echo.wait_for_no_connections()
    with Conn(echo) as conn:
        conn.expect_open()


# Upgrade.

@pytest.mark.parametrize("fields", [
    [("Connection", "Upgrade"), ("Upgrade", "websocket")],
    [("Connection", "Upgrade"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA")],
    [("Connection", "upgrade, keep-alive"), ("Upgrade", "foo/2")],
])
def test_unknown_upgrade_is_ignored(conn, fields):
    conn.send(request("GET", "/u", fields) + request("GET", "/next"))
    answer = conn.read(interim=True)
    assert answer.status == 200
    assert conn.read().get("X-Seen-Target") == "/next"


# Slow but legitimate.

def test_request_in_single_bytes_is_answered(conn):
    conn.send_slowly(request("POST", "/slow", [("Transfer-Encoding", "chunked")]) + chunked(b"abc" * 30, trailers=b"A: b\r\n"))
    assert conn.read("POST").body == b"abc" * 30
    conn.expect_open()


def test_client_with_a_tiny_window_gets_the_whole_answer(echo):
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect(echo.address)
    with sock:
        sock.settimeout(20)
        sock.sendall(request("GET", "/static/big.bin", [("Connection", "close")]))
        data = bytearray()
        while piece := sock.recv(3000):
            data += piece
    assert data.partition(b"\r\n\r\n")[2] == bytes(range(256)) * 4096 * 3


@pytest.mark.parametrize("first", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x00" * 64, b"\xff" * 64, b"GET /\r\n\r\n",
                                   b"SSH-2.0-OpenSSH_9.2\r\n"])
def test_another_protocol_gets_a_readable_refusal(conn, first):
    conn.send(first)
    answer = conn.read()
    assert answer.status in (400, 505) and answer.closes
    conn.expect_end()
