"""The tables of tests/spec/files against a file in memory, one sent from its descriptor, and one that a handler replies with."""
import re

import pytest

from server import wait_until
from spec import FOLDER
from static_site import DIGITS, running_fixture, site_fixture  # pylint: disable=unused-import
from wire import Conn

DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
PLACES = {"memory": "/", "descriptor": "/plain/", "handler": "/one"}


def load():
    """(title, tokens of the request, tokens of the answer) of each row."""
    rows = []
    for path in sorted((FOLDER / "files").glob("*.md")):
        for line in path.read_text().splitlines():
            cells = [cell.strip() for cell in line.split(" | ")]
            if line.startswith("| ") and len(cells) >= 2 and not line.startswith("| case |"):
                request = "" if len(cells) == 2 else cells[1]
                rows.append((f"{path.stem}: {cells[0][2:]}", re.findall(r"`([^`]*)`", request), re.findall(r"`([^`]*)`", cells[-1])))
    return rows


ROWS = load()


def take_parts(answer):
    """The parts of a multipart body as (first, last, bytes): nothing but what RFC 2046 has."""
    boundary = re.fullmatch(r"multipart/byteranges; boundary=([0-9a-zA-Z]+)", answer.get("Content-Type"))[1].encode()
    pieces = answer.body.split(b"--" + boundary)
    assert pieces[0] == b"" and pieces[-1] == b"--\r\n" and len(pieces) > 3
    parts = []
    for piece in pieces[1:-1]:
        head, _, body = piece.partition(b"\r\n\r\n")
        match = re.fullmatch(rb"\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes (\d+)-(\d+)/10", head)
        assert match and body.endswith(b"\r\n"), piece
        parts.append((int(match[1]), int(match[2]), body[:-2]))
    return parts


def check(answer, token):
    if token.startswith("!"):
        assert answer.get(token[1:]) is None, answer
    elif token.startswith("="):
        assert answer.body == token[1:].encode(), answer
    elif token.startswith("parts "):
        wanted = [tuple(map(int, part.split("-"))) for part in token.split()[1:]]
        assert take_parts(answer) == [(first, last, DIGITS[first:last + 1]) for first, last in wanted]
    elif ": " in token:
        name, _, value = token.partition(": ")
        assert answer.get(name) == value, answer
    else:
        assert answer.status == int(token), answer


def test_the_tables_are_there():
    assert len(ROWS) > 80 and all(answer for _, _, answer in ROWS)


def strong_etag(conn, target):
    """The tag of a file that was just made is weak, until it is looked at again."""
    etag = conn.ask("HEAD", target).get("ETag")
    return etag if not etag.startswith("W/") else None


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_file_is_answered_as_the_table_says(running, place, row):
    _, request, wanted = row
    empty = "empty" in request
    if empty and place == "handler":
        pytest.skip("its file has content")
    method = "HEAD" if "HEAD" in request else "GET"
    target = PLACES[place] + ("" if place == "handler" else "empty.txt" if empty else "digits.txt")
    with Conn(running) as conn:
        etag = wait_until(lambda: strong_etag(conn, target), what="the tag did not become strong")
        fill = lambda text: text.replace("{etag}", etag).replace("{date}", DATE)
        fields = [tuple(fill(token).split(": ", 1)) for token in request if ": " in token]
        answer = conn.ask(method, target, fields)
        for token in wanted:
            check(answer, fill(token))
        conn.expect_open()


@pytest.mark.parametrize("fields", [[("Range", "bytes=0-0")], [("If-None-Match", "*")], [("If-Match", '"a"')], [("Range", "bytes=99-")],
                                    [("If-Modified-Since", DATE)], [("If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:36 GMT")]])
def test_post_has_neither_conditions_nor_ranges(running, fields):
    with Conn(running) as conn:
        answer = conn.ask("POST", "/one", fields, body=b"x")
        assert answer.status == 200 and answer.body == DIGITS
