"""The garm command, as a user types it."""
import os
import pathlib
import subprocess

GARM = pathlib.Path(os.environ["GARM_BUILD"]) / "garm"


def garm(*arguments):
    return subprocess.run([GARM, *arguments], capture_output=True, text=True, timeout=30)


def test_version_prints_one_line():
    done = garm("version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("garm 0.") and done.stdout.count("\n") == 1
    assert garm("--version").stdout == done.stdout


def test_help_lists_every_verb():
    done = garm("help")
    assert done.returncode == 0
    for verb in ("help", "version"):
        assert f"  {verb} " in done.stdout
        assert garm("help", verb).stdout.startswith(f"usage: garm {verb}")


def test_an_unknown_verb_suggests_the_nearest():
    done = garm("verison")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "garm: unknown verb 'verison'; did you mean 'version'? 'garm help' lists all\n"


def test_a_mistake_is_one_line_and_status_2():
    for arguments in ((), ("zzz",), ("version", "x"), ("help", "zzz"), ("help", "help", "x")):
        done = garm(*arguments)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), arguments
