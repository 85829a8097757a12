"""The load client: one process and thread with persistent raw sockets, pinned to another core than the
servers.
"""

import gc
import multiprocessing
import os
import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

from benchmarks import wire
from benchmarks.figures import Sample, Spent
from benchmarks.workloads import Workload

CONNECTIONS = 16
STALLED_SECONDS = 30.0
RECEIVE_BYTES = 262_144

# Returns the processor time that the server has used.
ServerClock = Callable[[], float]


class LoadFailed(Exception):
    """A round of load that failed; the message is the client's."""


@dataclass(frozen=True, slots=True)
class Span:
    """The warm-up and the measured duration of a round."""

    warm_up_seconds: float
    seconds: float


@dataclass(slots=True)
class _ServerConnection:
    number: int
    socket: socket.socket
    sent_at: float = 0.0
    received: bytes = b""


@dataclass(slots=True)
class _Window:
    """The measured part of a round: from the first response after the warm-up to the first after the end, so
    that responses which arrive in groups do not distort the rate.
    """

    span: Span
    server_clock: ServerClock
    begun_at: float
    opened_at: float = 0.0
    closed_at: float = 0.0
    spent: Spent = field(default_factory=Spent)
    latencies: list[float] = field(default_factory=list)

    def answer(self, now: float, latency: float) -> bool:
        """Record a response; True while more are needed."""
        if not self.opened_at:
            if now - self.begun_at >= self.span.warm_up_seconds:
                self.opened_at, self.spent = now, self._spent()
            return True
        self.latencies.append(latency)
        if now - self.opened_at < self.span.seconds:
            return True
        self.closed_at, self.spent = now, self._spent() - self.spent
        return False

    def _spent(self) -> Spent:
        return Spent(time.process_time(), self.server_clock())


def measure(
    port: int,
    server_clock: ServerClock,
    workload: Workload,
    span: Span,
    core: int,
    connections: int = CONNECTIONS,
) -> Sample:
    """One round of load in its own process. Raises `LoadFailed` for an unexpected response."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    driven = (port, server_clock, workload, span, connections)
    process = context.Process(target=_report, args=(theirs, core, driven))
    process.start()
    theirs.close()
    try:
        outcome = ours.recv()
    except EOFError:
        outcome = "the load client ended without a word"
    process.join()
    if isinstance(outcome, Sample):
        return outcome
    raise LoadFailed(outcome)


def _report(result: Connection, core: int, driven: tuple[int, ServerClock, Workload, Span, int]) -> None:
    os.sched_setaffinity(0, {core})
    gc.freeze()
    gc.disable()
    try:
        result.send(drive(*driven))
    except Exception as error:
        result.send(f"{type(error).__name__}: {error}")


def drive(
    port: int, server_clock: ServerClock, workload: Workload, span: Span, connections: int = CONNECTIONS
) -> Sample:
    """Keep every connection busy with `workload` for the span; returns the sample of its measured part."""
    links = [_ServerConnection(n, socket.create_connection(("127.0.0.1", port))) for n in range(connections)]
    try:
        window = _run(links, server_clock, workload, span)
    finally:
        for link in links:
            link.socket.close()
    seconds = window.closed_at - window.opened_at
    return Sample.of(window.latencies, seconds, window.spent, workload.weight)


def _run(
    links: list[_ServerConnection], server_clock: ServerClock, workload: Workload, span: Span
) -> _Window:
    window = _Window(span, server_clock, time.perf_counter())
    wanted, waiting = True, len(links)
    with selectors.DefaultSelector() as selector:
        for link in links:
            link.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(link.socket, selectors.EVENT_READ, link)
            _send(link, workload)
        # Wait for open requests at the end, so that they do not affect the next round.
        while waiting:
            ready = selector.select(STALLED_SECONDS)
            if not ready:
                raise TimeoutError(f"no answer for {STALLED_SECONDS:g} s")
            for key, _ in ready:
                if not _receive(key.data, workload):
                    continue
                now = time.perf_counter()
                wanted = wanted and window.answer(now, now - key.data.sent_at)
                if wanted:
                    _send(key.data, workload)
                else:
                    waiting -= 1
    return window


def _send(link: _ServerConnection, workload: Workload) -> None:
    request = workload.request(link.number)
    link.sent_at = time.perf_counter()
    link.socket.sendall(request)


def _receive(link: _ServerConnection, workload: Workload) -> bool:
    """Read the available bytes; True when the response is complete."""
    came = link.socket.recv(RECEIVE_BYTES)
    if not came:
        raise ConnectionError(f"the server closed a connection after {link.received[:300]!r}")
    link.received = link.received + came if link.received else came
    answer = wire.response(link.received)
    if answer is None:
        return False
    link.received = b""
    workload.answered(link.number, answer)
    return True
