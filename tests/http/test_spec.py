"""Every case of tests/spec against a running server: whole, and a byte per packet."""
import time

import pytest

import spec
from crowd import Crowd, raise_descriptor_limit
from wire import ProtocolError, request

CASES = spec.load()
PROBE = request("GET", "/probe", host="probe")
AT_ONCE = 100
QUIET_SECONDS = 0.3
BYTEWISE_MAX = 8192  # longer requests go by STEP
STEP = 61


class Attempt:
    """One case on one connection, and what came of it."""

    def __init__(self, case, member, step):
        self.case, self.member, self.step = case, member, step
        # A connection that shall persist proves it by another request behind.
        self.data = case.request + (PROBE if not case.closes and not case.waits else b"")
        self.sent = 0
        self.error = None
        member.expected = [method for method, _ in zip(case.methods, case.finals)] + ([] if case.closes or case.waits else ["GET"])

    def send_some(self):
        if not self.member.pending and not self.member.eof:
            self.member.pending = self.data[self.sent:self.sent + self.step]
            self.sent += len(self.member.pending)

    @property
    def is_sent(self):
        return self.member.eof or (self.sent == len(self.data) and not self.member.pending)

    @property
    def is_over(self):
        if self.error or self.member.eof:
            return True
        return self.is_sent and not self.member.expected and not self.case.closes

    def judge(self):
        """None, or what is wrong."""
        case, member = self.case, self.member
        if self.error:
            return self.error
        got = [(answer.status, "close" if answer.closes else "keep") for answer in member.answers]
        wanted = case.finals + ([(200, "keep")] if not case.closes and not case.waits else [])
        if got != wanted:
            return f"wanted {wanted}, got {got}"
        if member.data:
            return f"bytes behind the last answer: {bytes(member.data[:200])!r}"
        if case.closes != member.eof or member.was_reset:
            return "the connection was " + ("reset" if member.was_reset else "closed" if member.eof else "left open")
        if len(member.interims) < case.interim_count or (case.minor == 0 and member.interims):
            return f"{len(member.interims)} interim answers"
        return self.judge_echo()

    def judge_echo(self):
        """Did the server see what the codec shall see?"""
        for message, answer in zip(self.case.messages, self.member.answers):
            if answer.status != 200 or answer.get("X-Seen-Method") is None:
                continue
            for event, seen in (("method", answer.get("X-Seen-Method")), ("target", answer.get("X-Seen-Target"))):
                if event in message and seen != message[event].decode("latin-1"):
                    return f"{event} was seen as {seen!r}"
            if "body" in message and message.get("method") != b"HEAD" and answer.body != message["body"]:
                return f"body was seen as {answer.body[:200]!r}"
        return None


class SpecCrowd(Crowd):
    """Notes what is wrong with an answer instead of raising it."""

    def take(self, member):
        try:
            super().take(member)
        except (ProtocolError, ValueError) as error:
            member.attempt.error = str(error)
            member.eof = True


def run_batch(address, cases, bytewise):
    """The outcomes of some cases, each on a connection of its own, all at once."""
    with SpecCrowd(address, len(cases)) as crowd:
        attempts = []
        for case, member in zip(cases, crowd.members):
            step = (1 if len(case.request) <= BYTEWISE_MAX else STEP) if bytewise else 1 << 20
            member.minor = case.minor
            member.attempt = Attempt(case, member, step)
            attempts.append(member.attempt)
        sending, end = attempts, time.monotonic() + 60
        while sending and time.monotonic() < end:
            for attempt in sending:
                attempt.send_some()
                crowd.push(attempt.member)
            crowd.turn(0)
            sending = [attempt for attempt in sending if not attempt.is_sent]
        end = time.monotonic() + 9
        while not all(attempt.is_over for attempt in attempts) and time.monotonic() < end:
            crowd.turn()
        if any(case.waits for case in cases):
            crowd.run_for(QUIET_SECONDS)
        for attempt in attempts:
            if not attempt.is_over:
                attempt.error = f"no end: answers {attempt.member.answers}, rest {bytes(attempt.member.data[:200])!r}"
        return {attempt.case.name: attempt.judge() for attempt in attempts}


@pytest.fixture(scope="module", params=["whole", "bytewise"])
def outcomes(request, echo):
    """What came of every case: None, or what was wrong."""
    raise_descriptor_limit(1000)
    patient = [case for case in CASES if case.waits]
    others = sorted((case for case in CASES if not case.waits), key=lambda case: len(case.request))
    results = run_batch(echo.address, patient, request.param == "bytewise")
    for at in range(0, len(others), AT_ONCE):
        results |= run_batch(echo.address, others[at:at + AT_ONCE], request.param == "bytewise")
    return results


def test_the_specification_is_there():
    assert len(CASES) > 350
    assert any(case.waits for case in CASES) and any(case.closes for case in CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name} {case.title[:40]}")
def test_server_answers_as_specified(outcomes, case):
    assert outcomes[case.name] is None, f"{case.name}: {case.title}: {outcomes[case.name]}\n{case.request[:400]!r}"
