"""Executors that run requests outside the event loop: one thread with group commit, or a pool of threads.

A commit costs a disk flush: waiting writes are committed as a group and share it.
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
"""How long the queue must have been empty before deferred work begins. Longer than one client takes between
two writes: to do it after each write costs twice as much as to do it for many at once."""
PAUSE_SECONDS = 0.02
"""Between two steps of deferred work."""

Dispatch = Callable[[FhirRequest], FhirResponse]
Commit = Callable[[], FhirResponse]
Prepare = Callable[[FhirRequest], Commit]
"""Does the part of a request that needs no lock, and returns the rest."""
DeferredWork = Callable[[], bool]
"""Does a step of the work that writes have deferred; whether there is more."""
Group = Callable[[], AbstractContextManager[None]]
Answer = asyncio.Future[FhirResponse]
Outcome = FhirResponse | Exception
OnOutcome = Callable[[Outcome], None]
"""Called in the event loop with the outcome of a request."""
Submission = tuple[FhirRequest, OnOutcome]


class Executor(Protocol):
    """Runs requests outside the event loop."""

    def submit(self, request: FhirRequest, on_outcome: OnOutcome) -> None:
        """Queue a request. Raises `StoreUnavailable` when the queue is full."""
        ...

    async def close(self) -> None:
        """Finish what is queued, then stop."""
        ...


def submit_async(executor: Executor, request: FhirRequest) -> Answer:
    """Queue a request; the future of its answer. Raises `StoreUnavailable` when the queue is full."""
    answer: Answer = asyncio.get_running_loop().create_future()
    executor.submit(request, partial(_resolve, answer))
    return answer


def _resolve(answer: Answer, outcome: Outcome) -> None:
    if answer.done():
        return
    if isinstance(outcome, FhirResponse):
        answer.set_result(outcome)
    else:
        answer.set_exception(outcome)


class WriteExecutor:
    """One thread that takes all waiting writes, prepares each, commits them as one group of the store, and
    answers them all once the group is durable. While idle, it does the store's deferred work."""

    def __init__(
        self, prepare: Prepare, group: Group, do_deferred_work: DeferredWork, queue_max: int
    ) -> None:
        self._prepare = prepare
        self._group = group
        self._do_deferred_work = do_deferred_work
        self._queue_max = queue_max
        self._waiting = 0
        self._closed = False
        self._loop: asyncio.AbstractEventLoop
        self._queue: SimpleQueue[Submission | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="writer", daemon=True)
        self._thread.start()

    def submit(self, request: FhirRequest, on_outcome: OnOutcome) -> None:
        if self._closed:
            raise StoreUnavailable.of(messages.STOPPING())
        if self._waiting >= self._queue_max:
            raise StoreUnavailable.of(messages.OVERLOADED())
        self._loop = asyncio.get_running_loop()
        self._waiting += 1
        self._queue.put((request, on_outcome))

    async def close(self) -> None:
        self._closed = True
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _work(self) -> None:
        served = 1
        while (first := self._next()) is not None:
            if self._queue.qsize() + 1 < served:
                # The clients just answered are about to write again: wait for them to share the next flush.
                time.sleep(GATHER_SECONDS)
            batch, last = self._take_batch(first)
            served = len(batch)
            outcomes = self._run([request for request, _ in batch])
            self._loop.call_soon_threadsafe(self._answer, [on_outcome for _, on_outcome in batch], outcomes)
            if last:
                return

    def _next(self) -> Submission | None:
        """The next submission, or None to stop. Does deferred work while the queue is empty."""
        has_work, seconds = True, IDLE_SECONDS
        while has_work:
            try:
                return self._queue.get(timeout=seconds)
            except Empty:
                has_work, seconds = self._try_deferred_work(), PAUSE_SECONDS
        return self._queue.get()

    def _try_deferred_work(self) -> bool:
        """Do one step of deferred work; whether there is more. A failed step is retried after a write."""
        try:
            return self._do_deferred_work()
        except Exception:
            return False

    def _take_batch(self, first: Submission) -> tuple[list[Submission], bool]:
        """All that is queued, `GROUP_MAX` at most, and whether to stop after it."""
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
        prepared = [_result_or_error(partial(self._prepare, request)) for request in requests]
        outcomes: list[Outcome] = []
        try:
            # From here on the store is locked for other processes.
            with self._group():
                outcomes.extend(
                    step if isinstance(step, Exception) else _result_or_error(step) for step in prepared
                )
        except Exception as failure:
            # The group was not committed: every success becomes this failure. Refusals stay as they are.
            outcomes = [failure if isinstance(outcome, FhirResponse) else outcome for outcome in outcomes]
            outcomes += [failure] * (len(requests) - len(outcomes))
        return outcomes

    def _answer(self, callbacks: list[OnOutcome], outcomes: list[Outcome]) -> None:
        self._waiting -= len(outcomes)
        for on_outcome, outcome in zip(callbacks, outcomes, strict=True):
            self._loop.call_soon(on_outcome, outcome)


def _result_or_error(step: Callable[[], T]) -> T | Exception:
    try:
        return step()
    except Exception as error:
        return error


class PoolExecutor:
    """A thread pool, for a store that is reached over a network; each request commits by itself."""

    def __init__(self, dispatch: Dispatch, threads: int, queue_max: int) -> None:
        self._dispatch = dispatch
        self._queue_max = queue_max
        self._waiting = 0
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="store")

    def submit(self, request: FhirRequest, on_outcome: OnOutcome) -> None:
        if self._waiting >= self._queue_max:
            raise StoreUnavailable.of(messages.OVERLOADED())
        loop, work = asyncio.get_running_loop(), partial(self._dispatch, request)
        done = loop.run_in_executor(self._pool, _result_or_error, work)
        self._waiting += 1
        done.add_done_callback(partial(self._answer, on_outcome))

    async def close(self) -> None:
        await asyncio.to_thread(self._pool.shutdown)

    def _answer(self, on_outcome: OnOutcome, done: asyncio.Future[Outcome]) -> None:
        self._waiting -= 1
        on_outcome(done.result())
