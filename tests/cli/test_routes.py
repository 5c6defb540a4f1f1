"""garm routes: the table and its JSON."""
import json

import pytest

from command import build, garm
from app import APP, folder, line_of  # noqa: F401, the fixture

HEAD = "#include <garm/garm.h>\nstatic int h(garm_ctx *c) { return garm_next(c); }\nGARM_APP(app)\n"


def test_the_table_is_aligned_and_names_static_functions(folder):
    done = garm("routes", "app.so", cwd=folder)
    place = [line_of(f'garm_route(app, "{p}') for p in ("GET /users/{id", "GET /users/{name", "POST", "GET example")]
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "pattern                       handler    at        middleware    options\n"
        f"GET /users/{{id:int}}           show_user  {place[0]}  timing, auth  deadline 2 s\n"
        f"GET /users/{{name}}             show_name  {place[1]}  timing\n"
        f"POST /users/{{id:int}}          show_user  {place[2]}  timing        body 8 MiB\n"
        f"GET example.com/users/{{name}}  show_name  {place[3]}  timing\n")


def test_json_has_what_the_table_has(folder):
    routes = json.loads(garm("routes", "app.so", "--json", cwd=folder).stdout)
    assert [route["pattern"] for route in routes] == ["GET /users/{id:int}", "GET /users/{name}", "POST /users/{id:int}",
                                                      "GET example.com/users/{name}"]
    first = routes[0]
    assert first["handler"]["function"] == "show_user" and first["handler"]["file"] == "app.c"
    assert f"app.c:{first['handler']['line']}" == line_of("garm_route(app")
    assert [use["function"] for use in first["middleware"]] == ["timing", "auth"]
    assert first["limits"] == {"body_bytes_max": 1 << 20, "deadline_ms": 2000, "idle_ms": 10000, "stack_kb": 64}


def test_a_stripped_object_is_told_by_places(folder, tmp_path):
    build(tmp_path, "app.so", APP, "-shared", "-fPIC", "-s")
    lines = garm("routes", "app.so", cwd=tmp_path).stdout.splitlines()
    assert lines[1].split()[2] == line_of("garm_route(app")
    assert lines[2] == f"    middleware {line_of('garm_use(app')}, {line_of('garm_route(app')}"
    assert "show_name" in lines[4]  # not static


def test_what_is_too_wide_has_lines_of_its_own(tmp_path):
    build(tmp_path, "app.so", HEAD + '{ garm_use(app, h); garm_route(app, "GET /' + "long/" * 15 + '{rest...}", h, .idle_ms = 5); }\n')
    lines = garm("routes", "app.so", cwd=tmp_path).stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["pattern", "GET", "middleware", "options"]
    assert lines[2:] == ["    middleware h", "    options idle 5 ms"]


def test_a_name_of_its_own_is_an_option(tmp_path):
    build(tmp_path, "app.so", HEAD + '{ garm_route(app, "GET /health", h, .name = "health", .stack_kb = 128); }\n')
    assert garm("routes", "app.so", cwd=tmp_path).stdout.endswith("  name health, stack 128 KiB\n")
    assert json.loads(garm("routes", "app.so", "--json", cwd=tmp_path).stdout)[0]["name"] == "health"


def test_no_routes_are_told_as_such(tmp_path):
    build(tmp_path, "app.so", HEAD + "{ garm_use(app, h); }\n")
    assert garm("routes", "app.so", cwd=tmp_path).stdout == "no routes\n"
    assert json.loads(garm("routes", "app.so", "--json", cwd=tmp_path).stdout) == []


@pytest.mark.parametrize("verb", [("routes",), ("explain", "GET", "/users/7")])
def test_a_listing_starts_nothing(verb, folder):
    """--greeting crash makes a START hook that kills the process."""
    done = garm(*verb, "app.so", "--greeting", "crash", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert garm("run", "app.so", "--greeting", "crash", "--listen", "127.0.0.1:0", cwd=folder).returncode == -9
