"""The default clock of stores; tests pass another."""

import time


def wall_clock() -> int:
    """Microseconds since 1970, UTC."""
    return time.time_ns() // 1000
