"""The site that the tests of served directories are made against, and the program that serves it."""
import contextlib
import gzip
import os

import pytest

import apps
from server import Server

DIGITS = b"0123456789"
MODIFIED = 784111777
SECRET = b"nobody may read this\n"
PAGE = b"<!doctype html><title>page</title>\n"
SCRIPT = b"console.log('the original')\n" * 20
BIG = bytes(range(256)) * 4096 * 3 + b"the end"


def make(base):
    """The directory to be served, with a secret beside it, and links that lead out."""
    site = base / "site"
    files = {
        "digits.txt": DIGITS, "empty.txt": b"", "index.html": PAGE, "withindex/index.html": b"<p>inner</p>", "sub/a.txt": b"a\n",
        "sub/deep/b.txt": b"b\n", "big.bin": BIG, "middle.bin": BIG[:100_000], "app.3f9a0c21.js": b"hashed\n", "app-v2.js": b"plain\n",
        ".well-known/security.txt": b"Contact: a\n", ".git/config": b"[core]\n", ".env": SECRET, "sub/.hidden": SECRET,
        "sub/.well-known/x": SECRET, "a name & <b>.txt": b"odd\n", "%2e%2e": b"percent\n", "script.js": SCRIPT, "old.js": SCRIPT,
        "some.js": SCRIPT, "größe.txt": b"umlaut\n", "x" * 200 + ".txt": b"long\n",
    }
    for name, content in files.items():
        path = site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    for name in ("digits.txt", "empty.txt"):
        os.utime(site / name, (MODIFIED, MODIFIED))
    (base / "secret.txt").write_bytes(SECRET)
    (base / "site-secret").mkdir()
    (base / "site-secret" / "x.txt").write_bytes(SECRET)
    (site / "out.txt").symlink_to("../secret.txt")
    (site / "out-absolute.txt").symlink_to(base / "secret.txt")
    (site / "up").symlink_to("..")
    (site / "top").symlink_to("/")
    (site / "self").symlink_to("self")
    (site / "proc").symlink_to("/proc/self/root")
    (site / "in.txt").symlink_to("digits.txt")
    (site / "sub" / "across.txt").symlink_to("../withindex/../digits.txt")
    os.mkfifo(site / "fifo")
    (site / "script.js.gz").write_bytes(gzip.compress(SCRIPT))
    (site / "old.js.gz").write_bytes(gzip.compress(b"too old"))
    os.utime(site / "old.js.gz", (MODIFIED, MODIFIED))
    for ending in ("br", "zst"):
        (site / f"script.js.{ending}").write_bytes(b"coded as " + ending.encode())
    (site / "some.js.gz").write_bytes(gzip.compress(SCRIPT))
    return site


@contextlib.contextmanager
def serve(site, **options):
    with Server(apps.build("static"), "--dir", str(site), **options) as running:
        yield running


@pytest.fixture(scope="module", name="site")
def site_fixture(tmp_path_factory):
    return make(tmp_path_factory.mktemp("static"))


@pytest.fixture(scope="module", name="running")
def running_fixture(site):
    with serve(site) as running:
        yield running
