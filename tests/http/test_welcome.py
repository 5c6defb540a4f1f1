"""examples/welcome: a small page with links to try."""
import html.parser
import urllib.parse

from wire import ask


class Links(html.parser.HTMLParser):
    """The page's links and the tags it leaves open."""
    VOID = {"meta", "link", "br", "hr", "img", "input"}

    def __init__(self, text):
        super().__init__()
        self.links, self.open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            self.open.append(tag)
        self.links += [value for name, value in attrs if name in ("href", "src") and value]

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> closes <{self.open[-1:]}>"
        self.open.pop()


def page(server):
    answer = ask(server, "GET", "/", [("Accept", "text/html")])
    assert answer.status == 200
    assert answer.get("Content-Type").startswith("text/html")
    return answer.body.decode()


def test_root_is_a_sound_page(welcome):
    text = page(welcome)
    assert text.lower().startswith("<!doctype html>") and "<title>" in text
    assert Links(text).open == []


def test_page_shows_what_is_running(welcome):
    assert "garm" in page(welcome).lower()


def test_every_link_of_the_page_works(welcome):
    links = [link for link in Links(page(welcome)).links if not urllib.parse.urlparse(link).scheme]
    assert links, "no links to try"
    for link in links:
        if link.startswith("#"):
            continue
        answer = ask(welcome, "GET", urllib.parse.urljoin("/", link))
        # A link may be there to show an error.
        assert answer.status in (200, 204, 301, 302, 303, 307, 308, 401, 403, 404, 409, 418, 422, 500, 503), (link, answer)


def test_page_fetches_nothing_from_elsewhere(welcome):
    text = page(welcome)
    assert not any(f'src="{scheme}' in text or f'<link rel="stylesheet" href="{scheme}' in text for scheme in ("http", "//"))


def test_missing_page_is_a_page_to_a_browser(welcome):
    answer = ask(welcome, "GET", "/no/such/page", [("Accept", "text/html")])
    assert answer.status == 404
    assert answer.get("Content-Type").startswith("text/html")
