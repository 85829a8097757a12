"""The start-up time to the first response on /fhir/metadata, and the memory after it."""

import tempfile
from pathlib import Path

from benchmarks import servers
from benchmarks.bench import Bench, Row
from benchmarks.figures import Figure, Target

MEBIBYTE = 1 << 20


def start_on_nothing(bench: Bench) -> Figure:
    """The start without a store, which creates one."""
    times = []
    for _ in range(bench.effort.starts + 1):
        with bench.product() as server:
            times.append(server.ready_seconds)
    return Figure.of(times[1:])  # the first may still have compiled the code


def start_again(bench: Bench) -> Figure:
    """The start on an existing store."""
    times = []
    with tempfile.TemporaryDirectory(prefix="fhir-bench-") as folder:
        for _ in range(bench.effort.starts + 1):
            with servers.product(bench.cores.server, Path(folder)) as server:
                times.append(server.ready_seconds)
    return Figure.of(times[1:])


def memory(bench: Bench) -> Figure:
    """The resident memory, including child processes."""
    sizes = []
    for _ in range(bench.effort.starts):
        with bench.product() as server:
            sizes.append(server.resident_bytes() / MEBIBYTE)
    return Figure.of(sizes)


ROWS = (
    Row(
        "start",
        "process start to first answer, no store yet",
        Target(1.5, at_least=False, unit="s"),
        start_on_nothing,
    ),
    Row(
        "restart",
        "process start to first answer, store in place",
        Target(1.5, at_least=False, unit="s"),
        start_again,
    ),
    Row("memory", "resident memory after it", Target(150.0, at_least=False, unit="MiB"), memory),
)
