"""Writes share a group; a group that fails takes its successes with it; the queue has an end."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from fhir_server.api import messages
from fhir_server.api.executors import Commit, PoolExecutor, WriteExecutor, submit_async
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import FhirError, NotFound, StoreFull, StoreUnavailable


def request(name: str) -> FhirRequest:
    return FhirRequest(method="POST", path=(name,), base_url="")


def dispatch(request: FhirRequest) -> FhirResponse:
    if request.path == ("bad",):
        raise NotFound.of(messages.UNEXPECTED(id="bad"))
    return FhirResponse(201, location=request.path[0])


def prepare(request: FhirRequest) -> Commit:
    return partial(dispatch, request)


def no_deferred_work() -> bool:
    return False


class Groups:
    """Counts groups; `gate` holds the first one back, `failure` is raised at the end of each."""

    def __init__(self, failure: FhirError | None = None) -> None:
        self.count = 0
        self.failure = failure
        self.gate = threading.Event()

    @contextmanager
    def __call__(self) -> Iterator[None]:
        self.count += 1
        self.gate.wait(10)
        yield
        if self.failure is not None:
            raise self.failure


async def outcomes(executor: WriteExecutor, groups: Groups, names: list[str]) -> list[object]:
    answers = [submit_async(executor, request(name)) for name in names]
    groups.gate.set()
    gathered = await asyncio.gather(*answers, return_exceptions=True)
    await executor.close()
    return list(gathered)


def test_requests_that_wait_share_one_group() -> None:
    groups = Groups()
    executor = WriteExecutor(prepare, groups, no_deferred_work, queue_max=100)
    answers = asyncio.run(outcomes(executor, groups, [f"r{n}" for n in range(50)]))
    assert [answer.location for answer in answers] == [f"r{n}" for n in range(50)]  # type: ignore[attr-defined]
    assert groups.count <= 2


def test_a_refused_request_leaves_its_neighbours_alone() -> None:
    groups = Groups()
    executor = WriteExecutor(prepare, groups, no_deferred_work, queue_max=100)
    first, second, third = asyncio.run(outcomes(executor, groups, ["a", "bad", "c"]))
    assert isinstance(first, FhirResponse)
    assert isinstance(second, NotFound)
    assert isinstance(third, FhirResponse)


def test_a_group_that_is_not_durable_answers_no_success() -> None:
    groups = Groups(failure=StoreFull.of(messages.OVERLOADED()))
    executor = WriteExecutor(prepare, groups, no_deferred_work, queue_max=100)
    first, second, third = asyncio.run(outcomes(executor, groups, ["a", "bad", "c"]))
    assert isinstance(first, StoreFull)
    assert isinstance(second, NotFound)
    assert isinstance(third, StoreFull)


def test_what_needs_no_group_is_done_before_it() -> None:
    seen: list[str] = []

    def judge(request: FhirRequest) -> Commit:
        (name,) = request.path
        seen.append(f"judged {name}")
        if name == "bad":
            raise NotFound.of(messages.UNEXPECTED(id="bad"))
        return partial(write, request)

    def write(request: FhirRequest) -> FhirResponse:
        seen.append(f"wrote {request.path[0]}")
        return FhirResponse(201)

    @contextmanager
    def group() -> Iterator[None]:
        seen.append("group")
        yield

    async def run() -> list[object]:
        executor = WriteExecutor(judge, group, no_deferred_work, queue_max=10)
        gathered = await asyncio.gather(
            *[submit_async(executor, request(name)) for name in ("bad", "a")], return_exceptions=True
        )
        await executor.close()
        return list(gathered)

    refused, written = asyncio.run(run())
    assert isinstance(refused, NotFound)
    assert isinstance(written, FhirResponse)
    assert [one for one in seen if one.endswith("a") or one == "group"][-3:] == [
        "judged a",
        "group",
        "wrote a",
    ]


def test_a_full_queue_refuses() -> None:
    groups = Groups()

    async def fill() -> None:
        executor = WriteExecutor(prepare, groups, no_deferred_work, queue_max=2)
        answers = [submit_async(executor, request("a")), submit_async(executor, request("b"))]
        with pytest.raises(StoreUnavailable):
            submit_async(executor, request("c"))
        groups.gate.set()
        await asyncio.gather(*answers)
        await submit_async(executor, request("d"))
        await executor.close()

    asyncio.run(fill())


def test_closing_finishes_what_waits_and_takes_no_more() -> None:
    groups = Groups()

    async def close() -> None:
        executor = WriteExecutor(prepare, groups, no_deferred_work, queue_max=10)
        answer = submit_async(executor, request("a"))
        closing = asyncio.create_task(executor.close())
        await asyncio.sleep(0)
        with pytest.raises(StoreUnavailable):
            submit_async(executor, request("b"))
        groups.gate.set()
        assert (await answer).location == "a"
        await closing

    asyncio.run(close())


def test_the_pool_runs_side_by_side() -> None:
    together = threading.Barrier(3, timeout=10)

    def meet(request: FhirRequest) -> FhirResponse:
        together.wait()
        return dispatch(request)

    async def run() -> list[FhirResponse]:
        executor = PoolExecutor(meet, threads=3, queue_max=3)
        answers = [submit_async(executor, request(name)) for name in "abc"]
        with pytest.raises(StoreUnavailable):
            submit_async(executor, request("d"))
        done = await asyncio.gather(*answers)
        await executor.close()
        return list(done)

    assert [answer.location for answer in asyncio.run(run())] == ["a", "b", "c"]


def test_deferred_work_is_done_while_idle_until_none_is_left() -> None:
    left = [True, True, False]
    done = threading.Event()

    def deferred_work() -> bool:
        if len(left) == 1:
            done.set()
        return left.pop(0)

    async def write_and_rest() -> None:
        executor = WriteExecutor(prepare, Groups(), deferred_work, queue_max=10)
        await asyncio.to_thread(done.wait, 10)
        await executor.close()

    asyncio.run(write_and_rest())
    assert left == []


def test_an_executor_whose_deferred_work_fails_goes_on() -> None:
    def deferred_work() -> bool:
        raise StoreFull.of(messages.OVERLOADED())

    async def write() -> FhirResponse:
        groups = Groups()
        groups.gate.set()
        executor = WriteExecutor(prepare, groups, deferred_work, queue_max=10)
        await asyncio.sleep(0.05)
        answer = await submit_async(executor, request("a"))
        await executor.close()
        return answer

    assert asyncio.run(write()).location == "a"
