"""Code systems with their hierarchies, and the compositions of value sets.

https://hl7.org/fhir/R4/terminology-module.html
"""

from collections.abc import Iterable, Iterator
from typing import Any

from fhir_server.core.code_systems import LOINC, SNOMED_CT

LICENSED_SYSTEMS = (SNOMED_CT, LOINC)

Json = dict[str, Any]


def concept_rows(concepts: Iterable[Json], parent: str | None = None) -> Iterator[list[Any]]:
    """All concepts in order as `[code, display, {parents, abstract, status}]`, shortened from the right."""
    for concept in concepts:
        properties = {
            p["code"]: next(v for k, v in p.items() if k != "code") for p in concept.get("property", ())
        }
        row = {
            "parents": [parent] if parent else None,
            "abstract": properties.get("notSelectable"),
            "status": properties.get("status"),
        }
        row = {name: value for name, value in row.items() if value}
        display = concept.get("display")
        if row:
            yield [concept["code"], display, row]
        else:
            yield [concept["code"], display] if display else [concept["code"]]
        yield from concept_rows(concept.get("concept", ()), concept["code"])


def add_listed_children(code_system: Json, rows: list[list[Any]]) -> None:
    """Add the parents that list a concept in a `child` property, as in v3."""
    by_code = {row[0]: row for row in rows}
    for concept in walk(code_system.get("concept", ())):
        for part in concept.get("property", ()):
            if part["code"] == "child":
                row = by_code[part["valueCode"]]
                row.extend([None] * (2 - len(row)) + [{}] if len(row) < 3 else [])
                row[2].setdefault("parents", []).append(concept["code"])


def walk(concepts: Iterable[Json]) -> Iterator[Json]:
    """Every concept of a tree, from the top down."""
    for concept in concepts:
        yield concept
        yield from walk(concept.get("concept", ()))


def code_system_fact(code_system: Json) -> Json:
    """An HL7 code system with its codes, displays and hierarchy."""
    rows = list(concept_rows(code_system.get("concept", ())))
    add_listed_children(code_system, rows)
    return {
        "name": code_system["name"],
        "version": code_system.get("version"),
        "content": code_system["content"],
        "case_sensitive": code_system.get("caseSensitive", True),
        "concepts": rows,
    }


def include_fact(include: Json) -> Json:
    """One include or exclude; the code lists of licensed systems are left out and marked so."""
    fact: Json = {
        name: include[name] for name in ("system", "version", "filter", "valueSet") if name in include
    }
    if "concept" in include:
        if fact["system"] in LICENSED_SYSTEMS:
            return {**fact, "left_out": True}
        fact["concept"] = [
            {name: concept[name] for name in ("code", "display") if name in concept}
            for concept in include["concept"]
        ]
    return fact


def value_set_fact(value_set: Json) -> Json:
    """One value set's composition."""
    compose = value_set["compose"]
    fact = {"name": value_set["name"], "version": value_set.get("version")}
    for part in ("include", "exclude"):
        if part in compose:
            fact[part] = [include_fact(include) for include in compose[part]]
    return fact
