"""Statistics of samples: percentiles, ratios of paired rounds, and comparison with targets."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

# Above this share, the client limits the round, and the ratio is meaningless.
CLIENT_BUSY_MAX = 0.95
# A floor alone on its core uses it fully; below this share, others used it too, which flatters the product.
FLOOR_BUSY_MIN = 0.9
# The label of the side that is the floor.
FLOOR = "floor"


def percentile(values: Sequence[float], rank: float) -> float:
    """The smallest of `values` that at least a share `rank` (0 to 1) of them does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -int(-rank * len(ordered) // 1) - 1)]


@dataclass(frozen=True, slots=True)
class Spent:
    """Processor time, in seconds, of the load client and of the server."""

    client: float = 0.0
    server: float = 0.0

    def __sub__(self, earlier: "Spent") -> "Spent":
        return Spent(self.client - earlier.client, self.server - earlier.server)


@dataclass(frozen=True, slots=True)
class Sample:
    """One round of load: work per second, latencies, and the share of a core that client and server used.

    A server far below 1 waited for the disk, or others used its core.
    """

    rate: float
    p50_seconds: float
    p99_seconds: float
    client_busy: float
    server_busy: float

    @classmethod
    def of(cls, latencies: Sequence[float], seconds: float, spent: Spent, weight: int = 1) -> Self:
        """The sample of requests answered within `seconds`, each of which does `weight` units of work."""
        return cls(
            rate=len(latencies) * weight / seconds,
            p50_seconds=percentile(latencies, 0.50),
            p99_seconds=percentile(latencies, 0.99),
            client_busy=spent.client / seconds,
            server_busy=spent.server / seconds,
        )


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison over all its rounds; `unit` is the unit of its rate."""

    label: str
    unit: str
    samples: tuple[Sample, ...]

    @property
    def rate(self) -> float:
        return statistics.median(sample.rate for sample in self.samples)

    @property
    def p50_seconds(self) -> float:
        return statistics.median(sample.p50_seconds for sample in self.samples)

    @property
    def p99_seconds(self) -> float:
        return statistics.median(sample.p99_seconds for sample in self.samples)

    @property
    def client_busy(self) -> float:
        return max(sample.client_busy for sample in self.samples)

    @property
    def server_busy(self) -> float:
        return statistics.median(sample.server_busy for sample in self.samples)

    @property
    def rate_per_processor_second(self) -> float:
        """The rate that the server would reach with its own core and without waiting for the disk."""
        return statistics.median(sample.rate / sample.server_busy for sample in self.samples)


@dataclass(frozen=True, slots=True)
class Table:
    """The details of a figure computed from many; `notes` explain it."""

    heads: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """The result of a row: the value to compare with the target, its range, and its details."""

    value: float
    low: float
    high: float
    sides: tuple[Side, ...] = ()
    table: Table | None = None

    @classmethod
    def of(cls, values: Sequence[float], table: Table | None = None) -> Self:
        """The median of repeated measurements."""
        return cls(statistics.median(values), min(values), max(values), table=table)

    @classmethod
    def ratio(cls, over: Side, under: Side) -> Self:
        """The median ratio of paired rounds."""
        ratios = [top.rate / bottom.rate for top, bottom in zip(over.samples, under.samples, strict=True)]
        return cls(statistics.median(ratios), min(ratios), max(ratios), (over, under))

    @property
    def doubt(self) -> str:
        """Why the figure is unreliable; empty if it is reliable."""
        if any(side.client_busy > CLIENT_BUSY_MAX for side in self.sides):
            return "client-bound"
        if any(side.label == FLOOR and side.server_busy < FLOOR_BUSY_MIN for side in self.sides):
            return "disturbed"
        return ""


@dataclass(frozen=True, slots=True)
class Target:
    """A lower or upper bound in some unit; a ratio has no unit."""

    bound: float
    at_least: bool = True
    unit: str = ""

    def met(self, figure: Figure) -> bool:
        """Whether a figure meets the bound. An unreliable one does not."""
        if figure.doubt:
            return False
        return figure.value >= self.bound if self.at_least else figure.value <= self.bound

    def margin(self, figure: Figure) -> float:
        """The ratio to the bound: 1 is exactly the bound, below 1 is a miss."""
        return figure.value / self.bound if self.at_least else self.bound / figure.value

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self.bound:g}{self.unit and ' ' + self.unit}"
