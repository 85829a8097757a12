"""A time limit for work whose cost is decided by what clients send, such as their FHIRPath expressions."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

CALLS_BETWEEN_LOOKS = 256
"""Function calls between two looks at the clock: thousands of looks a second."""


class TakesTooLong(ValueError):
    """The work was stopped because it took too long."""


@contextmanager
def bounded(seconds_max: float) -> Iterator[None]:
    """Stop what runs inside after `seconds_max` of processor time of this thread. Raises `TakesTooLong`.

    A single call of a function that is not written in Python is not interrupted.
    """
    ends, calls = time.thread_time() + seconds_max, 0

    def watch(_frame: FrameType, _event: str, _argument: Any) -> None:
        nonlocal calls
        calls += 1
        if calls % CALLS_BETWEEN_LOOKS == 0 and time.thread_time() > ends:
            raise TakesTooLong(f"it takes longer than {seconds_max:g} s")

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        yield
    finally:
        sys.setprofile(before)
