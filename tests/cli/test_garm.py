"""The garm command as such: verbs, help, version, what it says to mistakes, where it writes."""
import json
import os
import subprocess

import pytest

from app import folder  # noqa: F401, the fixture
from command import GARM, assert_refused, environment, garm

VERBS = ("serve", "run", "routes", "explain", "hash", "version", "help")


def test_version_prints_one_line():
    done = garm("version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("garm 0.") and done.stdout.count("\n") == 1
    assert garm("--version").stdout == done.stdout
    assert garm("serve", "--version").stdout == done.stdout


def test_version_as_json_tells_the_abi():
    told = json.loads(garm("version", "--json").stdout)
    assert told["abi"] == 1 and f"garm {told['version']}\n" == garm("version").stdout


def test_help_lists_every_verb():
    done = garm("help")
    assert (done.returncode, done.stderr) == (0, "")
    for verb in VERBS:
        assert f"  {verb} " in done.stdout
    assert garm("--help").stdout == garm("-h").stdout == done.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb_is_the_same_in_both_forms(verb):
    done = garm("help", verb)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: garm {verb}") and "\nFlags:\n" in done.stdout
    assert garm(verb, "--help").stdout == done.stdout == garm(verb, "-h").stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_an_unknown_verb_suggests_the_nearest():
    done = garm("verison")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "garm: unknown verb 'verison'; did you mean 'version'? 'garm help' lists all\n"
    assert_refused(garm("help", "sreve"), 2, "did you mean 'serve'?")


def test_an_unknown_flag_suggests_the_nearest():
    assert_refused(garm("version", "--jsn"), 2, "garm version: unknown flag '--jsn'; did you mean '--json'?")
    assert_refused(garm("serve", "--lisen", ":0"), 2, "did you mean '--listen'?")


@pytest.mark.parametrize("arguments", [(), ("zzz",), ("",), ("version", "x"), ("help", "zzz"), ("help", "help", "x"),
                                       ("version", "--json=x"), ("run",), ("routes",), ("routes", "--json"), ("explain",),
                                       ("explain", "GET"), ("explain", "GET", "/"), ("serve", "a", "b"),
                                       ("serve", "--listen"), ("serve", "--workers", "0"), ("serve", "--listen", "x:y:z")])
def test_a_mistake_is_one_line_and_status_2(arguments):
    assert_refused(garm(*arguments), 2, "garm")


@pytest.mark.parametrize("arguments", [("help",), ("help", "run"), ("version",), ("serve", "--help"),
                                       ("routes", "app.so"), ("routes", "app.so", "--json"), ("run", "app.so", "--help"),
                                       ("explain", "GET", "/", "app.so")])
def test_output_that_cannot_be_written_is_an_error(arguments, folder):
    with open("/dev/full", "w") as full:
        assert_refused_write(garm(*arguments, cwd=folder, stdout=full), "No space left on device")
    reader, writer = os.pipe()
    os.close(reader)
    assert_refused_write(garm(*arguments, cwd=folder, stdout=writer), "Broken pipe")
    os.close(writer)
    command = ["/bin/sh", "-c", '"$@" >&-', "sh", GARM, *arguments]
    done = subprocess.run(command, cwd=folder, env=environment(), text=True, stderr=subprocess.PIPE, timeout=30, check=False)
    assert_refused_write(done, "Bad file descriptor")


def assert_refused_write(done, reason):
    assert done.returncode == 1
    assert done.stderr.endswith(f"cannot write to standard output: {reason}\n") and done.stderr.count("\n") == 1


def test_the_command_exports_the_public_functions_and_nothing_else():
    listed = subprocess.run(["nm", "-D", "--defined-only", "--format=posix", GARM], text=True, stdout=subprocess.PIPE,
                            timeout=30, check=True).stdout
    names = {line.split()[0] for line in listed.splitlines()}
    assert {"garm_route_with", "garm_text", "garm_next", "garm_main"} <= names
    assert "garm_app_entry_" not in names and "main" not in names
    assert not {name for name in names if name.startswith(("arena_", "buf_", "router_", "garm_server_make"))}
