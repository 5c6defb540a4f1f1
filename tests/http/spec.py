"""Reads the specification files, tests/spec/*.md: their README.md describes the form."""
import pathlib
import re

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "spec"
TOKEN = re.compile(rb'\{repeat (\d+) "([^"]*)"\}|\\(?:x([0-9a-fA-F]{2})|(.))|([^\\{]+|\{)', re.S)
SIMPLE = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"0": b"\0", b"\\": b"\\"}


def decode(text):
    """The bytes that a line of a block stands for."""
    out, at = [], 0
    while at < len(text):
        match = TOKEN.match(text, at)
        assert match, f"unknown escape: {text[at:at + 40]!r}"
        times, piece, code, name, plain = match.groups()
        if times is not None:
            out.append(decode(piece) * int(times))
        elif code is not None:
            out.append(bytes([int(code, 16)]))
        else:
            out.append(SIMPLE[name] if name is not None else plain)
        at = match.end()
    return b"".join(out)


class Case:
    """One case: `request` are bytes, `answers` pairs such as (200, "keep") or (0, "wait"), `messages` the events as one
    dictionary for each message of the connection."""

    def __init__(self, name, title):
        self.name, self.title = name, title
        self.request = b""
        self.answers = []
        self.messages = [{}]

    def add_block(self, kind, lines):
        if kind == b"http":
            self.request += b"".join(map(decode, lines))
        elif kind == b"events":
            for line in lines:
                self.add_event(line)
        elif kind == b"answers":
            self.answers += [(0, "wait") if line == b"wait" else (int(line.split()[0]), line.split()[1].decode()) for line in lines]

    def add_event(self, line):
        kind, _, value = line.partition(b"=")
        if kind == b"done":
            self.messages.append({})
        else:
            self.messages[-1][kind.decode()] = decode(value)

    @property
    def finals(self):
        """The answers that are neither interim nor missing."""
        return [(status, after) for status, after in self.answers if after in ("keep", "close")]

    @property
    def interim_count(self):
        return sum(1 for _, after in self.answers if after == "interim")

    @property
    def waits(self):
        return self.answers[-1][1] == "wait"

    @property
    def closes(self):
        return self.answers[-1][1] == "close"

    @property
    def methods(self):
        """Of each message; what the events do not tell is taken from the first line, and GET behind it."""
        first = re.match(rb"(?:\r\n)*([A-Z]+) ", self.request)
        methods = [message.get("method", b"GET") for message in self.messages]
        if first and "method" not in self.messages[0]:
            methods[0] = first[1]
        return [method.decode("latin-1") for method in methods]

    @property
    def minor(self):
        return 0 if b"HTTP/1.0\r\n" in self.request else 1


def load(folder=FOLDER):
    """All cases that have answers, by file and line."""
    cases = []
    for path in sorted(folder.glob("*.md")):
        if path.name != "README.md":
            cases += load_file(path)
    return cases


def load_file(path):
    cases, block, lines = [], None, []
    for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
        if block is None and line.startswith(b"```"):
            block, lines = line[3:].strip(), []
        elif block is not None and line == b"```":
            if cases:
                cases[-1].add_block(block, lines)
            block = None
        elif block is not None:
            lines.append(line)
        elif line.startswith(b"## "):
            cases.append(Case(f"{path.name}:{number}", line[3:].decode()))
    assert block is None, f"{path}: a block without an end"
    return [case for case in cases if case.answers]
