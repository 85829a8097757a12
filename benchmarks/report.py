"""The results as text for people, and as JSON for programs."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.bench import Row
from benchmarks.figures import Figure, Side, Table


@dataclass(frozen=True, slots=True)
class Result:
    """A row with its figure, or with the reason why it has none."""

    row: Row
    figure: Figure | None
    failure: str = ""

    @property
    def met(self) -> bool:
        return self.figure is not None and self.row.target.met(self.figure)

    @property
    def verdict(self) -> str:
        if self.figure is None:
            return "failed"
        return self.figure.doubt or ("met" if self.met else "MISSED")

    @property
    def margin(self) -> float:
        """The ratio to the target; 0 when nothing was measured."""
        return self.row.target.margin(self.figure) if self.figure else 0.0


def text(result: Result) -> str:
    """One line with the verdict, and the absolute figures below it."""
    row, figure = result.row, result.figure
    head = f"{result.verdict:>12}  {row.name:<12} {row.title}: target {row.target}"
    if figure is None:
        return f"{head}\n{'':14}{result.failure}"
    unit = row.target.unit and f" {row.target.unit}"
    measured = f", measured {figure.value:.2f}{unit} (from {figure.low:.2f} to {figure.high:.2f})"
    behind = _table(figure.table) if figure.table else []
    return "\n".join([head + measured, *map(_side, figure.sides), *behind])


def _table(table: Table) -> list[str]:
    """The lines of a table: the first column left-aligned, the others right-aligned."""
    rows = (table.heads, *table.lines)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return [f"{'':14}{line}" for line in (*lines, *table.notes)]


def _side(side: Side) -> str:
    busy = f"server {side.server_busy:.0%} busy ({side.rate_per_processor_second:,.0f}/s of its own time)"
    return (
        f"{'':14}{side.label:<14} {side.rate:>9,.0f} {side.unit:<12} p50 {side.p50_seconds * 1000:6.2f} ms   "
        f"p99 {side.p99_seconds * 1000:6.2f} ms   {busy}, client {side.client_busy:.0%}"
    )


def document(machine: str, results: Sequence[Result]) -> str:
    """All results as JSON."""
    return json.dumps({"machine": machine, "rows": [_row(result) for result in results]}, indent=2)


def _row(result: Result) -> dict[str, Any]:
    row, figure = result.row, result.figure
    described = {
        "name": row.name,
        "title": row.title,
        "target": str(row.target),
        "verdict": result.verdict,
    }
    if figure is None:
        return described | {"failure": result.failure}
    measured = {"value": figure.value, "low": figure.low, "high": figure.high}
    sides = {"sides": [_side_values(side) for side in figure.sides]}
    return described | measured | sides | ({"table": _table_values(figure.table)} if figure.table else {})


def _table_values(table: Table) -> list[dict[str, str]]:
    return [dict(zip(table.heads, line, strict=True)) for line in table.lines]


def _side_values(side: Side) -> dict[str, Any]:
    return {
        "label": side.label,
        "unit": side.unit,
        "rate": side.rate,
        "p50_seconds": side.p50_seconds,
        "p99_seconds": side.p99_seconds,
        "client_busy": side.client_busy,
        "server_busy": side.server_busy,
        "rate_per_processor_second": side.rate_per_processor_second,
    }
