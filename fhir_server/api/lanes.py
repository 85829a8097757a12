"""Where a request runs: reads in the event loop or in a pool, writes in one lane that commits them in groups.

A commit costs a disk flush; requests that wait for the same flush share it.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from queue import Empty, SimpleQueue
from typing import Protocol, TypeVar

from fhir_server.api import messages
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import StoreUnavailable

T = TypeVar("T")

GROUP_MAX = 64
GATHER_SECONDS = 0.0003
IDLE_SECONDS = 0.1
"""How long nothing must have come before the store is tidied up: longer than one client takes to write again,
as what is tidied up after each write costs twice what many cost together."""
PAUSE_SECONDS = 0.02
"""Between two steps of tidying up."""

Dispatch = Callable[[FhirRequest], FhirResponse]
Rest = Callable[[], FhirResponse]
Begin = Callable[[FhirRequest], Rest]
"""Does of a request what needs nobody to wait, and gives the rest."""
Tidy = Callable[[], bool]
Group = Callable[[], AbstractContextManager[None]]
Answer = asyncio.Future[FhirResponse]
Outcome = FhirResponse | Exception
Answered = Callable[[Outcome], None]
"""Is told in the event loop what became of a request."""
Taken = tuple[FhirRequest, Answered]


class Lane(Protocol):
    """Runs requests outside the event loop."""

    def take(self, request: FhirRequest, answered: Answered) -> None:
        """Answer a request in time. Raises `StoreUnavailable` when too many wait already."""
        ...

    async def close(self) -> None:
        """Finish what was taken, then stop."""
        ...


def submitted(lane: Lane, request: FhirRequest) -> Answer:
    """The future answer of a lane. Raises `StoreUnavailable` when too many wait already."""
    answer: Answer = asyncio.get_running_loop().create_future()
    lane.take(request, partial(_settle, answer))
    return answer


def _settle(answer: Answer, outcome: Outcome) -> None:
    if answer.done():
        return
    if isinstance(outcome, FhirResponse):
        answer.set_result(outcome)
    else:
        answer.set_exception(outcome)


class WriteLane:
    """One thread that takes all waiting writes, begins each, runs what is left of them in one group of the
    store, and answers them all once the group is durable. While none come it lets the store do what writes
    have put off."""

    def __init__(self, begin: Begin, group: Group, tidy: Tidy, queue_max: int) -> None:
        self._begin = begin
        self._group = group
        self._tidy = tidy
        self._queue_max = queue_max
        self._waiting = 0
        self._closed = False
        self._loop: asyncio.AbstractEventLoop
        self._queue: SimpleQueue[Taken | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="write-lane", daemon=True)
        self._thread.start()

    def take(self, request: FhirRequest, answered: Answered) -> None:
        if self._closed:
            raise StoreUnavailable.of(messages.STOPPING())
        if self._waiting >= self._queue_max:
            raise StoreUnavailable.of(messages.OVERLOADED())
        self._loop = asyncio.get_running_loop()
        self._waiting += 1
        self._queue.put((request, answered))

    async def close(self) -> None:
        self._closed = True
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _work(self) -> None:
        served = 1
        while (first := self._next()) is not None:
            if self._queue.qsize() + 1 < served:
                # Those answered a moment ago are about to ask again; a flush for each would cost more.
                time.sleep(GATHER_SECONDS)
            batch, last = self._waiting_with(first)
            served = len(batch)
            outcomes = self._run([request for request, _ in batch])
            self._loop.call_soon_threadsafe(self._answer, [answered for _, answered in batch], outcomes)
            if last:
                return

    def _next(self) -> Taken | None:
        """What comes next; while nothing does, the store is tidied up."""
        untidy, seconds = True, IDLE_SECONDS
        while untidy:
            try:
                return self._queue.get(timeout=seconds)
            except Empty:
                untidy, seconds = self._tidied(), PAUSE_SECONDS
        return self._queue.get()

    def _tidied(self) -> bool:
        """Tidy up a little; whether there is more to do. What fails now will be tried again after a write."""
        try:
            return self._tidy()
        except Exception:
            return False

    def _waiting_with(self, first: Taken) -> tuple[list[Taken], bool]:
        """All that waits now, and whether the lane closes after it."""
        batch = [first]
        while len(batch) < GROUP_MAX:
            try:
                item = self._queue.get_nowait()
            except Empty:
                break
            if item is None:
                return batch, True
            batch.append(item)
        return batch, False

    def _run(self, requests: list[FhirRequest]) -> list[Outcome]:
        begun = [_tried(partial(self._begin, request)) for request in requests]
        outcomes: list[Outcome] = []
        try:
            # From here on other processes wait.
            with self._group():
                outcomes.extend(rest if isinstance(rest, Exception) else _tried(rest) for rest in begun)
        except Exception as failure:
            # The group did not become durable: no success in it happened. What was refused stays refused.
            outcomes = [failure if isinstance(outcome, FhirResponse) else outcome for outcome in outcomes]
            outcomes += [failure] * (len(requests) - len(outcomes))
        return outcomes

    def _answer(self, all_answered: list[Answered], outcomes: list[Outcome]) -> None:
        self._waiting -= len(outcomes)
        for answered, outcome in zip(all_answered, outcomes, strict=True):
            self._loop.call_soon(answered, outcome)


def _tried(step: Callable[[], T]) -> T | Exception:
    try:
        return step()
    except Exception as error:
        return error


class PoolLane:
    """Threads for a store that is reached over a network; each request commits for itself."""

    def __init__(self, dispatch: Dispatch, threads: int, queue_max: int) -> None:
        self._dispatch = dispatch
        self._queue_max = queue_max
        self._waiting = 0
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="store")

    def take(self, request: FhirRequest, answered: Answered) -> None:
        if self._waiting >= self._queue_max:
            raise StoreUnavailable.of(messages.OVERLOADED())
        loop, work = asyncio.get_running_loop(), partial(self._dispatch, request)
        done = loop.run_in_executor(self._pool, _tried, work)
        self._waiting += 1
        done.add_done_callback(partial(self._answer, answered))

    async def close(self) -> None:
        await asyncio.to_thread(self._pool.shutdown)

    def _answer(self, answered: Answered, done: asyncio.Future[Outcome]) -> None:
        self._waiting -= 1
        answered(done.result())
