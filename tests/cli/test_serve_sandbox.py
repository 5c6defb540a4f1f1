"""garm serve locks itself to reading its directory: what code in it can do then, and what it needs."""
import ctypes
import os
import re
import resource
import select
import shutil
import socket
import subprocess
import tempfile

import pytest

from command import CC, GARM, PATIENCE, ROOT, fetch, garm, serving, serving_environment

PLANTED = ROOT / "tests/cli/planted.c"
ALLOWED = {"read", "list"}
APP = """
#include <garm/garm.h>

GARM_APP(app)
{
    garm_static(app, "/", ".", .list = true);
}
"""


def landlock_version():
    """0 where the kernel has none."""
    return max(ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), ctypes.c_uint32(1)), 0)


needs_landlock = pytest.mark.skipif(landlock_version() < 4, reason="this kernel's landlock is older than its rules for TCP")


@pytest.fixture
def site(tmp_path):
    (tmp_path / "secret.txt").write_text("secret\n")
    (tmp_path / "site" / "sub").mkdir(parents=True)
    (tmp_path / "site" / "index.html").write_text("<title>root</title>\n")
    (tmp_path / "site" / "a b.txt").write_text("text\n")
    (tmp_path / "site" / "sub" / "file.txt").write_text("file\n")
    (tmp_path / "site" / "out.txt").symlink_to("../secret.txt")
    return tmp_path / "site"


@pytest.fixture(scope="session")
def planted(tmp_path_factory):
    path = tmp_path_factory.mktemp("planted") / "planted.so"
    subprocess.run([*CC, "-Wall", "-Werror", "-shared", "-fPIC", "-o", path, PLANTED, "-ldl"], check=True, timeout=30)
    return path


def attempts(planted, site, *arguments, extra=None):
    """What the planted code tried in a process that runs so, {(where, what): outcome}, and what that process said."""
    reader, writer = os.pipe()
    said = []
    env = {"LD_PRELOAD": str(planted), "PLANTED_FD": str(writer), "PLANTED_DIR": str(site), **(extra or {})}
    with serving(*arguments, env=env, pass_fds=[writer], said=said) as running:
        os.close(writer)
        assert fetch(running[2] + "/sub/")[0] == 200
        assert fetch(running[2] + "/") == (200, b"<title>root</title>\n")
    with os.fdopen(reader) as lines:
        return {(where, what): outcome for where, what, outcome in map(str.split, lines)}, said


@needs_landlock
def test_planted_code_can_read_the_directory_and_nothing_else(planted, site):
    tried, said = attempts(planted, site, "serve", site, "--list")
    assert said == [f"locked to reading {site} (landlock {landlock_version()})"]
    for where in ("accept4", "getdents64"):
        assert tried[where, "passwd"] == "EACCES"
        assert {what for at, what in tried if at == where and tried[at, what] == "done"} <= ALLOWED | {"signal"}
        assert {tried[where, what] for what in ALLOWED} == {"done"}
        assert {tried[where, what] for what in ("bind", "connect")} == {"EACCES"}
        assert tried[where, "signal"] == ("EPERM" if landlock_version() >= 6 else "done")
    assert sorted(p.name for p in site.iterdir()) == ["a b.txt", "index.html", "out.txt", "sub"]
    assert (site / "a b.txt").read_text() == "text\n"


@needs_landlock
@pytest.mark.parametrize("version", [1, 2, 3, 4, 5, 6, 99])
def test_what_a_version_of_landlock_lacks_is_done_without(planted, site, version):
    if landlock_version() < min(version, 6):
        pytest.skip("this kernel's landlock is older")
    tried, said = attempts(planted, site, "serve", site, "--list", extra={"PLANTED_VERSION": str(version)})
    assert said == [f"locked to reading {site} (landlock {version})"]
    assert {tried["accept4", what] for what in ("passwd", "environ", "root", "beside", "write", "create", "unlink")} == {"EACCES"}
    assert tried["accept4", "truncate"] == ("EACCES" if version >= 3 else "done")
    assert tried["accept4", "bind"] == ("EACCES" if version >= 4 else "done")


def test_the_same_code_does_as_it_likes_where_nothing_is_locked(planted, site, tmp_path):
    (tmp_path / "app.c").write_text(APP)
    subprocess.run([*CC, "-std=c17", "-I", ROOT / "include", "-shared", "-fPIC", "-o", "app.so", "app.c"], cwd=tmp_path, check=True,
                   timeout=30)
    reader, writer = os.pipe()
    env = {"LD_PRELOAD": str(planted), "PLANTED_FD": str(writer), "PLANTED_DIR": str(site), "ASAN_OPTIONS": "verify_asan_link_order=0"}
    with serving("run", tmp_path / "app.so", cwd=site, env=env, pass_fds=[writer]) as running:
        os.close(writer)
        assert fetch(running[2] + "/sub/")[0] == 200
    with os.fdopen(reader) as lines:
        tried = dict(line.split()[1:] for line in lines if line.startswith("accept4 "))
    assert tried["passwd"] == tried["create"] == tried["unlink"] == tried["bind"] == "done"


def test_a_kernel_without_landlock_serves_and_says_so(planted, site):
    said = []
    with serving("serve", site, env={"LD_PRELOAD": str(planted), "PLANTED_VERSION": "0"}, said=said) as running:
        assert fetch(running[2] + "/") == (200, b"<title>root</title>\n")
        assert fetch(running[2] + "/out.txt")[0] == 404
    assert said == [f"not locked to reading {site}: this kernel has no landlock"]


def test_the_directory_stays_the_one_that_was_opened(site, tmp_path):
    with serving("serve", site, "--list") as running:
        site.rename(tmp_path / "moved")
        site.mkdir()
        (site / "index.html").write_text("another\n")
        assert fetch(running[2] + "/") == (200, b"<title>root</title>\n")
        assert b"file.txt" in fetch(running[2] + "/sub/")[1]
        assert fetch(running[2] + "/out.txt")[0] == 404


def test_a_directory_by_a_link_and_a_file_that_can_only_be_read_are_served(site, tmp_path):
    (tmp_path / "link").symlink_to("site")
    (site / "a b.txt").chmod(0o444)
    with serving("serve", tmp_path / "link") as running:
        assert fetch(running[2] + "/a%20b.txt") == (200, b"text\n")
        (site / "later.txt").write_text("later\n")
        assert fetch(running[2] + "/later.txt") == (200, b"later\n")


def crowd(port, count):
    """So many connections that descriptors run out; what they hear, if anything, is their affair."""
    clients = []
    for _ in range(count):
        clients.append(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE))
    return clients


@needs_landlock
@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace")
def test_nothing_that_it_needs_is_forbidden(site, tmp_path):
    """With every flag that does something at run time, when descriptors run out, and through a drain."""
    trace = tmp_path / "trace"
    hashed = garm("hash", stdin=None, input="secret\n").stdout.strip()
    command = ["strace", "-D", "-f", "-o", trace, GARM, "serve", site, "--list", "--spa", "--cors", "*", "--auth", f"ada:{hashed}",
               "--access-log", "--listen", "127.0.0.1:0", "--workers", "2"]
    user = {"Authorization": "Basic YWRhOnNlY3JldA=="}
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, env=serving_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
                                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (48, 48)))
        try:
            url = re.search(r"http://\S+:(\d+)", process.stdout.readline().decode())
            assert fetch(url[0] + "/", headers=user) == (200, b"<title>root</title>\n")
            assert fetch(url[0] + "/sub/", headers=user)[0] == 200
            clients = crowd(int(url[1]), 96)
            told, _, _ = select.select(clients, [], [], PATIENCE)
            assert told[0].recv(12) == b"HTTP/1.1 503"
            for client in clients:
                client.close()
            assert fetch(url[0] + "/a%20b.txt", headers=user) == (200, b"text\n")
            process.terminate()
            assert process.wait(PATIENCE) == 0
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            process.stdout.close()
    before, locked = trace.read_text().split("landlock_restrict_self(", 1)
    assert "CLONE_THREAD" not in before and "CLONE_THREAD" in locked
    assert "EMFILE" in locked
    assert [line for line in locked.splitlines() if re.search(r"= -1 E(ACCES|PERM) ", line)] == []
