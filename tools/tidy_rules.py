"""The rules of tools/tidy. A rule on one file yields (line, what is wrong, remedy); a rule on the
whole tree yields the path before that."""
import bisect
import concurrent.futures
import functools
import os
import pathlib
import re
import shutil
import subprocess

from tidy_tables import (ALLOWED, ALONE, BANNED_EVERYWHERE, BANNED_IN_SRC, BANNED_OUTSIDE_TESTS,
                         COLUMNS, FLOORS, HOMES, LINES_PER_FILE, LINES_PER_FUNCTION,
                         LINES_PER_OPENING_COMMENT, LONG_LINES_MARK, MISSPELT, OUTPUT, PRINTS,
                         PUBLIC_ONLY, RATCHET, SYSTEM_DIRS, SYSTEM_HEADERS, TESTS)

TOKENS = re.compile(r"""/\*.*?(?:\*/|\Z)|//(?:[^\n\\]|\\.)*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'""",
                    re.S)
DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*(\w+)((?:[^\n\\]|\\.)*)", re.M | re.S)
INCLUDE = re.compile(r"""^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]""", re.M)


def blank(text):
    return re.sub(r"[^\n]", " ", text)


class Source:
    """A file's text, and for C the same without comments, and without comments and strings."""

    def __init__(self, root, path):
        self.path = path
        self.text = (root / path).read_bytes().decode("utf-8", "replace")
        self.lines = self.text.split("\n")
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line) + 1)
        self.suffix = pathlib.PurePath(path).suffix
        self.is_c = self.suffix in (".c", ".h")
        self.top = path.split("/")[0]
        self.floor = path.split("/")[1] if self.top == "src" and path.count("/") > 1 else None
        self.is_public = path.startswith("include/garm/") and self.suffix == ".h"

    def line_at(self, offset):
        return bisect.bisect_right(self.starts, offset)

    @functools.cached_property
    def uncommented(self):
        return TOKENS.sub(lambda m: blank(m[0]) if m[0].startswith("/") else m[0], self.text)

    @functools.cached_property
    def code(self):
        """Quotes stay, what is between them goes: `#include "x"` and `'{'` lose their content."""
        return TOKENS.sub(lambda m: blank(m[0]) if m[0].startswith("/")
                          else m[0][0] + blank(m[0][1:-1]) + m[0][-1], self.text)

    @functools.cached_property
    def plain(self):
        """The code without its directives."""
        return DIRECTIVE.sub(lambda m: blank(m[0]), self.code)

    @functools.cached_property
    def includes(self):
        return [(self.line_at(m.start(1)), m[1], m[2]) for m in INCLUDE.finditer(self.uncommented)]

    @functools.cached_property
    def functions(self):
        """(name, first offset of its signature, offset of its last brace) of each definition."""
        found = []
        depth = 0
        body = None
        outer = 0  # behind an extern "C" {
        for match in re.finditer(r"[{}]", self.plain):
            at = match.start()
            before = self.plain[:at].rstrip()[-1:] if depth == 0 else ""
            if match[0] == "{":
                if depth == 0 and before == '"':
                    outer = at + 1
                    continue
                if depth == 0:
                    body = at if before == ")" else None
                depth += 1
            elif depth > 0:
                depth -= 1
                if depth == 0 and body is not None:
                    found.append((*self.signature(outer, body), at))
        return found

    def signature(self, outer, body):
        head = max(self.plain.rfind(";", 0, body) + 1, self.plain.rfind("}", 0, body) + 1, outer)
        text = re.sub(r"^\s*END_TEST\b", lambda m: blank(m[0]), self.plain[head:body])
        name = re.search(r"(\w+)\s*\(\s*(\w+)?", text)
        first = head + len(text) - len(text.lstrip())
        title = (name[2] if name[1] == "START_TEST" else name[1]) if name else "?"
        return title, first


# Rules on one file: each yields (line, what is wrong, remedy).

def rule_text(source):
    """Whitespace and width. A spec's example may need its blanks."""
    if source.text and not source.text.endswith("\n"):
        yield len(source.lines), "no newline at the end of the file", "add one"
    raw = source.path.startswith("tests/spec/")
    tabs_allowed = raw or source.suffix == ".scd" or source.path.split("/")[-1] == "Makefile"
    wide_allowed = LONG_LINES_MARK in source.text or not (source.is_c or source.suffix == ".S")
    for number, line in enumerate(source.lines, 1):
        if "\t" in line and not tabs_allowed:
            yield number, "a tab", "indent with 4 spaces"
        if not raw and line != line.rstrip():
            yield number, "blanks at the end of the line", "remove them"
        if len(line) > COLUMNS and not wide_allowed:
            yield (number, f"{len(line)} columns",
                   f"wrap at {COLUMNS}, or mark a file of tables with {LONG_LINES_MARK}")


UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX)\b")
PLACES = re.compile(r"(?<![\w./-])/(?:home|root|tmp)\b")
SPELLING = re.compile(r"\b(?:" + "|".join(MISSPELT) + r")\b", re.I)


def rule_words(source):
    """Unfinished work, places of one machine, spelling. This tool's own tables are full of them."""
    if source.path.startswith("tools/tidy"):
        return
    for match in UNFINISHED.finditer(source.text):
        yield source.line_at(match.start()), f"'{match[0]}'", "finish it, or open an issue"
    for match in PLACES.finditer(source.text):
        if match[0] != "/tmp" or source.suffix != ".md":
            yield (source.line_at(match.start()), f"the path {match[0]}",
                   "name no place of one machine; a test makes a directory of its own")
    for match in SPELLING.finditer(source.text):
        yield (source.line_at(match.start()), f"'{match[0]}'",
               f"write '{MISSPELT[match[0].lower()]}'")


def rule_file_length(source):
    if not (source.is_c or source.suffix == ".S") or LONG_LINES_MARK in source.text:
        return
    yield from ratchet(source.path, len(source.lines) - 1, LINES_PER_FILE, 1, "the file",
                       "split it by reasons to change")


def rule_functions(source):
    if not source.is_c:
        return
    for name, first, last in source.functions:
        begin = source.line_at(first)
        length = source.line_at(last) - begin + 1
        yield from ratchet((source.path, name), length, LINES_PER_FUNCTION, begin, f"{name}()",
                           "split it: push ifs up and loops down")
        for match in DIRECTIVE.finditer(source.code, first, last):
            if match[1] in ("if", "ifdef", "ifndef"):
                yield (source.line_at(match.start(1)), f"#{match[1]} in {name}()",
                       "choose a platform or a feature by a file, or at file level")


def ratchet(key, length, limit, line, what, remedy):
    allowed = RATCHET.get(key, limit)
    if length > allowed:
        yield line, f"{what} has {length} lines, more than {allowed}", remedy
    elif key in RATCHET and length < allowed:
        yield line, f"{what} has {length} lines by now", "lower its entry in RATCHET of tools/tidy"


def rule_opening_comment(source):
    if not source.is_c and source.suffix != ".S":
        return
    match = re.match(r"/\*.*?\*/", source.text, re.S)
    if not match:
        yield 1, "no opening comment", "say what the file is, and what it may not know"
    elif match[0].count("\n") >= LINES_PER_OPENING_COMMENT:
        yield (1, f"an opening comment of {match[0].count(chr(10)) + 1} lines",
               f"say it in {LINES_PER_OPENING_COMMENT}")


def rule_guard(source):
    if source.suffix != ".h":
        return
    stem = re.sub(r"^(src|include/garm)/", "", source.path)
    name = "GARM_" + re.sub(r"\W", "_", stem).upper()
    directives = [(m[1], m[2].strip()) for m in DIRECTIVE.finditer(source.code)]
    if source.top not in ("src", "include") and directives:
        name = directives[0][1]  # any, if it is one
    wanted = [("ifndef", name), ("define", name), ("endif", "")]
    if directives[:2] + directives[-1:] != wanted or len(directives) < 3:
        yield 1, "no include guard of the house", f"#ifndef {name}, #define {name}, ..., #endif"


def rule_floors(source):
    if source.floor is not None and source.is_c:
        if source.floor in FLOORS:
            yield from floor_includes(source, FLOORS[source.floor])
        else:
            yield 1, f"src/{source.floor} is no floor", "add it to FLOORS of tools/tidy"
    elif source.is_public or source.top == "examples":
        yield from public_includes(source)


def floor_includes(source, below):
    for line, quote, name in source.includes:
        top = name.split("/")[0] if "/" in name else None
        if top == "garm":
            if "garm" not in below:
                yield line, f"src/{source.floor} includes <{name}>", "public headers are above it"
        elif quote == "<" and top in FLOORS and top not in SYSTEM_DIRS:
            yield line, f"<{name}> is a header of ours", f'write "{name}"'
        elif quote == '"' and below == ("garm",):
            if top not in (None, source.floor):
                yield line, f'src/{source.floor} includes "{name}"', f"use {PUBLIC_ONLY}"
        elif quote == '"' and top is None:
            yield line, f'"{name}" names no floor', f'write "{source.floor}/{name}"'
        elif quote == '"' and top != source.floor and top not in below:
            yield (line, f'src/{source.floor} includes "{name}"',
                   f"it may see {', '.join((source.floor, *below))} only")


def public_includes(source):
    for line, quote, name in source.includes:
        ours = quote == '"' and "/" in name and not name.startswith("garm/")
        floor = quote == "<" and name.split("/")[0] in FLOORS and name.split("/")[0] != "net"
        if ours or floor:
            yield line, f"{name} is included here", f"use {PUBLIC_ONLY}"
        elif source.is_public and is_third_party(name) and not name.startswith("garm/"):
            yield line, f"<{name}> in a public header", "name no third party's types there"


def banned_names(source):
    tables = [BANNED_EVERYWHERE]
    if source.top not in TESTS:
        tables.append(BANNED_OUTSIDE_TESTS)
    if source.top in ("src", "include"):
        tables.append(BANNED_IN_SRC)
    banned = {name: remedy for table in tables for remedy, names in table.items()
              for name in names.split()}
    if source.path.startswith(PRINTS):
        banned = {name: remedy for name, remedy in banned.items() if remedy != OUTPUT}
    for name in ALLOWED.get(source.path, ()):
        banned.pop(name, None)
    return banned


def rule_banned_calls(source):
    if not source.is_c or re.match(r"src/base/(sys\w*|memory)\.c$", source.path):
        return
    banned = banned_names(source)
    for match in re.finditer(r"\b([a-z_]\w*)[ \t\n]*\(", source.code):
        if match[1] not in banned:
            continue
        before = source.code[max(0, match.start() - 100):match.start()].rstrip()
        if not before.endswith((".", "->")):  # a member of that name is another function
            yield source.line_at(match.start()), f"{match[1]}() is banned here", banned[match[1]]


def rule_public_docs(source):
    """A prototype has a comment that begins with two stars directly above it, or above the run of
    lines without a blank one that it is in."""
    if not source.is_public:
        return
    documents = {}  # line of a comment that stands alone -> does it document?
    for match in re.finditer(r"^[ \t]*(/\*(?:(?!\*/).)*\*/)[ \t]*$", source.text, re.S | re.M):
        for line in range(source.line_at(match.start()), source.line_at(match.end()) + 1):
            documents[line] = match[1].startswith("/**")
    for line, name in prototypes(source):
        above = line - 1
        while above > 0 and above not in documents and source.lines[above - 1].strip():
            above -= 1
        if not documents.get(above, False):
            yield line, f"{name}() has no doc comment", "put /** what it does, owns, returns */ above"


def prototypes(source):
    """(line, name) of each function that is declared or defined outside of all braces."""
    depth = 0
    begin = 0
    for match in re.finditer(r'[{};]', source.plain):
        if match[0] == "{" and source.plain[:match.start()].rstrip().endswith('"'):
            begin = match.end()  # extern "C"
            continue
        if depth == 0 and match[0] in "{;":
            statement = source.plain[begin:match.start()]
            first = begin + max([m.end() for m in re.finditer(r"\n[ \t]*(?=\n)", statement)] + [0])
            text = re.sub(r"__attribute__\s*\(\(.*?\)\)\s*\)?", "", source.plain[first:match.start()],
                          flags=re.S)
            name = re.search(r"\b(garm_\w*[^\W_])\s*\(", text)
            if name and not re.match(r"\s*(typedef|template)\b", text) and "=" not in text:
                text = source.plain[first:]
                yield source.line_at(first + len(text) - len(text.lstrip())), name[1]
        depth += {"{": 1, "}": -1, ";": 0}[match[0]]
        if depth <= 0:
            depth = 0
            begin = match.end()


# Rules on the whole tree: each yields (path, line, what is wrong, remedy).

def is_third_party(name):
    return name.split("/")[0] not in SYSTEM_DIRS and name.removesuffix(".h") not in SYSTEM_HEADERS


def rule_third_party(sources):
    """A family of headers (nghttp2/...) is known to one file, or each of its headers is; or to files
    that are named alike."""
    homes = {}
    for source in sources:
        if source.top not in ("src", "include") or not source.is_c:
            continue
        for line, quote, name in source.includes:
            family = name.split("/")[0].removesuffix(".h")
            if family in ALONE:
                family = name
            if quote != "<" or not is_third_party(name) or family in (*FLOORS, "garm"):
                continue
            if family in HOMES:
                if not source.path.startswith(HOMES[family]):
                    yield source.path, line, f"<{name}> is for {HOMES[family]}*", "ask one of those"
                continue
            home = homes.setdefault(family, source.path)
            if home != source.path:
                yield source.path, line, f"<{name}> is known to {home} already", "include that, or ask it"


def rule_dead_files(sources):
    """A source that no CMakeLists.txt lists is not built; a header that nobody includes is not read."""
    lists = {source.path.rpartition("/")[0]: re.sub(r"#[^\n]*", "", source.text)
             for source in sources if source.path.endswith("CMakeLists.txt")}
    included = {name for source in sources if source.is_c for _, _, name in source.includes}
    for source in sources:
        if source.suffix in (".c", ".S"):
            if not any(listed(source, folder, text) for folder, text in lists.items()):
                yield source.path, 1, "no CMakeLists.txt lists it", "list it, or remove it"
        elif source.suffix == ".h" and source.top == "src":
            if source.path.removeprefix("src/") not in included:
                yield source.path, 1, "nobody includes it", "include it, or remove it"


def listed(source, folder, text):
    """By its path from there, in which a ${VARIABLE} may be anything; outside of src its stem will
    do: example(hello)."""
    if folder and not source.path.startswith(folder + "/"):
        return False
    inner = source.path[len(folder) + 1 if folder else 0:]
    names = [inner] if source.top == "src" else [inner, pathlib.PurePath(inner).stem]
    for word in re.findall(r"(?:\$\{\w+\}|[\w./+-])+", text):
        pattern = re.escape(re.sub(r"\$\{\w+\}", "\0", word)).replace("\0", "[^/]+")
        if any(word == name or "$" in word and re.fullmatch(pattern, name) for name in names):
            return True
    return False


def rule_build_floors(sources):
    """What a floor's CMakeLists.txt lets it see is what FLOORS says."""
    for source in sources:
        match = re.search(r"garm_floor\(\s*(\w+)(.*?)\bSOURCES\b", source.text, re.S)
        if source.top != "src" or not source.path.endswith("CMakeLists.txt") or not match:
            continue
        seen = re.search(r"\bON\b([\w\s]*)", match[2])
        for floor in seen[1].split() if seen else ():
            if floor not in FLOORS.get(match[1], ()) and floor not in ("SOURCES", "PUBLIC_HEADERS"):
                yield (source.path, source.line_at(match.start()),
                       f"floor {match[1]} is built on {floor}", "it may not be: see FLOORS of tools/tidy")


COMPILERS = (
    ("gcc", "-x", "c", "-std=c17"),
    ("clang", "-x", "c", "-std=c17"),
    ("g++", "-x", "c++", "-std=c++20"),
    ("clang++", "-x", "c++", "-std=c++20"),
)
WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-fno-diagnostics-color")


# It uses the macros of all public headers.
USES = "tests/unit/headers/uses.c"


def compile_alone(root, path, compiler):
    header = path.removeprefix("include/")
    text = f'#include "{path}"\n' if path == USES else f"#include <{header}>\ntypedef int tidy_unit;\n"
    done = subprocess.run([*compiler, *WARNINGS, "-I", str(root / "include"), "-I", str(root), "-"], text=True,
                          input=text, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    if done.returncode == 0:
        return None
    place = re.search(r"((?:include/garm|tests)/[\w./]+):(\d+)(?::\d+)?: (?:fatal )?error: (.*)", done.stderr)
    where, line, what = place.groups() if place else (path, 1, done.stderr.strip()[:200])
    return (where, int(line), f"{compiler[0]} {compiler[-1]}: {what}",
            "the macros must compile" if path == USES else f"<{header}> must compile alone")


def rule_headers_compile(root, sources):
    """Each public header alone, and their macros in use, as C17 and C++20, by gcc and, where it is
    there, clang."""
    compilers = [c for c in COMPILERS if c[0] == "gcc" or shutil.which(c[0])]
    jobs = [(s.path, c) for s in sources if s.is_public or s.path == USES for c in compilers]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = pool.map(lambda job: compile_alone(root, *job), jobs)
        yield from sorted({finding for finding in found if finding is not None})


FILE_RULES = (rule_text, rule_words, rule_file_length, rule_functions, rule_opening_comment, rule_guard,
              rule_floors, rule_banned_calls, rule_public_docs)
TREE_RULES = (rule_third_party, rule_dead_files, rule_build_floors)
