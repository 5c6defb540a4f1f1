"""Starts and stops the programs under test, and looks at them from outside (/proc). Ports are the kernel's choice."""
import os
import pathlib
import re
import selectors
import signal
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("GARM_BUILD", ROOT / "build" / "dev")).resolve()
RELEASE = pathlib.Path(os.environ.get("GARM_RELEASE", BUILD)).resolve()
HAVE_RELEASE = RELEASE != BUILD

START_PATIENCE = 30
STOP_PATIENCE = 40
LISTENING = re.compile(r"listening on (http://\S+|unix:\S+)\n")
ALARMS = ("Sanitizer", "runtime error:", "CHECK failed", "check failed", "stack overflow")


def wait_until(condition, seconds=10, what="it never came true"):
    """Polls, and returns the first true value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"{what} within {seconds} s"
        time.sleep(0.005)


def environment(extra=None):
    """Ours, without what would configure the server."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("GARM_") and not k.startswith("LISTEN_")}
    env.update(extra or {})
    return env


def program(name, build=BUILD):
    return str(build / "examples" / name)


def run(name, *args, env=None, seconds=20, **options):
    """Runs to the end: for starts that must fail, --help and the like."""
    return subprocess.run([program(name), *args], env=environment(env), stdin=subprocess.DEVNULL, text=True, errors="replace",
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=seconds, check=False, **options)


def address_of(url):
    """(host, port), or the path of a unix socket."""
    if url.startswith("unix:"):
        path = url[len("unix:"):]
        return "\0" + path[1:] if path.startswith("@") else path
    host, _, port = url[len("http://"):].rpartition(":")
    return host.strip("[]"), int(port)


class Server:
    """A running example. As a context manager it is stopped in order at the end, and what it said is checked."""

    def __init__(self, name, *args, listen=("127.0.0.1:0",), lines=None, workers=1, build=BUILD, wrapper=(), env=None, **options):
        command = [*wrapper, name if "/" in name else program(name, build), *args]
        for address in listen:
            command += ["--listen", address]
        if workers is not None:
            command += ["--workers", str(workers)]
        self.ended = False # and what it said was looked at
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, env=environment(env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=self.errors, **options)
        self.pid = self.process.pid
        try:
            self.urls = self.read_urls(len(listen) if lines is None else lines)
        except BaseException:
            self.kill()
            raise
        self.address = address_of(self.urls[0]) if self.urls else None
        self.descriptors_at_rest = self.descriptor_count()

    def read_urls(self, count):
        """Reads one line per listener from its standard output."""
        out, text, end = self.process.stdout, "", time.monotonic() + START_PATIENCE
        os.set_blocking(out.fileno(), False)
        with selectors.DefaultSelector() as selector:
            selector.register(out, selectors.EVENT_READ)
            while text.count("\n") < count:
                assert selector.select(max(0, end - time.monotonic())), f"no `listening on` line; it said {text!r} {self.stderr()}"
                piece = os.read(out.fileno(), 4096).decode()
                assert piece, f"it ended ({self.process.wait()}) and said {text!r} {self.stderr()}"
                text += piece
        urls = LISTENING.findall(text)
        assert len(urls) == count and LISTENING.sub("", text) == "", f"odd output: {text!r}"
        return urls

    @property
    def url(self):
        return self.urls[0]

    @property
    def port(self):
        return self.address[1]

    def stderr(self):
        # Not by seeking: the offset is the server's, too.
        number = self.errors.fileno()
        return os.pread(number, os.fstat(number).st_size, 0).decode(errors="replace")

    def term(self):
        os.kill(self.pid, signal.SIGTERM)

    def wait(self, seconds=STOP_PATIENCE):
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            # A stack of every thread, if a debugger is there, would be worth having; the log is what we have.
            raise AssertionError(f"still running {seconds} s after it was asked to stop; it said {self.stderr()}") from None

    def check_end(self, seconds=STOP_PATIENCE):
        """It ended by itself with 0, and no sanitizer and no check had anything to say."""
        self.ended = True
        code, said = self.wait(seconds), self.stderr()
        assert not any(alarm in said for alarm in ALARMS), said
        assert code == 0, f"exit status {code}; it said {said}"
        rest = self.process.stdout.read() or b""
        assert rest == b"", f"odd output: {rest!r}"

    def stop(self):
        self.term()
        self.check_end()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            if not self.ended:
                self.stop()
        finally:
            self.kill()
            self.errors.close()

    # From outside.

    def alive(self):
        return self.process.poll() is None

    def cpu_seconds(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii", errors="replace") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_bytes(self):
        with open(f"/proc/{self.pid}/smaps_rollup", encoding="ascii") as rollup:
            return int(re.search(r"^Rss:\s+(\d+) kB", rollup.read(), re.M)[1]) * 1024

    def descriptor_count(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def connection_count(self):
        return self.descriptor_count() - self.descriptors_at_rest

    def wait_for_no_connections(self, seconds=5):
        wait_until(lambda: self.connection_count() <= 0, seconds, "descriptors were not given back")
