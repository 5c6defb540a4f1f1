"""Where a program listens, and how it refuses to: flags, environment, addresses, inherited sockets."""
import contextlib
import os
import re
import signal
import socket
import stat
import subprocess

import pytest

import apps
from server import Server, address_of, environment, program, run, wait_until
from wire import Conn, ask, connect


def have_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
        return True
    except OSError:
        return False


ipv6 = pytest.mark.skipif(not have_ipv6(), reason="this machine has no IPv6")


def answers(address):
    return ask(address, "GET", "/hello/x").status == 200


def refused(done, *words):
    """It ended with 2 and one line that has all these words in it; it said nothing else, and nothing started."""
    assert done.returncode == 2, (done.returncode, done.stdout, done.stderr)
    assert done.stdout == ""
    assert done.stderr.endswith("\n") and done.stderr.count("\n") == 1, done.stderr
    for word in words:
        assert word in done.stderr, done.stderr
    return done.stderr


# Addresses.

def test_host_and_port_zero_prints_the_port_chosen():
    with Server("hello", listen=["127.0.0.1:0"]) as server:
        assert re.fullmatch(r"http://127\.0\.0\.1:[1-9]\d*", server.url)
        assert answers(server)


def test_localhost_is_the_loopback_address():
    with Server("hello", listen=["localhost:0"]) as server:
        assert answers(("127.0.0.1", server.port))


@pytest.mark.parametrize("workers", [1, 3])
def test_port_alone_listens_everywhere(workers):
    with Server("hello", listen=[":0"], workers=workers) as server:
        assert server.url.startswith("http://localhost:")
        assert answers(("127.0.0.1", server.port))
        assert answers(("127.0.0.2", server.port))
        assert not have_ipv6() or answers(("::1", server.port))


@ipv6
def test_bracketed_address_listens_on_ipv6_only():
    with Server("hello", listen=["[::1]:0"]) as server:
        assert server.url == f"http://[::1]:{server.port}"
        assert answers(("::1", server.port))
        with pytest.raises(OSError):
            connect(("127.0.0.1", server.port))


def test_host_listens_on_that_address_only():
    with Server("hello", listen=["127.0.0.1:0"]) as server, pytest.raises(OSError):
        connect(("127.0.0.2", server.port))


@pytest.mark.parametrize("workers", [1, 3])
def test_unix_socket_answers_and_is_removed_at_the_end(tmp_path, workers):
    path = tmp_path / "app.sock"
    with Server("hello", listen=[f"unix:{path}"], workers=workers) as server:
        assert server.url == f"unix:{path}"
        assert stat.S_ISSOCK(path.stat().st_mode)
        for _ in range(10):
            assert answers(str(path))
    assert not path.exists()


def test_abstract_unix_socket_answers():
    with Server("hello", listen=[f"unix:@garm-test-{os.getpid()}"]) as server:
        assert answers(server)


def test_stale_unix_socket_is_replaced(tmp_path):
    path = tmp_path / "app.sock"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    with Server("hello", listen=[f"unix:{path}"]):
        assert answers(str(path))


def test_living_unix_socket_is_not_replaced(tmp_path):
    path = tmp_path / "app.sock"
    with Server("hello", listen=[f"unix:{path}"]):
        refused(run("hello", "--listen", f"unix:{path}"), str(path))
        assert answers(str(path))


def test_file_in_the_place_of_a_unix_socket_is_kept(tmp_path):
    path = tmp_path / "precious"
    path.write_text("precious")
    refused(run("hello", "--listen", f"unix:{path}"), str(path))
    assert path.read_text() == "precious"


@pytest.mark.parametrize("workers", [1, 3])
def test_several_listeners_at_once(tmp_path, workers):
    path = tmp_path / "s"
    with Server("hello", listen=["127.0.0.1:0", "127.0.0.2:0", f"unix:{path}"], workers=workers) as server:
        assert len({*server.urls}) == 3
        for url, address in zip(server.urls, [("127.0.0.1", server.port), ("127.0.0.2", int(server.urls[1].rpartition(":")[2])), str(path)]):
            assert answers(address), url


@pytest.mark.parametrize("workers", [1, 3])
def test_every_worker_gets_connections(workers):
    """64 clients at once do not all end up with one of them: each worker's thread has slept and woken more than at its start."""
    with Server("hello", workers=workers) as server, contextlib.ExitStack() as stack:
        before = wakes(server.pid)
        for _ in range(64):
            assert stack.enter_context(Conn(server)).ask("GET", "/hello/x").status == 200
        after = wakes(server.pid)
        assert sum(after[task] > before[task] for task in before) >= workers


def wakes(pid):
    """How often each thread has given up the CPU by itself."""
    return {task: int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", open(f"/proc/{pid}/task/{task}/status", encoding="ascii").read(), re.M)[1])
            for task in os.listdir(f"/proc/{pid}/task")}


# Inherited sockets.

@pytest.fixture
def inherited():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        yield sock


@pytest.mark.parametrize("workers", [1, 3])
def test_inherited_descriptor_is_served(inherited, workers):
    with Server("hello", listen=[f"fd:{inherited.fileno()}"], workers=workers, pass_fds=[inherited.fileno()]) as server:
        assert server.address == inherited.getsockname()
        assert all(answers(server) for _ in range(20))


@contextlib.contextmanager
def out_of_the_way(*socks):
    """The sockets under numbers from 100 on, so that 3 and up are free for what systemd passes."""
    fds = [os.dup2(sock.fileno(), 100 + i) for i, sock in enumerate(socks)]
    try:
        yield fds
    finally:
        for fd in fds:
            os.close(fd)


def systemd(fds, pid="$$"):
    """Runs a program as systemd does: descriptors from 3 on, LISTEN_FDS, LISTEN_PID. (dash knows no descriptors of two digits.)"""
    moves = "".join(f"exec {3 + i}<&{fd} {fd}<&-; " for i, fd in enumerate(fds))
    return ["/bin/bash", "-c", f'{moves} export LISTEN_PID={pid} LISTEN_FDS={len(fds)}; exec "$@"', "bash"]


@pytest.mark.parametrize("listen", [[], ["systemd"]], ids=["by-default", "when-asked-to"])
def test_systemd_sockets_are_served(inherited, listen):
    with socket.socket() as second:
        second.bind(("127.0.0.1", 0))
        second.listen()
        with out_of_the_way(inherited, second) as fds, \
                Server("hello", listen=listen, lines=2, wrapper=systemd(fds), pass_fds=fds) as server:
            assert answers(inherited.getsockname()) and answers(second.getsockname())
            assert [address_of(url) for url in server.urls] == [inherited.getsockname(), second.getsockname()]


def test_sockets_meant_for_another_process_are_refused(inherited):
    with out_of_the_way(inherited) as fds:
        refused(subprocess.run([*systemd(fds, pid="1"), program("hello"), "--listen", "systemd"], env=environment(), text=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=fds, timeout=20, check=False), "systemd")


def test_descriptor_that_is_not_open_is_refused():
    refused(run("hello", "--listen", "fd:77"), "fd:77")


def test_descriptor_that_is_no_socket_is_refused(tmp_path):
    with (tmp_path / "file").open("w") as file:
        refused(run("hello", "--listen", f"fd:{file.fileno()}", pass_fds=[file.fileno()]), f"fd:{file.fileno()}", "socket")


def test_socket_that_does_not_listen_is_refused():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        refused(run("hello", "--listen", f"fd:{sock.fileno()}", pass_fds=[sock.fileno()]), f"fd:{sock.fileno()}", "listen")


# Ports in use.

def free_port():
    """One that the kernel has just given, and taken back."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_port_in_use_is_refused_and_its_holder_named(taken_port):
    refused(run("hello", "--listen", f"127.0.0.1:{taken_port}"), str(taken_port), str(os.getpid()))


def test_port_of_another_server_is_refused_and_its_holder_named():
    """Both would share it by SO_REUSEPORT, and each get half of the requests."""
    with Server("hello", workers=3) as server:
        refused(run("hello", "--listen", f"127.0.0.1:{server.port}"), str(server.port), str(server.pid))
        assert answers(server)


def test_port_in_use_is_refused_on_all_addresses_too(taken_port):
    refused(run("hello", "--listen", f":{taken_port}"), str(taken_port))


def test_same_address_twice_is_refused():
    port = free_port()
    refused(run("hello", "--listen", f"127.0.0.1:{port}", "--listen", f"127.0.0.1:{port}"), str(port))


@pytest.mark.parametrize("workers", [1, 3])
def test_same_descriptor_twice_is_refused(inherited, workers):
    fd = inherited.fileno()
    refused(run("hello", "--workers", str(workers), "--listen", f"fd:{fd}", "--listen", f"fd:{fd}", pass_fds=[fd]), f"fd:{fd}", "twice")


def test_port_is_free_again_after_the_end():
    with Server("hello") as server:
        port = server.port
        with Conn(server) as conn:
            conn.ask("GET", "/", [("Connection", "close")])
    with Server("hello", listen=[f"127.0.0.1:{port}"]) as server:
        assert answers(server)


def test_nothing_half_starts(taken_port, tmp_path):
    """The second of three addresses is taken: nobody may have been able to reach the first, and the third is left alone."""
    first, third = tmp_path / "first", tmp_path / "third"
    refused(run("hello", "--listen", f"unix:{first}", "--listen", f"127.0.0.1:{taken_port}", "--listen", f"unix:{third}"), str(taken_port))
    assert not first.exists() and not third.exists()


# Mistakes.

@pytest.mark.parametrize("address", ["", "8000", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1: 80", "host.example:80",
                                     "300.0.0.1:80", "::1:80", "[::1]", "[::1:80", "[zz]:80", "*:80", "unix:", "/run/x.sock", "fd:", "fd:x", "fd:-1",
                                     "http://127.0.0.1:80", "unix:" + "x" * 200, "127.0.0.1:99999999999999999999"])
def test_bad_address_is_refused_and_named(address):
    said = refused(run("hello", "--listen", address), "--listen")
    assert address[:20] in said


@pytest.mark.parametrize("flags, words", [
    (["--lisen", ":0"], ["--lisen", "--listen"]),
    (["--listn=:0"], ["--listn", "--listen"]),
    (["--worker", "2"], ["--worker", "--workers"]),
    (["--log-levle", "info"], ["--log-levle", "--log-level"]),
    (["--zzzzzzzzzz"], ["--zzzzzzzzzz", "--help"]),
    (["-x"], ["-x"]),
    (["surplus"], ["surplus"]),
    (["--listen"], ["--listen"]),
    (["--workers", "many"], ["--workers", "many"]),
    (["--workers", "-1"], ["--workers", "-1"]),
    (["--workers="], ["--workers"]),
    (["--workers", "1000000"], ["--workers", "1000000"]),
    (["--log-level", "loud"], ["--log-level", "loud"]),
], ids=lambda value: " ".join(value))
def test_bad_flag_is_refused_and_named(flags, words):
    refused(run("hello", *flags), *words)


@pytest.mark.parametrize("name, value", [("GARM_WORKERS", "many"), ("GARM_LISTEN", "nowhere"),
                                         ("GARM_LISTEN", ",,"), ("GARM_LOG_LEVEL", "loud"), ("GARM_GRACE", "long")])
def test_bad_environment_is_refused_and_named(name, value):
    said = refused(run("hello", env={name: value}), name)
    assert value in said or value == ",,"
    assert "--" not in said


def test_missing_root_is_refused(tmp_path):
    refused(run("echo", "--listen", "127.0.0.1:0", "--root", str(tmp_path / "missing")), "missing")


def test_flag_of_another_program_is_refused(tmp_path):
    refused(run("hello", "--root", str(tmp_path)), "--root")


def test_conflicting_patterns_are_refused_and_both_lines_named():
    said = refused(subprocess.run([apps.build("conflict"), "--listen", "127.0.0.1:0"], env=environment(), stdin=subprocess.DEVNULL, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20, check=False))
    first, second = apps.lines_with("conflict", "garm_route(")
    assert f"conflict.c:{first}" in said and f"conflict.c:{second}" in said


# The environment's and the command line's flags.

def last_worker(pid):
    """The highest number among its worker threads, garm/0 and up (the first one may be the main thread)."""
    names = [open(f"/proc/{pid}/task/{task}/comm", encoding="ascii").read().strip() for task in os.listdir(f"/proc/{pid}/task")]
    return max(int(name[5:]) for name in names if re.fullmatch(r"garm/\d+", name))


def test_environment_has_a_twin_of_each_flag():
    with Server("hello", listen=[], lines=1, workers=None, env={"GARM_LISTEN": "127.0.0.1:0", "GARM_WORKERS": "3"}) as server:
        assert answers(server)
        assert last_worker(server.pid) == 2


def test_environment_may_name_several_addresses(tmp_path):
    with Server("hello", listen=[], lines=2, env={"GARM_LISTEN": f"127.0.0.1:0,unix:{tmp_path}/s"}) as server:
        assert answers(server) and answers(f"{tmp_path}/s")


def test_command_line_beats_the_environment():
    with Server("hello", workers=2, env={"GARM_LISTEN": "nowhere", "GARM_WORKERS": "5"}) as server:
        assert answers(server)
        assert last_worker(server.pid) == 1


def test_flag_of_the_application_has_a_twin_too(root):
    with Server("echo", env={"GARM_ROOT": str(root)}) as server:
        assert ask(server, "GET", "/static/hello.txt").status == 200


def test_flags_take_their_value_with_or_without_an_equals_sign(root):
    with Server("echo", f"--root={root}", "--listen=127.0.0.1:0", listen=[], lines=1) as server:
        assert ask(server, "GET", "/static/hello.txt").status == 200


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_names_every_flag_and_its_twin(flag):
    done = run("echo", flag)
    assert done.returncode == 0 and done.stderr == ""
    for name in ("--listen", "--workers", "--log-level", "--help", "--version", "--root", "GARM_LISTEN", "GARM_WORKERS", "GARM_LOG_LEVEL", "GARM_ROOT"):
        assert name in done.stdout, name
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_version_is_one_line():
    done = run("hello", "--version")
    assert done.returncode == 0 and done.stderr == ""
    assert re.search(r"\b\d+\.\d+\.\d+", done.stdout) and done.stdout.count("\n") == 1


def test_help_wins_over_a_bad_address():
    assert run("hello", "--help", "--listen", "127.0.0.1:0").returncode == 0


# Signals.

@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_in_order(number):
    with Server("hello") as server:
        assert answers(server)
        os.kill(server.pid, number)
        server.check_end()


def test_broken_standard_output_is_survived():
    """`app | head -0`: the reader goes before the first line is written."""
    port = free_port()
    read_end, write_end = os.pipe()
    os.close(read_end)
    lives_and_ends(port, [program("hello"), "--listen", f"127.0.0.1:{port}"], stdout=write_end)
    os.close(write_end)


def test_closed_standard_streams_are_survived():
    port = free_port()
    lives_and_ends(port, ["/bin/sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-', program("hello"), "--listen", f"127.0.0.1:{port}"])


def lives_and_ends(port, command, **options):
    process = subprocess.Popen(command, env=environment(), **options)

    def reachable():
        assert process.poll() is None, f"it ended with {process.returncode}"
        try:
            return answers(("127.0.0.1", port))
        except ConnectionError:
            return False
    try:
        wait_until(reachable, 20, "it did not answer")
        process.terminate()
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
