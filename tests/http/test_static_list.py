"""Listings of served directories."""
import datetime
import html.parser
import json
import subprocess
import time
import urllib.parse

import pytest

from static_site import running_fixture, site_fixture  # pylint: disable=unused-import
from wire import Conn, request

HTML = [("Accept", "text/html")]
JSON = [("Accept", "application/json")]
ODD = ["<script>alert(1)<", "javascript:alert(1)", "quo\"te's", "a&amp;b", "per%cent?#", "tab\there", "-rf", "ünï", "\udcff\udcfe", "  "]


class Page(html.parser.HTMLParser):
    """The links of a page, in order, and all elements."""

    def __init__(self, text):
        super().__init__()
        self.links, self.elements, self.attributes = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += [name for name, _ in attrs]
        if tag == "a":
            self.links.append(dict(attrs)["href"])


def page(answer):
    assert answer.status == 200 and answer.get("Content-Type") == "text/html; charset=utf-8"
    return Page(answer.body.decode("utf-8", "replace"))


@pytest.fixture(name="conn")
def conn_fixture(running):
    with Conn(running) as connection:
        yield connection


@pytest.fixture(scope="module", name="folder")
def folder_fixture(site):
    folder = site / "listed"
    (folder / "zdir").mkdir(parents=True)
    (folder / "b.txt").write_bytes(b"x" * 2000)
    (folder / "A.txt").write_bytes(b"x")
    (folder / "c.txt").write_bytes(b"x" * 30)
    (folder / ".hidden").write_bytes(b"x")
    (folder / "out").symlink_to("../../secret.txt")
    (folder / "broken").symlink_to("nowhere")
    (folder / "across").symlink_to("../digits.txt")
    return folder


def names(conn, query=""):
    answer = conn.ask("GET", "/list/listed/" + query, JSON)
    assert answer.get("Content-Type") == "application/json" and answer.get("Vary") == "Accept"
    return [entry["name"] for entry in json.loads(answer.body)["entries"]]


def test_json_tells_name_type_size_and_time(conn, folder):
    listing = json.loads(conn.ask("GET", "/list/listed/", JSON).body)
    assert listing["path"] == "/list/listed/" and listing["complete"] is True
    entries = {entry["name"]: entry for entry in listing["entries"]}
    assert set(entries) == {"zdir", "A.txt", "b.txt", "c.txt", "across"}
    assert entries["b.txt"]["size"] == 2000 and entries["b.txt"]["type"] == "file" and entries["zdir"]["type"] == "directory" and entries["across"]["size"] == 10
    assert entries["b.txt"]["modified"].startswith(time.strftime("%Y-%m-%dT", time.gmtime((folder / "b.txt").stat().st_mtime)))


@pytest.mark.parametrize("seconds", [1 << 62, 253402300800, 9223372037, -9223372037, -253402300800, -(1 << 62)])
def test_times_beyond_all_calendars_are_kept_within_them(conn, site, seconds):
    folder = site / "times"
    folder.mkdir(exist_ok=True)
    (folder / "x.txt").write_bytes(b"x")
    subprocess.run(["touch", "-m", "-d", f"@{seconds}", str(folder / "x.txt")], check=True)
    kept = max(-9223372036, min(9223372036, int((folder / "x.txt").stat().st_mtime)))
    listing = json.loads(conn.ask("GET", "/list/times/", JSON).body)
    wanted = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=kept)
    assert listing["entries"][0]["modified"] == wanted.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert conn.ask("GET", "/list/times/x.txt").body == b"x"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("query,wanted", [("", "zdir A.txt across b.txt c.txt"), ("?sort=name&order=desc", "zdir c.txt b.txt across A.txt"), ("?sort=size", "zdir A.txt across c.txt b.txt"),
                                          ("?sort=size&order=desc", "zdir b.txt c.txt across A.txt"), ("?sort=nonsense", "zdir A.txt across b.txt c.txt")])
def test_order_is_chosen_by_the_query(conn, query, wanted):
    assert names(conn, query) == wanted.split()


@pytest.mark.usefixtures("folder")
def test_page_links_to_each_entry_and_the_parent(conn):
    got = page(conn.ask("GET", "/list/listed/", HTML))
    assert got.links == ["?sort=name&order=desc", "?sort=size&order=asc", "?sort=date&order=asc", "../", "zdir/", "A.txt", "across", "b.txt", "c.txt"]
    assert not {"script", "img", "link", "iframe"} & set(got.elements) and "src" not in got.attributes


def test_page_loads_nothing(conn, folder):
    answer = conn.ask("GET", f"/list/{folder.name}/", HTML)
    assert "default-src 'none'" in answer.get("Content-Security-Policy") and b"color-scheme" in answer.body


def test_odd_names_are_text_and_links_that_work(conn, site):
    folder = site / "odd"
    folder.mkdir()
    for name in ODD:
        (folder / name).write_bytes(name.encode("utf-8", "surrogateescape"))
    got = page(conn.ask("GET", "/list/odd/", HTML))
    assert "script" not in got.elements
    links = got.links[4:]
    shown = [name for name in ODD if "\t" not in name]  # a path with a control byte is not served, and not shown
    assert len(links) == len(shown)
    for link in links:
        assert not urllib.parse.urlsplit(link).scheme
        name = urllib.parse.unquote_to_bytes(link)
        assert conn.ask("GET", "/list/odd/" + link).body == name
    assert len(json.loads(conn.ask("GET", "/list/odd/", JSON).body)["entries"]) == len(shown)


def test_root_has_no_parent_and_hides_dotfiles(conn, site):
    (site / "index.html").rename(site / "index.away")
    try:
        time.sleep(0)
        entries = json.loads(conn.ask("GET", "/list/sub/", JSON).body)["entries"]
        assert {entry["name"] for entry in entries} == {"deep", "a.txt", "across.txt"}
        assert ".hidden" in conn.ask("GET", "/dots/sub/", JSON).body.decode()
    finally:
        (site / "index.away").rename(site / "index.html")


def test_directory_with_an_index_is_not_listed(conn):
    assert conn.ask("GET", "/list/withindex/", HTML).body == b"<p>inner</p>"


def test_without_the_option_nothing_is_listed(conn):
    assert conn.ask("GET", "/sub/", HTML).status == 404


def test_head_of_a_listing_has_no_body(conn):
    assert conn.ask("HEAD", "/list/sub/", HTML).status == 200
    conn.expect_open()


def test_large_directory_holds_nobody_up(running, site):
    folder = site / "crowd"
    folder.mkdir()
    for i in range(20_000):
        (folder / f"file number {i:06}").touch()
    with Conn(running) as conn, Conn(running) as other:
        conn.send(request("GET", "/list/crowd/", JSON))
        worst = 0.0
        for _ in range(50):
            begin = time.monotonic()
            assert other.ask("GET", "/digits.txt").status == 200
            worst = max(worst, time.monotonic() - begin)
        entries = json.loads(conn.read().body)["entries"]
        assert len(entries) == 20_000 and entries[0]["name"] == "file number 000000" and entries[-1]["name"] == "file number 019999"
        assert worst < 0.25
        assert len(page(conn.ask("GET", "/list/crowd/", HTML)).links) == 20_004
