"""What `make install` and `make deb` make: programs build against it and run, and it goes without a trace."""
import os
import pathlib
import re
import shutil
import socket
import subprocess

import pytest

from installed import ROOT, curl, environment, make, run, serving, tree

STRICT = ("-Wall", "-Wextra", "-Wpedantic", "-Werror")
COMPILERS = {
    "gcc-c17": ("gcc", "-std=c17", "-x", "c"),
    "clang-c17": ("clang", "-std=c17", "-x", "c"),
    "g++-c++20": ("g++", "-std=c++20", "-x", "c++"),
}
CONSUMER = pathlib.Path(__file__).parent / "consumer"


def answers(*program, env=None):
    """Does the consumer serve?"""
    with serving(*program, env=env) as url:
        assert curl(f"{url}/hello/Ada") == '{"hello":"Ada"}'


def pkg_config(env, *arguments):
    return run("pkg-config", *arguments, env=env).split()


def compile_consumer(compiler, output, flags):
    run(*COMPILERS[compiler], *STRICT, CONSUMER / "consumer.c", "-x", "none", "-o", output, *flags)
    return output


def needed(path):
    return re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-d", path))


# make install

def test_the_shared_library_has_a_soname_and_its_links(prefix):
    assert re.search(r"\(SONAME\).*\[libgarm\.so\.0\]", run("readelf", "-d", prefix / "lib/libgarm.so"))
    assert os.readlink(prefix / "lib/libgarm.so") == "libgarm.so.0"
    assert os.readlink(prefix / "lib/libgarm.so.0") == "libgarm.so.0.1.0"


@pytest.mark.parametrize("compiler", COMPILERS)
def test_pkg_config_builds_with_the_shared_library(prefix, tmp_path, compiler):
    env = environment(PKG_CONFIG_PATH=prefix / "lib/pkgconfig")
    program = compile_consumer(compiler, tmp_path / "app", pkg_config(env, "--cflags", "--libs", "garm"))
    assert "libgarm.so.0" in needed(program)
    answers(program, env=environment(LD_LIBRARY_PATH=prefix / "lib"))


@pytest.mark.parametrize("compiler", COMPILERS)
def test_pkg_config_builds_with_the_archive(prefix, tmp_path, compiler):
    env = environment(PKG_CONFIG_PATH=prefix / "lib/pkgconfig")
    program = compile_consumer(compiler, tmp_path / "app", pkg_config(env, "--cflags", "--libs", "garm-static"))
    assert not [name for name in needed(program) if "garm" in name]
    answers(program)


@pytest.mark.parametrize("compiler", COMPILERS)
def test_pkg_config_static_names_all_that_the_archive_needs(prefix, tmp_path, compiler):
    (tmp_path / "lib").mkdir()
    shutil.copy(prefix / "lib/libgarm.a", tmp_path / "lib")
    env = environment(PKG_CONFIG_PATH=prefix / "lib/pkgconfig")
    flags = pkg_config(env, "--static", f"--define-variable=libdir={tmp_path / 'lib'}", "--cflags", "--libs", "garm")
    answers(compile_consumer(compiler, tmp_path / "app", flags))


@pytest.fixture(scope="session", params=["gcc", "clang"])
def cmake_consumer(request, prefix, tmp_path_factory):
    """Built by CMake against a copy of the prefix: the package may be moved."""
    base = tmp_path_factory.mktemp("cmake")
    shutil.copytree(prefix, base / "moved", symlinks=True)
    run("cmake", "-S", CONSUMER, "-B", base / "build", f"-DCMAKE_C_COMPILER={request.param}", f"-DCMAKE_PREFIX_PATH={base / 'moved'}")
    run("cmake", "--build", base / "build")
    return base


@pytest.mark.parametrize("program", ["c_garm", "c_garm_static", "cpp_garm", "cpp_garm_static"])
def test_cmake_builds_with_either_library(cmake_consumer, program):
    path = cmake_consumer / "build" / program
    assert ("libgarm.so.0" in needed(path)) == (not program.endswith("static"))
    answers(path)


def test_cmake_refuses_another_minor_version(prefix, tmp_path):
    (tmp_path / "CMakeLists.txt").write_text("cmake_minimum_required(VERSION 3.22)\nproject(x LANGUAGES C)\n"
                                             "find_package(garm 0.2 CONFIG REQUIRED)\n")
    done = run("cmake", "-S", tmp_path, "-B", tmp_path / "build", f"-DCMAKE_PREFIX_PATH={prefix}", status=1)
    assert "version: 0.1.0" in done


def test_uninstall_leaves_nothing(release, tmp_path):
    prefix = tmp_path / "a" / "b"
    make("install", release, PREFIX=prefix)
    make("install", release, PREFIX=prefix)
    assert (prefix / "bin/garm").exists()
    make("uninstall", release, PREFIX=prefix)
    assert tree(tmp_path) == []


def test_uninstall_leaves_what_was_there_before_and_what_came_after(release, tmp_path):
    stage = tmp_path / "stage"
    (stage / "opt/g/share/man").mkdir(parents=True)
    before = tree(stage)
    make("install", release, PREFIX="/opt/g", DESTDIR=stage)
    assert "prefix=/opt/g\n" in (stage / "opt/g/lib/pkgconfig/garm.pc").read_text()
    (stage / "opt/g/lib/cmake/garm/mine.txt").touch()
    make("uninstall", release, PREFIX="/opt/g", DESTDIR=stage)
    mine = ["opt/g/lib", "opt/g/lib/cmake", "opt/g/lib/cmake/garm", "opt/g/lib/cmake/garm/mine.txt"]
    assert tree(stage) == sorted([*before, *mine])


def test_uninstall_of_a_prefix_that_was_not_installed_to_touches_nothing(release, prefix, tmp_path):
    before = tree(prefix)
    assert "nothing was installed" in make("uninstall", release, PREFIX=tmp_path, status=2)
    assert tree(prefix) == before


# The manual

def verbs(prefix):
    found = re.findall(r"^  (\w+) ", run(prefix / "bin/garm", "help"), re.M)
    assert {"serve", "run", "routes", "explain", "new", "version", "help"} <= set(found)
    return found


def flags_of(prefix, verb):
    return set(re.findall(r"^ +(--[a-z][a-z-]*)", run(prefix / "bin/garm", "help", verb), re.M))


def test_every_page_is_installed(prefix):
    names = {p.name for p in (prefix / "share/man").rglob("*.[13]")}
    assert names == {p.name.removesuffix(".scd") for p in (ROOT / "man").glob("*.scd")}
    assert {"garm.1", "libgarm.3", *(f"garm-{v}.1" for v in verbs(prefix) if v not in ("help", "version"))} == names


def test_each_page_has_the_flags_of_its_verb_and_no_other(prefix):
    for verb in verbs(prefix):
        page = ROOT / f"man/garm-{verb}.1.scd"
        if page.exists():
            assert set(re.findall(r"^\*(--[a-z-]+)\*", page.read_text(), re.M)) == flags_of(prefix, verb), verb
        else:
            text = (ROOT / "man/garm.1.scd").read_text()
            assert {f for f in flags_of(prefix, verb) if f"*{f}*" not in text} == set(), verb


def test_the_page_of_the_library_tells_of_every_header():
    page = (ROOT / "man/libgarm.3.scd").read_text()
    headers = [p.name for p in (ROOT / "include/garm").glob("*.h") if p.name != "garm.h"]
    assert [name for name in headers if f"*garm/{name}*" not in page] == []


# Completions

COMPLETIONS = ("share/bash-completion/completions/garm", "share/zsh/site-functions/_garm",
               "share/fish/vendor_completions.d/garm.fish")


def complete(prefix, *words):
    script = f'source {prefix / COMPLETIONS[0]}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _garm; printf "%s\\n" "${{COMPREPLY[@]}}"'
    return set(run("bash", "-c", script, "bash", "garm", *words).split())


def test_bash_completes_verbs_flags_and_objects(prefix, tmp_path, monkeypatch):
    assert complete(prefix, "") == {*verbs(prefix), "--help", "--version"}
    assert complete(prefix, "ro") == {"routes"}
    assert complete(prefix, "help", "e") == {"explain"}
    assert complete(prefix, "explain", "PO") == {"POST"}
    assert complete(prefix, "run", "--log-level", "w") == {"warn"}
    (tmp_path / "app.so").touch()
    (tmp_path / "app.c").touch()
    (tmp_path / "app.d").mkdir()
    monkeypatch.chdir(tmp_path)
    assert complete(prefix, "routes", "app") == {"app.so", "app.d"}
    assert complete(prefix, "serve", "app") == {"app.d"}


def test_the_completions_know_every_verb_and_flag(prefix):
    for verb in verbs(prefix):
        assert flags_of(prefix, verb) <= complete(prefix, verb, "--"), verb
        for path in COMPLETIONS:
            text = (prefix / path).read_text()
            assert re.search(rf"\b{verb}\b", text), f"{path}: {verb}"
            for flag in flags_of(prefix, verb):
                assert flag in text or re.search(rf"-l {flag[2:]}\b", text), f"{path}: {flag}"


@pytest.mark.parametrize("shell,path", [("zsh", COMPLETIONS[1]), ("fish", COMPLETIONS[2])])
def test_other_shells_accept_theirs(prefix, shell, path):
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell}")
    assert run(shell, "-n", prefix / path) == ""


# systemd

def test_systemd_finds_nothing_wrong_with_the_units(prefix, tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze")
    units = [tmp_path / f"garm@{instance}.{kind}" for instance in ("8000", "-run-x.sock") for kind in ("socket", "service")]
    for unit in units:
        shutil.copy(prefix / f"lib/systemd/system/garm@{unit.suffix}", unit)
    assert run("systemd-analyze", "verify", "--man=no", *units) == ""


def test_the_service_serves_on_the_socket_that_it_is_given(prefix, tmp_path):
    unit = (prefix / "lib/systemd/system/garm@.service").read_text()
    assert 'Environment="GARM_ARGS=serve /srv/www"' in unit
    command = re.search(r"^ExecStart=(.*)$", unit, re.M)[1].replace("/srv/www", str(tmp_path))
    (tmp_path / "index.html").write_text("from a socket unit\n")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        os.set_inheritable(listener.fileno(), True)
        script = f'exec 3<&{listener.fileno()}; LISTEN_PID=$$ LISTEN_FDS=1 exec {command}'
        env = environment(GARM_ARGS=f"serve {tmp_path}")
        server = subprocess.Popen(["bash", "-c", script], env=env, stdout=subprocess.PIPE, pass_fds=[listener.fileno()])
        try:
            assert curl(f"http://127.0.0.1:{listener.getsockname()[1]}/") == "from a socket unit\n"
        finally:
            server.terminate()
            server.communicate(timeout=30)
    assert server.returncode == 0


# Debian packages

@pytest.fixture(scope="session")
def packages(release, tmp_path_factory):
    into = tmp_path_factory.mktemp("packages")
    make("deb", release, PACKAGES=into)
    found = {p.name.split("_")[0]: p for p in into.glob("*.deb")}
    assert set(found) == {"garm", "libgarm0", "libgarm-dev"}
    return found


@pytest.fixture(scope="session")
def unpacked(packages, tmp_path_factory):
    """A file system's root with the three packages in it, and nothing else."""
    root = tmp_path_factory.mktemp("root")
    for package in packages.values():
        run("dpkg", "-x", package, root)
    return root


def library_dir(root):
    return next(root.glob("usr/lib/*/libgarm.so")).parent


def test_lintian_finds_no_error_and_no_warning(packages):
    found = run("lintian", "--allow-root", "--fail-on", "error,warning", *packages.values())
    assert found == ""


def test_the_packages_say_what_they_need(packages):
    field = {name: run("dpkg-deb", "-f", path, "Depends") for name, path in packages.items()}
    version = run("dpkg-deb", "-f", packages["libgarm0"], "Version").strip()
    assert f"libgarm0 (= {version})" in field["libgarm-dev"]
    assert "libc6 (>=" in field["libgarm0"] and "libc6 (>=" in field["garm"]
    assert "libgarm" not in field["garm"]
    assert f"libgarm 0 libgarm0 (>= {version})" in run("dpkg-deb", "-I", packages["libgarm0"], "shlibs")
    assert (ROOT / "packaging/deb/changelog").read_text().startswith(f"garm ({version}) ")


@pytest.mark.parametrize("module", ["garm", "garm-static"])
def test_pkg_config_builds_against_the_unpacked_packages(unpacked, tmp_path, module):
    libs = library_dir(unpacked)
    env = environment(PKG_CONFIG_SYSROOT_DIR=unpacked, PKG_CONFIG_LIBDIR=libs / "pkgconfig")
    program = compile_consumer("gcc-c17", tmp_path / "app", pkg_config(env, "--cflags", "--libs", module))
    answers(program, env=environment(LD_LIBRARY_PATH=libs))


def test_cmake_builds_against_the_unpacked_packages(unpacked, tmp_path):
    run("cmake", "-S", CONSUMER, "-B", tmp_path / "build", f"-DCMAKE_PREFIX_PATH={unpacked / 'usr'}")
    run("cmake", "--build", tmp_path / "build", "--target", "c_garm", "c_garm_static")
    answers(tmp_path / "build/c_garm")
    answers(tmp_path / "build/c_garm_static")


def test_the_packaged_command_runs_an_application(unpacked, tmp_path):
    """It is stripped, and has to export the library's functions all the same."""
    flags = ("-shared", "-fPIC", f"-I{unpacked / 'usr/include'}")
    compile_consumer("gcc-c17", tmp_path / "app.so", flags)
    answers(unpacked / "usr/bin/garm", "run", tmp_path / "app.so")


def test_dpkg_installs_the_packages_and_removes_them_without_a_trace(packages, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("dpkg wants root")
    database = tmp_path / "var/lib/dpkg"
    for folder in ("info", "updates", "triggers"):
        (database / folder).mkdir(parents=True)
    (database / "status").touch()
    dpkg = ("dpkg", f"--root={tmp_path}", "--force-depends", "--force-script-chrootless", "--log=" + str(tmp_path / "var/log"))
    run(*dpkg, "-i", *packages.values())
    assert (tmp_path / "usr/bin/garm").exists()
    run(*dpkg, "-P", *packages)
    assert not (tmp_path / "usr").exists()
