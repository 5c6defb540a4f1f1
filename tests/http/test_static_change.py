"""What changes while it is served: seen within a second, never torn; what shrinks amid an answer resets it."""
import itertools
import os
import threading
import time

import pytest

import apps
import static_site
from server import wait_until
from static_site import serve
from wire import Conn, ProtocolError, ask, request

SMALL = 3000
LARGE = 300_000


@pytest.fixture(scope="module", name="site")
def site_fixture(tmp_path_factory):
    site = static_site.make(tmp_path_factory.mktemp("changing"))
    return site


@pytest.fixture(scope="module", name="running")
def running_fixture(site):
    with serve(site) as running:
        yield running


def within_a_second(condition):
    begin = time.monotonic()
    wait_until(condition, 5)
    assert time.monotonic() - begin < 1.0


@pytest.mark.parametrize("size", [SMALL, LARGE])
class TestChanges:
    def begin(self, conn, site, name, size):
        path = site / name
        path.write_bytes(b"a" * size)
        assert conn.ask("GET", "/" + name).body == b"a" * size
        return path

    def test_rewritten_in_place(self, running, site, size):
        with Conn(running) as conn:
            path = self.begin(conn, site, f"rewritten{size}", size)
            before = conn.ask("GET", "/" + path.name).get("ETag")
            path.write_bytes(b"b" * size)
            within_a_second(lambda: conn.ask("GET", "/" + path.name).get("ETag").removeprefix("W/") != before.removeprefix("W/"))
            assert conn.ask("GET", "/" + path.name).body == b"b" * size

    def test_rewritten_with_the_time_set_back(self, running, site, size):
        with Conn(running) as conn:
            path = self.begin(conn, site, f"setback{size}", size)
            stat = path.stat()
            path.write_bytes(b"b" * size)
            os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
            within_a_second(lambda: conn.ask("GET", "/" + path.name).body == b"b" * size)

    def test_replaced(self, running, site, size):
        with Conn(running) as conn:
            path = self.begin(conn, site, f"replaced{size}", size)
            (site / "new").write_bytes(b"c" * size)
            (site / "new").rename(path)
            within_a_second(lambda: conn.ask("GET", "/" + path.name).body == b"c" * size)

    def test_replaced_by_a_link_out(self, running, site, size):
        with Conn(running) as conn:
            path = self.begin(conn, site, f"linked{size}", size)
            path.unlink()
            path.symlink_to("../secret.txt")
            within_a_second(lambda: conn.ask("GET", "/" + path.name).status == 404)

    def test_grown(self, running, site, size):
        with Conn(running) as conn:
            path = self.begin(conn, site, f"grown{size}", size)
            with path.open("ab") as file:
                file.write(b"more")
            within_a_second(lambda: conn.ask("GET", "/" + path.name).body == b"a" * size + b"more")

    def test_deleted(self, running, site, size):
        with Conn(running) as conn:
            path = self.begin(conn, site, f"deleted{size}", size)
            path.unlink()
            within_a_second(lambda: conn.ask("GET", "/" + path.name).status == 404)

    def test_truncated(self, running, site, size):
        """While the change is not seen, an answer is whole or is cut."""
        path = site / f"truncated{size}"
        path.write_bytes(b"a" * size)
        assert ask(running, "GET", "/" + path.name).status == 200
        os.truncate(path, 100)

        def is_seen():
            try:
                return ask(running, "GET", "/" + path.name).body == b"a" * 100
            except (ConnectionResetError, ProtocolError):
                return False
        within_a_second(is_seen)

    def test_directory_moved_out(self, running, site, size):
        folder = site / f"folder{size}"
        folder.mkdir()
        (folder / "x").write_bytes(b"a" * size)
        with Conn(running) as conn:
            assert conn.ask("GET", f"/folder{size}/x").status == 200
            folder.rename(site.parent / f"folder{size}")
            folder.symlink_to(site.parent / f"folder{size}")
            within_a_second(lambda: conn.ask("GET", f"/folder{size}/x").status == 404)


def test_new_file_is_there_at_once(running, site):
    with Conn(running) as conn:
        assert conn.ask("GET", "/late.txt").status == 404
        (site / "late.txt").write_bytes(b"late")
        assert conn.ask("GET", "/late.txt").body == b"late"


def test_new_sibling_is_seen(running, site):
    with Conn(running) as conn:
        (site / "sib.txt").write_bytes(b"sib")
        assert conn.ask("GET", "/coded/sib.txt", [("Accept-Encoding", "br")]).body == b"sib"
        (site / "sib.txt.br").write_bytes(b"coded")
        within_a_second(lambda: conn.ask("GET", "/coded/sib.txt", [("Accept-Encoding", "br")]).body == b"coded")


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("place", ["/", "/plain/"])
def test_replaced_file_is_never_torn(running, site, size, place):
    """A writer replaces it as fast as it can; each answer is one version, whole, and its tag is that version's alone."""
    path, stop = site / f"torn{size}", threading.Event()

    def replace():
        for round_ in itertools.count():
            (site / f"torn{size}.new").write_bytes(bytes([97 + round_ % 26]) * (size + round_ % 7))
            (site / f"torn{size}.new").rename(path)
            if stop.is_set():
                return
    path.write_bytes(b"a" * size)
    writer = threading.Thread(target=replace)
    writer.start()
    try:
        end, seen = time.monotonic() + 1.5, {}
        with Conn(running) as conn:
            while time.monotonic() < end:
                answer = conn.ask("GET", place + path.name)
                assert answer.status == 200 and len(set(answer.body)) == 1 and size <= answer.length < size + 7
                if not answer.get("ETag").startswith("W/"):
                    assert seen.setdefault(answer.get("ETag"), answer.body) == answer.body
    finally:
        stop.set()
        writer.join()


def test_file_that_shrinks_amid_its_answer_resets_it(running, site):
    path = site / "shrinking"
    path.write_bytes(b"x" * 60_000_000)
    with Conn(running) as conn:
        conn.send(request("GET", "/shrinking"))
        conn.fill()
        os.truncate(path, 1000)
        with pytest.raises((ConnectionResetError, ProtocolError)):
            conn.read()
    path.unlink()
    assert ask(running, "GET", "/digits.txt").status == 200


def test_descriptors_stay_bounded(running, site):
    """More large files than the cache holds."""
    folder = site / "many"
    folder.mkdir()
    with Conn(running) as conn:
        for i in range(1200):
            (folder / f"{i}").write_bytes(b"x" * 66_000)
            assert conn.ask("HEAD", f"/many/{i}").status == 200
        assert running.descriptor_count() < 1100
        assert conn.ask("GET", "/many/0").status == 200


def test_few_descriptors_are_enough(site):
    """With 64 of them, files come one after the other."""
    with serve(site, wrapper=("prlimit", "--nofile=64:64")) as running, Conn(running) as conn:
        folder = site / "few"
        folder.mkdir()
        for i in range(200):
            (folder / f"{i}").write_bytes(b"x" * 66_000)
            assert conn.ask("GET", f"/few/{i}").status == 200


def make_cold(path):
    """Out of the page cache, as far as the kernel lets go."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(fd)


@pytest.mark.parametrize("place", ["/", "/plain/", "/coded/"])
@pytest.mark.parametrize("size", [SMALL, LARGE, 5_000_000])
def test_cold_file_comes_byte_for_byte(running, site, place, size):
    path = site / f"cold{size}"
    content = os.urandom(size)
    path.write_bytes(content)
    for _ in range(3):
        make_cold(path)
        assert ask(running, "GET", place + path.name).body == content
        make_cold(path)
        assert ask(running, "GET", place + path.name, [("Range", "bytes=-1000,5-1004")]).status == 206


def test_clients_that_read_nothing_cost_little(running, site):
    """Two hundred large downloads stand still: others are served as ever, and the server holds little for them."""
    (site / "large").write_bytes(b"x" * 30_000_000)
    before, descriptors = running.resident_bytes(), running.descriptor_count()
    deaf = []
    try:
        for _ in range(200):
            deaf.append(Conn(running))
            deaf[-1].send(request("GET", "/large"))
        with Conn(running) as conn:
            worst = 0.0
            for _ in range(100):
                begin = time.monotonic()
                assert conn.ask("GET", "/digits.txt").status == 200
                worst = max(worst, time.monotonic() - begin)
        assert worst < 0.5
        if apps.cached("GARM_SANITIZE") != "thread":  # which takes a megabyte for each task
            assert running.resident_bytes() - before < 64 << 20
    finally:
        for conn in deaf:
            conn.close()
    wait_until(lambda: running.descriptor_count() <= descriptors + 5, 10, "connections were not given back")
