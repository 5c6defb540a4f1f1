"""examples/httpbin, continued: caching, ranges, bodies that take their time or their size, formats, values."""
import base64
import json
import re
import time
import urllib.parse

import pytest

from httpbin_api import get, shown
from wire import Conn, request


# Caching.


def test_cache_is_304_for_whoever_has_it(httpbin):
    answer = get(httpbin, "/cache")
    assert answer.status == 200 and answer.get("ETag")
    time.strptime(answer.get("Last-Modified"), "%a, %d %b %Y %H:%M:%S GMT")
    assert get(httpbin, "/cache", ("If-None-Match", "x")).status == 304
    assert get(httpbin, "/cache", ("If-Modified-Since", "x")).status == 304


def test_cache_for_some_time(httpbin):
    assert get(httpbin, "/cache/60").get("Cache-Control") == "public, max-age=60"
    assert get(httpbin, "/cache/foo").status == get(httpbin, "/cache/3.14").status == 400


@pytest.mark.parametrize("field, value, status", [
    (None, None, 200), ("If-None-Match", "abc", 304), ("If-None-Match", '"123", "abc"', 304), ("If-None-Match", "*", 304),
    ("If-None-Match", 'W/"xyz", W/"abc"', 304), ("If-None-Match", '"123"', 200), ("If-None-Match", '"ab"', 200), ("If-None-Match", '"abcd"', 200),
    ("If-None-Match", '"x, abc"', 200), ("If-Match", "abc", 200), ("If-Match", '"123", "abc"', 200), ("If-Match", "*", 200),
    ("If-Match", "123", 412)])
def test_etag_heeds_conditions(httpbin, field, value, status):
    answer = get(httpbin, "/etag/abc", *([(field, value)] if field else []))
    assert (answer.status, answer.get("ETag")) == (status, None if status == 412 else "abc")
    assert status != 412 or answer.get("Content-Type") == "text/plain; charset=utf-8"


def test_response_headers_are_set_and_listed(httpbin):
    for method in ("GET", "POST"):
        answer = get(httpbin, "/response-headers?animal=dog&animal=cat&X-A=1", method=method)
        assert answer.all("animal") == [b"dog", b"cat"]
        assert shown(answer) == {"Content-Type": "application/json", "Content-Length": str(answer.length), "X-A": "1",
                                 "animal": ["dog", "cat"]}


def test_response_headers_list_the_size_whatever_its_digits(httpbin):
    for size in range(120):
        answer = get(httpbin, "/response-headers?a=" + size * "x")
        assert shown(answer)["Content-Length"] == str(len(answer.body)), size


@pytest.mark.parametrize("query", ["X-A=1&X-A=2&Content-Type=text/x", "Content-Type=application/json", "Content-Type=application/json%3B%20a%3Db",
                                   "Content-Type=text/plain&Content-Type=application/json"])
def test_response_headers_list_the_size_whatever_the_type(httpbin, query):
    answer = get(httpbin, f"/response-headers?{query}")
    assert json.loads(answer.body)["Content-Length"] == str(len(answer.body)) == answer.get("Content-Length")


@pytest.mark.parametrize("kind, value", [("text/html", "&lt;b&gt;"), ("image/svg+xml", "&lt;b&gt;"), ("text/plain; charset=utf-8", "<b>")])
def test_response_headers_bring_no_script_into_a_page(httpbin, kind, value):
    answer = get(httpbin, "/response-headers?" + urllib.parse.urlencode({"Content-Type": kind, "xss": "<b>"}))
    assert answer.status == 200 and answer.get("Content-Type") == kind
    assert json.loads(answer.body)["xss"] == value


@pytest.mark.parametrize("query", ["Content-Type=text/plain&Content-Type=text/html", "Content-Type=text/plain&content-type=text/html", "content-type=text/html"])
def test_the_last_type_decides_whether_scripts_are_escaped(httpbin, query):
    answer = get(httpbin, f"/response-headers?{query}&xss=%3Cb%3E")
    assert answer.get("Content-Type") == "text/html" and b"<" not in answer.body


def test_what_no_field_can_be_called_is_listed_alone(httpbin):
    for kind, listed in (("text/plain", "<b id='x'>"), ("text/html", "&lt;b id=&#39;x&#39;&gt;")):
        answer = get(httpbin, "/response-headers?" + urllib.parse.urlencode({"Content-Type": kind, "<b id='x'>": "1"}))
        assert answer.status == 200 and json.loads(answer.body)[listed] == "1"
        assert not any(b"<" in name for name, _ in answer.fields)


@pytest.mark.parametrize("query", ["Content-Length=5", "Transfer-Encoding=chunked", "a=%0D%0Ab:c", "Connection=close"])
def test_response_headers_that_cannot_be_are_400(httpbin, query):
    assert get(httpbin, f"/response-headers?{query}").status == 400


# /range.

ALPHABET = b"abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize("path, wanted, status, content_range, body", [
    ("/range/26", None, 200, "bytes 0-25/26", ALPHABET),
    ("/range/30", "bytes=24-29", 206, "bytes 24-29/30", b"yzabcd"),
    ("/range/26", "bytes=20-", 206, "bytes 20-25/26", b"uvwxyz"),
    ("/range/26", "bytes=-5", 206, "bytes 21-25/26", b"vwxyz"),
    ("/range/26", "bytes=-99", 200, "bytes 0-25/26", ALPHABET),
    ("/range/100?duration=0.05&chunk_size=5", "bytes=10-24", 206, "bytes 10-24/100", b"klmnopqrstuvwxy"),
    ("/range/26", "bytes=10-5", 416, "bytes */26", b""),
    ("/range/26", "bytes=32-40", 416, "bytes */26", b""),
    ("/range/26", "bytes=0-40", 416, "bytes */26", b""),
    ("/range/26", "bytes=-0", 416, "bytes */26", b""),
    ("/range/26", "bytes=99999999999999999999-", 416, "bytes */26", b""),
    ("/range/26", "bytes=x-5", 200, "bytes 0-25/26", ALPHABET),
    ("/range/26", "lines=0-5", 200, "bytes 0-25/26", ALPHABET),
    ("/range/26", "bytes=", 200, "bytes 0-25/26", ALPHABET)])
def test_range_gives_what_is_asked_for(httpbin, path, wanted, status, content_range, body):
    answer = get(httpbin, path, *([("Range", wanted)] if wanted else []))
    assert (answer.status, answer.body, answer.length) == (status, body, len(body))
    assert answer.get("Content-Range") == content_range
    assert answer.get("ETag") == re.match(r"/(range/\d+)", path)[1].replace("/", "")
    assert answer.get("Accept-Ranges") == "bytes"


def test_several_ranges_come_in_parts(httpbin):
    answer = get(httpbin, "/range/100", ("Range", "bytes=10-24, 50-64"))
    assert answer.status == 206 and answer.get("Content-Type").startswith("multipart/byteranges; boundary=")
    for span, body in (("10-24", b"klmnopqrstuvwxy"), ("50-64", b"yzabcdefghijklm")):
        assert b"Content-Range: bytes %s/100\r\n\r\n%s\r\n--" % (span.encode(), body) in answer.body


@pytest.mark.parametrize("tag, status", [("range26", 206), ('"range26"', 206), ("range27", 200), ('"range26', 200)])
def test_a_range_counts_if_the_version_is_the_same(httpbin, tag, status):
    assert get(httpbin, "/range/26", ("Range", "bytes=0-4"), ("If-Range", tag)).status == status


@pytest.mark.parametrize("path, status", [("/range/foo", 400), ("/range/1.5", 400), ("/range/-1", 400), ("/range/0", 404), ("/range/102401", 404),
                                          ("/range/100?duration=-1", 400), ("/range/100?duration=XYZ", 400), ("/range/100?duration=2h", 400),
                                          ("/range/100?chunk_size=x", 400)])
def test_bad_ranges_are_refused(httpbin, path, status):
    assert get(httpbin, path).status == status


# Size and time.


def test_bytes_are_those_of_the_seed(httpbin):
    # What Python's random gives for random.seed(0), so that the bytes are httpbin.org's.
    assert get(httpbin, "/bytes/10?seed=0").body.hex() == "c5d71484f8cf9bf4b76f"
    assert get(httpbin, "/stream-bytes/10?seed=0&chunk_size=3").body.hex() == "c5d71484f8cf9bf4b76f"
    assert get(httpbin, "/bytes/16?seed=-12345").body == get(httpbin, "/bytes/16?seed=12345").body
    assert get(httpbin, "/bytes/2000?seed=123456789012").body == get(httpbin, "/stream-bytes/2000?seed=123456789012").body
    assert get(httpbin, "/bytes/32").body != get(httpbin, "/bytes/32").body


@pytest.mark.parametrize("n, size", [(0, 0), (1, 1), (1024, 1024), (99999999, 102400)])
def test_bytes_have_their_number_up_to_100_kib(httpbin, n, size):
    answer = get(httpbin, f"/bytes/{n}")
    assert (answer.status, answer.length, len(answer.body)) == (200, size, size)
    answer = get(httpbin, f"/stream-bytes/{n}")
    assert (answer.status, len(answer.body), answer.get("Transfer-Encoding")) == (200, size, "chunked")


@pytest.mark.parametrize("chunk", ["1", "7", "256", "512", "-10"])
def test_chunks_of_any_size_make_the_whole(httpbin, chunk):
    assert len(get(httpbin, f"/stream-bytes/256?chunk_size={chunk}").body) == 256


@pytest.mark.parametrize("path", ["/bytes/-1", "/bytes/foo", "/bytes/3.14", "/bytes/16?seed=foo", "/bytes/16?seed=3.14",
                                  "/bytes/16?seed=12345678901234567890", "/stream-bytes/foo", "/stream-bytes/16?chunk_size=foo",
                                  "/stream-bytes/16?chunk_size=3.14", "/stream/foo", "/stream/3.1415"])
def test_bad_numbers_are_400(httpbin, path):
    assert get(httpbin, path).status == 400


@pytest.mark.parametrize("n, lines", [("20", 20), ("1000", 100), ("0", 1), ("-100", 1)])
def test_stream_gives_lines_of_json(httpbin, n, lines):
    answer = get(httpbin, f"/stream/{n}?a=1")
    assert answer.get("Transfer-Encoding") == "chunked" and answer.body.endswith(b"}\n")
    seen = [json.loads(line) for line in answer.body.splitlines()]
    assert [line["id"] for line in seen] == list(range(lines))
    assert sorted(seen[0]) == ["args", "headers", "id", "origin", "url"] and seen[0]["args"] == {"a": "1"}


@pytest.mark.parametrize("text, seconds", [("0", 0), ("0.1", 0.1), ("0ms", 0), ("100ms", 0.1), ("0.05s50ms", 0.1), ("0h", 0)])
def test_delay_waits_as_long_as_asked(httpbin, text, seconds):
    begin = time.monotonic()
    answer = get(httpbin, f"/delay/{text}", method="POST", body=b"x")
    assert time.monotonic() - begin >= seconds
    assert shown(answer)["data"] == "x" and "json" not in shown(answer)
    assert answer.get("Server-Timing") == f'initial_delay;dur={seconds * 1000:.2f};desc="initial delay"'


@pytest.mark.parametrize("text", ["foo", "-1", "-1ms", "1x", "1.5.2", "1e3", "inf", "0x1", "s", "1s2"])
def test_delay_refuses_what_is_no_duration(httpbin, text):
    assert get(httpbin, f"/delay/{text}").status == 400


def test_drip_drips(httpbin):
    with Conn(httpbin) as conn:
        begin = time.monotonic()
        conn.send(request("GET", "/drip?duration=1.5&delay=100ms&numbytes=3&code=500"))
        while b"\r\n\r\n*" not in conn.data:
            conn.fill()
        assert time.monotonic() - begin >= 0.1 and not conn.data.endswith(b"***")
        answer = conn.read()
    assert (answer.status, answer.length, answer.body) == (500, 3, b"***")
    assert time.monotonic() - begin >= 1.6


@pytest.mark.parametrize("query, size", [("duration=0", 10), ("duration=0&numbytes=400", 400), ("duration=20ms&numbytes=100000", 100000),
                                         ("duration=0&numbytes=20000000", 10 << 20), ("duration=1ms&numbytes=1", 1)])
def test_drip_gives_all_bytes(httpbin, query, size):
    answer = get(httpbin, f"/drip?{query}")
    assert answer.length == size and answer.body == b"*" * size


@pytest.mark.parametrize("query, timings", [("duration=20ms&delay=10ms&numbytes=3", (30, 10, 20, 10)), ("duration=5ms&numbytes=1", (5, 0, 5, 5)),
                                            ("duration=0&numbytes=20000", (0, 0, 0, 0)), ("duration=20ms&numbytes=39", (20, 0, 20, 20 / 19))])
def test_drip_tells_its_times(httpbin, query, timings):
    names = ("total_duration", "initial_delay", "write_duration", "pause_per_write")
    told = dict(re.findall(r"(\w+);dur=([\d.]+)", get(httpbin, f"/drip?{query}").get("Server-Timing")))
    assert told == {name: f"{ms:.2f}" for name, ms in zip(names, timings)}


@pytest.mark.parametrize("query", ["duration=1m", "duration=-1", "duration=1001", "duration=foo", "delay=1m", "delay=-1ms", "delay=foo", "numbytes=foo",
                                   "numbytes=0", "numbytes=-1", "numbytes=0xff", "code=foo", "code=-1", "code=25", "code=600", "duration=6&delay=5"])
def test_bad_drips_are_400(httpbin, query):
    assert get(httpbin, f"/drip?{query}").status == 400


# Formats and values.


@pytest.mark.parametrize("path, kind, text", [
    ("/xml", "application/xml", "<?xml version='1.0' encoding='us-ascii'?>"), ("/html", "text/html; charset=utf-8", "<h1>Herman Melville - Moby-Dick</h1>"),
    ("/robots.txt", "text/plain; charset=utf-8", "Disallow: /deny"), ("/deny", "text/plain; charset=utf-8", "YOU SHOULDN'T BE HERE"),
    ("/encoding/utf8", "text/html; charset=utf-8", "Hello world, Καλημέρα κόσμε, コンニチハ")])
def test_documents_have_their_type(httpbin, path, kind, text):
    answer = get(httpbin, path)
    assert (answer.status, answer.get("Content-Type")) == (200, kind) and text in answer.body.decode()


def test_json_is_the_slide_show(httpbin):
    seen = shown(get(httpbin, "/json"))["slideshow"]
    assert sorted(seen) == ["author", "date", "slides", "title"] and [slide["type"] for slide in seen["slides"]] == ["all", "all"]


MAGIC = {"png": b"\x89PNG\r\n\x1a\n", "jpeg": b"\xff\xd8\xff", "webp": b"RIFF", "svg": b"<svg "}


@pytest.mark.parametrize("kind", MAGIC)
def test_images_are_what_they_say(httpbin, kind):
    answer = get(httpbin, f"/image/{kind}")
    assert answer.get("Content-Type") == ("image/svg+xml" if kind == "svg" else f"image/{kind}")
    assert answer.body.startswith(MAGIC[kind])


@pytest.mark.parametrize("accept, kind", [(None, "image/png"), ("image/*", "image/png"), ("*/*", "image/png"), ("image/jpeg", "image/jpeg"),
                                          ("image/png", "image/png"), ("image/webp,*/*", "image/webp"), ("text/html, Image/SVG+xml;q=0.5", "image/svg+xml")])
def test_image_is_chosen_by_accept(httpbin, accept, kind):
    answer = get(httpbin, "/image", *([("Accept", accept)] if accept else []))
    assert (answer.status, answer.get("Content-Type"), answer.get("Vary")) == (200, kind, "Accept")


@pytest.mark.parametrize("accept", ["image/raw", "image/jpg", "image/svg", "text/html"])
def test_no_image_is_406(httpbin, accept):
    assert get(httpbin, "/image", ("Accept", accept)).status == 406


def test_uuids_are_random(httpbin):
    seen = [shown(get(httpbin, "/uuid"))["uuid"] for _ in range(20)]
    assert len(set(seen)) == 20
    assert all(re.fullmatch("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", one) for one in seen)


@pytest.mark.parametrize("path, kind, text", [
    ("/base64/" + base64.urlsafe_b64encode("Здравствуй, мир!".encode()).decode(), "text/plain; charset=utf-8", "Здравствуй, мир!"),
    ("/base64/dGVzdC1pbWFnZQ==", "text/plain; charset=utf-8", "test-image"),
    ("/base64/decode/YWJjMTIzIT8kKiYoKSctPUB-", "text/plain; charset=utf-8", "abc123!?$*&()'-=@~"),
    ("/base64/decode/8J+Ziywg8J+MjSEK4oCm", "text/plain; charset=utf-8", "🙋, 🌍!\n…"),
    ("/base64/encode/abc123%21%3F%24%2A%26%28%29%27-%3D%40~", "text/plain; charset=utf-8", "YWJjMTIzIT8kKiYoKSctPUB-"),
    ("/base64/e30K?content-type=application/json", "application/json", "{}\n"),
    ("/base64/PGI+?content-type=text/html", "text/html", "&lt;b&gt;")])
def test_base64_both_ways(httpbin, path, kind, text):
    answer = get(httpbin, path)
    assert (answer.status, answer.get("Content-Type"), answer.body.decode()) == (200, kind, text)


@pytest.mark.parametrize("path", ["/base64/invalid_base64_encoded_string", "/base64/decode/a", "/base64/ab=c", "/base64/====", "/base64/a===", "/base64/unknown/YQ==",
                                  "/base64/YQ==?content-type=%0A"])
def test_broken_base64_is_400(httpbin, path):
    assert get(httpbin, path).status == 400


@pytest.mark.parametrize("path, body", [
    ("/links/2/0", '0 <a href="/links/2/1">1</a> '), ("/links/2/1", '<a href="/links/2/0">0</a> 1 '),
    ("/links/2/-1", '<a href="/links/2/0">0</a> <a href="/links/2/1">1</a> '), ("/links/0/0", "")])
def test_links_lead_to_pages_like_this(httpbin, path, body):
    assert get(httpbin, path).body.decode() == f"<html><head><title>Links</title></head><body>{body}</body></html>"


@pytest.mark.parametrize("path", ["/links/3.14", "/links/-1", "/links/257", "/links/1/3.14", "/links/1/foo"])
def test_bad_links_are_400(httpbin, path):
    assert get(httpbin, path).status == 400
