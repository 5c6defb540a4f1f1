"""Make targets, compilers and running servers, for tests of what is installed."""
import contextlib
import os
import pathlib
import re
import signal
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def environment(**extra):
    """Ours, without what is meant for the tests and for make."""
    kept = {k: v for k, v in os.environ.items()
            if not k.startswith(("GARM_", "LISTEN_", "MAKE", "MFLAGS", "PKG_CONFIG", "DESTDIR", "CMAKE_"))}
    compilers = {k: v for k, v in os.environ.items() if k.startswith("CMAKE_") and k.endswith("_LAUNCHER")}
    return {**kept, **compilers, **{k: str(v) for k, v in extra.items()}}


def run(*command, cwd=None, env=None, status=0):
    """Runs to the end; what it said is in the way of a failure."""
    done = subprocess.run([str(c) for c in command], cwd=cwd, env=env or environment(), stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace", timeout=300, check=False)
    assert done.returncode == status, f"{' '.join(map(str, command))} ended with {done.returncode}\n{done.stdout[-4000:]}"
    return done.stdout


def make(target, release, status=0, **variables):
    """A target of the project's own Makefile, in the release build."""
    words = [f"{name}={value}" for name, value in variables.items()]
    return run("make", "-s", "-C", ROOT, target, f"RELEASE_DIR={release}", *words, status=status)


@contextlib.contextmanager
def serving(*command, cwd=None, env=None):
    """The URL of a server that runs within the block, and ends in order."""
    server = subprocess.Popen([str(c) for c in (*command, "--listen", "127.0.0.1:0", "--workers", "1")], cwd=cwd,
                              env=env or environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        line = server.stdout.readline()
        match = re.search(r"(http://\S+)\n", line)
        assert match, f"{command} said {line!r}"
        yield match[1]
    finally:
        server.send_signal(signal.SIGTERM)
        rest = server.stdout.read()
        assert server.wait(30) == 0, rest


def curl(*arguments):
    return run("curl", "-sS", "--max-time", "10", *arguments)


def tree(path):
    """All that is beneath a directory, as text."""
    return sorted(str(p.relative_to(path)) for p in path.rglob("*"))
