"""Many clients at once, sound ones and broken ones: no answer is crossed, and every answer is sound. Seeded: a failure repeats."""
import random

import spec
from crowd import Crowd
from wire import Conn, ProtocolError, chunked, request

MUTANTS = 3000
AT_ONCE = 250
BYTES = [b"\0", b"\r", b"\n", b"\r\n", b" ", b"\t", b":", b",", b";", b"%", b"\x7f", b"\x80", b"\xff", b"0", b"f", b"-", b"HTTP/1.0", b"chunked", b"close",
         b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"Host: b\r\n", b"GET / HTTP/1.1\r\nHost: c\r\n\r\n"]


def mutate(chance, data):
    """A few random cuts, doublings and insertions."""
    data = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at, length = chance.randint(0, len(data)), chance.choice([1, 1, 2, 5, 20])
        act = chance.randrange(4)
        if act == 0:
            del data[at:at + length]
        elif act == 1:
            data[at:at] = data[at:at + length]
        elif act == 2:
            data[at:at] = chance.choice(BYTES)
        else:
            data[at:at + 1] = bytes([chance.randrange(256)])
    return bytes(data)


def mutants(seed):
    """Of the specification's requests. HEAD and CONNECT are left out: the framing of their answers is known only to who sent them."""
    chance = random.Random(seed)
    cases = [case.request for case in spec.load() if len(case.request) < 2000]
    out = []
    while len(out) < MUTANTS:
        data = mutate(chance, chance.choice(cases))
        if b"HEAD" not in data and b"CONNECT" not in data:
            out.append(data)
    return out


class MutantCrowd(Crowd):
    """Expects answers until the connection ends."""

    def take(self, member):
        try:
            super().take(member)
        except ProtocolError as error:
            raise ProtocolError(f"{error} to {member.request!r}") from None


def run_mutants(address, requests):
    with MutantCrowd(address, len(requests)) as crowd:
        for member, data in zip(crowd.members, requests):
            member.request = data
            # 1.0 or 1.1 cannot be told from a mutant: what HTTP/1.0 forbids, the specification's own cases look for.
            member.expected = ["GET"] * 100
            crowd.send(member, data, count=0)
            member.sock.shutdown(1)
        crowd.run_until(crowd.all_ended, 15, "connections did not end")
        for member in crowd.members:
            assert not member.was_reset and not member.data, f"cut off at {bytes(member.data[:200])!r}: {member.request!r}"
            assert not any(answer.closes for answer in member.answers[:-1]), member.request
            assert all(answer.status < 500 or answer.status in (501, 505) for answer in member.answers), member.request


def test_mutated_requests_get_sound_answers_and_an_end(echo):
    requests = mutants(20260711)
    for at in range(0, len(requests), AT_ONCE):
        run_mutants(echo.address, requests[at:at + AT_ONCE])
    with Conn(echo) as conn:
        conn.expect_open()


def tagged(chance, tag):
    """A request that says whose it is, in one of many forms, and the body that must come back."""
    body = tag.encode() * chance.choice([0, 1, 1, 40, 2000])
    if body and chance.random() < 0.5:
        cut = chance.randrange(len(body))
        return request("PUT", f"/{tag}", [("Transfer-Encoding", "chunked")]) + chunked(*filter(None, [body[:cut], body[cut:]])), body
    return request("POST", f"/{tag}", [("X-Pad", "x" * chance.choice([1, 500, 3000]))], body), body


def test_answers_never_cross(echo):
    """200 clients pipeline tagged requests, cut at random places, and every now and then some vanish."""
    chance = random.Random(20260712)
    with Crowd(echo.address, 200) as crowd:
        for number, member in enumerate(crowd.members):
            member.number, member.bodies = number, []
        for step in range(12):
            for member in crowd.members:
                if member.eof:
                    continue
                data = b""
                for i in range(chance.randint(0, 6)):
                    piece, body = tagged(chance, f"c{member.number}-s{step}-{i}")
                    member.bodies.append((f"/c{member.number}-s{step}-{i}", body))
                    data += piece
                cut = chance.randint(0, len(data))
                crowd.send(member, data[:cut], "POST", len(member.bodies) - len(member.answers) - len(member.expected))
                crowd.turn(0)
                crowd.send(member, data[cut:], count=0)
            for member in chance.sample(crowd.members, 5):
                member.sock.close()
                member.eof, member.expected = True, []
        crowd.run_until(crowd.answered)
        for member in crowd.members:
            for (target, body), answer in zip(member.bodies, member.answers):
                assert answer.status == 200 and answer.get("X-Seen-Target") == target and answer.body == body
            assert member.eof or len(member.answers) == len(member.bodies)
