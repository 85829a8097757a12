"""Compares the forecast of the opinion with the sums of the pulled claims, cell by cell."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from benchmarks.proof.ledger import Event
from mappings.sesame.cohort.forecast_table import ForecastPeriod

CENTS = 100
Amount = int | Decimal


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure, expected and found."""

    name: str
    expected: Amount
    found: Amount

    @property
    def holds(self) -> bool:
        return self.expected == self.found


def cells(periods: Sequence[ForecastPeriod], events: Iterable[Event]) -> list[Cell]:
    """All cells of the table, its totals, and the counts that must be 0, such as second claims."""
    all_events = list(events)
    within = [[one for one in all_events if period.start <= one.start <= period.end] for period in periods]
    found = [cell for period, of_one in zip(periods, within, strict=True) for cell in _cells(period, of_one)]
    sequences = Counter(event.sequence for event in all_events if event.status == "active")
    totals = [
        Cell("total FISS EUR", sum(period.euros for period in periods), _euros(all_events)),
        Cell("total claims", sum(period.leger + period.sequences for period in periods), len(all_events)),
        Cell("claims outside the periods", 0, len(all_events) - sum(map(len, within))),
        Cell("sequences with a second claim", 0, sum(count > 1 for count in sequences.values())),
        Cell("claims cancelled", 0, sum(event.status != "active" for event in all_events)),
    ]
    return found + totals


def _cells(period: ForecastPeriod, events: Sequence[Event]) -> Iterator[Cell]:
    months = f"{period.start:%Y-%m} to {period.end:%Y-%m}"
    classique = [event for event in events if event.forfait == "classique"]
    yield Cell(f"{months} léger", period.leger, len(events) - len(classique))
    first = sum(event.rank == 1 for event in classique)
    yield Cell(f"{months} classique patients", period.classique, first)
    yield Cell(f"{months} classique sequences", period.sequences, len(classique))
    yield Cell(f"{months} FISS EUR", period.euros, _euros(events))


def _euros(events: Iterable[Event]) -> Decimal:
    return Decimal(sum(event.cents for event in events)) / CENTS


def counted(expected: Mapping[str, int], found: Mapping[str, int]) -> list[Cell]:
    """The cells of counts by the server itself."""
    return [Cell(name, number, found[name]) for name, number in expected.items()]


def table(found: Iterable[Cell]) -> str:
    """The cells as a text table, each with its verdict."""
    lines = [("", "expected", "found", "")]
    lines += [
        (one.name, f"{one.expected:,}", f"{one.found:,}", "" if one.holds else "DIFFERS") for one in found
    ]
    return "\n".join(
        f"{name:<46} {expected:>13} {got:>13}  {verdict}".rstrip() for name, expected, got, verdict in lines
    )
