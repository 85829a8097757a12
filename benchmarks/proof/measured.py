"""What the server's own MeasureReports say of each period, beside what was pulled and summed.

https://hl7.org/fhir/R4/measurereport.html
"""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from benchmarks.proof.account import Cell
from fhir_server.core import json
from mappings.sesame.cohort.forecast_table import Column

Get = Callable[[str], dict[str, Any]]
"""Gives the JSON of a URL."""


def measured(get: Get, base: str, columns: Sequence[Column]) -> list[Cell]:
    """Patients who began and sequences billed, by track, and the euros of both, in each period."""
    return [cell for column in columns for cell in _of(get, base, column)]


def _of(get: Get, base: str, column: Column) -> Iterator[Cell]:
    name = f"MeasureReport {column.start:%Y-%m}"
    begun = _groups(get, base, "inclusions", column)
    billed = _groups(get, base, "sequences-facturees", column)
    yield Cell(f"{name} léger patients", column.leger, _count(begun["leger"]))
    yield Cell(f"{name} classique patients", column.classique, _count(begun["classique"]))
    yield Cell(f"{name} léger billed", column.leger, _count(billed["leger"]))
    yield Cell(f"{name} classique billed", column.sequences, _count(billed["classique"]))
    yield Cell(f"{name} EUR", column.euros, sum(map(_euros, billed.values()), Decimal(0)))


def _groups(get: Get, base: str, measure: str, column: Column) -> dict[str, dict[str, Any]]:
    """The groups of a report by their code."""
    asked = f"periodStart={column.start}&periodEnd={column.end}"
    report = get(f"{base}/Measure/{measure}/$evaluate-measure?{asked}")
    return {group["code"]["coding"][0]["code"]: group for group in report["group"]}


def _count(group: dict[str, Any]) -> int:
    count: int = group["population"][0]["count"]
    return count


def _euros(group: dict[str, Any]) -> Decimal:
    score = group["measureScore"]
    assert score["code"] == "EUR"
    return json.decimal(score["value"])
