"""garm hash: passwords made into hashes."""
import os
import pty
import re
import subprocess

import pytest

from command import GARM, PATIENCE, assert_refused, environment, garm

HASH = r"\$argon2id\$v=19\$m=65536,t=2,p=1\$\S+\$\S+\n"


def hash_of(text):
    return garm("hash", stdin=None, input=text)


@pytest.mark.parametrize("text", ["open sesame\n", "open sesame", "ü\nmore\n", "x" * 1024])
def test_the_first_line_of_the_input_is_hashed(text):
    done = hash_of(text)
    assert (done.returncode, done.stderr) == (0, "") and re.fullmatch(HASH, done.stdout)
    assert hash_of(text).stdout != done.stdout


@pytest.mark.parametrize("text, part", [("", "empty"), ("\n", "empty"), ("x" * 1025, "longer than 1024"), ("a\x03b\n", "control character")])
def test_what_is_no_password_is_refused(text, part):
    assert_refused(hash_of(text), 1, "garm hash: the password", part)


def on_terminal(*answers):
    """What `garm hash` prints to its output, and to the terminal on which the answers are typed."""
    master, slave = pty.openpty()
    with subprocess.Popen([GARM, "hash"], stdin=slave, stdout=subprocess.PIPE, stderr=slave, env=environment()) as process:
        shown = b""
        for question, answer in zip((b"Password: ", b"Again: "), answers):
            while not shown.endswith(question):
                shown += os.read(master, 1024)
            os.write(master, answer)
        printed = process.stdout.read().decode()
        status = process.wait(PATIENCE)
    os.set_blocking(master, False)
    shown += os.read(master, 1024)
    os.close(slave)
    os.close(master)
    return status, printed, shown.decode()


def test_a_terminal_is_asked_twice_and_shows_nothing():
    status, printed, shown = on_terminal(b"open sesame\n", b"open sesame\n")
    assert status == 0 and re.fullmatch(HASH, printed)
    assert "sesame" not in shown


def test_two_passwords_that_differ_are_refused():
    status, printed, shown = on_terminal(b"open sesame\n", b"close sesame\n")
    assert (status, printed) == (1, "") and "the two are not the same" in shown
