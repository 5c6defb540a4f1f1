"""examples/files and examples/uploads: sites with uploads behind a login, as the guide has them."""
import json
import pathlib
import re
import subprocess

import pytest

import server
from server import Server
from wire import Conn, request

PASSWORD = "correct horse"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"
PAGES = str(server.ROOT / "examples" / "files" / "pages")
MIB = 1 << 20


@pytest.fixture(scope="module")
def password_hash():
    done = subprocess.run([str(server.BUILD / "garm"), "hash"], input=PASSWORD + "\n", env=server.environment(), text=True,
                          stdout=subprocess.PIPE, check=True, timeout=30)
    return done.stdout.strip()


@pytest.fixture
def site(tmp_path, password_hash):
    with Server("files", "--pages", PAGES, "--user", "ada", "--hash", password_hash, "--uploads", str(tmp_path), workers=2) as running:
        running.dir = pathlib.Path(tmp_path)
        yield running


@pytest.fixture
def small(tmp_path, password_hash):
    with Server("uploads", "--hash", password_hash, "--uploads", str(tmp_path)) as running:
        running.dir = pathlib.Path(tmp_path)
        yield running


def ask(site, method, target, fields=(), body=b""):
    with Conn(site) as conn:
        return conn.ask(method, target, list(fields), body)


def cookie_of(answer):
    (cookie,) = answer.all("Set-Cookie")
    assert cookie.startswith(b"__Host-session=") and b"; Secure; HttpOnly; SameSite=Lax" in cookie
    return ("Cookie", cookie.decode().split(";")[0])


def log_in(site, form="user=ada&password=correct+horse"):
    return ask(site, "POST", "/login", [("Content-Type", FORM)], form.encode())


def part(filename, content=b"content"):
    return b'--b\r\nContent-Disposition: form-data; name="file"; filename="' + filename + b'"\r\n\r\n' + content + b"\r\n"


def upload(site, cookie, *parts, target="/files/", fields=()):
    return ask(site, "POST", target, [cookie, ("Content-Type", MULTIPART), *fields], b"".join(parts) + b"--b--\r\n")


def kept(site):
    return sorted(path.name for path in site.dir.iterdir())


def test_the_pages_need_nothing_from_elsewhere(site):
    for page in ("/", "/login.html", "/style.css", "/app.js", "/icon.svg"):
        answer = ask(site, "GET", page)
        assert answer.status == 200 and answer.get("Content-Security-Policy") == "default-src 'self'"
        text = answer.body.decode().replace("http://www.w3.org/2000/svg", "")
        assert "//" not in re.sub(r"^\s*// .*$", "", text, flags=re.M), page
    assert b"prefers-color-scheme: dark" in ask(site, "GET", "/style.css").body


@pytest.mark.parametrize("method, target", [("GET", "/files/"), ("GET", "/files/x"), ("POST", "/files/"), ("DELETE", "/files/x")])
def test_nobody_gets_at_files_without_a_login(site, method, target):
    (site.dir / "x").write_bytes(b"secret")
    for fields in ([], [("Cookie", "__Host-session=" + 43 * "A")], [("Cookie", "session=ada")]):
        answer = ask(site, method, target, fields)
        assert (answer.status, answer.get("Location")) == (303, "/login.html")
    assert kept(site) == ["x"]


@pytest.mark.parametrize("form", ["user=ada&password=wrong", "user=eve&password=correct+horse", "user=ada", "password=correct+horse", ""])
def test_a_wrong_login_gets_no_session(site, form):
    answer = log_in(site, form)
    assert (answer.status, answer.get("Location")) == (303, "/login.html#wrong")
    assert answer.all("Set-Cookie") == []


def test_a_login_form_that_is_none_is_refused(site):
    assert ask(site, "POST", "/login", [("Content-Type", "application/json")], b"{}").status == 415


def test_guessing_is_slowed_down(site):
    statuses = [log_in(site, "user=ada&password=wrong").status for _ in range(12)]
    assert statuses[:10] == 10 * [303] and 429 in statuses[10:]


def test_up_list_down_delete_log_out(site):
    cookie = cookie_of(log_in(site))
    content = bytes(range(256)) * 4096
    answer = upload(site, cookie, part(b"a b.bin", content), part("größe.txt".encode()), part(b""))
    assert (answer.status, answer.get("Location")) == (303, "/")
    listing = json.loads(ask(site, "GET", "/files/", [cookie, ("Accept", "application/json")]).body)
    assert [(entry["name"], entry["size"]) for entry in listing["entries"]] == [("a b.bin", MIB), ("größe.txt", 7)]
    answer = ask(site, "GET", "/files/a%20b.bin", [cookie])
    assert answer.get("Cache-Control") == "private, no-cache"
    assert answer.body == content and answer.get("Content-Security-Policy") == "sandbox"
    assert ask(site, "GET", "/files/a%20b.bin", [cookie, ("Range", "bytes=-2")]).body == content[-2:]
    assert ask(site, "DELETE", "/files/a%20b.bin", [cookie]).status == 204
    assert ask(site, "DELETE", "/files/a%20b.bin", [cookie]).status == 404
    assert kept(site) == ["größe.txt"]
    assert ask(site, "POST", "/logout", [cookie]).status == 303
    assert ask(site, "GET", "/files/", [cookie]).status == 303


def test_a_file_is_not_replaced(site):
    cookie = cookie_of(log_in(site))
    assert upload(site, cookie, part(b"a", b"first")).status == 303
    assert upload(site, cookie, part(b"b"), part(b"a", b"second")).status == 409
    assert kept(site) == ["a"] and (site.dir / "a").read_bytes() == b"first"


def test_an_uploaded_page_is_a_file_like_others(site):
    cookie = cookie_of(log_in(site))
    upload(site, cookie, part(b"index.html", b"<script>alert(1)</script>"))
    assert b"index.html" in ask(site, "GET", "/files/", [cookie]).body
    answer = ask(site, "GET", "/files/index.html", [cookie])
    assert answer.get("Content-Security-Policy") == "sandbox" and answer.get("X-Content-Type-Options") == "nosniff"


@pytest.mark.parametrize("name", [b"../up", b"/etc/passwd", b"..", b".", b".hidden", b"..\\\\up", b"C:\\\\x", b"a/../../up", b"\x01", b"a\tb",
                                  b"x" * 256, b"a%2fb", b".garm-x"])
def test_names_that_lead_elsewhere_are_not_taken(site, name):
    cookie = cookie_of(log_in(site))
    outside = sorted(site.dir.parent.iterdir())
    answer = upload(site, cookie, part(name))
    assert answer.status in (303, 400), answer
    assert sorted(site.dir.parent.iterdir()) == outside
    assert all(re.fullmatch("[a-z0-9]{26}", found) for found in kept(site))
    assert len(kept(site)) == (answer.status == 303)


@pytest.mark.parametrize("target", ["/files/..%2fout", "/files/%2e%2e", "/files/..%5cout", "/files/%2e%2e%2fout", "/files/.hidden", "/files/a%2fb",
                                    "/files//out", "/files/../out", "/files/%01"])
def test_nothing_but_a_plain_file_is_deleted(site, target):
    cookie = cookie_of(log_in(site))
    outside = site.dir.parent / "out"
    (site.dir / "a").mkdir()
    for path in (outside, site.dir / ".hidden", site.dir / "a" / "b"):
        path.write_bytes(b"stays")
    assert ask(site, "DELETE", target, [cookie]).status in (400, 404, 405)
    assert outside.exists() and (site.dir / ".hidden").exists() and (site.dir / "a" / "b").exists()


@pytest.mark.parametrize("fields", [[("Sec-Fetch-Site", "cross-site")], [("Origin", "https://evil.example")], [("Origin", "null")]])
def test_other_sites_cannot_cause_changes(site, fields):
    cookie = cookie_of(log_in(site))
    (site.dir / "a").write_bytes(b"stays")
    assert upload(site, cookie, part(b"b"), fields=fields).status == 403
    assert ask(site, "DELETE", "/files/a", [cookie, *fields]).status == 403
    assert ask(site, "POST", "/logout", [cookie, *fields]).status == 403
    assert ask(site, "POST", "/login", [*fields, ("Content-Type", FORM)], b"user=ada&password=correct+horse").status == 403
    assert kept(site) == ["a"]


def test_too_large_an_upload_is_413_and_leaves_nothing(site):
    cookie = cookie_of(log_in(site))
    with Conn(site) as conn:
        conn.send(request("POST", "/files/", [cookie, ("Content-Type", MULTIPART), ("Content-Length", str(101 * MIB))]))
        assert conn.read().status == 413
    assert kept(site) == []


def test_a_broken_form_leaves_nothing(site):
    cookie = cookie_of(log_in(site))
    answer = ask(site, "POST", "/files/", [cookie, ("Content-Type", MULTIPART)], part(b"a") + b"--b\r\nnonsense\r\n\r\n")
    assert answer.status == 400
    assert kept(site) == []


def test_without_a_hash_it_does_not_start(tmp_path):
    for name, more in (("files", ["--pages", PAGES]), ("files", ["--pages", PAGES, "--hash", "secret"]), ("uploads", []),
                       ("uploads", ["--hash", "secret"])):
        done = server.run(name, "--uploads", str(tmp_path), *more)
        assert done.returncode == 2 and "garm hash" in done.stderr and "secret" not in done.stderr


# examples/uploads, the small one.


def test_the_small_site_is_small():
    assert len((server.ROOT / "examples" / "uploads.c").read_text().splitlines()) <= 50


def test_the_small_site_keeps_what_members_send(small):
    wrong = log_in(small, "password=wrong")
    assert (wrong.status, wrong.all("Set-Cookie")) == (403, [])
    for method, target in (("GET", "/"), ("POST", "/"), ("GET", "/files/")):
        answer = ask(small, method, target)
        assert (answer.status, answer.get("Location")) == (303, "/login")
    cookie = cookie_of(log_in(small, "password=correct+horse"))
    assert b'<input type=file' in ask(small, "GET", "/", [cookie]).body
    answer = upload(small, cookie, part(b"../../x.html", b"<script>"), part(b"", b""), target="/")
    assert (answer.status, answer.get("Location")) == (303, "/files/")
    (name,) = kept(small)
    assert re.fullmatch("[a-z0-9]{26}", name) and name.encode() in ask(small, "GET", "/files/", [cookie]).body
    answer = ask(small, "GET", f"/files/{name}", [cookie])
    assert answer.get("Cache-Control") == "private, no-cache"
    assert (answer.body, answer.get("Content-Type"), answer.get("X-Content-Type-Options")) == (b"<script>", "application/octet-stream", "nosniff")
    assert upload(small, cookie, part(b"x"), target="/", fields=[("Sec-Fetch-Site", "cross-site")]).status == 403
    assert len(kept(small)) == 1
