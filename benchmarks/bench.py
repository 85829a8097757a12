"""What a row of the table works with: servers, effort, and comparisons in alternating rounds."""

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
    """How long to measure, on how full a store, over how many starts; growth is followed over `sizes`,
    numbers of patients.
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
    """One side of a comparison: `workload` gives the load of each round, `unit` names what it counts."""

    label: str
    unit: str
    server: Server
    workload: Callable[[int], Workload]


@dataclass(slots=True)
class Bench:
    """The means of one row. `profile`, where there is one, takes what the product does under load."""

    cores: Cores
    effort: Effort
    profile: Profile | None = None

    @contextmanager
    def product(self, workers: int = 1) -> Iterator[Server]:
        """A product server of the row's own, on an empty store: on its core, or several processes on all."""
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
        """How much of the floor's rate the product reaches; the floor gives `answer` to everything."""
        with (
            tempfile.TemporaryDirectory(prefix="fhir-bench-") as folder,
            servers.floor(self.cores.server, Path(folder), answer.status, answer.body) as floor,
        ):
            over = Load("product", "req/s", server, workload)
            under = Load(FLOOR, "req/s", floor, floor_workload)
            return self.compare(over, under)

    def compare(self, over: Load, under: Load) -> Figure:
        """The ratio of two loads, in rounds that take turns at going first, so that drift cancels out.

        A round in which the floor did not have its core to itself is taken again, as long as the patience
        lasts, which is for as many rounds as are wanted.
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
    """A line of the table: what is done, the bound it must keep to, and how it is measured."""

    name: str
    title: str
    target: Target
    measure: Callable[[Bench], Figure] = field(compare=False)
