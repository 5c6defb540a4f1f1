"""Served directories: paths, what must never leave them, types, siblings, single-page applications."""
import gzip
import os
import shutil
import socket
import subprocess

import pytest

import server
from static_site import BIG, DIGITS, PAGE, SCRIPT, SECRET, running_fixture, site_fixture  # pylint: disable=unused-import
from wire import Conn, ask, request


@pytest.fixture(name="conn")
def conn_fixture(running):
    with Conn(running) as connection:
        yield connection


SERVED = {
    "/digits.txt": DIGITS, "/": PAGE, "/index.html": PAGE, "/withindex/": b"<p>inner</p>", "/sub/a.txt": b"a\n", "/sub/deep/b.txt": b"b\n",
    "/big.bin": BIG, "/middle.bin": BIG[:100_000], "/empty.txt": b"", "/in.txt": DIGITS, "/sub/across.txt": DIGITS, "/a%20name%20%26%20%3Cb%3E.txt": b"odd\n",
    "/%64igits.txt": DIGITS, "/sub/../digits.txt": DIGITS, "/./digits.txt": DIGITS, "/../digits.txt": DIGITS, "/%2e%2e/digits.txt": DIGITS,
    "/gr%C3%B6%C3%9Fe.txt": b"umlaut\n", "/%252e%252e": b"percent\n", "/.well-known/security.txt": b"Contact: a\n", "/sub%2e/../digits.txt": DIGITS,
    "/digits.txt?a=b/../c": DIGITS, "/" + "x" * 200 + ".txt": b"long\n", "/aged/digits.txt": DIGITS, "/dots/.git/config": b"[core]\n",
    "/plain/big.bin": BIG,
}


@pytest.mark.parametrize("target", SERVED, ids=lambda target: target[:40])
def test_file_comes_byte_for_byte(conn, target):
    for _ in range(2):
        answer = conn.ask("GET", target)
        assert answer.status == 200 and answer.body == SERVED[target], answer
        assert answer.length == len(SERVED[target])
    head = conn.ask("HEAD", target)
    assert [(name, value) for name, value in head.fields if name != b"Date"] == [(name, value) for name, value in answer.fields if name != b"Date"]


NOT_THERE = ["/missing", "/digits.txt/", "/digits.txt/x", "/sub", "/sub/", "/sub/missing", "/sub//a.txt", "//digits.txt", "/sub/deep//b.txt", "/fifo", "/out.txt",
             "/out-absolute.txt", "/up/secret.txt", "/up/", "/top/etc/passwd", "/proc/etc/passwd", "/self", "/.git/config", "/.git/", "/.env", "/sub/.hidden",
             "/sub/.well-known/x", "/.well-known", "/%2egit/config", "/x%0ay", "/x%0d%0aX:y", "/x%7f", "/x%1b", "/..%2fsecret.txt", "/..%5csecret.txt", "/%5c..%5csecret.txt",
             "/sub%2fa.txt", "/sub%252fa.txt", "/%c0%ae%c0%ae/secret.txt", "/%c0%af..%c0%afsecret.txt", "/%e0%80%ae./secret.txt", "/..;/secret.txt", "/x" * 500,
             "/" + "x" * 256, "/" + "y" * 5000, "/digits.txt%20", "/digits.txt.", "/DIGITS.TXT", "/plain/", "/plain/withindex/", "/coded/.env", "/list/.git/config"]


@pytest.mark.parametrize("target", NOT_THERE, ids=lambda target: target[:40])
def test_what_is_no_servable_file_is_404(conn, target):
    answer = conn.ask("GET", target)
    assert answer.status == 404 and SECRET not in answer.body, answer
    conn.expect_open()


DOTS = ["..", "%2e%2e", "%2E.", ".%2e", "%252e%252e", "%c0%ae%c0%ae", "%e0%80%ae%e0%80%ae", "%uff0e%uff0e", "..%00", "..%0d", "....", "..;", "%2e%2e%3b", "..%c0%af", "..%c1%9c",
        "%c0%2e%c0%2e", "%25%32%65%25%32%65", "..%ef%bc%8f", "up", "./..", "sub/../..", "%32%65%32%65"]
SLASHES = ["/", "%2f", "%252f", "%5c", "%255c", "//", "/./", "%c0%af", "\\", "%u2215", "/%2f", "%2f/"]
GOALS = ["secret.txt", "site-secret/x.txt", "etc/passwd"]
PREFIXES = ["/", "/coded/", "/list/", "/dots/", "/spa/", "/plain/", "/sub/deep/"]


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("goal", GOALS)
def test_no_way_leads_out(running, prefix, goal):
    """Every dot with every slash, one to four levels up."""
    with Conn(running) as conn:
        for dots in DOTS:
            for slash in SLASHES:
                for levels in (1, 2, 4):
                    target = prefix + (dots + slash) * levels + goal
                    answer = ask(running, "GET", target) if conn.eof else conn.ask("GET", target)
                    if answer.closes:
                        conn.close()
                        conn.__init__(running)
                    assert SECRET not in answer.body and b"root:" not in answer.body, target
                    assert answer.status in (301, 400, 404) or answer.body == PAGE, (target, answer)


def test_prefix_is_no_prefix_of_a_name(conn):
    assert conn.ask("GET", "/codedx/digits.txt").status == 404
    assert conn.ask("GET", "/coded../digits.txt").status == 404


@pytest.mark.parametrize("target,location", [("/withindex", "/withindex/"), ("/withindex?a=b&c=%2F", "/withindex/?a=b&c=%2F"), ("/coded", "/coded/"), ("/dots/sub", "/dots/sub/"),
                                             ("/sub/../withindex", "/withindex/"), ("/list/sub/deep", "/list/sub/deep/"), ("http://evil/withindex", "/withindex/")])
def test_directory_without_its_slash_is_redirected(conn, target, location):
    answer = conn.ask("GET", target)
    assert answer.status == 301 and answer.get("Location") == location


@pytest.mark.parametrize("target", ["//evil.example/..", "//evil.example/%2e%2e", "/%2fevil.example", "/%5cevil.example", "//withindex", "/./%2e//withindex", "///withindex", "//"])
def test_no_redirect_leads_to_another_host(conn, target):
    answer = conn.ask("GET", target)
    assert answer.status in (200, 301, 400, 404)
    assert not (answer.get("Location") or "/").startswith("//"), answer


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_other_methods_are_405(conn, method):
    answer = conn.ask(method, "/digits.txt", body=b"x")
    assert answer.status == 405 and {"GET", "HEAD"} <= {name.strip() for name in answer.get("Allow").split(",")}


@pytest.mark.parametrize("target,kind", [("/digits.txt", "text/plain; charset=utf-8"), ("/", "text/html; charset=utf-8"), ("/script.js", "text/javascript; charset=utf-8"),
                                         ("/big.bin", "application/octet-stream"), ("/script.js.gz", "application/gzip")])
def test_type_goes_by_the_ending(conn, target, kind):
    answer = conn.ask("GET", target)
    assert answer.get("Content-Type") == kind and answer.get("Content-Encoding") is None


@pytest.mark.parametrize("target,value", [("/digits.txt", "no-cache"), ("/aged/digits.txt", "max-age=60"), ("/aged/index.html", "no-cache"), ("/aged/", "no-cache"),
                                          ("/aged/app.3f9a0c21.js", "max-age=31536000, immutable"), ("/app.3f9a0c21.js", "no-cache"), ("/aged/app-v2.js", "max-age=60"),
                                          ("/plain/digits.txt", None)])
def test_cache_control_goes_by_name_and_options(conn, target, value):
    assert conn.ask("GET", target).get("Cache-Control") == value


def test_fifo_socket_and_device_hold_nobody_up(running, site):
    path = site / "socket"
    with socket.socket(socket.AF_UNIX) as holder:
        holder.bind(str(path))
        for name in ("fifo", "socket"):
            assert ask(running, "GET", f"/{name}").status in (403, 404)
    path.unlink()


def test_unreadable_file_is_403(running, site):
    """As root everything can be read: then it is served."""
    path = site / "closed.txt"
    path.write_bytes(b"x")
    path.chmod(0)
    assert ask(running, "GET", "/closed.txt").status == (200 if os.geteuid() == 0 else 403)


def test_pipelined_requests_are_answered_in_order(conn):
    targets = ["/digits.txt", "/big.bin", "/missing", "/script.js", "/plain/middle.bin", "/"] * 4
    conn.send(b"".join(request("GET", target) for target in targets))
    bodies = [conn.read().body for _ in targets]
    assert bodies[0] == DIGITS and bodies[1] == BIG and bodies[3] == SCRIPT and bodies[4] == BIG[:100_000] and bodies[5] == PAGE
    assert bodies[6:] == bodies[:-6]


@pytest.mark.parametrize("place", ["/", "/plain/"])
def test_ranges_of_a_large_file_are_its_bytes(conn, place):
    for first, last in ((0, 0), (1, 70_000), (1_000_000, 3_000_000), (len(BIG) - 1, len(BIG) - 1)):
        answer = conn.ask("GET", place + "big.bin", [("Range", f"bytes={first}-{last}")])
        assert answer.status == 206 and answer.body == BIG[first:last + 1]
        assert answer.get("Content-Range") == f"bytes {first}-{last}/{len(BIG)}"


def test_multipart_of_a_large_file_is_its_bytes(conn):
    answer = conn.ask("GET", "/big.bin", [("Range", "bytes=0-99999,2000000-2000009,-7")])
    boundary = answer.get("Content-Type").partition("boundary=")[2].encode()
    parts = answer.body.split(b"--" + boundary)
    assert answer.status == 206 and [part.partition(b"\r\n\r\n")[2][:-2] for part in parts[1:-1]] == [BIG[:100_000], BIG[2_000_000:2_000_010], b"the end"]


# Precompressed siblings.

CODED = {"br": b"coded as br", "zstd": b"coded as zst"}


@pytest.mark.parametrize("accept,coding", [("gzip", "gzip"), ("br", "br"), ("zstd", "zstd"), ("gzip, br, zstd", "br"), ("gzip, zstd", "zstd"), ("br;q=0.5, gzip", "gzip"), ("br;q=0", None),
                                           ("*", "br"), ("*;q=0", None), ("identity", None), ("identity, br;q=0.5", None), ("deflate", None), ("", None), (None, None),
                                           ("br;q=0, *", "zstd"), ("GZIP", "gzip"), ("gzip;q=0.001", "gzip"), ("identity;q=0, deflate", None)])
def test_sibling_goes_by_what_the_client_takes(conn, accept, coding):
    answer = conn.ask("GET", "/coded/script.js", [] if accept is None else [("Accept-Encoding", accept)])
    assert answer.get("Content-Encoding") == coding and answer.get("Vary") == "Accept-Encoding"
    assert answer.get("Content-Type") == "text/javascript; charset=utf-8"
    body = gzip.decompress(answer.body) if coding == "gzip" else answer.body
    assert body == CODED.get(coding, SCRIPT)


def test_each_coding_has_a_tag_of_its_own(conn):
    tags = {conn.ask("GET", "/coded/script.js", [("Accept-Encoding", coding)]).get("ETag") for coding in ("br", "zstd", "gzip", "identity")}
    assert len(tags) == 4
    tag = conn.ask("GET", "/coded/script.js", [("Accept-Encoding", "br")]).get("ETag")
    assert conn.ask("GET", "/coded/script.js", [("Accept-Encoding", "br"), ("If-None-Match", tag)]).status == 304
    assert conn.ask("GET", "/coded/script.js", [("If-None-Match", tag)]).status == 200


def test_range_is_of_the_coded_bytes(conn):
    answer = conn.ask("GET", "/coded/script.js", [("Accept-Encoding", "br"), ("Range", "bytes=0-4")])
    assert (answer.status, answer.body, answer.get("Content-Range")) == (206, b"coded", "bytes 0-4/11")
    assert answer.get("Content-Encoding") == "br" and answer.get("Vary") == "Accept-Encoding"


def test_sibling_that_is_older_is_ignored(conn):
    answer = conn.ask("GET", "/coded/old.js", [("Accept-Encoding", "gzip")])
    assert answer.get("Content-Encoding") is None and answer.body == SCRIPT and answer.get("Vary") == "Accept-Encoding"


def test_siblings_are_looked_for_only_if_asked(conn):
    answer = conn.ask("GET", "/script.js", [("Accept-Encoding", "br")])
    assert answer.get("Content-Encoding") is None and answer.get("Vary") is None and answer.body == SCRIPT


def compress(coding, data):
    if coding == "gzip":
        return gzip.compress(data)
    if coding == "br":
        return pytest.importorskip("brotli").compress(data)
    return pytest.importorskip("zstandard").compress(data)


@pytest.mark.parametrize("coding,ending", [("gzip", "gz"), ("br", "br"), ("zstd", "zst")])
def test_curl_decodes_a_sibling(running, site, coding, ending):
    (site / f"{ending}.js").write_bytes(SCRIPT)
    (site / f"{ending}.js.{ending}").write_bytes(compress(coding, SCRIPT))
    done = subprocess.run(["curl", "-s", "--compressed", "-H", f"Accept-Encoding: {coding}", "-D", "-", f"{running.url}/coded/{ending}.js"],
                          stdout=subprocess.PIPE, check=True, env=server.environment())
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    assert body == SCRIPT and f"Content-Encoding: {coding}".encode() in head


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium")
def test_chromium_decodes_a_sibling(running, site, tmp_path):
    script = b"document.documentElement.dataset.ran = 'the script';"
    (site / "page.html").write_bytes(b"<!doctype html><script src=ran.js></script>")
    (site / "ran.js").write_bytes(b"document.documentElement.dataset.ran = 'the original';")
    (site / "ran.js.gz").write_bytes(gzip.compress(script))
    done = subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}", "--dump-dom", running.url + "/coded/page.html"],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=120, check=True, env=server.environment())
    assert b'data-ran="the script"' in done.stdout


# Single-page applications.

PAGES = [("Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")]


@pytest.mark.parametrize("target", ["/spa/users/7", "/spa/a", "/spa/sub/", "/spa/sub", "/spa/digits.txt/x"])
def test_page_that_is_not_there_is_the_index(conn, target):
    answer = conn.ask("GET", target, PAGES)
    assert answer.status == 200 and answer.body == PAGE and answer.get("Vary") == "Accept, Accept-Encoding"
    assert conn.ask("HEAD", target, PAGES).status == 200


@pytest.mark.parametrize("target,fields", [("/spa/missing.js", PAGES), ("/spa/users/7", [("Accept", "*/*")]), ("/spa/users/7", []), ("/spa/users/7", [("Accept", "application/json")]),
                                           ("/spa/.env", PAGES), ("/spa//x", PAGES)])
def test_what_is_no_page_stays_404(conn, target, fields):
    assert conn.ask("GET", target, fields).status == 404
