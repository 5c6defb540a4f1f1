"""examples/hello: the smallest program there is."""
import pytest

from server import ROOT, Server
from wire import Conn, ask


def test_source_has_at_most_twenty_lines():
    assert len((ROOT / "examples" / "hello.c").read_text().splitlines()) <= 20


@pytest.mark.parametrize("segment, name", [("Ada", "Ada"), ("%C3%85sa", "Åsa"), ("a%2Fb", "a/b"), ("a+b", "a+b"), ("%3Cb%3E", "<b>")])
def test_name_of_the_path_is_greeted(hello, segment, name):
    answer = ask(hello, "GET", f"/hello/{segment}")
    assert answer.status == 200
    assert answer.body.decode() == f"Hello, {name}!\n"
    assert answer.get("Content-Type").startswith("text/plain")
    assert answer.length == len(answer.body)


def test_head_follows_get(hello):
    with Conn(hello) as conn:
        get, head = conn.ask("GET", "/hello/x"), conn.ask("HEAD", "/hello/x")
        assert head.status == 200 and head.length in (None, get.length)
        conn.expect_open()


def test_missing_page_is_404(hello):
    assert ask(hello, "GET", "/no/such/page").status == 404


def test_missing_page_is_404_before_the_method_is_looked_at(hello):
    assert ask(hello, "POST", "/no/such/page", body=b"x").status == 404


def test_other_method_is_405_with_allow(hello):
    answer = ask(hello, "DELETE", "/hello/x")
    assert answer.status == 405
    assert {"GET", "HEAD"} <= {name.strip() for name in answer.get("Allow").split(",")}


def test_unknown_method_is_501(hello):
    assert ask(hello, "SLUDGE", "/hello/x").status == 501
    assert ask(hello, "SLUDGE", "/no/such/page").status == 501


def test_options_is_automatic(hello):
    answer = ask(hello, "OPTIONS", "/hello/x")
    assert answer.status in (200, 204)
    assert {"GET", "HEAD", "OPTIONS"} <= {name.strip() for name in answer.get("Allow").split(",")}


@pytest.mark.parametrize("accept, kind", [("application/json", "application/problem+json"), ("text/html", "text/html"),
                                          ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"), ("*/*", "application/problem+json"),
                                          (None, "application/problem+json")])
def test_error_comes_as_the_client_likes_it(hello, accept, kind):
    answer = ask(hello, "GET", "/missing", [("Accept", accept)] if accept else [])
    assert answer.status == 404
    assert answer.get("Content-Type").split(";")[0] == kind


def test_markup_in_a_path_is_not_echoed_into_the_error_page(hello):
    answer = ask(hello, "GET", "/%3Cscript%3Ealert(1)%3C/script%3E?'|", [("Accept", "text/html")])
    assert answer.status == 404
    assert b"<script>alert" not in answer.body


@pytest.mark.parametrize("workers", [1, 2, 7])
def test_starts_and_stops_with_any_number_of_workers(workers):
    with Server("hello", workers=workers) as server:
        for _ in range(2 * workers):
            assert ask(server, "GET", "/hello/x").status == 200


def test_server_that_was_never_asked_stops_at_once():
    with Server("hello") as server:
        server.term()
        server.check_end(10)
