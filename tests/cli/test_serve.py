"""garm serve: files beneath a directory."""
import base64
import gzip
import os
import socket
import time

import pytest

from command import assert_refused, fetch, fetch_all, garm, serving

HTML = {"Accept": "text/html"}


@pytest.fixture
def site(tmp_path):
    (tmp_path / "secret.txt").write_text("secret\n")
    (tmp_path / "site" / "sub").mkdir(parents=True)
    (tmp_path / "site" / "empty").mkdir()
    (tmp_path / "site" / "index.html").write_text("<title>root</title>\n")
    (tmp_path / "site" / "a b.txt").write_text("text\n")
    (tmp_path / "site" / "app.3f9a0c21.js").write_text("script\n")
    (tmp_path / "site" / "sub" / "index.html").write_text("<title>sub</title>\n")
    (tmp_path / "site" / "out.txt").symlink_to("../secret.txt")
    return tmp_path / "site"


@pytest.fixture(scope="session")
def hashed():
    return garm("hash", stdin=None, input="open sesame\n").stdout.strip()


def basic(user="ada", password="open sesame"):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


@pytest.mark.parametrize("arguments, inside", [(("site",), False), ((), True), ((".",), True)])
def test_the_files_of_a_directory_are_served(site, arguments, inside):
    with serving("serve", *arguments, cwd=site if inside else site.parent) as said:
        assert said[1] == f"serving {arguments[0] if arguments else '.'}"
        assert fetch(said[2] + "/") == (200, b"<title>root</title>\n")
        assert fetch(said[2] + "/a%20b.txt") == (200, b"text\n")
        assert fetch(said[2] + "/a%20b.txt", "HEAD") == (200, b"")
        assert fetch(said[2] + "/sub/") == fetch(said[2] + "/sub") == (200, b"<title>sub</title>\n")


def test_nothing_else_is_served(site):
    with serving("serve", site) as said:
        for path in ("/nothing", "/empty/", "/out.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/sub/../../secret.txt"):
            assert fetch(said[2] + path, headers=HTML)[0] == 404, path
        assert fetch(said[2] + "/", "POST")[0] == 405


def test_list_shows_a_directory_without_an_index(site):
    with serving("serve", site, "--list") as said:
        assert fetch(said[2] + "/empty/")[0] == 200
        assert fetch(said[2] + "/sub/") == (200, b"<title>sub</title>\n")


def test_spa_answers_pages_with_the_index_of_the_root(site):
    with serving("serve", site, "--spa") as said:
        assert fetch(said[2] + "/people/ada", headers=HTML) == (200, b"<title>root</title>\n")
        assert fetch(said[2] + "/people/ada.js", headers=HTML)[0] == 404


@pytest.mark.parametrize("flags, text, hashed_name", [
    ((), "no-cache", "no-cache"),
    (("--cache", "0"), "no-cache", "no-cache"),
    (("--cache", "60"), "max-age=60", "max-age=31536000, immutable")])
def test_cache_says_how_long_clients_may_keep_files(site, flags, text, hashed_name):
    with serving("serve", site, *flags) as said:
        assert fetch_all(said[2] + "/a%20b.txt")[1]["Cache-Control"] == text
        assert fetch_all(said[2] + "/app.3f9a0c21.js")[1]["Cache-Control"] == hashed_name
        assert fetch_all(said[2] + "/")[1]["Cache-Control"] == "no-cache"


def test_compressed_siblings_are_served(site):
    (site / "a b.txt.gz").write_bytes(b"coded")
    newer = time.time() + 10
    os.utime(site / "a b.txt.gz", (newer, newer))
    with serving("serve", site) as said:
        _, fields, body = fetch_all(said[2] + "/a%20b.txt", headers={"Accept-Encoding": "gzip"})
        assert (fields["Content-Encoding"], body) == ("gzip", b"coded")
        assert fetch(said[2] + "/a%20b.txt") == (200, b"text\n")


@pytest.mark.parametrize("coding, decode", [("gzip", gzip.decompress), ("identity", bytes)])
def test_text_is_compressed_for_who_takes_it(site, coding, decode):
    (site / "long.css").write_bytes(b"body { color: teal }\n" * 100)
    time.sleep(0.05)  # what has just changed stays as it is
    with serving("serve", site) as said:
        _, fields, body = fetch_all(said[2] + "/long.css", headers={"Accept-Encoding": coding})
        assert fields.get("Content-Encoding", "identity") == coding
        assert decode(body) == b"body { color: teal }\n" * 100


@pytest.mark.parametrize("flags, origin, allowed", [
    ((), "https://a.example", None),
    (("--cors", "*"), "https://a.example", "*"),
    (("--cors", "https://a.example", "--cors", "https://b.example:8443"), "https://b.example:8443", "https://b.example:8443"),
    (("--cors", "https://a.example"), "https://b.example", None)])
def test_cors_lets_pages_of_an_origin_read_the_files(site, flags, origin, allowed):
    with serving("serve", site, *flags) as said:
        assert fetch_all(said[2] + "/", headers={"Origin": origin})[1]["Access-Control-Allow-Origin"] == allowed


def test_auth_asks_for_a_user_and_a_password(site, hashed):
    with serving("serve", site, "--auth", f"ada:{hashed}", "--auth", f"bob:{hashed}", "--cors", "*") as said:
        status, fields, _ = fetch_all(said[2] + "/")
        assert (status, fields["WWW-Authenticate"].split()[0]) == (401, "Basic")
        for user in ("ada", "bob"):
            assert fetch(said[2] + "/", headers=basic(user)) == (200, b"<title>root</title>\n")
        assert fetch(said[2] + "/", headers=basic(password="open"))[0] == 401
        assert fetch(said[2] + "/", headers=basic("eve"))[0] == 401
        preflight = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
        assert fetch(said[2] + "/", "OPTIONS", preflight)[0] == 204


def test_access_log_is_a_line_per_request(site):
    logged = []
    with serving("serve", site, "--access-log", logged=logged) as said:
        fetch(said[2] + "/a%20b.txt")
        fetch(said[2] + "/nothing")
    assert [line.split("status=")[1][:3] for line in logged] == ["200", "404"]
    assert "target=/a%20b.txt" in logged[0]


def test_open_opens_the_first_address_in_a_browser_that_is_not_locked(site, tmp_path):
    opened = tmp_path / "opened"
    os.mkfifo(opened)
    browser = tmp_path / "bin" / "xdg-open"
    browser.parent.mkdir()
    browser.write_text(f'#!/bin/sh\n(echo "$@"; cat {tmp_path}/secret.txt; grep SigBlk /proc/self/status) > {opened}\n')
    browser.chmod(0o755)
    with serving("serve", site, "--open", env={"PATH": f"{browser.parent}:{os.environ['PATH']}"}) as said:
        url, secret, blocked = opened.read_text().splitlines()
        assert (url, secret) == (said[2], "secret")
        assert int(blocked.split()[1], 16) == 0


def test_without_a_browser_it_serves_all_the_same(site, tmp_path):
    said = []
    with serving("serve", site, "--open", env={"PATH": str(tmp_path)}, said=said) as running:
        assert fetch(running[2] + "/")[0] == 200
    assert said[0] == "no browser was opened: xdg-open: No such file or directory"


def test_a_unix_socket_is_served_and_taken_over_by_the_next(site, tmp_path):
    path = tmp_path / "web.sock"
    for _ in range(2):
        with serving("serve", site, "--listen", f"unix:{path}"), socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert client.recv(12) == b"HTTP/1.1 200"


def test_what_is_no_directory_is_refused(site):
    assert_refused(garm("serve", site / "nothing"), 2, "garm serve: cannot serve", "No such file or directory")
    assert_refused(garm("serve", site / "index.html"), 2, "Not a directory")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may enter every directory")
@pytest.mark.parametrize("mode, flags", [(0o000, ()), (0o311, ("--list",))])
def test_a_directory_that_cannot_be_read_is_refused(site, mode, flags):
    site.chmod(mode)
    try:
        assert_refused(garm("serve", site, *flags), 2, "cannot serve", "Permission denied")
    finally:
        site.chmod(0o755)


def test_flags_may_come_before_the_directory(site):
    assert_refused(garm("serve", "--workers", "1", site / "nothing"), 2, "No such file or directory")


@pytest.mark.parametrize("flags, part", [
    (("--cache", "1h"), "--cache '1h' is not a number of seconds"),
    (("--cache", "-1"), "--cache '-1'"),
    (("--cache", "31536001"), "--cache"),
    (("--cors", "a.example"), "--cors: garm_cors: \"a.example\" is no origin"),
    (("--cors", "https://a.example/"), "without a path"),
    (("--cors", "*") * 17, "--cors is given more than 16 times"),
    (("--auth", "ada"), "'garm hash' makes"),
    (("--auth", ":x"), "--auth takes USER:HASH"),
    (("--auth", "ada:"), "the user 'ada'"),
    (("--auth", "ada:$2y$10$abcdefghijklmnopqrstuv"), "is no argon2id hash"),
    (("--open", "--listen", "unix:never.sock"), "no browser opens unix:never.sock")])
def test_an_impossible_flag_is_refused(site, flags, part):
    assert_refused(garm("serve", site, *flags, cwd=site), 2, part)
    assert not (site / "never.sock").exists()


def test_a_password_in_the_place_of_a_hash_is_not_repeated(site):
    done = garm("serve", site, "--auth", "ada:open sesame")
    assert_refused(done, 2, "garm hash")
    assert "sesame" not in done.stderr


def test_a_user_twice_is_refused(site, hashed):
    assert_refused(garm("serve", site, "--auth", f"ada:{hashed}", "--auth", f"ada:{hashed}"), 2, '"ada" is there twice')
