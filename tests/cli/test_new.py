"""`garm new`: what it writes builds, tests itself and serves, for a user with an installed Garm."""
import re
import signal
import subprocess

import pytest

from installed import curl, run, serving, tree

FILES = [".gitignore", "Makefile", "README.md", "src", "src/main.c", "tests", "tests/test.c"]


EARLY = """#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
int mkdir(const char *path, mode_t mode)
{
    int (*const real)(const char *, mode_t) = dlsym(RTLD_NEXT, "mkdir");
    const int rc = real(path, mode);
    raise(atoi(getenv("EARLY_SIGNAL")));
    return rc;
}
"""


def user(prefix):
    """What a user would have set, and nothing else."""
    return {"PATH": f"{prefix / 'bin'}:/usr/bin:/bin", "PKG_CONFIG_PATH": str(prefix / "lib/pkgconfig")}


def new(prefix, *arguments, cwd):
    return subprocess.run(["garm", "new", *arguments], cwd=cwd, env=user(prefix), text=True, capture_output=True,
                          timeout=30, check=False)


@pytest.fixture(scope="module")
def project(prefix, tmp_path_factory):
    base = tmp_path_factory.mktemp("new")
    done = new(prefix, "my_shop-2", cwd=base)
    assert (done.returncode, done.stderr) == (0, "")
    assert "made my_shop-2/src/main.c\n" in done.stdout and "  cd my_shop-2\n" in done.stdout
    assert tree(base / "my_shop-2") == FILES
    return base / "my_shop-2"


def test_the_project_names_itself_and_has_no_gaps(project):
    for path in project.rglob("*.*"):
        assert "@" not in path.read_text().replace("$@", "").replace("@mkdir", "").replace("$(@D)", ""), path
    assert (project / "README.md").read_text().startswith("# my_shop-2\n")
    assert (project / "Makefile").read_text().count("my_shop-2") == 1


def test_the_project_builds_tests_itself_and_cleans_up(prefix, project):
    run("make", cwd=project, env=user(prefix))
    assert "4 tests, 0 failures" in run("make", "test", cwd=project, env=user(prefix))
    with serving(project / "build/my_shop-2", env=user(prefix)) as url:
        assert curl(f"{url}/hello/Ada") == "Hello, Ada!\n"
        answer = curl("-i", f"{url}/")
        assert re.search(r"^Server-Timing: app;dur=\d+\.\d{3}$", answer, re.M)
        assert '{"name":"my_shop-2"' in answer
    with serving("garm", "run", project / "build/my_shop-2.so", env=user(prefix)) as url:
        assert curl(f"{url}/hello/Ada") == "Hello, Ada!\n"
    assert "GET /hello/{name}" in run("garm", "routes", project / "build/my_shop-2.so", env=user(prefix))
    assert run("make", "-q", cwd=project, env=user(prefix)) == ""
    run("make", "clean", cwd=project, env=user(prefix))
    assert tree(project) == FILES


def test_the_project_passes_with_sanitizers(prefix, project):
    sanitizers = "SANITIZE=address,undefined"
    assert "4 tests, 0 failures" in run("make", "all", "test", sanitizers, cwd=project, env=user(prefix))
    with serving(project / "build-dev/my_shop-2", env=user(prefix)) as url:
        assert curl(f"{url}/hello/Ada") == "Hello, Ada!\n"


def test_a_test_that_fails_fails_the_project(prefix, project):
    source = project / "src/main.c"
    text = source.read_text()
    source.write_text(text.replace("Hello, ", "Bye, "))
    assert "not so: strcmp(res->body" in run("make", "test", cwd=project, env=user(prefix), status=2)
    source.write_text(text)


def test_the_sources_are_as_strict_as_ours(prefix, project):
    flags = run("pkg-config", "--cflags", "garm", env=user(prefix)).split()
    for source in (project / "src/main.c", project / "tests/test.c"):
        run("gcc", "-std=c17", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror", "-fsyntax-only",
            *flags, source)


def test_what_posix_adds_to_c_is_there(prefix, project):
    source = project / "src/copy.c"
    source.write_text("#include <string.h>\nchar *copy(const char *text);\nchar *copy(const char *text)\n{\n    return strdup(text);\n}\n")
    run("make", "CFLAGS=-Werror", cwd=project, env=user(prefix))
    source.unlink()
    run("make", "clean", cwd=project, env=user(prefix))


def test_make_says_that_garm_is_missing(project):
    said = run("make", cwd=project, env={"PATH": "/usr/bin:/bin", "PKG_CONFIG_LIBDIR": "/nonexistent"}, status=2)
    assert "pkg-config does not find garm" in said and "PKG_CONFIG_PATH" in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_half_way_leaves_nothing(prefix, tmp_path, number):
    """It comes with the first directory that is made."""
    (tmp_path / "early.c").write_text(EARLY)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", tmp_path / "early.so", tmp_path / "early.c"], check=True)
    (tmp_path / "empty").mkdir()
    env = {**user(prefix), "LD_PRELOAD": str(tmp_path / "early.so"), "EARLY_SIGNAL": str(int(number))}
    # A shell's background job is born deaf to SIGINT.
    done = subprocess.run(["garm", "new", "shop"], cwd=tmp_path / "empty", env=env, capture_output=True, timeout=30, check=False,
                          preexec_fn=lambda: signal.signal(number, signal.SIG_DFL))
    assert (done.returncode, done.stdout) == (-number, b"")
    assert tree(tmp_path / "empty") == []


@pytest.mark.parametrize("name", ["", "a/b", ".", "..", "-x y", "a b", "a.b", "é", "a" * 65, "$(id)"])
def test_a_name_that_is_none_is_refused(prefix, tmp_path, name):
    done = new(prefix, "--", name, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    assert tree(tmp_path) == []


def test_a_missing_name_and_one_too_many_are_refused(prefix, tmp_path):
    for arguments in ((), ("a", "b"), ("--nonsense",)):
        done = new(prefix, *arguments, cwd=tmp_path)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), arguments
    assert tree(tmp_path) == []


def test_what_exists_is_left_alone(prefix, tmp_path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "empty").mkdir()
    (tmp_path / "dangling").symlink_to("nowhere")
    for name in ("file", "empty", "dangling"):
        done = new(prefix, name, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == f"garm new: cannot make {name}: File exists\n"
    assert tree(tmp_path) == ["dangling", "empty", "file"]


def test_a_failure_half_way_leaves_nothing(prefix, tmp_path):
    """A limit of 1 KiB for a file: the Makefile is larger."""
    script = "trap '' XFSZ; ulimit -f 1; exec garm new shop"
    said = run("bash", "-c", script, cwd=tmp_path, env=user(prefix), status=1)
    assert "cannot make shop/Makefile: File too large" in said
    assert tree(tmp_path) == []
