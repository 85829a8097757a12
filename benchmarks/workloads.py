"""Workloads of the load client: the requests to send, and the checks of their responses."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from benchmarks import wire


class UnexpectedAnswer(Exception):
    """The server did not do the measured work."""

    def __init__(self, answer: wire.Response) -> None:
        super().__init__(f"{answer.status}: {answer.body[:600].decode(errors='replace')}")


class Workload(Protocol):
    """One kind of load; `connection` counts from 0. A request does `weight` units of work."""

    weight: int

    def request(self, connection: int) -> bytes: ...

    def answered(self, connection: int, answer: wire.Response) -> None:
        """Raises `UnexpectedAnswer` when the work was not done."""
        ...


class InTurn:
    """Sends prepared requests in order over all connections."""

    def __init__(self, requests: Sequence[bytes], expected: int, weight: int = 1) -> None:
        self.weight = weight
        self._requests = requests
        self._expected = expected
        self._sent = 0

    def request(self, connection: int) -> bytes:  # noqa: ARG002
        sent = self._sent
        self._sent = sent + 1
        return self._requests[sent % len(self._requests)]

    def answered(self, connection: int, answer: wire.Response) -> None:  # noqa: ARG002
        if answer.status != self._expected:
            raise UnexpectedAnswer(answer)


class Updates:
    """Each connection updates its own resource with the ETag of the previous response.

    `revisions` are the bodies of each connection's resource, all with the same id. The first update of each
    connection is unconditional and creates the resource if it is missing.
    """

    weight = 1

    def __init__(self, revisions: Sequence[Sequence[Mapping[str, Any]]]) -> None:
        self._bodies = [
            [json.dumps(body, ensure_ascii=False).encode() for body in each] for each in revisions
        ]
        self._targets = [f"/fhir/{each[0]['resourceType']}/{each[0]['id']}" for each in revisions]
        self._etags = [""] * len(revisions)
        self._sent = [0] * len(revisions)

    def request(self, connection: int) -> bytes:
        bodies = self._bodies[connection]
        sent = self._sent[connection]
        self._sent[connection] = sent + 1
        etag = self._etags[connection]
        headers = (("If-Match", etag),) if etag else ()
        return wire.request("PUT", self._targets[connection], bodies[sent % len(bodies)], headers)

    def answered(self, connection: int, answer: wire.Response) -> None:
        expected = (200,) if self._etags[connection] else (200, 201)
        if answer.status not in expected:
            raise UnexpectedAnswer(answer)
        self._etags[connection] = answer.header(b"etag").decode()
