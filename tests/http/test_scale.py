"""Ten thousand connections, on a release build: all served at once, and next to nothing each once they are idle."""
import pytest

from crowd import Crowd, raise_descriptor_limit
from server import RELEASE, Server, wait_until
from wire import Conn, request

COUNT = 10000
IDLE_BYTES_MAX = 1024

pytestmark = pytest.mark.scale


@pytest.mark.parametrize("workers", [1, 3])
def test_ten_thousand_are_served_at_once_and_then_cost_less_than_a_kilobyte_each(workers):
    assert raise_descriptor_limit(COUNT + 500), "the limit on open files is too low for this test (ulimit -Hn)"
    with Server("bench", workers=workers, build=RELEASE) as server:
        with Conn(server) as conn:
            assert conn.ask("GET", "/plaintext").status == 200
        before = server.resident_bytes()
        data = request("GET", "/plaintext")
        with Crowd(server.address, COUNT) as crowd:
            for member in crowd.members:
                crowd.send(member, data[:20], count=0)
            # Ten thousand requests are under way at once: each is a head half received.
            wait_until(lambda: server.resident_bytes() - before > COUNT * 4096, 20, "not all heads were received")
            for member in crowd.members:
                crowd.send(member, data[20:])
            crowd.run_until(crowd.answered)
            wait_until(lambda: server.resident_bytes() - before < COUNT * IDLE_BYTES_MAX, 20,
                       f"memory did not go down ({(server.resident_bytes() - before) // COUNT} bytes each)")
            crowd.run_for(1)
            each = (server.resident_bytes() - before) // COUNT
            assert each < IDLE_BYTES_MAX, f"{each} bytes each"
            for member in crowd.members:
                crowd.send(member, data)
            crowd.run_until(crowd.answered)
            assert all([answer.body for answer in member.answers] == [b"Hello, World!"] * 2 for member in crowd.members)


def test_drain_with_ten_thousand_idle_connections_ends_within_seconds():
    assert raise_descriptor_limit(COUNT + 500), "the limit on open files is too low for this test (ulimit -Hn)"
    with Server("bench", workers=1, build=RELEASE) as server, Crowd(server.address, COUNT) as crowd:
        for member in crowd.members:
            crowd.send(member, request("GET", "/plaintext"))
        crowd.run_until(crowd.answered)
        server.term()
        crowd.run_until(crowd.all_ended, 10, "idle connections did not end")
        assert not any(member.was_reset for member in crowd.members)
        server.check_end(5)
