"""The objectives of the programme: dated data, each row with its source, in `objectives.json`.

The two documents disagree on the end of 2024. Both objectives are given, each under its own source.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from itertools import groupby

from fhir_server.core import json
from mappings.sesame.measures.scope import Scope

SOURCES: Mapping[str, tuple[str, str]] = {
    "avis-2023": (
        "2023-06-15",
        "Avis du comité technique de l'innovation en santé, juin 2023 : tableau prévisionnel",
    ),
    "rapport-2024": ("2024-12-31", "Quartet Santé, rapport d'activité 2024 : objectif"),
}
"""The source documents of the objectives: date and title by id."""


@dataclass(frozen=True, slots=True)
class Objective:
    """The count expected from `start` to `end`, both included, for one group or for all;
    `amount` in euros.
    """

    measure: str
    group: str | None
    start: date
    end: date
    count: int
    amount: int | None
    source: str


def read_objectives() -> tuple[Objective, ...]:
    """Every objective on record."""
    rows = json.parse(files("mappings.sesame.measures").joinpath("objectives.json").read_bytes())
    return tuple(
        Objective(
            measure=row["measure"],
            group=row["group"],
            start=date.fromisoformat(row["from"]),
            end=date.fromisoformat(row["until"]),
            count=row["count"],
            amount=row["amount"],
            source=row["source"],
        )
        for row in rows
    )


def objectives_in(objectives: Iterable[Objective], scope: Scope) -> list[list[Objective]]:
    """The objectives whose periods overlap that of the scope: one list per measure, period and source."""
    overlapping = (one for one in objectives if one.start <= scope.end and scope.start <= one.end)

    def key(one: Objective) -> tuple[str, date, date, str]:
        return one.measure, one.start, one.end, one.source

    return [list(rows) for _, rows in groupby(sorted(overlapping, key=key), key=key)]
