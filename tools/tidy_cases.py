"""Bad trees for tools/tidy --self-test: one for each thing that a rule finds, and good ones that look
like them. Each is a clean small tree with some files put over it."""
import pathlib
import tempfile


def c_file(body):
    return "/* A file. */\n" + body


def header(guard, body):
    return f"/* A header. */\n#ifndef {guard}\n#define {guard}\n\n{body}\n#endif\n"


def function(lines):
    return c_file("int f(void)\n{\n" + "    g();\n" * (lines - 3) + "}\n")


def in_function(statement):
    return c_file(f"int f(struct ops *ops)\n{{\n    {statement}\n}}\n")


def public(body):
    return {"include/garm/x.h": header("GARM_X_H", body)}


CLEAN = {
    "src/base/CMakeLists.txt": "garm_floor(base SOURCES\n    a.c) # and no other\n",
    "src/base/a.c": c_file('#include "base/a.h"\n'),
    "src/base/a.h": header("GARM_BASE_A_H", "int f(void);\n"),
    "src/run/CMakeLists.txt": "garm_floor(run ON base SOURCES\n    b.c)\n",
    "src/run/b.c": c_file('#include "base/a.h"\n'),
    "src/cli/CMakeLists.txt": "add_executable(garm_cli main.c)\n",
    "src/cli/main.c": c_file("#include <garm/x.h>\n"),
    "tests/CMakeLists.txt": "unit(base t.c)\n",
    "tests/t.c": c_file('#include "base/a.h"\n'),
    "examples/CMakeLists.txt": "example(hello)\n",
    "examples/hello.c": c_file("#include <garm/x.h>\n"),
    "README.md": "Read me.\n",
    **public("/** Gives 1. */\nint garm_x(void);\n"),
}

A = "src/base/a.c"

# (files over the clean tree, the one finding's beginning). None for a file takes it away.
BITES = (
    # text
    ({A: c_file("int x;")}, f"{A}:2: no newline at the end"),
    ({A: c_file("\tint x;\n")}, f"{A}:2: a tab"),
    ({A: c_file("int x; \n")}, f"{A}:2: blanks at the end"),
    ({"README.md": "Read me.\r\n"}, "README.md:1: blanks at the end"),
    ({A: c_file("int " + "x" * 96 + ";\n")}, f"{A}:2: 101 columns"),
    ({A: c_file("/* TODO */\n")}, f"{A}:2: 'TODO'"),
    ({"README.md": "\nFIXME\n"}, "README.md:2: 'FIXME'"),
    ({A: c_file("int x; /* XXX: y */\n")}, f"{A}:2: 'XXX'"),
    ({A: c_file('const char *x = "/home/me/x";\n')}, f"{A}:2: the path /home"),
    ({A: c_file('const char *x = "/tmp/x";\n')}, f"{A}:2: the path /tmp"),
    ({"README.md": "See /home/x.\n"}, "README.md:1: the path /home"),
    ({A: c_file("/* Recieve. */\n")}, f"{A}:2: 'Recieve'; write 'receive'"),
    # lengths
    ({A: function(61)}, f"{A}:2: f() has 61 lines, more than 60"),
    ({A: c_file("static int\nf(int a,\n  int b)\n{\n" + "    g();\n" * 57 + "}\n")},
     f"{A}:2: f() has 62 lines"),
    ({A: c_file("START_TEST(works)\n{\n" + "    g();\n" * 60 + "}\nEND_TEST\n")},
     f"{A}:2: works() has 63 lines"),
    ({A: c_file("void f(void)\n{\n}\nEND_TEST\n\nSTART_TEST(works)\n{\n" + "    g();\n" * 60 + "}\n")},
     f"{A}:7: works() has 63 lines"),
    ({A: c_file('extern "C" {\nint f(void)\n{\n' + "    g();\n" * 60 + "}\n}\n")},
     f"{A}:3: f() has 63 lines"),
    ({A: c_file("int x;\n" * 500)}, f"{A}:1: the file has 501 lines, more than 500"),
    # shape
    ({A: c_file("int f(void)\n{\n#ifdef X\n    g();\n#endif\n}\n")}, f"{A}:4: #ifdef in f()"),
    ({A: c_file("int f(void)\n{\n    if (x) {\n#if X\n        g();\n#endif\n    }\n}\n")},
     f"{A}:5: #if in f()"),
    ({A: "int x;\n"}, f"{A}:1: no opening comment"),
    ({A: "// No.\n"}, f"{A}:1: no opening comment"),
    ({"src/base/s.S": "ret\n", "src/base/CMakeLists.txt": "garm_floor(base SOURCES a.c s.S)\n"},
     "src/base/s.S:1: no opening comment"),
    ({A: "/* A\n" + " * b\n" * 7 + " */\n"}, f"{A}:1: an opening comment of 9 lines"),
    ({"src/base/a.h": "/* A. */\n#pragma once\n"}, "src/base/a.h:1: no include guard"),
    ({"src/base/a.h": header("BASE_A_H", "")}, "src/base/a.h:1: no include guard"),
    ({"src/base/a.h": "/* A. */\n#ifndef GARM_BASE_A_H\n#define GARM_BASE_B_H\n#endif\n"},
     "src/base/a.h:1: no include guard"),
    # floors
    ({A: c_file('#include "run/b.h"\n'), "src/run/b.h": header("GARM_RUN_B_H", "")},
     f'{A}:2: src/base includes "run/b.h"; it may see base only'),
    ({"src/run/b.c": c_file('#include "net/b.h"\n')},
     'src/run/b.c:2: src/run includes "net/b.h"; it may see run, base only'),
    ({"src/run/b.c": c_file("#include <base/a.h>\n")}, "src/run/b.c:2: <base/a.h> is a header of ours"),
    ({A: c_file('#include "a.h"\n')}, f'{A}:2: "a.h" names no floor; write "base/a.h"'),
    ({A: c_file("#include <garm/x.h>\n")}, f"{A}:2: src/base includes <garm/x.h>"),
    ({"src/cli/main.c": c_file('#include "mw/a.h"\n')},
     'src/cli/main.c:2: src/cli includes "mw/a.h"; it may see'),
    ({"src/mw/m.c": c_file('#include "app/a.h"\n'), "src/mw/CMakeLists.txt": "x(m.c)\n"},
     'src/mw/m.c:2: src/mw includes "app/a.h"'),
    ({"examples/hello.c": c_file('#include "base/a.h"\n')}, "examples/hello.c:2: base/a.h is included"),
    (public('#include "base/a.h"\n'), "include/garm/x.h:5: base/a.h is included"),
    (public("#include <zlib.h>\n"), "include/garm/x.h:5: <zlib.h> in a public header"),
    ({"src/new/n.c": c_file(""), "src/new/CMakeLists.txt": "x(n.c)\n"},
     "src/new/n.c:1: src/new is no floor"),
    ({"src/run/CMakeLists.txt": "garm_floor(run ON base net SOURCES\n    b.c)\n"},
     "src/run/CMakeLists.txt:1: floor run is built on net"),
    # banned calls
    ({A: in_function("return malloc(1);")}, f"{A}:4: malloc() is banned here"),
    ({A: in_function("free (ops);")}, f"{A}:4: free() is banned here"),
    ({A: in_function("return (int)read(0, ops, 1);")}, f"{A}:4: read() is banned here"),
    ({A: in_function("return epoll_ctl(1, 2, 3, ops);")}, f"{A}:4: epoll_ctl() is banned here"),
    ({A: in_function('sprintf(x, "%d", 1);')}, f"{A}:4: sprintf() is banned here"),
    ({A: in_function('return strtol("1", NULL, 10);')}, f"{A}:4: strtol() is banned here"),
    ({A: in_function('printf("no");')}, f"{A}:4: printf() is banned here"),
    ({A: in_function("return localtime(ops) != NULL;")}, f"{A}:4: localtime() is banned here"),
    ({A: in_function("longjmp(ops->jump, 1);")}, f"{A}:4: longjmp() is banned here"),
    ({A: c_file("#define GET(n) \\\n    malloc(n)\n")}, f"{A}:3: malloc() is banned here"),
    ({"src/base/a.h": header("GARM_BASE_A_H", "static inline int f(void)\n{\n    return rand();\n}\n")},
     "src/base/a.h:7: rand() is banned here"),
    ({"src/cli/main.c": in_function('strcpy(x, "y");')}, "src/cli/main.c:4: strcpy() is banned here"),
    ({"tests/t.c": in_function("sleep(1);")}, "tests/t.c:4: sleep() is banned here"),
    ({"examples/hello.c": in_function('return atoi("1");')}, "examples/hello.c:4: atoi() is banned here"),
    # third party
    ({A: c_file("#include <zlib.h>\n"), "src/run/b.c": c_file("#include <zlib.h>\n")},
     "src/run/b.c:2: <zlib.h> is known to src/base/a.c already"),
    ({A: c_file("#include <lib/one.h>\n"), "src/run/b.c": c_file("#include <lib/two.h>\n")},
     "src/run/b.c:2: <lib/two.h> is known to src/base/a.c already"),
    ({A: c_file("#include <openssl/evp.h>\n")}, f"{A}:2: <openssl/evp.h> is for src/app/crypto_*"),
    # documents
    (public("int garm_y(int a,\n           int b);\n"), "include/garm/x.h:5: garm_y() has no doc comment"),
    (public("/* One star. */\nint garm_y(void);\n"), "include/garm/x.h:6: garm_y() has no doc comment"),
    (public("/** Apart. */\n\nint garm_y(void);\n"), "include/garm/x.h:7: garm_y() has no doc comment"),
    (public("/** One. */\nint garm_y(void);\n\nint garm_z(void);\n"),
     "include/garm/x.h:8: garm_z() has no doc comment"),
    (public("static inline int garm_y(void)\n{\n    return 1;\n}\n"),
     "include/garm/x.h:5: garm_y() has no doc comment"),
    (public("/** A function's type. */\ntypedef int garm_fn(void);\nstruct garm_s {\n    int (*fn)(void);\n"
            "};\n\n__attribute__((warn_unused_result)) int garm_y(void);\n"),
     "include/garm/x.h:11: garm_y() has no doc comment"),
    # dead files
    ({"src/base/d.c": c_file("")}, "src/base/d.c:1: no CMakeLists.txt lists it"),
    ({"src/base/CMakeLists.txt": "garm_floor(base SOURCES\n    # a.c\n    aa.c)\n"},
     f"{A}:1: no CMakeLists.txt lists it"),
    ({"src/run/a.c": c_file("")}, "src/run/a.c:1: no CMakeLists.txt lists it"),
    ({"tests/dead.c": c_file("")}, "tests/dead.c:1: no CMakeLists.txt lists it"),
    ({"src/base/c_arm.c": c_file(""), "src/base/CMakeLists.txt": "garm_floor(base SOURCES a.c d_${X}.c)\n"},
     "src/base/c_arm.c:1: no CMakeLists.txt lists it"),
    ({"src/base/dead.h": header("GARM_BASE_DEAD_H", "")}, "src/base/dead.h:1: nobody includes it"),
)

# The same for the compilers: the first of what each of them finds.
COMPILER_BITES = (
    (public("/** Y. */\nint garm_y(size_t n);\n"), "include/garm/x.h:6: gcc -std=c17: "),
    (public("struct garm_s {\n    int x;;\n};\n"), "include/garm/x.h:6: gcc -std=c17: "),
    (public("/** Y. */\nint garm_y(int class);\n"), "include/garm/x.h:6: g++ -std=c++20: "),
    (public("#include <garm/none.h>\n"), "include/garm/x.h:5: gcc -std=c17: "),
    ({"tests/unit/headers/uses.c": c_file("int *x = {};\n")}, "tests/unit/headers/uses.c:2: gcc -std=c17: "),
    ({"tests/unit/headers/uses.c": c_file("int x = (int){1};\n")}, "tests/unit/headers/uses.c:2: g++ -std=c++20: "),
)

QUIET = (
    {},
    {A: function(60)},
    {A: c_file("int x;\n" * 499)},
    {A: c_file("int " + "x" * 95 + ";\n")},
    {A: c_file("/* tidy: long lines */\nint " + "x" * 196 + ";\n")},
    {A: c_file("const int table[] = {\n" + "    1,\n" * 70 + "};\n")},
    {A: c_file("struct s {\n" + "    int x;\n" * 70 + "};\n")},
    {A: c_file("#ifdef X\nint f(void)\n{\n}\n#else\nint f(void)\n{\n}\n#endif\n")},
    {A: c_file("/* malloc(1) */\n// free(x)\nconst char *x = \"malloc(1) \\\" free(2)\";\n")},
    {A: in_function("return ops->read(ops) + ops\n        ->write(ops) + x.close(ops);")},
    {A: c_file("struct ops {\n    int (*read)(void *);\n};\nstruct ops o = {.read = read_it};\n")},
    {A: in_function('if (x == \'"\' || x == \'{\') {\n        snprintf(x, 1, "}");\n    }')},
    {A: in_function("sys_read(1); mem_free(x); pthread_mutex_lock(x); xmalloc(1);")},
    {"src/base/sys.c": in_function("return read(0, ops, 1);"),
     "src/base/memory.c": in_function("free(ops);"),
     "src/base/CMakeLists.txt": "garm_floor(base SOURCES a.c sys.c memory.c)\n"},
    {"src/cli/main.c": in_function('printf("yes");')},
    {"tests/t.c": in_function('free(malloc(1)); printf("yes"); close(1);')},
    {"tests/t.c": c_file('#include "base/a.h"\n#include "t.h"\n#include <check.h>\n'),
     "tests/t.h": header("GARM_TESTS_T_H", "")},
    {A: c_file("#include <net/if.h>\n#include <sys/socket.h>\n#include <zlib.h>\n")},
    {A: c_file("#include <lib/one.h>\n#include <lib/two.h>\n"),
     "tests/t.c": c_file("#include <lib/one.h>\n")},
    {"src/app/CMakeLists.txt": "garm_floor(app ON base SOURCES crypto_a.c crypto_b.c)\n",
     "src/app/crypto_a.c": c_file("#include <openssl/evp.h>\n"),
     "src/app/crypto_b.c": c_file("#include <openssl/evp.h>\n#include <openssl/kdf.h>\n")},
    {A: c_file("#include <sanitizer/asan_interface.h>\n"),
     "src/run/b.c": c_file("#include <sanitizer/tsan_interface.h>\n")},
    public("int garm_internal_(void);\n"),
    {"src/base/c_arm.c": c_file(""),
     "src/base/CMakeLists.txt": "garm_floor(base SOURCES a.c c_${X}.c)\n"},
    {"tests/t.c": c_file('#include "t.h"\n') + 'int x = f(strcat(a, "b"));\n',
     "tests/t.h": "/* T. */\n#ifndef T_H\n#define T_H\n#endif\n"},
    {"README.md": "A socket in /tmp, a todo-list, xxx, mkdtemp(XXXXXX), src/work.\n"},
    {"tests/spec/a.md": "GET / HTTP/1.1 \t\n"},
    {"Makefile": "x:\n\ty\n"},
    public("/** Both. */\nint garm_y(void);\nint garm_z(int a,\n           int b);\n"),
    public("#define GARM_Y(x) garm_y_(x)\ntypedef int garm_fn(void);\nenum garm_e {\n    GARM_E,\n};\n"),
    public('/** Y\n *  in two lines. */\nint garm_y(void);\n\n/** Z. */\nint garm_z(void);\n'),
)


def plant(root, files):
    for path, text in (CLEAN | files).items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode())


def findings_in(check, files):
    with tempfile.TemporaryDirectory() as folder:
        plant(pathlib.Path(folder), files)
        _, findings = check(pathlib.Path(folder))
    return [f"{path}:{line}: {what}; {remedy}" for path, line, what, remedy in findings]


def run(check, check_with_compilers):
    """Prints what did not bite, or bit in vain. Returns the exit status."""
    failed = 0
    for files, wanted in (*BITES, *((files, None) for files in QUIET)):
        found = findings_in(check, files)
        if (len(found) != (1 if wanted else 0)) or (wanted and not found[0].startswith(wanted)):
            failed += 1
            print(f"self-test: wanted {wanted or 'nothing'}\n  in {sorted(files)}\n  found {found}")
    for files, wanted in (*COMPILER_BITES, ({}, None)):
        found = findings_in(check_with_compilers, files)
        if wanted is None and found or wanted and not any(f.startswith(wanted) for f in found):
            failed += 1
            print(f"self-test: wanted {wanted or 'nothing'}\n  in {sorted(files)}\n  found {found}")
    total = len(BITES) + len(QUIET) + len(COMPILER_BITES) + 1
    print(f"tidy --self-test: {total - failed} passed, {failed} failed")
    return 1 if failed else 0
