"""Compiles the small programs of programs/ against the library under test, with its sanitizers."""
import functools
import pathlib
import re
import subprocess

import server

# What the archive itself needs.
LIBRARIES = ("-lsimdjson", "-lstdc++", "-lcrypto", "-lsodium", "-lz", "-ldeflate", "-lbrotlienc", "-lzstd", "-lm")
SOURCES = pathlib.Path(__file__).resolve().parent / "programs"


def cached(variable, folder=server.BUILD):
    """A variable of the build's CMake cache."""
    match = re.search(rf"^{variable}:\w+=(.*)$", (folder / "CMakeCache.txt").read_text(), re.M)
    return match[1] if match else ""


@functools.lru_cache(maxsize=None)
def build(name, folder=server.BUILD):
    """The path of the program, made with the library of that build."""
    out = folder / "tests" / f"http_{name}"
    sanitize = cached("GARM_SANITIZE", folder)
    command = [cached("CMAKE_C_COMPILER", folder), "-std=c17", "-Wall", "-Wextra", "-Werror", "-O1", "-g", *([f"-fsanitize={sanitize}"] if sanitize else []),
               f"-I{server.ROOT}/include", f"-I{folder}/include", str(SOURCES / f"{name}.c"), str(folder / "libgarm.a"), *LIBRARIES, "-pthread", "-o", str(out)]
    out.parent.mkdir(exist_ok=True)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}"
    return str(out)


def lines_with(name, text):
    """The numbers of the lines of a program's source that contain `text`."""
    lines = (SOURCES / f"{name}.c").read_text().splitlines()
    return [number for number, line in enumerate(lines, 1) if text in line]
