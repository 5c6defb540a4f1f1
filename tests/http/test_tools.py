"""What people point at a server first: curl, ab, wrk."""
import json
import os
import re
import shutil
import subprocess

import pytest

import apps
from server import Server
from conftest import STATIC_FILES

MIB = 1 << 20


def tool(*command, data=None, seconds=60):
    assert shutil.which(command[0]), f"{command[0]} is not installed (make deps-test)"
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=seconds, check=False)


def curl(*args, data=None):
    done = tool("curl", "-q", "--silent", "--show-error", "--max-time", "30", *args, data=data)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_curl_gets_and_posts(echo):
    assert curl(echo.url + "/static/hello.txt") == STATIC_FILES["hello.txt"]
    assert curl("--data-binary", "a=b&c", echo.url + "/form") == b"a=b&c"


def test_curl_speaks_http_1_0(echo):
    out = curl("--http1.0", "--include", "--data-binary", "old", echo.url + "/")
    assert out.startswith(b"HTTP/1.1 200 ") and out.endswith(b"\r\n\r\nold")
    assert b"chunked" not in out.lower()


def test_curl_head_shows_the_length_and_ends(echo):
    out = curl("--head", echo.url + "/static/hello.txt")
    assert b"HTTP/1.1 200 " in out and b"ontent-Length: %d\r\n" % len(STATIC_FILES["hello.txt"]) in out


@pytest.mark.parametrize("fields", [[], ["-H", "Transfer-Encoding: chunked"]], ids=["length", "chunked"])
def test_curl_uploads_with_expect(echo, tmp_path, fields):
    body = os.urandom(3 * MIB)
    (tmp_path / "up").write_bytes(body)
    assert curl("-T", str(tmp_path / "up"), "-H", "Expect: 100-continue", *fields, echo.url + "/up") == body


def test_curl_upload_beyond_the_limit_ends_with_413(echo, tmp_path):
    (tmp_path / "up").write_bytes(bytes(20 * MIB))
    for expect in ("Expect: 100-continue", "Expect:"):
        out = curl("-T", str(tmp_path / "up"), "-H", expect, "-o", "/dev/null", "-w", "%{http_code}", echo.url + "/up")
        assert out == b"413"


def test_curl_reuses_its_connection(echo):
    out = curl(*["-o", "/dev/null"] * 5, "-w", "%{num_connects} ", *[f"{echo.url}/{i}" for i in range(5)])
    assert out.split() == [b"1", b"0", b"0", b"0", b"0"]


def test_curl_gets_many_urls_in_parallel(echo):
    out = curl("--parallel", "--parallel-immediate", "-w", "%{http_code}\n", *["-o", "/dev/null"] * 50, *[f"{echo.url}/{i}" for i in range(50)])
    assert out.split() == [b"200"] * 50


def test_curl_resolves_the_unix_socket(tmp_path):
    path = tmp_path / "s"
    with Server("hello", listen=[f"unix:{path}"]):
        assert b"ello" in curl("--unix-socket", str(path), "http://anything/hello/x")


@pytest.mark.parametrize("flags", [["-k"], []], ids=["keep-alive", "one-request-each"])
def test_ab_sees_no_failure(bench, flags):
    done = tool("ab", "-q", *flags, "-n", "3000", "-c", "20", bench.url + "/plaintext")
    out = done.stdout.decode()
    assert done.returncode == 0, done.stderr
    assert re.search(r"Complete requests:\s+3000\n", out) and re.search(r"Failed requests:\s+0\n", out)
    assert "Non-2xx" not in out
    assert not flags or re.search(r"Keep-Alive requests:\s+3000\n", out)


def test_ab_posts(echo, tmp_path):
    (tmp_path / "body").write_bytes(b"x" * 5000)
    out = tool("ab", "-q", "-k", "-n", "500", "-c", "10", "-p", str(tmp_path / "body"), "-T", "text/plain", echo.url + "/").stdout.decode()
    assert re.search(r"Complete requests:\s+500\n", out) and "Non-2xx" not in out


PIPELINE = """
init = function(args)
  local r = {}
  for i = 1, 16 do r[i] = wrk.format(nil, "/plaintext") end
  pipelined = table.concat(r)
end
request = function() return pipelined end
"""
REPORT = """
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('{"requests":%d,"errors":%d,"bad":%d}\\n', summary.requests, e.connect + e.read + e.write + e.timeout, e.status))
end
"""


@pytest.mark.parametrize("script", ["", PIPELINE], ids=["plain", "pipelined"])
@pytest.mark.parametrize("workers", [1, 3])
def test_wrk_sees_no_error(tmp_path, script, workers):
    path = tmp_path / "report.lua"
    path.write_text(script + REPORT)
    connections = 32 if apps.cached("GARM_SANITIZE") == "thread" else 64  # which makes quick requests slow
    with Server("bench", workers=workers) as running:
        done = tool("wrk", "-t1", f"-c{connections}", "-d1s", "-s", str(path), running.url + "/plaintext")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.decode().strip().splitlines()[-1])
    assert report["requests"] > 500 and report["errors"] == report["bad"] == 0
