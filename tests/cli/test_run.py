"""garm run: what it loads and serves, and what it says of what it cannot."""
import os
import shutil
import signal
import urllib.request

import pytest

from command import GARM, assert_refused, build, fetch, garm, serving
from app import APP, folder, line_of  # noqa: F401, the fixture

ENTRY = "__attribute__((visibility(\"default\"))) const struct { int abi; const char *file; void (*setup)(void *); } garm_app_entry_"
TWO = """#include <garm/garm.h>
static int two(garm_ctx *c) { return garm_text(c, 200, "two %d\\n", garm_app_data(c) != 0); }
static int data;
static int shout(garm_ctx *c) { garm_set_header(c, "X-Two", "yes"); return garm_next(c); }
GARM_APP(app)
{
    if (garm_flag(app, "data", "", "Sets data.")[0] != 0)
        garm_set_app_data(app, &data);
    garm_use(app, shout);
    garm_route(app, "GET /two", two);
}
"""


CRASH = """#include <garm/garm.h>
#include <signal.h>
#include <stdlib.h>
int fall(int n);
int fall(int n) { volatile char room[4096]; room[n % 4096] = 1; return n < 0 ? 0 : fall(n + 1) + room[n % 4096]; }
GARM_APP(app) { (void)app; CRASH; }
"""


def test_an_application_is_served(folder):
    with serving("run", "app.so", cwd=folder) as said:
        assert said[1] == "listening"
        assert fetch(said[2] + "/users/7") == (200, b"hello 7\n")
        assert fetch(said[2] + "/nothing")[0] == 404


def test_its_flags_come_behind_it(folder):
    with serving("run", "./app.so", "--greeting", "bonjour", cwd=folder) as said:
        assert fetch(said[2] + "/users/7") == (200, b"bonjour 7\n")
    done = garm("run", "app.so", "--help", cwd=folder)
    assert done.returncode == 0 and "  --greeting VALUE " in done.stdout and "  --listen ADDRESS " in done.stdout


def test_several_are_served_together(folder, tmp_path):
    two = build(tmp_path, "two.so", TWO)
    with serving("run", "app.so", two, "--data", "1", cwd=folder) as said:
        assert fetch(said[2] + "/users/7") == (200, b"hello 7\n")
        assert fetch(said[2] + "/two") == (200, b"two 1\n")
        with urllib.request.urlopen(said[2] + "/two") as answer:
            assert answer.headers["X-Two"] == "yes"
        with urllib.request.urlopen(said[2] + "/users/7") as answer:
            assert answer.headers["X-Two"] is None  # the middleware of another application


def test_a_crash_of_one_of_several_names_it(folder, tmp_path):
    build(tmp_path, "crash.so", CRASH.replace("CRASH", "abort()"))
    assert_refused(garm("run", folder / "app.so", "./crash.so", cwd=tmp_path), 1, "garm run: ./crash.so crashed while it was set up: Aborted\n")


def test_a_crash_after_the_set_up_is_one_as_usual(tmp_path):
    build(tmp_path, "crash.so", CRASH.replace("(void)app; CRASH;", "garm_on(app, GARM_START, start);").replace(
        "GARM_APP", "static int start(garm_worker *w) { (void)w; abort(); }\nGARM_APP"))
    done = garm("run", "crash.so", "--listen", "127.0.0.1:0", cwd=tmp_path)
    assert (done.returncode, "crashed" in done.stderr) == (-signal.SIGABRT, False)


def test_several_that_conflict_are_refused(folder, tmp_path):
    assert_refused(garm("run", "app.so", "app.so", cwd=folder), 1, "it is the same as", line_of("garm_route(app"))
    build(tmp_path, "one.so", TWO)
    build(tmp_path, "other.so", TWO.replace("/two", "/other"))
    assert_refused(garm("run", "one.so", "other.so", "--data", "1", cwd=tmp_path), 1, "garm_set_app_data", "run them apart")


def test_an_object_linked_with_libgarm_is_served_all_the_same(folder, tmp_path):
    library = GARM.parent / "libgarm.so"
    if not library.exists():
        pytest.skip("no libgarm.so")
    build(tmp_path, "app.so", APP, "-shared", "-fPIC", "-L", GARM.parent, f"-Wl,-rpath,{GARM.parent}", "-Wl,--no-as-needed", "-lgarm",
          "-Wl,--allow-shlib-undefined")
    with serving("run", "app.so", cwd=tmp_path) as said:
        assert fetch(said[2] + "/users/7") == (200, b"hello 7\n")


@pytest.mark.parametrize("verb", [("run",), ("routes",), ("explain", "GET", "/")])
class TestRefused:
    """One line with the reason, and status 1, whatever the verb."""

    def test_a_file_that_is_not_there(self, verb, tmp_path):
        assert_refused(garm(*verb, "app.so", cwd=tmp_path), 1, "cannot read ./app.so: No such file or directory")

    def test_what_is_no_elf_file(self, verb, tmp_path):
        for content in (b"", b"x", b"#!/bin/sh\n" * 20):
            (tmp_path / "app.so").write_bytes(content)
            assert_refused(garm(*verb, "app.so", cwd=tmp_path), 1, "./app.so is no shared object (not ELF)", "cc -shared -fPIC")

    def test_what_is_cut_short(self, verb, folder, tmp_path):
        whole = (folder / "app.so").read_bytes()
        for size in (20, 64, 200, len(whole) // 4):
            (tmp_path / "app.so").write_bytes(whole[:size])
            assert_refused(garm(*verb, "app.so", cwd=tmp_path), 1, "./app.so")

    def test_what_is_of_another_machine(self, verb, folder, tmp_path):
        whole = bytearray((folder / "app.so").read_bytes())
        whole[18:20] = b"\x08\x00"  # MIPS
        (tmp_path / "app.so").write_bytes(whole)
        assert_refused(garm(*verb, "app.so", cwd=tmp_path), 1, "./app.so was built for another machine")

    def test_what_is_no_regular_file(self, verb, tmp_path):
        os.mkfifo(tmp_path / "fifo")
        for name in ("fifo", "."):
            assert_refused(garm(*verb, name, cwd=tmp_path), 1, "not a regular file")

    def test_what_is_not_linked(self, verb, tmp_path):
        build(tmp_path, "app.o", APP, "-c")
        assert_refused(garm(*verb, "app.o", cwd=tmp_path), 1, "./app.o is not linked yet")

    def test_a_program(self, verb):
        assert_refused(garm(*verb, GARM), 1, "run it as it is")

    def test_what_has_no_application(self, verb, tmp_path):
        build(tmp_path, "app.so", "int nothing(void);\nint nothing(void) { return 0; }\n")
        assert_refused(garm(*verb, "app.so", cwd=tmp_path), 1, "./app.so is no Garm application", "GARM_APP")

    def test_another_abi(self, verb, tmp_path):
        build(tmp_path, "app.so", f"{ENTRY} = {{2, (const char *)1, 0}};\n")
        assert_refused(garm(*verb, "app.so", cwd=tmp_path), 1,
                       "./app.so: built for ABI 2, this garm has 1: rebuild it against these headers")

    def test_a_function_that_this_garm_has_not(self, verb, tmp_path):
        build(tmp_path, "app.so", "int garm_new_thing(void);\nint f(void);\nint f(void) { return garm_new_thing(); }\n")
        assert_refused(garm(*verb, "app.so", cwd=tmp_path), 1, "undefined symbol: garm_new_thing", "rebuild it")

    def test_a_function_of_a_missing_library(self, verb, tmp_path):
        build(tmp_path, "app.so", "int other(void);\nint f(void);\nint f(void) { return other(); }\n")
        assert_refused(garm(*verb, "app.so", cwd=tmp_path), 1, "undefined symbol: other", "link it with")

    def test_a_set_up_that_fails(self, verb, folder):
        done = garm(*verb, "app.so", "--greeting", "none", cwd=folder)
        assert_refused(done, 1, f"{line_of('garm_fail')}: there is no greeting")

    @pytest.mark.parametrize("crash, name", [("raise(SIGSEGV)", "Segmentation fault"), ("raise(SIGBUS)", "Bus error"), ("abort()", "Aborted"),
                                             ("raise(SIGFPE)", "Arithmetic error"), ("raise(SIGILL)", "Illegal instruction"),
                                             ("*(volatile char *)8 = 1", "Segmentation fault"), ("fall(1)", "Segmentation fault")])
    def test_a_set_up_that_crashes(self, verb, tmp_path, crash, name):
        build(tmp_path, "crash.so", CRASH.replace("CRASH", crash))
        done = garm(*verb, "crash.so", cwd=tmp_path)
        assert_refused(done, 1, f"garm {verb[0]}: crash.so crashed while it was set up: {name}\n")

    def test_a_crash_while_it_is_loaded(self, verb, tmp_path):
        build(tmp_path, "crash.so", APP + "#include <stdlib.h>\n__attribute__((constructor)) static void begin(void) { abort(); }\n")
        assert_refused(garm(*verb, "crash.so", cwd=tmp_path), 1, f"garm {verb[0]}: crash.so crashed while it was loaded: Aborted\n")

    def test_a_bad_pattern(self, verb, tmp_path):
        build(tmp_path, "app.so", APP.replace("GET /users/{name}", "GET users"))
        assert_refused(garm(*verb, "app.so", cwd=tmp_path), 1, 'pattern "GET users"')

    def test_a_name_is_that_of_a_file_here_and_never_a_librarys(self, verb, folder, tmp_path):
        shutil.copy(folder / "app.so", tmp_path / "libapp.so")
        done = garm(*verb, "libapp.so", cwd=folder, env={"LD_LIBRARY_PATH": str(tmp_path)})
        assert_refused(done, 1, "cannot read ./libapp.so")

    def test_an_unknown_flag_is_a_mistake_of_the_users(self, verb, folder):
        done = garm(*verb, "app.so", "--greetin", "x", cwd=folder)
        assert_refused(done, 2, "unknown flag '--greetin'; did you mean '--greeting'?")
