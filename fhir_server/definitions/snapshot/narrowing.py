"""Narrowing an element of the base by an element of a differential.

A statement that would widen the base is a problem and is ignored.
https://hl7.org/fhir/R4/profiling.html#limitations
"""

from collections.abc import Iterator
from math import inf
from typing import Any

from fhir_server.core import json
from fhir_server.definitions.snapshot import messages
from fhir_server.definitions.snapshot.fixed_values import fits_type, fixed_value_names, satisfies
from fhir_server.definitions.snapshot.snapshot import ElementDefinition
from fhir_server.definitions.snapshot.type_hierarchy import TypeHierarchy
from fhir_server.definitions.snapshot.type_narrowing import narrowed_types
from fhir_server.issues import Text

Problem = tuple[str, Text]
"""The location in the element, such as `.min` or `.type[0].code`, and the message."""

STRENGTHS = ("example", "preferred", "extensible", "required")
RULES = ("open", "openAtEnd", "closed")
_ACCUMULATED = ("alias", "condition", "example", "extension", "mapping")
_NOT_INHERITED = frozenset(
    ("id", "path", "sliceName", "sliceIsConstraining", "base", "contentReference", "constraint", "type")
)


class Narrowing:
    """Narrows elements for the profile at `url`, which becomes the `source` of its invariants."""

    def __init__(self, url: str, types: TypeHierarchy) -> None:
        self._url = url
        self._types = types

    def narrow(
        self, base: ElementDefinition, stated: ElementDefinition
    ) -> tuple[ElementDefinition, list[Problem]]:
        """The narrowed element, and the problems of statements that were ignored."""
        made = dict(base)
        problems: list[Problem] = []
        made.update({name: value for name, value in stated.items() if name not in _NOT_INHERITED})
        for name in _ACCUMULATED:
            if name in stated and name in base:
                made[name] = [*base[name], *(item for item in stated[name] if item not in base[name])]
        if "type" in stated:
            problems += self._types_of(made, base, stated)
        if "constraint" in stated:
            made["constraint"] = self._constraints(base.get("constraint", []), stated["constraint"])
        for check in (_cardinality, _binding, _values, _limits, _flags, _slicing):
            for field, problem in check(made, base, stated):
                problems.append((field, problem))
                _restore(made, base, field)
        return made, problems

    def _types_of(
        self, made: ElementDefinition, base: ElementDefinition, stated: ElementDefinition
    ) -> list[Problem]:
        if "type" not in base:
            if "contentReference" not in base:
                made["type"] = stated["type"]
            return []
        types, problems = narrowed_types(base["type"], stated["type"], self._types)
        made["type"] = base["type"] if problems else types
        return problems

    def _constraints(self, base: list[dict[str, Any]], stated: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The base's invariants and the stated ones; invariants only accumulate."""
        return [*base, *({"source": self._url} | rule for rule in added_rules(base, stated))]


def added_rules(own: list[dict[str, Any]], more: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The invariants of `more` that are not among an element's own."""
    known = {(rule["key"], rule.get("expression")) for rule in own}
    return [rule for rule in more if (rule["key"], rule.get("expression")) not in known]


def _restore(made: ElementDefinition, base: ElementDefinition, field: str) -> None:
    """Restore the base's value of a field whose stated value is not allowed."""
    name = field.removeprefix(".").partition(".")[0].partition("[")[0]
    made.pop(name, None)
    if name in base:
        made[name] = base[name]


def limit_of(max: str) -> float | None:
    """The number of a `max`, infinity for `*`; None if it is invalid."""
    if max == "*":
        return inf
    return int(max) if max.isascii() and max.isdigit() and len(max) < 10 else None


def _cardinality(
    made: ElementDefinition, base: ElementDefinition, stated: ElementDefinition
) -> Iterator[Problem]:
    lowest = base.get("min", 0)
    if "min" in stated and stated["min"] < lowest:
        yield ".min", messages.MIN_WIDENED(stated=stated["min"], base=lowest)
        return
    before, most = limit_of(base.get("max", "*")), limit_of(made.get("max", "*"))
    if "max" in stated and most is None:
        yield ".max", messages.BAD_MAX(stated=stated["max"])
        return
    if before is not None and most is not None and most > before:
        yield ".max", messages.MAX_WIDENED(stated=stated["max"], base=base["max"])
        return
    if most is not None and made.get("min", 0) > most:
        field = ".max" if "max" in stated else ".min"
        yield field, messages.MIN_ABOVE_MAX(min=made["min"], max=made["max"])


def _binding(
    made: ElementDefinition, base: ElementDefinition, stated: ElementDefinition
) -> Iterator[Problem]:
    if "binding" not in stated or "binding" not in base:
        return
    before, after = base["binding"]["strength"], stated["binding"]["strength"]
    if before in STRENGTHS and (after not in STRENGTHS or STRENGTHS.index(after) < STRENGTHS.index(before)):
        yield ".binding.strength", messages.BINDING_WEAKENED(stated=after, base=before)
        return
    made["binding"] = {**base["binding"], **stated["binding"]}


def _values(made: ElementDefinition, base: ElementDefinition, stated: ElementDefinition) -> Iterator[Problem]:
    """Fixed and pattern values: at most one, of an allowed type, and compatible with that of the base."""
    names = fixed_value_names(stated)
    if not names:
        return
    if len(names) > 1:
        yield from ((f".{name}", messages.TWO_VALUES(first=names[0], second=names[1])) for name in names)
        return
    name = names[0]
    if not fits_type(name, made.get("type", ())):
        types = ", ".join(type["code"] for type in made.get("type", ()))
        yield f".{name}", messages.VALUE_TYPE(name=name, types=types)
        return
    for before in fixed_value_names(base):
        if not satisfies(stated[name], base[before], exactly=before.startswith("fixed")):
            yield f".{name}", messages.VALUE_CHANGED(name=name, base=before)
            return
        if before != name:
            kept = before if before.startswith("fixed") else name
            del made[name if kept == before else before]


def _limits(_: ElementDefinition, base: ElementDefinition, stated: ElementDefinition) -> Iterator[Problem]:
    """maxLength, minValue[x] and maxValue[x]."""
    for name in stated.keys() & base.keys():
        if name == "maxLength" or name.startswith("maxValue"):
            if _above(stated[name], base[name]):
                yield f".{name}", messages.LIMIT_WIDENED(name=name, stated=stated[name], base=base[name])
        elif name.startswith("minValue") and _above(base[name], stated[name]):
            yield f".{name}", messages.LIMIT_WIDENED(name=name, stated=stated[name], base=base[name])


def _above(limit: Any, other: Any) -> bool:
    """Whether one limit is above another; False unless both are numbers, or dates of equal precision."""
    if json.is_number(limit) and json.is_number(other):
        return json.decimal(limit) > json.decimal(other)
    if isinstance(limit, str) and isinstance(other, str) and len(limit) == len(other):
        return limit > other
    return False


def _flags(_: ElementDefinition, base: ElementDefinition, stated: ElementDefinition) -> Iterator[Problem]:
    for name in ("mustSupport", "isModifier"):
        if base.get(name) is True and stated.get(name) is False:
            yield f".{name}", messages.FLAG_DROPPED(name=name)


def _slicing(
    made: ElementDefinition, base: ElementDefinition, stated: ElementDefinition
) -> Iterator[Problem]:
    if "slicing" not in stated or "slicing" not in base:
        return
    before, after = base["slicing"], stated["slicing"]
    if problem := _slicing_problem(before, after):
        yield problem
        return
    made["slicing"] = {**before, **after}
    if before.get("ordered"):
        made["slicing"]["ordered"] = True


def _slicing_problem(before: dict[str, Any], after: dict[str, Any]) -> Problem | None:
    was, becomes = before.get("rules", "open"), after.get("rules", before.get("rules", "open"))
    if was in RULES and (becomes not in RULES or RULES.index(becomes) < RULES.index(was)):
        return ".slicing.rules", messages.SLICING_RULES(stated=becomes, base=was)
    if before.get("ordered") and after.get("ordered") is False:
        return ".slicing.ordered", messages.SLICING_ORDER()
    if "discriminator" in after:
        kept = {(discriminator["type"], discriminator["path"]) for discriminator in after["discriminator"]}
        for discriminator in before.get("discriminator", ()):
            if (discriminator["type"], discriminator["path"]) not in kept:
                text = messages.SLICING_DISCRIMINATOR(type=discriminator["type"], path=discriminator["path"])
                return ".slicing.discriminator", text
    return None
