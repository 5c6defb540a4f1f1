"""Compiles the small programs of programs/ against the library under test, with its sanitizers."""
import functools
import pathlib
import re
import subprocess

import server

# What the archive itself needs.
LIBRARIES = ("-lsimdjson", "-lstdc++", "-lcrypto", "-lsodium", "-lm")
SOURCES = pathlib.Path(__file__).resolve().parent / "programs"


def cached(variable):
    """A variable of the build's CMake cache."""
    match = re.search(rf"^{variable}:\w+=(.*)$", (server.BUILD / "CMakeCache.txt").read_text(), re.M)
    return match[1] if match else ""


@functools.lru_cache(maxsize=None)
def build(name):
    """The path of the program."""
    out = server.BUILD / "tests" / f"http_{name}"
    sanitize = cached("GARM_SANITIZE")
    command = [cached("CMAKE_C_COMPILER"), "-std=c17", "-Wall", "-Wextra", "-Werror", "-O1", "-g", *([f"-fsanitize={sanitize}"] if sanitize else []),
               f"-I{server.ROOT}/include", f"-I{server.BUILD}/include", str(SOURCES / f"{name}.c"), str(server.BUILD / "libgarm.a"), *LIBRARIES, "-pthread", "-o", str(out)]
    out.parent.mkdir(exist_ok=True)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}"
    return str(out)


def lines_with(name, text):
    """The numbers of the lines of a program's source that contain `text`."""
    lines = (SOURCES / f"{name}.c").read_text().splitlines()
    return [number for number, line in enumerate(lines, 1) if text in line]
