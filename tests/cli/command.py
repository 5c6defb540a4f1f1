"""Runs the garm command, and builds what it loads: shared objects that are linked with no libgarm."""
import contextlib
import os
import pathlib
import re
import selectors
import signal
import subprocess
import tempfile
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
GARM = pathlib.Path(os.environ.get("GARM_BUILD", ROOT / "build" / "dev")).resolve() / "garm"
CC = os.environ.get("CC", "cc").split()
PATIENCE = 30


def environment(extra=None):
    """Ours, without what would configure the command."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("GARM_", "LISTEN_"))}
    env.update(extra or {})
    return env


def serving_environment(extra=None):
    """What a locked process may not read, LeakSanitizer cannot do without; what is preloaded may stand before its friend."""
    given = os.environ.get("ASAN_OPTIONS", "")
    return environment({"ASAN_OPTIONS": f"{given}:detect_leaks=0:verify_asan_link_order=0", **(extra or {})})


def garm(*arguments, cwd=None, env=None, **options):
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **options}
    return subprocess.run([GARM, *arguments], cwd=cwd, env=environment(env), text=True, errors="replace", timeout=PATIENCE,
                          check=False, **options)


def build(folder, name, source, *flags):
    """Compiles `source` to folder/name; the objects are shared ones unless flags say else."""
    (folder / "app.c").write_text(source)
    kind = flags if flags else ("-shared", "-fPIC")
    subprocess.run([*CC, "-std=c17", "-Wall", "-Werror", "-I", ROOT / "include", *kind, "-o", name, "app.c"], cwd=folder,
                   check=True, timeout=PATIENCE)
    return folder / name


def assert_refused(done, status, *parts):
    """One line on standard error, nothing on standard output."""
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (status, "", 1), done
    for part in parts:
        assert part in done.stderr, done.stderr


def fetch(url, method="GET", headers=None):
    """(status, body)"""
    status, _, body = fetch_all(url, method, headers)
    return status, body


def fetch_all(url, method="GET", headers=None):
    """(status, fields, body)"""
    request = urllib.request.Request(url, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            return response.status, response.headers, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


@contextlib.contextmanager
def serving(*arguments, cwd=None, env=None, pass_fds=(), said=None, logged=None):
    """The URL of a server on a port of the kernel's choice, which SIGTERM stops in order at the end. Further lines of its standard
    output are put into the list `said`, those of standard error, of which there must be none else, into `logged`."""
    with tempfile.TemporaryFile() as errors:
        environ = serving_environment(env) if arguments[0] == "serve" else environment(env)
        process = subprocess.Popen([GARM, *arguments, "--listen", "127.0.0.1:0", "--workers", "1"], cwd=cwd, env=environ,
                                   pass_fds=pass_fds, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors)
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(process.stdout, selectors.EVENT_READ)
                assert selector.select(PATIENCE), "it did not say where it listens"
            line = process.stdout.readline().decode()
            match = re.fullmatch(r"(listening|serving \S+) on ((?:http|unix):\S+)\n", line)
            assert match, f"odd output: {line!r}"
            yield match
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        errors.seek(0)
        lines = errors.read().decode().splitlines()
        if said is not None:
            said += process.stdout.read().decode().splitlines()
        process.stdout.close()
        if logged is not None:
            logged += lines
        else:
            assert lines == []
