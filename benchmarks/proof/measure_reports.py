"""Compares the server's own MeasureReports of each period with the forecast.

https://hl7.org/fhir/R4/measurereport.html
"""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from benchmarks.proof.comparison import Cell
from fhir_server.core import json
from mappings.sesame.cohort.forecast_table import ForecastPeriod

Get = Callable[[str], dict[str, Any]]
"""Returns the JSON of a URL."""


def measured_cells(get: Get, base: str, periods: Sequence[ForecastPeriod]) -> list[Cell]:
    """The cells of patients admitted, sequences billed by track, and euros, in each period."""
    return [cell for period in periods for cell in _of(get, base, period)]


def _of(get: Get, base: str, period: ForecastPeriod) -> Iterator[Cell]:
    name = f"MeasureReport {period.start:%Y-%m}"
    begun = _groups(get, base, "inclusions", period)
    billed = _groups(get, base, "sequences-facturees", period)
    yield Cell(f"{name} léger patients", period.leger, _count(begun["leger"]))
    yield Cell(f"{name} classique patients", period.classique, _count(begun["classique"]))
    yield Cell(f"{name} léger billed", period.leger, _count(billed["leger"]))
    yield Cell(f"{name} classique billed", period.sequences, _count(billed["classique"]))
    yield Cell(f"{name} EUR", period.euros, sum(map(_euros, billed.values()), Decimal(0)))


def _groups(get: Get, base: str, measure: str, period: ForecastPeriod) -> dict[str, dict[str, Any]]:
    """The groups of a report by their code."""
    asked = f"periodStart={period.start}&periodEnd={period.end}"
    report = get(f"{base}/Measure/{measure}/$evaluate-measure?{asked}")
    return {group["code"]["coding"][0]["code"]: group for group in report["group"]}


def _count(group: dict[str, Any]) -> int:
    count: int = group["population"][0]["count"]
    return count


def _euros(group: dict[str, Any]) -> Decimal:
    score = group["measureScore"]
    assert score["code"] == "EUR"
    return json.decimal(score["value"])
