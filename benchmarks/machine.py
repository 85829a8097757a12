"""The machine of the benchmarks: the cores of servers and client, and the cost of a flush to disk."""

import os
import platform
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

FLUSHES = 50


@dataclass(frozen=True, slots=True)
class Cores:
    """The core of the servers and the core of the client, which are the same on a single-core machine."""

    server: int
    client: int

    def __str__(self) -> str:
        if self.server == self.client:
            return f"servers and client share core {self.server}: ratios flatter the product here"
        return f"servers on core {self.server}, client on core {self.client}"


def cores() -> Cores:
    """The first and the last core that this process may use."""
    usable = sorted(os.sched_getaffinity(0))
    return Cores(server=usable[0], client=usable[-1])


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """Pin this process, and those that it starts inside the block, to one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def flush_seconds(folder: Path) -> float:
    """The median duration of a small durable append in `folder`."""
    path = folder / "flush"
    took = []
    with path.open("wb", buffering=0) as file:
        for _ in range(FLUSHES):
            started = time.perf_counter()
            file.write(bytes(4096))
            os.fsync(file.fileno())
            took.append(time.perf_counter() - started)
    path.unlink()
    return statistics.median(took)


def description(folder: Path) -> str:
    """A description of the machine, to judge the absolute figures."""
    return (
        f"Python {platform.python_version()} on {platform.machine()}, {os.cpu_count()} cores; {cores()}; "
        f"load average {os.getloadavg()[0]:.2f}; one flush to disk {flush_seconds(folder) * 1000:.2f} ms"
    )
