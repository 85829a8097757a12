"""How the resources of one type are indexed, worked out once from the definitions.

https://hl7.org/fhir/R4/searchparameter.html
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fhir_server.definitions.elements import Element
from fhir_server.definitions.registry import Registry
from fhir_server.definitions.search_parameters import SearchParameter
from fhir_server.search.aliases import aliases
from fhir_server.search.ast import ParameterType
from fhir_server.search.entries import Entries, Entry, TokenEntry
from fhir_server.search.expression_paths import RESOURCE, ComplexExpression, Path, parse_paths, parse_presence
from fhir_server.search.tree import Branch, Place, Route, Routes, Tree
from fhir_server.search.types import composite, string
from fhir_server.search.types.composite import Finder
from fhir_server.search.types.context import Indexer, Indexing, Target
from fhir_server.search.types.kinds import KINDS

COMPARTMENTS = ("Device", "Encounter", "Patient", "Practitioner", "RelatedPerson")

COMPARTMENT = "_compartment"
"""The parameter of the tokens that tell which compartments a resource is in: compartment type, id."""

KEPT_BY_THE_STORE = frozenset({"_id", "_lastUpdated"})
"""Parameters on what the store itself knows of a resource; they have no entries."""

NEAR = "http://hl7.org/fhir/SearchParameter/Location-near"

SWAPPED = frozenset({"http://hl7.org/fhir/SearchParameter/DocumentReference-relationship"})
"""Composites whose two components have each other's expression in R4. R5 has put the expressions right and
left the order as it was, as other servers did before.
"""


IndexerOf = Callable[[Place], Indexer | None]
"""What indexes the values of a place; None where there is no use for them."""


@dataclass(frozen=True, slots=True)
class PresenceParameter:
    """A boolean parameter: whether the values that the tree finds are there and none of them is false."""

    parameter: str
    tree: Tree


@dataclass(slots=True)
class EvaluatedParameter:
    """A parameter that takes the FHIRPath engine, and the indexers of the types that it has given so far."""

    parameter: SearchParameter
    indexers: dict[str, Indexer | None] = field(default_factory=dict)


@dataclass(slots=True)
class IndexPlan:
    """`compartments` tells by the code of a reference parameter which compartments it puts a resource in;
    `tree` is what has grown from `root`.
    """

    root: Branch = field(default_factory=Branch)
    tree: Tree = field(default_factory=lambda: Branch().grown())
    presences: list[PresenceParameter] = field(default_factory=list)
    evaluated: list[EvaluatedParameter] = field(default_factory=list)
    compartments: dict[str, list[str]] = field(default_factory=dict)


class IndexPlanBuilder:
    """Builds plans, and the indexers they are made of."""

    def __init__(self, registry: Registry, indexing: Indexing) -> None:
        self._registry = registry
        self._indexing = indexing
        self._routes = Routes(registry)
        self._finders: dict[tuple[str, ...], Finder] = {}

    def plan(self, type: str, codes: Container[str] | None = None) -> IndexPlan:
        """The plan for a resource type; of some parameters alone, where their codes are given."""
        plan = IndexPlan()
        left_out = KEPT_BY_THE_STORE.union(aliases(self._registry, type))
        for code, parameter in self._registry.search_parameters(type).items():
            if is_supported(parameter) and code not in left_out and (codes is None or code in codes):
                self._add(plan, type, parameter, parameter.expression or "")
        for compartment in COMPARTMENTS:
            definition = self._registry.compartment(compartment)
            for code in definition.inclusion.get(type, ()) if definition else ():
                plan.compartments.setdefault(code, []).append(compartment)
        plan.tree = plan.root.grown()
        return plan

    def indexer(self, code: str, kind: ParameterType, place: Place) -> Indexer | None:
        """What indexes values of `place` for a parameter; None where the parameter's type has no use for
        them.
        """
        return KINDS[kind].indexer(self._target(code, place), self._indexing)

    def _target(self, code: str, place: Place) -> Target:
        path = place.element.path if place.element else ""
        return Target(code, place.type, path, self._system(place))

    def _add(self, plan: IndexPlan, type: str, parameter: SearchParameter, expression: str) -> None:
        try:
            if paths := parse_presence(expression):
                tree = self._tree(paths, type, lambda _: _mark)
                plan.presences.append(PresenceParameter(parameter.code, tree))
            elif parameter.type == "composite":
                self._add_composite(plan.root, type, parameter)
            else:
                for route in self._routes_of(parse_paths(expression), type):
                    self._index(plan.root, route, parameter)
        except ComplexExpression:
            plan.evaluated.append(EvaluatedParameter(parameter))

    def _routes_of(self, paths: Iterable[Path], type: str, part: Place | None = None) -> Iterable[Route]:
        found = [route for path in paths for route in self._routes.of(path, type, part)]
        return dict.fromkeys(valued for one in found for valued in self._routes.valued(one))

    def _index(self, root: Branch, route: Route, parameter: SearchParameter) -> None:
        """Let what grows from a root index what a route leads to; the parts of a name or address with it."""
        code, kind = parameter.code, kind_of(parameter)
        text = string.part_of(self._target(code, route.place)) if kind == "string" else None
        if text == (route.place.type, ""):
            root.grow(route.hops).add_text(*text, code)
        elif text and route.hops[-1].is_plain:
            root.grow(route.hops[:-1]).add_text(*text, code)
        elif indexer := self.indexer(code, kind, route.place):
            root.grow(route.hops).indexers.append(indexer)

    def _tree(
        self, paths: Iterable[Path], type: str, indexer_of: IndexerOf, part: Place | None = None
    ) -> Tree:
        root = Branch()
        for route in self._routes_of(paths, type, part):
            if indexer := indexer_of(route.place):
                root.grow(route.hops).indexers.append(indexer)
        return root.grown()

    def _add_composite(self, root: Branch, type: str, parameter: SearchParameter) -> None:
        components = components_of(self._registry, parameter)
        for path in parse_paths(parameter.expression or ""):
            for route in self._routes.of(path, type):
                finders = tuple(self._finder(type, route.place, *component) for component in components)
                composite.add_part(root.grow(route.hops).parts, parameter.code, finders)

    def _finder(self, type: str, part: Place, parameter: SearchParameter, expression: str) -> Finder:
        """What finds the entries of one component; the same one for all composites that look at the same."""
        path = part.element.path if part.element else ""
        asked = (type, part.type, path, kind_of(parameter), expression)
        if asked not in self._finders:
            self._finders[asked] = self._new_finder(type, part, kind_of(parameter), expression)
        return self._finders[asked]

    def _new_finder(self, type: str, part: Place, kind: ParameterType, expression: str) -> Finder:
        """Finds entries below the part or from the whole resource, without those that were derived."""
        paths, indexers = parse_paths(expression), lambda place: self.indexer("", kind, place)
        of_part = self._tree([path for path in paths if path.root != RESOURCE], type, indexers, part)
        of_whole = self._tree([path for path in paths if path.root == RESOURCE], type, indexers)
        wanted = KINDS[kind].entries

        def find(value: Any, resource: Mapping[str, Any]) -> Sequence[Entry]:
            passing = Entries()
            of_part.visit(value, resource, passing)
            if of_whole.names:
                of_whole.visit(resource, resource, passing)
            found: list[Entry] = getattr(passing, wanted)
            return [one for one in (dict.fromkeys(found) if len(found) > 1 else found) if not one.parameter]

        looks_elsewhere = of_whole.names or not of_part.names
        return Finder(find, ("",) if looks_elsewhere else tuple(of_part.names))

    def _system(self, place: Place) -> str:
        """The system of a code: that of the value set it is bound to, where that draws on one alone."""
        element: Element | None = place.element
        if place.type != "code" or element is None or element.binding is None:
            return ""
        if element.binding.strength != "required":
            return ""
        codes = self._registry.codes(element.binding.value_set)
        systems = {concept.system for concept in codes.concepts} if codes else set()
        return systems.pop() if len(systems) == 1 else ""


def is_supported(parameter: SearchParameter) -> bool:
    """R4 leaves some parameters without an expression, so that there is nothing to index; and what is special
    about the special ones is known for `near` alone.
    """
    return kind_of(parameter) != "special" and parameter.expression is not None


def kind_of(parameter: SearchParameter) -> ParameterType:
    """The type of a parameter; definitions are checked when they are loaded."""
    if parameter.url == NEAR:
        return "position"
    kind: ParameterType = parameter.type  # type: ignore[assignment]
    return kind


def components_of(registry: Registry, parameter: SearchParameter) -> list[tuple[SearchParameter, str]]:
    """The parameter that each component of a composite stands for, and where its values are.

    Raises `ComplexExpression` where one is not defined.
    """
    definitions = [registry.search_parameter(component.definition) for component in parameter.components]
    if None in definitions:
        raise ComplexExpression(parameter.url)
    expressions = component_expressions(parameter)
    return [(found, where) for found, where in zip(definitions, expressions, strict=True) if found]


def component_expressions(parameter: SearchParameter) -> list[str]:
    """Where the values of each component of a composite are."""
    expressions = [component.expression for component in parameter.components]
    return expressions[::-1] if parameter.url in SWAPPED else expressions


def _mark(value: Any, entries: Entries) -> None:
    """Note whether a value is false."""
    entries.tokens.append(TokenEntry("", "", "false" if value is False else "true"))
