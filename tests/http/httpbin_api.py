"""What the tests of examples/httpbin share."""
import json

from wire import ask


def get(server, target, *fields, method="GET", body=b""):
    return ask(server, method, target, fields, body)


def shown(answer, status=200):
    """The JSON of an answer."""
    assert answer.status == status, answer
    assert answer.get("Content-Type") == "application/json"
    assert answer.body.endswith(b"\n")
    return json.loads(answer.body)
