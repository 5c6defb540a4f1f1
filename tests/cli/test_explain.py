"""garm explain: what it prints. That it is true the unit tests of the app floor show."""
import json

import pytest

from command import assert_refused, garm
from app import folder, line_of  # noqa: F401, the fixture


def explain(folder, *arguments):
    done = garm("explain", *arguments, "app.so", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def explain_json(folder, *arguments):
    return json.loads(explain(folder, *arguments, "--json"))


def test_a_route_is_told_with_all_that_belongs_to_it(folder):
    routes = [line_of(f'garm_route(app, "{p}') for p in ("GET /users/{id", "GET /users/{name", "POST", "GET example")]
    assert explain(folder, "GET", "http://example.org/users/7") == (
        "GET http://example.org/users/7\n"
        "  route       GET /users/{id:int}\n"
        f"  handler     show_user ({routes[0]})\n"
        "  host        example.org\n"
        '  parameters  id = "7" (int)\n'
        f"  middleware  timing ({line_of('garm_use(app')})\n"
        f"              auth ({routes[0]})\n"
        "  limits      body 1 MiB, deadline 2 s, idle 10 s, stack 64 KiB\n"
        "\n"
        "not taken:\n"
        f"  GET /users/{{name}} ({routes[1]})\n"
        '      it matches too, and "GET /users/{id:int}" is more specific\n'
        f"  POST /users/{{id:int}} ({routes[2]})\n"
        "      it takes POST\n"
        f"  GET example.com/users/{{name}} ({routes[3]})\n"
        "      it is for the host example.com\n")


def test_json_has_what_the_text_has(folder):
    told = explain_json(folder, "HEAD", "http://EXAMPLE.com:80/users/7?q=1")
    assert (told["method"], told["host"], told["path"], told["status"]) == ("HEAD", "example.com", "/users/7", None)
    assert told["route"] == "GET example.com/users/{name}" and told["handler"]["function"] == "show_name"
    assert told["parameters"] == [{"name": "name", "type": "string", "raw": "7"}]
    assert [use["function"] for use in told["middleware"]] == ["timing"]
    assert [(other["route"], other["matches"]) for other in told["not_taken"]] == [
        ("GET /users/{id:int}", True), ("GET /users/{name}", True), ("POST /users/{id:int}", False)]


def test_the_case_of_a_scheme_does_not_matter(folder):
    assert explain_json(folder, "GET", "HTTP://example.org/users/7")["route"] == "GET /users/{id:int}"


@pytest.mark.parametrize("method, url, status, why", [
    ("GET", "/nothing", 404, "no route has this path"),
    ("PUT", "/users/7", 405, "no route with this path takes PUT"),
    ("OPTIONS", "/users/7", 204, "by itself"),
    ("OPTIONS", "*", 204, "by itself"),
    ("CONNECT", "example.com:443", 405, "no route takes CONNECT"),
    ("get", "/users/7", 501, "GET is meant"),
    ("FROB", "/users/7", 501, "FROB"),
    ("GET", "/users/%zz", 400, "bad escape"),
    ("GET", "http:///users/7", 400, "bad Host"),
    ("GET", "/a b", 400, "blank"),
])
def test_an_answer_without_a_route_is_told_with_its_reason(folder, method, url, status, why):
    told = explain_json(folder, method, url)
    assert told["status"] == status and why in told["why"] and "route" not in told
    assert (told["allow"] is not None) == (status in (204, 405))
    assert f"  answer      {status} " in explain(folder, method, url)


def test_a_slip_is_shown(folder):
    text = explain(folder, "GET", "/user/7")
    assert 'segment 1 is "user", not "users"' in text and "404 Not Found" in text
    assert "the path ends with '/', and the pattern does not" in explain(folder, "GET", "/users/7/")
    assert "/users/7, once dot segments are resolved" in explain(folder, "GET", "/x/../users/7")


def test_far_routes_are_told_only_when_asked_for(folder):
    assert explain_json(folder, "GET", "/quite/different/path")["not_taken"] == []
    assert "4 other routes are less like it; --all tells of all\n" in explain(folder, "GET", "/quite/different/path")
    assert len(explain_json(folder, "GET", "/quite/different/path", "--all")["not_taken"]) == 4


def test_what_is_no_url_is_a_mistake(folder):
    assert_refused(garm("explain", "GET", "users", "app.so", cwd=folder), 2, "'users' is no URL", "/users/7")
    assert_refused(garm("explain", "GET", "ftp://x/", "app.so", cwd=folder), 2, "is no URL")
    assert_refused(garm("explain", "GET", "/x", cwd=folder), 2, "an application's .so is missing; usage: garm explain")
