"""Raw connections to a server, and a reader of answers that forgives nothing (RFC 9110, 9112).

`take_answer` is a pure function of bytes; `Conn` is a blocking socket around it. Knows nothing of pytest or of the
programs under test. Whatever is wrong with an answer is a ProtocolError, which is an AssertionError."""
import calendar
import re
import socket
import struct
import time

PATIENCE = 20  # seconds: a server that is silent for so long hangs
DATE_TOLERANCE = 10

TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5][0-9][0-9]) ([\t\x20-\x7e\x80-\xff]*)\Z")
VALUE = re.compile(rb"(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?\Z")
MEDIA_TYPE = re.compile(rb"[\w!#$&^.+-]+/[\w!#$&^.+-]+( *; *[\w-]+=(\"[^\"]*\"|[\w!#$&^.+-]+))*\Z")
CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,16}\Z")
ONCE = (b"date", b"server", b"content-length", b"content-type", b"transfer-encoding", b"connection", b"location", b"etag")


class ProtocolError(AssertionError):
    """The server broke the protocol."""


def demand(condition, what, data=b""):
    if not condition:
        raise ProtocolError(f"{what}: {bytes(data[:400])!r}" if data else what)


class Answer:
    """One response: status, reason, fields (a list of pairs of bytes, names as sent), body, trailers."""

    def __init__(self, status, reason, fields):
        self.status, self.reason, self.fields = status, reason, fields
        self.body, self.trailers = b"", []

    def all(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower().encode()]

    def get(self, name):
        """The one value of a field as text, or None."""
        values = self.all(name)
        demand(len(values) < 2, f"{len(values)} lines of {name}")
        return values[0].decode("latin-1") if values else None

    @property
    def closes(self):
        """Does it say that it is the last one?"""
        options = [option.strip().lower() for value in self.all("Connection") for option in value.split(b",")]
        return b"close" in options

    @property
    def length(self):
        value = self.get("Content-Length")
        return None if value is None else int(value)

    def __repr__(self):
        fields = ", ".join(f"{k.decode()}: {v.decode('latin-1')}" for k, v in self.fields)
        return f"<{self.status} [{fields}] {self.body[:80]!r}>"


def parse_fields(lines):
    fields = []
    for line in lines:
        name, colon, value = line.partition(b":")
        demand(colon == b":" and TOKEN.match(name), "a field line that is none", line)
        demand(value[:1] == b" " and VALUE.match(value[1:]), "a field value with stray blanks or control bytes", line)
        fields.append((name, value[1:]))
    return fields


def check_date(text):
    """IMF-fixdate, and not far from now."""
    try:
        stamp = calendar.timegm(time.strptime(text, "%a, %d %b %Y %H:%M:%S GMT"))
    except ValueError:
        raise ProtocolError(f"Date is no IMF-fixdate: {text}") from None
    demand(time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(stamp)) == text, f"Date is no IMF-fixdate: {text}")
    demand(abs(stamp - time.time()) <= DATE_TOLERANCE, f"Date is not today's time: {text}")


def check_head(answer, minor):
    """What must hold for the head of any answer (`minor`: of the request's version)."""
    for name in ONCE:
        demand(len([1 for key, _ in answer.fields if key.lower() == name]) < 2, f"two lines of {name.decode()}")
    length, coding = answer.get("Content-Length"), answer.get("Transfer-Encoding")
    demand(length is None or coding is None, "both Content-Length and Transfer-Encoding")
    demand(length is None or re.fullmatch(r"0|[1-9][0-9]*", length), f"Content-Length: {length}")
    demand(coding is None or coding == "chunked", f"Transfer-Encoding: {coding}")
    demand(coding is None or minor > 0, "a chunked answer to HTTP/1.0")
    if answer.status < 200 or answer.status == 204:
        demand(length is None and coding is None, f"a {answer.status} with a length")
    if answer.status >= 200:
        demand(answer.get("Date") is not None, "no Date")
        check_date(answer.get("Date"))
    else:
        demand(minor > 0, f"a {answer.status} to HTTP/1.0")
    if answer.status == 405:
        demand(answer.get("Allow") is not None, "405 without Allow")
    if answer.status == 416:
        demand((answer.get("Content-Range") or "").startswith("bytes */"), "416 without Content-Range")
    kind = answer.get("Content-Type")
    demand(kind is None or MEDIA_TYPE.match(kind.encode("latin-1")), f"Content-Type: {kind}")


def parse_head(head, minor=1):
    """The head without its last empty line."""
    lines = head.split(b"\r\n")
    demand(not any(b"\n" in line or b"\r" in line for line in lines), "a bare CR or LF in a head", head)
    match = STATUS_LINE.match(lines[0])
    demand(match is not None, "not a status line", lines[0])
    answer = Answer(int(match[1]), match[2].decode("latin-1"), parse_fields(lines[1:]))
    check_head(answer, minor)
    return answer


def take_chunked(answer, data, at):
    """The offset behind the body, or None while it is incomplete."""
    parts = []
    while True:
        line_end = data.find(b"\r\n", at)
        if line_end < 0:
            return None
        line = bytes(data[at:line_end])
        demand(CHUNK_SIZE.match(line), "a chunk size that is none", line)
        size, at = int(line, 16), line_end + 2
        if size == 0:
            break
        if len(data) < at + size + 2:
            return None
        parts.append(bytes(data[at:at + size]))
        demand(data[at + size:at + size + 2] == b"\r\n", "no CRLF behind a chunk", data[at + size:at + size + 2])
        at += size + 2
    end = at if data[at:at + 2] == b"\r\n" else data.find(b"\r\n\r\n", at) + 2
    if len(data) < at + 2 or end < at:
        return None
    answer.trailers = parse_fields(bytes(data[at:end]).split(b"\r\n")[:-1]) if end > at else []
    answer.body = b"".join(parts)
    return end + 2


def take_answer(data, method="GET", minor=1, eof=False):
    """One whole answer from the front of `data`, to a request of that method and version: (Answer, bytes used), or
    (None, 0) while it is incomplete. `eof`: nothing will follow."""
    head_end = data.find(b"\r\n\r\n")
    if head_end < 0:
        demand(len(data) < 7 or data.startswith(b"HTTP/1."), "not an answer", data)
        return None, 0
    answer = parse_head(bytes(data[:head_end]), minor)
    at = head_end + 4
    if answer.status < 200 or answer.status in (204, 304) or method == "HEAD":
        return answer, at
    if method == "CONNECT" and answer.status < 300:
        return answer, at
    if answer.get("Transfer-Encoding") is not None:
        at = take_chunked(answer, data, at)
        return (None, 0) if at is None else finish(answer, at)
    if answer.length is not None:
        if len(data) - at < answer.length:
            return None, 0
        answer.body = bytes(data[at:at + answer.length])
        return finish(answer, at + answer.length)
    demand(answer.closes or minor == 0, "an answer without a length that does not say close", data[:head_end])
    if not eof:
        return None, 0
    answer.body = bytes(data[at:])
    return finish(answer, len(data))


def finish(answer, at):
    demand(not answer.body or answer.get("Content-Type") is not None, "content without Content-Type")
    return answer, at


def request(method="GET", target="/", fields=(), body=b"", host="test", version="1.1"):
    """A well-formed request; `body` adds its Content-Length."""
    lines = [f"{method} {target} HTTP/{version}"]
    if host is not None:
        lines.append(f"Host: {host}")
    lines += [f"{name}: {value}" for name, value in fields]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def chunked(*chunks, extension=b"", trailers=b""):
    """A chunked body."""
    parts = [b"%x%s\r\n%s\r\n" % (len(chunk), extension, chunk) for chunk in chunks]
    return b"".join(parts) + b"0\r\n" + trailers + b"\r\n"


def connect(address, patience=PATIENCE):
    """A connected socket: `address` is (host, port), or a path."""
    if isinstance(address, str):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(patience)
        sock.connect(address)
        return sock
    sock = socket.create_connection(address, timeout=patience)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


class Conn:
    """A connection that blocks, at most for `patience` seconds."""

    def __init__(self, address, patience=PATIENCE):
        self.sock = connect(getattr(address, "address", address), patience)
        self.data = bytearray()
        self.eof = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def reset(self):
        """Closes by an RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def shut(self):
        """Half-closes: nothing more will be sent."""
        self.sock.shutdown(socket.SHUT_WR)

    def send(self, data):
        self.sock.sendall(data)
        return self

    def send_slowly(self, data):
        """A byte per packet."""
        for i in range(len(data)):
            self.sock.sendall(data[i:i + 1])
        return self

    def fill(self):
        data = self.sock.recv(1 << 18)
        self.data += data
        self.eof = not data

    def read(self, method="GET", minor=1, interim=False):
        """The next final answer; with `interim`, the next one of any kind."""
        while True:
            answer, used = take_answer(self.data, method, minor, self.eof)
            if answer is not None:
                del self.data[:used]
                if answer.status >= 200 or interim:
                    return answer
                continue
            demand(not self.eof, "the connection ended inside an answer or without one", self.data)
            self.fill()

    def ask(self, method="GET", target="/", fields=(), body=b"", **more):
        """Sends one request and reads its answer."""
        data = request(method, target, fields, body, **more)
        return self.send(data).read(method, int(more.get("version", "1.1")[-1]))

    def expect_end(self):
        """Nothing follows, and the server closes in order (no RST)."""
        while not self.eof:
            demand(not self.data, "bytes behind the last answer", self.data)
            self.fill()
        demand(not self.data, "bytes behind the last answer", self.data)

    def expect_open(self):
        """It still answers, and nothing was left over."""
        demand(not self.data, "bytes behind the last answer", self.data)
        answer = self.ask("GET", "/still-open")
        demand(answer.status in (200, 404), f"{answer.status} on a connection that should be in use")

    def at_rest(self, seconds=0.05):
        """Is nothing to be read, for so long?"""
        patience = self.sock.gettimeout()
        self.sock.settimeout(seconds)
        try:
            self.fill()
        except (TimeoutError, BlockingIOError):
            return not self.data
        finally:
            self.sock.settimeout(patience)
        return False


def ask(address, *args, **kwargs):
    """One request on a connection of its own."""
    with Conn(address) as conn:
        return conn.ask(*args, **kwargs)
