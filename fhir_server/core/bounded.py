"""Work of others' making that must come to an end."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

CALLS_BETWEEN_LOOKS = 256
"""The clock is looked at so often, which is thousands of times a second."""


class TakesTooLong(ValueError):
    """The work has not come to its end in time."""


@contextmanager
def bounded(seconds_max: float) -> Iterator[None]:
    """Let this thread keep a processor busy for so long and no longer. Raises `TakesTooLong`.

    One call of a function that is not written in Python is not interrupted.
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
