"""Queries about a universe: of every type, modifier and prefix, most of their values taken from it."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from hypothesis import strategies as st

from fhir_server.definitions.search_parameters import SearchParameter
from tests.search.oracle.elements import Element
from tests.search.oracle.questions import universes
from tests.search.oracle.questions.parameters import EVERY, asked, looked_at, targets
from tests.search.oracle.questions.spellings import Draw, Spellings, one
from tests.search.oracle.search import PARTS, Definitions, Oracle

OracleOf = Callable[[Sequence[Mapping[str, Any]]], Oracle]

MODIFIERS = {
    "string": ("", "", "exact", "contains", "text", "missing"),
    "token": ("", "", "not", "text", "missing"),
    "reference": ("", "", "identifier", "missing"),
    "date": ("", "", "", "", "missing"),
    "number": ("", "", "", "", "missing"),
    "quantity": ("", "", "", "", "missing"),
    "uri": ("", "", "above", "below", "missing"),
    "composite": ("",),
}
CANONICALS = ("instantiates-canonical", "questionnaire")
"""References "that do not have an identifier separate from the reference itself"."""

TARGETS_MAX = 20
"""Types that an untyped chain may lead to; the server refuses chains that lead to all, several times."""

SORTABLE = ("string", "token", "date", "number", "quantity", "uri")


@dataclass(frozen=True)
class Case:
    """A universe, and searches of it: the types and the query of each."""

    universe: list[dict[str, Any]]
    searches: list[tuple[list[str], str]]


@dataclass(frozen=True)
class Plan:
    """What cases are about: parameters of some kinds on some types, with chains of up to `depth` steps.

    `sorted` queries have an order; `together` ones search two types at once.
    """

    kinds: tuple[str, ...]
    types: tuple[str, ...]
    depth: int = 0
    sorted: bool = False
    together: bool = False


@st.composite
def cases(draw: st.DrawFn, plan: Plan, definitions: Definitions, oracle_of: OracleOf, size: int = 6) -> Case:
    """A universe of the plan's types and `size` queries about it."""
    kinds = (*plan.kinds, *(("reference",) if plan.depth else ()), *(SORTABLE if plan.sorted else ()))
    elements = {type: looked_at(definitions, type, kinds) for type in plan.types}
    universe = draw(universes.universes(elements))
    questions = Questions(draw, oracle_of(universe), universe, definitions, plan)
    return Case(universe, [questions.search() for _ in range(size)])


class Questions:
    """Draws searches of a universe, whose oracle tells what there is to find."""

    def __init__(
        self,
        draw: Draw,
        oracle: Oracle,
        universe: Sequence[Mapping[str, Any]],
        definitions: Definitions,
        plan: Plan,
    ) -> None:
        self._draw = draw
        self._oracle = oracle
        self._universe = universe
        self._definitions = definitions
        self._plan = plan
        self._spellings = Spellings(draw, oracle, definitions)

    def search(self) -> tuple[list[str], str]:
        """The types and the query of a search: criteria, and perhaps an order."""
        type = one(self._draw, sorted({resource["resourceType"] for resource in self._universe}))
        if self._plan.together:
            return self._together(type)
        size = one(self._draw, (0, 0, 1) if self._plan.sorted else (1, 1, 1, 2))
        criteria = [self.criterion(type, self._plan.depth) for _ in range(size)]
        if self._plan.sorted:
            criteria.append(("_sort", self._order(type)))
        return [type], urlencode(criteria)

    def _together(self, type: str) -> tuple[list[str], str]:
        """A search of two types, or of all, by a parameter that they have in common."""
        name, value = self.criterion(type, 0)
        code = re.split("[:.]", name)[0]
        others = [other for other in self._plan.types if self._shares(type, other, code)]
        types = [type, one(self._draw, others)] if others else [type]
        if code in EVERY and one(self._draw, (True, False)):
            return [], urlencode([(name, value)])
        return [], urlencode([("_type", ",".join(types)), (name, value)])

    def _shares(self, type: str, other: str, code: str) -> bool:
        here, there = self._definitions(type)[code], self._definitions(other).get(code)
        return other != type and there is not None and there.type == here.type

    def _order(self, type: str) -> str:
        codes = [parameter.code for parameter in asked(self._definitions, type, SORTABLE)]
        rules = self._draw(st.lists(st.sampled_from(codes), min_size=1, max_size=3, unique=True))
        return ",".join(one(self._draw, ("", "-")) + rule for rule in rules)

    def criterion(self, type: str, depth: int) -> tuple[str, str]:
        """One name and value."""
        step = one(self._draw, ("own", "chain", "chain", "has", "has")) if depth else "own"
        if step == "chain" and (ways := self.ways(type)):
            code, target = one(self._draw, ways)
            name, value = self.criterion(target, depth - 1)
            many = len(targets(self._definitions(type)[code], type)) > TARGETS_MAX
            typed = f":{target}" if many else one(self._draw, ("", f":{target}"))
            return f"{code}{typed}.{name}", value
        if step == "has" and (ways := self.ways_to(type)):
            source, code = one(self._draw, ways)
            name, value = self.criterion(source, depth - 1)
            return f"_has:{source}:{code}:{name}", value
        return self._own(type)

    def ways(self, type: str) -> list[tuple[str, str]]:
        """The reference parameters of a type, with each type of resource here that they may lead to."""
        return [
            (parameter.code, target)
            for parameter in asked(self._definitions, type, ("reference",))
            for target in universes.ELEMENTS
            if target in targets(parameter, type)
        ]

    def ways_to(self, type: str) -> list[tuple[str, str]]:
        return [(s, code) for s in universes.ELEMENTS for code, target in self.ways(s) if target == type]

    def _own(self, type: str) -> tuple[str, str]:
        """A criterion on the resource itself."""
        parameter = self._parameter(type)
        found = self._elements(type, parameter)
        modifier = self._modifier(type, parameter, found)
        if modifier == "missing":
            values = [one(self._draw, ("true", "false"))]
        else:
            size = one(self._draw, (1, 1, 2, 3))
            spell = self._spellings.value
            values = [spell(type, parameter, modifier, found) for _ in range(size)]
        return f"{parameter.code}:{modifier}" if modifier else parameter.code, ",".join(values)

    def _modifier(self, type: str, parameter: SearchParameter, found: Sequence[Element]) -> str:
        possible = [*MODIFIERS[parameter.type]]
        if parameter.code in CANONICALS:
            possible.remove("identifier")
        if any(element.type == "Identifier" for element in found):
            possible.append("of-type")
        if parameter.type == "reference":
            possible += [target for code, target in self.ways(type) if code == parameter.code]
        if parameter.code == "clinical-status":
            possible += ["in", "not-in", "above", "below"]
        if set(targets(parameter, type)) & set(PARTS):
            possible += ["above", "below"]
        if any(element.type == "canonical" and parameter.type == "reference" for element in found):
            possible.append("below")
        return one(self._draw, possible)

    def _parameter(self, type: str) -> SearchParameter:
        """Mostly one whose elements some resource has."""
        known = asked(self._definitions, type, self._plan.kinds)
        useful = [parameter for parameter in known if self._elements(type, parameter)]
        return one(self._draw, one(self._draw, (useful, useful, useful, known)) or known)

    def _elements(self, type: str, parameter: SearchParameter) -> list[Element]:
        """What the parameter looks at; of a composite, the parts that have all components."""
        of_type = [resource for resource in self._universe if resource["resourceType"] == type]
        found = [
            element for resource in of_type for element in self._oracle.elements(resource, parameter.code)
        ]
        if parameter.type == "composite":
            return [part for part in found if all(self._oracle.components(parameter, part))]
        return found
