"""A time limit for work whose cost depends on what clients send, such as their FHIRPath expressions."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

CALLS_BETWEEN_CHECKS = 256
"""Function calls between two checks of the clock, which makes thousands of checks a second."""


class TimeLimitExceeded(ValueError):
    """The work was stopped because it exceeded its time limit."""


@contextmanager
def time_limit(seconds_max: float) -> Iterator[None]:
    """Raise `TimeLimitExceeded` once the block has used `seconds_max` of this thread's processor time.

    A call of a function that is not written in Python is not interrupted.
    """
    deadline, calls = time.thread_time() + seconds_max, 0

    def watch(_frame: FrameType, _event: str, _argument: Any) -> None:
        nonlocal calls
        calls += 1
        if calls % CALLS_BETWEEN_CHECKS == 0 and time.thread_time() > deadline:
            raise TimeLimitExceeded(f"it takes longer than {seconds_max:g} s")

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        yield
    finally:
        sys.setprofile(before)
