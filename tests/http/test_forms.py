"""Forms and uploads over real sockets: what clients send is understood, and what breaks leaves nothing on disk."""
import json
import os
import pathlib
import re
import subprocess

import pytest

import apps
from server import Server, wait_until
from wire import Conn, chunked, request

MIB = 1 << 20
UPLOAD_MIB = int(os.environ.get("GARM_UPLOAD_MIB", "64"))
MEMORY_MAX = 32 * MIB
MULTIPART = "multipart/form-data; boundary=b"


def part(content, disposition='form-data; name="f"; filename="x"', boundary=b"b"):
    return b"--" + boundary + b"\r\nContent-Disposition: " + disposition.encode() + b"\r\n\r\n" + content + b"\r\n"


WHOLE = part(b"first" * 1000) + part(b"second") + b"--b--\r\n"


@pytest.fixture(params=[1, 3], ids=["1-worker", "3-workers"])
def site(request, tmp_path):
    with Server(apps.build("forms"), "--dir", str(tmp_path), workers=request.param) as running:
        running.dir = pathlib.Path(tmp_path)
        yield running


def left(site):
    return sorted(os.listdir(site.dir))


def post(conn, body, target="/upload", content_type=MULTIPART):
    return conn.ask("POST", target, [("Content-Type", content_type)], body)


def curl(*args):
    done = subprocess.run(["curl", "-sS", *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_curl_forms(site, tmp_path_factory):
    source = tmp_path_factory.mktemp("source") / 'a "quoted".txt'
    source.write_bytes(b"\r\n--b\r\n" * 5000)
    assert curl(site.url + "/login", "-d", "user=ada", "--data-urlencode", "password=a&b c") == "ada:a&b c"
    assert curl(site.url + "/login", "-F", "user=ada", "-F", "password=x;type=text/plain") == "ada:x"
    said = curl(site.url + "/describe", "-F", f'file=@"{source.parent}/a \\"quoted\\".txt"', "-F", "b=2")
    assert said == 'file|a "quoted".txt|text/plain|35000\nb|||1\n'
    assert curl(site.url + "/upload", "-F", f'file=@"{source.parent}/a \\"quoted\\".txt"') == "35000\n"
    assert (site.dir / "part-0").read_bytes() == source.read_bytes()
    assert curl(site.url + "/files/one", "-T", str(site.dir / "part-0")) == "kept\n"
    assert (site.dir / "one").read_bytes() == source.read_bytes()


def test_requests_forms(site):
    requests = pytest.importorskip("requests")
    content = os.urandom(3 * MIB)
    answer = requests.post(site.url + "/upload", files={"f": ("n\u00e4me \U0001f40c.bin", content, "x/y")}, data={"a": "1"}, timeout=20)
    assert answer.status_code == 201 and answer.text == f"{3 * MIB}\n"
    [name] = left(site)
    assert (site.dir / name).read_bytes() == content
    answer = requests.post(site.url + "/describe", files={"f": ("n\u00e4me.bin", b"x", "x/y")}, timeout=20)
    assert answer.text == "f|n\u00e4me.bin|x/y|1\n"
    assert requests.post(site.url + "/login", data={"user": "\u00e4", "password": "&=+%"}, timeout=20).text == "\u00e4:&=+%"


def test_file_names_are_never_paths(site):
    with Conn(site) as conn:
        for name in ("../../x", "/etc/passwd", "..\\x", ".", "..%2f"):
            assert post(conn, part(b"x", f'form-data; name=f; filename="{name}"') + b"--b--").status == 201
            assert left(site) == ["part-0"]
    assert curl("-X", "PUT", "-d", "x", "--path-as-is", site.url + "/files/..%2fx").startswith("{")
    assert left(site) == ["part-0"]


def test_one_call_saves_what_was_chosen(site):
    field, unchosen = part(b"field", 'form-data; name="a"'), part(b"", 'form-data; name="f"; filename=""')
    with Conn(site) as conn:
        assert post(conn, field + part(b"one") + unchosen + part(b"two") + b"--b--\r\n", "/keep").status == 201
        names = left(site)
        assert sorted((site.dir / name).read_bytes() for name in names) == [b"one", b"two"]
        assert all(re.fullmatch("[a-z0-9]{26}", name) for name in names)
        assert post(conn, field + unchosen + b"--b--\r\n", "/keep").status == 201
        assert left(site) == names


@pytest.mark.parametrize("last, status", [(part(b"x" * 101), 413), (b"--b\r\nnonsense\r\n\r\n", 400), (b"", 400)])
def test_one_call_keeps_all_or_nothing(site, last, status):
    end = b"--b--\r\n" if last else b""
    with Conn(site) as conn:
        assert post(conn, part(b"one") + part(b"x" * 100) + last + end, "/keep").status == status
    wait_until(lambda: left(site) == [])


def test_bytes_one_by_one(site):
    body = part(b"\r\n--", boundary=b"b") + b"--b--"
    with Conn(site) as conn:
        raw = request("POST", "/describe", [("Content-Type", MULTIPART), ("Content-Length", len(body))]) + body
        for byte in raw:
            conn.send(bytes([byte]))
        assert conn.read().body == b"f|x||4\n"


MALFORMED = [
    (b"", "the body ends before its last boundary (at byte 0, before its first part)"),
    (WHOLE[:-4], "the body ends before its last boundary"),
    (WHOLE.replace(b"\r\n", b"\n"), "a bare LF behind a boundary (at byte 3"),
    (WHOLE[:-9] + b"\r\n--bad\r\n--b--", "more bytes behind a boundary"),
    (part(b"x") + part(b"y", "form-data"), "a part has no name (at byte 71, behind part 1)"),
    (part(b"x") + part(b"y", 'form-data; name="a'), "a bad parameter in a Content-Disposition"),
    (part(b"x") + part(b"y", "attachment; name=a"), "a Content-Disposition that is not form-data"),
    (part(b"x") + b"--b\r\n\r\n", "a part has no Content-Disposition"),
    (part(b"x") + b"--b\r\nA\0: b\r\n", "a control byte in a part's head"),
    (part(b"x") + b"--b\r\nA: " + b"b" * 5000, "a part's head is larger than allowed"),
    (part(b"x", "form-data; name=a") * 1001 + b"--b--", "the form has more parts than allowed"),
]


@pytest.mark.parametrize("body, reason", MALFORMED, ids=[str(i) for i in range(len(MALFORMED))])
def test_malformed_bodies_leave_nothing(site, body, reason):
    with Conn(site) as conn:
        answer = post(conn, body)
        assert answer.status == (413 if "allowed" in reason else 400)
        assert json.loads(answer.body)["detail"].startswith("the form: " + reason)
        conn.expect_end()
    assert left(site) == []


@pytest.mark.parametrize("content_type, status", [("text/plain", 415), ("multipart/mixed; boundary=b", 415), ("multipart/form-data", 400),
                                                  ("multipart/form-data; boundary=" + "b" * 71, 400), ("multipart/form-data; boundary=a\xe4", 400)])
def test_other_types_are_refused(site, content_type, status):
    with Conn(site) as conn:
        assert post(conn, WHOLE, content_type=content_type).status == status
    assert left(site) == []


@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("how", ["reset", "close"])
def test_client_that_goes_leaves_nothing(site, framing, how):
    body = part(b"first" * 1000) + part(b"x" * MIB)
    field = ("Content-Length", 10 * MIB) if framing == "length" else ("Transfer-Encoding", "chunked")
    head = request("POST", "/upload", [("Content-Type", MULTIPART), field])
    with Conn(site) as conn:
        conn.send(head + (body if framing == "length" else chunked(body)[:-5]))
        wait_until(lambda: left(site) == ["part-0"], what="the first file never came")
        if how == "reset":
            conn.reset()
    wait_until(lambda: left(site) == [], what="a file stayed")
    wait_until(lambda: site.descriptor_count() <= site.descriptors_at_rest, what="descriptors stayed")


def test_body_that_ends_early_leaves_nothing(site):
    with Conn(site) as conn:
        conn.send(request("PUT", "/files/one", [("Content-Length", 2 * MIB)]) + b"x" * MIB)
    wait_until(lambda: site.connection_count() <= 0)
    assert left(site) == []


def peak_bytes(site):
    status = pathlib.Path(f"/proc/{site.pid}/status").read_text()
    return int(re.search(r"^VmHWM:\s+(\d+) kB", status, re.M)[1]) * 1024


def sanitized():
    return apps.cached("GARM_SANITIZE") != ""


def test_large_upload_takes_little_memory(site):
    """GARM_UPLOAD_MIB=2048 is the full size."""
    block = os.urandom(MIB)
    head, tail = part(b"")[:-2], b"\r\n--b--\r\n"
    size = len(head) + UPLOAD_MIB * MIB + len(tail)
    with Conn(site, patience=120) as conn:
        before = peak_bytes(site)
        conn.send(request("POST", "/upload", [("Content-Type", MULTIPART), ("Content-Length", size)]) + head)
        for _ in range(UPLOAD_MIB):
            conn.send(block)
        conn.send(tail)
        answer = conn.read()
    assert answer.status == 201 and answer.body == b"%d\n" % (UPLOAD_MIB * MIB)
    with open(site.dir / "part-0", "rb") as file:
        assert all(file.read(MIB) == block for _ in range(UPLOAD_MIB)) and file.read(1) == b""
    peak = peak_bytes(site)
    print(f"VmHWM: {before >> 10} KiB before, {peak >> 10} KiB after {UPLOAD_MIB} MiB")
    if not sanitized():
        assert peak < MEMORY_MAX


def test_many_slow_uploads_take_bounded_memory(site):
    """Each of 200 clients has sent 60000 bytes of a file, and waits. Another one is served meanwhile."""
    count = 200
    head = request("POST", "/upload", [("Content-Type", MULTIPART), ("Content-Length", MIB)]) + part(b"")[:-2]
    before = site.resident_bytes()
    clients = [Conn(site) for _ in range(count)]
    try:
        for client in clients:
            client.send(head + b"x" * 60000)
        wait_until(lambda: site.descriptor_count() >= site.descriptors_at_rest + count)
        with Conn(site) as conn:
            assert conn.ask("POST", "/login", [("Content-Type", "application/x-www-form-urlencoded")], b"user=a&password=b").body == b"a:b"
        each = (site.resident_bytes() - before) // count
        print(f"{each >> 10} KiB for each of {count} uploads")
        if not sanitized():
            assert each < 192 * 1024
    finally:
        for client in clients:
            client.close()
    wait_until(lambda: left(site) == [])


def test_trailers_in_and_out(site):
    body = b"5\r\nhello\r\n0\r\nX-Sum: 42\r\n\r\n"
    with Conn(site) as conn:
        for field, trailers in (([("TE", "trailers"), ("Connection", "TE")], [(b"X-Sum", b"42")]), ([], [])):
            conn.send(request("POST", "/trailer", [("Transfer-Encoding", "chunked"), *field]) + body)
            answer = conn.read()
            assert answer.status == 200 and answer.body == b"hello" and answer.trailers == trailers
