"""The tools of a benchmark row: servers, effort, and comparisons in alternating rounds."""

import itertools
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import client, servers
from benchmarks.client import Span
from benchmarks.figures import FLOOR, FLOOR_BUSY_MIN, Figure, Sample, Side, Target
from benchmarks.machine import Cores
from benchmarks.profile import Profile
from benchmarks.servers import Server
from benchmarks.wire import Response
from benchmarks.workloads import Workload

SIZES = (250, 1_000, 4_000, 16_000)


@dataclass(frozen=True, slots=True)
class Effort:
    """The duration of measurements, the size of the store and the number of starts; `sizes` are the numbers
    of patients of the growth benchmark.
    """

    rounds: int
    span: Span
    patients: int
    starts: int
    sizes: tuple[int, ...]


FULL = Effort(rounds=7, span=Span(warm_up_seconds=0.5, seconds=2.0), patients=4_000, starts=7, sizes=SIZES)
QUICK = Effort(
    rounds=3, span=Span(warm_up_seconds=0.2, seconds=0.7), patients=1_000, starts=3, sizes=SIZES[:-1]
)
PROFILING = Effort(
    rounds=2, span=Span(warm_up_seconds=0.5, seconds=2.0), patients=1_000, starts=1, sizes=SIZES[:2]
)


@dataclass(frozen=True, slots=True)
class Load:
    """One side of a comparison: `workload` returns the load of a round, `unit` is the unit of its rate."""

    label: str
    unit: str
    server: Server
    workload: Callable[[int], Workload]


@dataclass(slots=True)
class Bench:
    """The tools of one row. `profile`, if given, samples the product under load."""

    cores: Cores
    effort: Effort
    profile: Profile | None = None

    @contextmanager
    def product(self, workers: int = 1) -> Iterator[Server]:
        """A new product server on an empty store: one process on the server core, or several on all cores."""
        core = self.cores.server if workers == 1 else None
        settings = {"WORKERS": str(workers)}
        with (
            tempfile.TemporaryDirectory(prefix="fhir-bench-") as folder,
            servers.product(core, Path(folder), settings) as server,
        ):
            yield server

    def against_floor(
        self,
        server: Server,
        answer: Response,
        workload: Callable[[int], Workload],
        floor_workload: Callable[[int], Workload],
    ) -> Figure:
        """The product's rate as a ratio to the floor's; the floor returns `answer` to every request."""
        with (
            tempfile.TemporaryDirectory(prefix="fhir-bench-") as folder,
            servers.floor(self.cores.server, Path(folder), answer.status, answer.body) as floor,
        ):
            over = Load("product", "req/s", server, workload)
            under = Load(FLOOR, "req/s", floor, floor_workload)
            return self.compare(over, under)

    def compare(self, over: Load, under: Load) -> Figure:
        """The ratio of two loads, whose rounds alternate in order, so that drift cancels out.

        A round in which other programs used the floor's core is repeated, at most as many times as there are
        rounds.
        """
        rounds: list[tuple[Sample, Sample]] = []
        patience = self.effort.rounds
        for number in itertools.count():
            both = self._both(over, under, number)
            if under.label == FLOOR and both[1].server_busy < FLOOR_BUSY_MIN and patience:
                patience -= 1
            else:
                rounds.append(both)
            if len(rounds) == self.effort.rounds:
                break
        over_samples, under_samples = zip(*rounds, strict=True)
        return Figure.ratio(
            Side(over.label, over.unit, over_samples), Side(under.label, under.unit, under_samples)
        )

    def _both(self, over: Load, under: Load, number: int) -> tuple[Sample, Sample]:
        if number % 2:
            first = self._round(over, number, profiled=True)
            return first, self._round(under, number, profiled=False)
        second = self._round(under, number, profiled=False)
        return self._round(over, number, profiled=True), second

    def _round(self, load: Load, number: int, profiled: bool) -> Sample:
        taking = self.profile.taking(load.server) if self.profile and profiled else nullcontext()
        server = load.server
        with taking:
            return client.measure(
                server.port,
                server.processor_seconds,
                load.workload(number),
                self.effort.span,
                self.cores.client,
            )


@dataclass(frozen=True, slots=True)
class Row:
    """A benchmark: its description, its target, and the function that measures it."""

    name: str
    title: str
    target: Target
    measure: Callable[[Bench], Figure] = field(compare=False)
