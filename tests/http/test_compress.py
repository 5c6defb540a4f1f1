"""Compression on the wire: curl, a browser and Python's modules read every coding."""
import gzip
import json
import os
import re
import shutil
import socket
import subprocess
import time
import zlib

import brotli
import pytest
import zstandard

import apps
from server import Server, wait_until
from wire import ask

CHROMIUM = shutil.which("chromium")
PAGE_END = b"querySelectorAll('li').length</script>"

DECODERS = {
    "gzip": gzip.decompress,
    "deflate": zlib.decompress,
    "br": brotli.decompress,
    "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
    None: lambda data: data,
}


@pytest.fixture(name="running", scope="module", params=[1, 3], ids=["1-worker", "3-workers"])
def running_fixture(request):
    with Server(apps.build("compressed"), workers=request.param) as running:
        yield running


def get(server, target, coding, *fields, method="GET"):
    return ask(server, method, target, (("Accept-Encoding", coding), *fields))


def curl(*args):
    done = subprocess.run(["curl", "-sS", "--max-time", "20", *args], stdout=subprocess.PIPE, check=True)
    return done.stdout


def dump(url):
    """What Chromium makes of a page."""
    done = subprocess.run([CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--dump-dom", url],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60, check=True)
    return done.stdout.decode()


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
@pytest.mark.parametrize("lines", [100, 5000, 40000])
def test_python_reads_what_was_held(running, coding, lines):
    plain = get(running, f"/page?lines={lines}", "identity")
    answer = get(running, f"/page?lines={lines}", coding)
    assert plain.status == answer.status == 200 and plain.body.endswith(PAGE_END)
    assert answer.get("Content-Encoding") == coding and answer.get("Vary") == "Accept-Encoding"
    assert answer.length == len(answer.body) < len(plain.body) / 3
    assert DECODERS[coding](answer.body) == plain.body


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_python_reads_what_was_streamed(running, coding):
    expected = b"".join(b"line %d\n" % i for i in range(30000))
    answer = get(running, "/stream?lines=30000", coding)
    assert answer.get("Content-Encoding") == coding and answer.get("Transfer-Encoding") == "chunked"
    assert len(answer.body) < len(expected) / 3 and DECODERS[coding](answer.body) == expected


def test_curl_reads_it(running):
    url = f"{running.urls[0]}/page?lines=3000"
    assert curl("--compressed", url) == curl(url)
    assert b"\ncontent-encoding: " in curl("--compressed", "-D", "-", "-o", "/dev/null", url).lower()
    assert b"content-encoding" not in curl("-D", "-", "-o", "/dev/null", url).lower()


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")
@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_a_browser_reads_it(coding):
    """It takes br and zstd from a server that it trusts, as one on this machine."""
    with Server(apps.build("compressed")) as running:
        site = f"http://localhost:{running.address[1]}/only/{coding}"
        assert "items: 3000" in dump(f"{site}/page?lines=3000")
        assert f"coding: {coding}" in dump(f"{site}/coding")


@pytest.mark.parametrize("accept, coding", [("gzip;q=0", None), ("identity", None), ("*;q=0", None), ("identity;q=0", None), ("x, y", None),
                                            ("deflate", None), ("gzip;q=0.2, br;q=0.1", "gzip"), ("*", "zstd")])
def test_identity_when_refused(running, accept, coding):
    answer = get(running, "/page", accept)
    assert answer.get("Content-Encoding") == coding and answer.get("Vary") == "Accept-Encoding"
    assert DECODERS[coding](answer.body).endswith(PAGE_END)


def test_head_is_as_get(running):
    for coding in ("gzip", "br", "zstd", "identity"):
        got = get(running, "/page", coding)
        head = get(running, "/page", coding, method="HEAD")
        assert [field for field in head.fields if field[0] != b"Date"] == [field for field in got.fields if field[0] != b"Date"]


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_a_flush_reaches_the_client(running, coding):
    """The client lets the handler go on only when it has read the first line."""
    with socket.create_connection(running.address, timeout=10) as conn:
        conn.sendall(f"POST /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAccept-Encoding: {coding}\r\nContent-Length: 1\r\n\r\n".encode())
        reader = conn.makefile("rb")
        while reader.readline() not in (b"\r\n", b""):
            pass
        decoder = {"gzip": lambda: zlib.decompressobj(31), "br": brotli.Decompressor, "zstd": lambda: zstandard.ZstdDecompressor().decompressobj()}[coding]()
        feed = decoder.process if coding == "br" else decoder.decompress
        text = b""
        while text != b"first\n":
            size = int(reader.readline(), 16)
            text += feed(reader.read(size))
            assert reader.readline() == b"\r\n" and size > 0
        conn.sendall(b"x")
        while (size := int(reader.readline(), 16)) > 0:
            text += feed(reader.read(size))
            reader.readline()
        assert text == b"first\nsecond\n"


def test_event_streams_and_secrets_stay_as_they_are(running):
    assert get(running, "/events", "gzip").get("Content-Encoding") is None
    assert get(running, "/secret", "gzip").get("Content-Encoding") is None


def test_a_long_body_does_not_hold_the_worker():
    """While 8 MiB are compressed, somebody else is answered, many times."""
    with Server(apps.build("compressed"), workers=1) as running, socket.create_connection(running.address, timeout=60) as conn:
        ask(running, "GET", "/huge")
        conn.sendall(b"GET /huge HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAccept-Encoding: br\r\n\r\n")
        conn.setblocking(False)
        answered = 0
        waited = time.monotonic() + 60
        while time.monotonic() < waited:
            assert get(running, "/ping", "br").body == b"pong"
            answered += 1
            try:
                if conn.recv(1):
                    break
            except BlockingIOError:
                pass
        assert answered > 10


def test_conditions(running):
    plain = get(running, "/page", "identity")
    coded = get(running, "/page", "gzip")
    etag = plain.get("ETag")
    assert re.fullmatch(r'"[0-9a-f]{32}"', etag) and coded.get("ETag") == "W/" + etag
    for coding, known in (("identity", etag), ("gzip", "W/" + etag), ("identity", "W/" + etag), ("gzip", etag)):
        answer = get(running, "/page", coding, ("If-None-Match", known))
        assert answer.status == 304 and answer.body == b"" and answer.get("ETag") == known and answer.get("Vary") == "Accept-Encoding"
    assert get(running, "/page?lines=7", "gzip", ("If-None-Match", etag)).status == 200


def test_ranges_are_of_the_identity(running, tmp_path):
    text = b"".join(b"%d\n" % i for i in range(50000))
    (tmp_path / "numbers.txt").write_bytes(text)
    target = f"/file?path={tmp_path}/numbers.txt"
    whole = get(running, target, "gzip")
    assert DECODERS["gzip"](whole.body) == text and whole.get("Content-Encoding") == "gzip"
    assert whole.get("Accept-Ranges") == "none" and whole.get("ETag").startswith('W/"')
    part = get(running, target, "gzip", ("Range", "bytes=100-199"))
    assert part.status == 206 and part.body == text[100:200] and part.get("Content-Encoding") is None
    assert part.get("ETag").removeprefix("W/") == whole.get("ETag")[2:]  # that of a file just changed is weak, too
    stale = get(running, target, "gzip", ("Range", "bytes=100-199"), ("If-Range", whole.get("ETag")))
    assert stale.status == 200 and DECODERS["gzip"](stale.body) == text
    assert get(running, target, "gzip", ("If-None-Match", whole.get("ETag"))).status == 304


@pytest.fixture(name="site", scope="module")
def site_fixture(tmp_path_factory):
    """A directory whose files are compressed when they are asked for."""
    root = tmp_path_factory.mktemp("site")
    (root / "big.js").write_bytes(b"".join(b"let a%d = %d;\n" % (i, i * i) for i in range(20000)))
    (root / "small.css").write_bytes(b"body{color:#123}\n" * 100)
    (root / "tiny.txt").write_bytes(b"x" * 1023)
    (root / "huge.txt").write_bytes(b"0123456789\n" * 200000)
    (root / "noise.txt").write_bytes(os.urandom(5000))
    (root / "pixel.png").write_bytes(b"x" * 5000)
    time.sleep(0.05)  # the tag of a file that has just changed is weak, and such a file stays as it is
    with Server(apps.build("compressed"), "--dir", str(root), workers=1) as running:
        yield root, running


@pytest.mark.parametrize("name", ["big.js", "small.css"])
@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_files_are_compressed_once_and_kept(site, name, coding):
    root, running = site
    text = (root / name).read_bytes()
    plain = get(running, f"/files/{name}", "identity")
    first = get(running, f"/files/{name}", coding)
    again = get(running, f"/files/{name}", coding)
    assert plain.body == text and plain.get("Vary") == "Accept-Encoding"
    assert first.get("Content-Encoding") == coding and first.get("Vary") == "Accept-Encoding" and first.length == len(first.body) < len(text) / 3
    assert DECODERS[coding](first.body) == text and again.body == first.body
    etags = [get(running, f"/files/{name}", each).get("ETag") for each in ("identity", "gzip", "br", "zstd")]
    assert len(set(etags)) == 4 and all(etag.startswith('"') for etag in etags) and first.get("ETag") == again.get("ETag")
    assert get(running, f"/files/{name}", coding, ("If-None-Match", first.get("ETag"))).status == 304
    part = get(running, f"/files/{name}", coding, ("Range", "bytes=10-29"), ("If-Range", first.get("ETag")))
    assert part.status == 206 and part.get("Content-Encoding") == coding and part.body == first.body[10:30]
    head = get(running, f"/files/{name}", coding, method="HEAD")
    assert head.get("ETag") == first.get("ETag") and head.get("Content-Length") == str(first.length)


@pytest.mark.parametrize("name", ["tiny.txt", "noise.txt", "pixel.png"])
def test_files_that_gain_nothing_stay_as_they_are(site, name):
    root, running = site
    for coding in ("gzip", "br", "zstd"):
        answer = get(running, f"/files/{name}", coding, ("Cache-Control", "x"))
        assert DECODERS[answer.get("Content-Encoding")](answer.body) == (root / name).read_bytes()
    assert get(running, "/files/pixel.png", "gzip").get("Content-Encoding") is None


def test_a_long_file_is_compressed_on_its_way(site):
    root, running = site
    answer = get(running, "/files/huge.txt", "zstd")
    assert answer.get("ETag").startswith("W/") and DECODERS["zstd"](answer.body) == (root / "huge.txt").read_bytes()


def test_a_changed_file_is_compressed_anew(site):
    root, running = site
    (root / "change.txt").write_bytes(b"old\n" * 2000)
    time.sleep(0.05)
    assert DECODERS["gzip"](get(running, "/files/change.txt", "gzip").body) == b"old\n" * 2000
    (root / "new").write_bytes(b"new\n" * 2000)
    os.rename(root / "new", root / "change.txt")
    wait_until(lambda: DECODERS["gzip"](get(running, "/files/change.txt", "gzip").body) == b"new\n" * 2000, seconds=2)


@pytest.mark.parametrize("path, coding, said", [("/gzip", "gzip", "gzipped"), ("/deflate", "deflate", "deflated"), ("/brotli", "br", "brotli"),
                                                ("/zstd", "zstd", "zstd")])
def test_httpbin_shows_each_coding(httpbin, path, coding, said):
    answer = ask(httpbin, "GET", path)
    assert answer.status == 200 and answer.get("Content-Type") == "application/json" and answer.get("Content-Encoding") == coding
    seen = json.loads(DECODERS[coding](answer.body))
    assert sorted(seen) == sorted([said, "headers", "method", "origin"]) and seen[said] is True and seen["method"] == "GET"
    assert json.loads(curl("--compressed", f"{httpbin.urls[0]}{path}"))[said] is True
