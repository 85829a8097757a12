"""One line for each request, written with others."""

import asyncio
import json
import time

import pytest

from fhir_server.api.request_log import LINES_MAX, RequestLog


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is written, at a quarter past a second."""
    monkeypatch.setattr(time, "time", lambda: 1_600_000_000.25)
    return []


def noted(written: list[str], times: int) -> RequestLog:
    """A log after so many requests of 12.34 milliseconds."""

    async def answer() -> RequestLog:
        log = RequestLog(written.append, frozenset({"Patient"}))
        for _ in range(times):
            log.add("GET", ("Patient", "martin"), 200, 0.012_34, b"r1")
        return log

    return asyncio.run(answer())


def test_a_line_tells_when_and_for_how_long(written: list[str]) -> None:
    noted(written, 1).flush()
    assert json.loads(written[0]) == {
        "time": "2020-09-13T12:26:40.250Z",
        "method": "GET",
        "path": "/Patient/{}",
        "status": 200,
        "ms": 12.3,
        "request": "r1",
    }


def test_no_more_lines_wait_than_are_written_at_once(written: list[str]) -> None:
    log = noted(written, LINES_MAX + 1)
    assert [text.count("\n") for text in written] == [LINES_MAX]
    log.flush()
    log.flush()
    assert [text.count("\n") for text in written] == [LINES_MAX, 1]
