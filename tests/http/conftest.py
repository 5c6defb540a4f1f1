"""Servers that the tests of a file share: one of each kind, with 1 and with 3 workers."""
import socket

import pytest

import server
from server import Server
from wire import Conn

STATIC_FILES = {
    "hello.txt": b"hello from a file\n",
    "page.html": b"<!doctype html><title>page</title>\n",
    "style.css": b"body{color:#123}\n",
    "data.json": b"{}\n",
    "pixel.png": b"\x89PNG\r\n\x1a\n",
    "empty.txt": b"",
    "big.bin": bytes(range(256)) * 4096 * 3,
    "a name.txt": b"blank\n",
    "sub/inner.txt": b"inner\n",
}
SECRET = b"nobody may read this\n"


def pytest_configure(config):
    config.addinivalue_line("markers", "scale: thousands of connections, on a release build")


def pytest_collection_modifyitems(items):
    """Tests of scale want an optimised build: elsewhere they would measure the sanitizer."""
    if server.HAVE_RELEASE:
        return
    for item in items:
        if "scale" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="no release build (GARM_RELEASE)"))


def pytest_sessionstart():
    missing = [name for name in ("hello", "bench", "echo", "embed", "welcome", "httpbin", "files", "api", "uploads") if not (server.BUILD / "examples" / name).exists()]
    if missing:
        raise pytest.UsageError(f"{server.BUILD}/examples lacks {', '.join(missing)}: build first, and set GARM_BUILD")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A directory for --root: static/ with files, a secret beside it, and links that lead out of it."""
    base = tmp_path_factory.mktemp("root")
    for name, content in STATIC_FILES.items():
        path = base / "static" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (base / "secret.txt").write_bytes(SECRET)
    (base / "static-secret").mkdir()
    (base / "static-secret" / "x.txt").write_bytes(SECRET)
    (base / "static" / "link.txt").symlink_to(base / "secret.txt")
    (base / "static" / "up").symlink_to("..")
    (base / "static" / "inner-link.txt").symlink_to("hello.txt")
    return base


@pytest.fixture(scope="module", params=[1, 3], ids=["1-worker", "3-workers"])
def echo(request, root):
    with Server("echo", "--root", str(root), workers=request.param) as running:
        yield running


@pytest.fixture(scope="module")
def echo1(root):
    with Server("echo", "--root", str(root), workers=1) as running:
        yield running


def shared(name):
    @pytest.fixture(scope="module")
    def fixture():
        with Server(name) as running:
            yield running
    return fixture


hello = shared("hello")
bench = shared("bench")
welcome = shared("welcome")
httpbin = shared("httpbin")


@pytest.fixture
def conn(echo):
    with Conn(echo) as connection:
        yield connection


@pytest.fixture
def conn1(echo1):
    with Conn(echo1) as connection:
        yield connection


@pytest.fixture
def taken_port():
    """A port that this very process listens on."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]
