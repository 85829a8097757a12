"""The columns of the CSV of claims, defined by the ConceptMap `claim-to-csv`.

Each element of the map is a column: its code is the path of the value in the Claim, its target the name. A
map with the same canonical URL that is stored on the server overrides the guide's: billing chooses.
https://hl7.org/fhir/R4/conceptmap.html
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from fhir_server.errors import BusinessRule
from fhir_server.extension import Engine, Resource
from mappings.sesame.billing import messages
from mappings.sesame.guide import Guide

MAP = "claim-to-csv"
CURSOR = "$billing-feed.after"
"""The code of the column that holds the cursor after a row."""

STEP = re.compile(r"[a-zA-Z]+(:[a-zA-Z]+)?")
SLICED_BY = ("category", "relationship")
"""The elements whose codes discriminate the slices of a Claim's lists."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name and the steps of the path to its value; no steps for the cursor."""

    name: str
    steps: tuple[str, ...]


def columns(guide: Guide, engine: Engine) -> list[Column]:
    """The columns in the order of the map. Raises `BusinessRule` for an invalid map."""
    url = guide.canonical("ConceptMap", MAP)
    stated = next((one for one in engine.codes.concept_maps() if one.get("url") == url), None)
    found = list(_read(stated or {}))
    if not found:
        raise BusinessRule.of(messages.NO_COLUMNS(url=url), "ConceptMap.group")
    names = [column.name for column in found]
    if twice := [name for name in names if names.count(name) > 1]:
        text = messages.COLUMN_TWICE(name=twice[0][:80])
        raise BusinessRule.of(text, "ConceptMap.group.element.target.code")
    return found


def csv_row(found: list[Column], claim: Resource, cursor: str) -> dict[str, str]:
    """A row: the first value of each column, as written in the Claim."""
    return {
        column.name: next(_values(claim, column.steps), "") if column.steps else cursor for column in found
    }


def _read(stated: Mapping[str, Any]) -> Iterator[Column]:
    for group in stated.get("group", ()):
        for element in group.get("element", ()):
            for target in element.get("target", ()):
                if "code" in target:
                    yield Column(target["code"], _steps(element.get("code", "")))


def _steps(path: str) -> tuple[str, ...]:
    if path == CURSOR:
        return ()
    root, *steps = path.split(".")
    if root != "Claim" or not steps or not all(STEP.fullmatch(step) for step in steps):
        raise BusinessRule.of(
            messages.BAD_COLUMN(path=path[:80], cursor=CURSOR), "ConceptMap.group.element.code"
        )
    return tuple(steps)


def _values(content: Any, steps: tuple[str, ...]) -> Iterator[str]:
    """The values at the end of the steps; for a Reference, its identifier or otherwise its reference."""
    if isinstance(content, list):
        for item in content:
            yield from _values(item, steps)
    elif isinstance(content, dict):
        if steps:
            name, _, slice = steps[0].partition(":")
            below = content.get(name)
            yield from _values(_sliced(below, slice) if slice else below, steps[1:])
        elif value := content.get("identifier", {}).get("value") or content.get("reference"):
            yield value
    elif content is not None and not steps:
        yield bytes(content).decode() if isinstance(content, msgspec.Raw) else str(content)


def _sliced(content: Any, slice: str) -> list[Any]:
    """The items of a slice of a list: `sequenceRank` are those with the code sequence-rank."""
    code = re.sub("[A-Z]", lambda letter: f"-{letter[0].lower()}", slice)
    return [item for item in content or () if any(code in _codes(item.get(name)) for name in SLICED_BY)]


def _codes(concept: Mapping[str, Any] | None) -> list[str]:
    return [coding.get("code", "") for coding in (concept or {}).get("coding", ())]
