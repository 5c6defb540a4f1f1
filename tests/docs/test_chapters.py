"""Every command of the chapters in docs/ runs, and prints what the text says.

A chapter's commands stand in ```console blocks, as at a prompt, and run in one shell per chapter, from the root of the
repository:

    $ a command, which may go on
    > on such lines
    what it prints; `...` stands for any text within a line, and alone on a line for any lines

Port 8000 is replaced by a free one, and build/release by the build under test.
"""
import os
import pathlib
import re
import selectors
import shutil
import signal
import socket
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("GARM_RELEASE") or os.environ.get("GARM_BUILD") or ROOT / "build" / "release").resolve()
CHAPTERS = sorted((ROOT / "docs").glob("**/*.md"))
PATIENCE = 10


class Command:
    def __init__(self, chapter, line):
        self.chapter, self.line = chapter, line
        self.text, self.expected = "", []

    def __repr__(self):
        return f"{self.chapter.name}:{self.line}"


def commands_of(chapter):
    found, inside = [], False
    for number, line in enumerate(chapter.read_text().splitlines(), 1):
        if line.startswith("```"):
            inside = line == "```console"
        elif inside and line.startswith("$ "):
            found.append(Command(chapter, number))
            found[-1].text = line[2:]
        elif inside and line.startswith("> ") and not found[-1].expected:
            found[-1].text += "\n" + line[2:]
        elif inside:
            found[-1].expected.append(line)
    return found


COMMANDS = [command for chapter in CHAPTERS for command in commands_of(chapter)]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Shell:
    """One shell, fed a command at a time. What it and its children write is gathered."""

    def __init__(self, home):
        self.port = free_port()
        env = {k: v for k, v in os.environ.items() if not k.startswith(("GARM_", "LISTEN_"))}
        env.update(LC_ALL="C.UTF-8", HOME=str(home), TMPDIR=str(home), COLUMNS="100")
        self.process = subprocess.Popen(["bash", "--norc"], cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, start_new_session=True)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.process.stdout, selectors.EVENT_READ)
        self.output = ""
        self.count = 0

    def localize(self, text):
        return text.replace("8000", str(self.port)).replace("build/release", str(BUILD))

    def read(self, seconds):
        for _ in self.selector.select(seconds):
            self.output += os.read(self.process.stdout.fileno(), 65536).decode(errors="replace")

    def wait_for(self, pattern):
        """Reads until the output matches; the match, or None when patience ends."""
        end = time.monotonic() + PATIENCE
        while True:
            match = pattern.search(squeeze(self.output))
            if match or time.monotonic() > end or self.process.poll() is not None:
                return match
            self.read(0.1)

    def run(self, command):
        """Runs it, and waits until it has ended and what was expected has come, if it ever does."""
        self.count += 1
        mark = f"<<done {self.count}>>"
        self.output = ""
        text = f"{self.localize(command.text)}\nstatus=$?; echo '{mark}'; (exit $status)\n"
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()
        if self.wait_for(re.compile(re.escape(mark))) is None:
            return False
        self.output = self.output.replace(mark + "\n", "")
        return self.wait_for(expectation([self.localize(line) for line in command.expected])) is not None

    def end(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                break
            time.sleep(0.1)
        self.process.wait()


def squeeze(text):
    """Columns are for the eye: runs of blanks count as one."""
    return re.sub(r"[ \t\r]+", " ", text)


def expectation(lines):
    """A regular expression for the whole output."""
    pattern = ""
    for line in lines:
        if line.strip() == "...":
            pattern += r"(?:[^\n]*\n)*"
        else:
            pattern += r"[^\n]*".join(re.escape(part) for part in squeeze(line).rstrip().split("...")) + r" ?\n"
    return re.compile(r"\A\s*" + pattern.removesuffix(r"\n") + r"\s*\Z")


@pytest.fixture(scope="module")
def shells(tmp_path_factory):
    """The shell of a chapter, made when its first command runs."""
    running = {}

    def shell_of(chapter):
        if chapter not in running:
            running[chapter] = Shell(tmp_path_factory.mktemp(chapter.stem))
        return running[chapter]

    yield shell_of
    for shell in running.values():
        shell.end()


def can_trace():
    return shutil.which("strace") and subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], check=False,
                                                     stderr=subprocess.DEVNULL).returncode == 0


@pytest.mark.parametrize("command", COMMANDS, ids=repr)
def test_the_command_prints_what_the_text_says(command, shells):
    if "strace" in command.text and not can_trace():
        pytest.skip("strace is not allowed to trace here")
    shell = shells(command.chapter)
    fits = shell.run(command)
    assert fits, (f"{command!r}: $ {command.text}\n--- the text says\n" + "\n".join(command.expected) +
                  f"\n--- it printed\n{shell.output}")


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
def test_what_a_page_points_to_is_there(chapter):
    missing = []
    for target in re.findall(r"\]\(([^)#\s]+)", chapter.read_text()):
        if not re.match(r"[a-z]+:", target) and not (chapter.parent / target).exists():
            missing.append(target)
    for path in re.findall(r"`((?:src|include|tests|examples|bench|fuzz|tools|docs)/[\w./-]+)`", chapter.read_text()):
        if not (ROOT / path).exists():
            missing.append(path)
    assert not missing, f"{chapter.name} points to {missing}"


def known_cases():
    """What the conformance page may name: `file: title` of tests/spec, `test: function` of any test."""
    known = set()
    for path in (ROOT / "tests" / "spec").glob("*.md"):
        known |= {f"{path.stem}: {title}" for title in re.findall(r"^## (.+)$", path.read_text(errors="replace"), re.M)}
    for path in (ROOT / "tests").rglob("*"):
        if path.suffix in (".c", ".py"):
            names = re.findall(r"START_TEST\((\w+)\)|^def (test_\w+)", path.read_text(), re.M)
            known |= {f"test: {first or second}" for first, second in names}
    return known


def test_every_case_that_the_conformance_page_names_exists():
    page = (ROOT / "docs" / "conformance.md").read_text()
    rows = re.findall(r"^\| [\d., ]+ \|.*\| (.*) \|$", page, re.M)
    named = [case for row in rows for case in re.findall(r"`(.+?)`", row)]
    known = known_cases()
    missing = [case for case in named if case not in known]
    assert len(rows) > 70 and not missing, f"{len(rows)} rows; these cases do not exist: {missing}"


GUIDES = sorted((ROOT / "docs" / "guide").glob("*.md"))


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.name)
def test_the_code_of_a_guide_compiles(guide, tmp_path):
    """Each ```c block as a file of its own behind the header that it may leave out; statements without a function around
    them are those of a set-up."""
    blocks = re.findall(r"^```c\n(.*?)^```", guide.read_text(), re.M | re.S)
    for number, block in enumerate(blocks):
        source = tmp_path / f"{guide.stem}-{number}.c"
        if not re.search(r"^[{}]", block, re.M):
            block = "static void setup(garm_app *app)\n{\n" + block + "}\n"
        source.write_text("#include <garm/garm.h>\n" + block)
        done = subprocess.run(["cc", "-std=c17", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wno-unused-function", "-fsyntax-only",
                               f"-I{ROOT}/include", str(source)], check=False, text=True, stderr=subprocess.PIPE)
        assert done.returncode == 0, f"block {number + 1} of {guide.name}:\n{block}\n{done.stderr}"


def taken_blocks(chapter):
    """(file, text) of each block that is taken from an example: ```c examples/x.c."""
    return re.findall(r"^```\w+ (examples/\S+)\n(.*?)^```", chapter.read_text(), re.M | re.S)


@pytest.mark.parametrize("chapter", [chapter for chapter in CHAPTERS if taken_blocks(chapter)], ids=lambda chapter: chapter.name)
def test_code_taken_from_an_example_is_its_text(chapter):
    for name, text in taken_blocks(chapter):
        assert text in (ROOT / name).read_text(), f"this is not in {name}:\n{text}"


def test_the_guide_to_uploads_leaves_nothing_out():
    blocks = [text for name, text in taken_blocks(ROOT / "docs" / "guide" / "a-site-with-uploads.md") if name == "examples/uploads.c"]
    assert "\n".join(blocks) == (ROOT / "examples" / "uploads.c").read_text()


@pytest.mark.parametrize("folder", ["docs", "docs/guide"])
def test_an_index_names_every_page_beside_it(folder):
    pages = {path.name for path in (ROOT / folder).glob("*.md")} - {"README.md"}
    index = (ROOT / folder / "README.md").read_text()
    assert not [page for page in pages if f"]({page})" not in index]


@pytest.mark.skipif(shutil.which("doxygen") is None, reason="no doxygen: tools/deps docs")
def test_every_public_function_is_in_the_reference():
    done = subprocess.run(["tools/docs"], cwd=ROOT, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout
    pages = "".join(path.read_text() for path in (ROOT / "build" / "docs" / "html").glob("*_8h.html"))
    declared = set()
    for header in (ROOT / "include" / "garm").rglob("*.h"):
        declared |= set(re.findall(r"^GARM_EXPORT[^;{}#]*?\b(garm_\w+)\(", header.read_text(), re.M))
    missing = [name for name in declared if f'">{name}' not in pages]
    assert len(declared) > 150 and not missing, missing
