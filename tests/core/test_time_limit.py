"""Work that is stopped by a limit of processor time."""

import sys
import time
from types import FrameType
from typing import Any

import pytest

from fhir_server.core.time_limit import CALLS_BETWEEN_CHECKS, TimeLimitExceeded, time_limit


def work(calls: int) -> None:
    while calls > 0:
        calls -= abs(1)


def test_what_takes_too_long_is_stopped() -> None:
    with pytest.raises(TimeLimitExceeded, match=r"0\.01 s"), time_limit(0.01):
        work(10_000_000)


def test_what_is_done_in_time_comes_to_its_end_however_long_it_waits() -> None:
    with time_limit(0.05):
        time.sleep(0.06)
        work(CALLS_BETWEEN_CHECKS)


def test_who_watched_before_watches_again() -> None:
    def watch(_frame: FrameType, _event: str, _argument: Any) -> None:
        """Sees every call, and lets it be."""

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        with time_limit(1):
            assert sys.getprofile() is not watch
        assert sys.getprofile() is watch
    finally:
        sys.setprofile(before)
