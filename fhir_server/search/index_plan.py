"""Index plans: how resources of one type are indexed, compiled once from the definitions.

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
from fhir_server.search.index_tree import Branch, Tree
from fhir_server.search.path_resolver import PathResolver, PathTarget, ResolvedPath
from fhir_server.search.types import composite, string
from fhir_server.search.types.composite import Finder
from fhir_server.search.types.context import Indexer, Indexing, Target
from fhir_server.search.types.kinds import KINDS

COMPARTMENTS = ("Device", "Encounter", "Patient", "Practitioner", "RelatedPerson")

COMPARTMENT = "_compartment"
"""The parameter of a resource's compartments, indexed as tokens: compartment type as system, id as code."""

EVALUATED_BY_STORE = frozenset({"_id", "_lastUpdated"})
"""Parameters that the store evaluates itself; they have no index entries."""

NEAR = "http://hl7.org/fhir/SearchParameter/Location-near"

SWAPPED = frozenset({"http://hl7.org/fhir/SearchParameter/DocumentReference-relationship"})
"""Composites whose two components have each other's expression in R4. R5 corrects the expressions and keeps
the order of components, as other servers did before.
"""


IndexerOf = Callable[[PathTarget], Indexer | None]
"""The indexer of a path's target; None if it cannot be indexed."""


@dataclass(frozen=True, slots=True)
class PresenceParameter:
    """A boolean parameter: whether the tree finds values, none of which is false."""

    parameter: str
    tree: Tree


@dataclass(slots=True)
class EvaluatedParameter:
    """A parameter that needs the FHIRPath engine, with the indexers of the result types so far."""

    parameter: SearchParameter
    indexers: dict[str, Indexer | None] = field(default_factory=dict)


@dataclass(slots=True)
class IndexPlan:
    """How to index one resource type. `compartments` are the compartment types by reference parameter; `tree`
    is built from `root`.
    """

    root: Branch = field(default_factory=Branch)
    tree: Tree = field(default_factory=lambda: Branch().build())
    presences: list[PresenceParameter] = field(default_factory=list)
    evaluated: list[EvaluatedParameter] = field(default_factory=list)
    compartments: dict[str, list[str]] = field(default_factory=dict)


class IndexPlanBuilder:
    """Builds index plans and their indexers."""

    def __init__(self, registry: Registry, indexing: Indexing) -> None:
        self._registry = registry
        self._indexing = indexing
        self._resolver = PathResolver(registry)
        self._finders: dict[tuple[str, ...], Finder] = {}

    def plan(self, type: str, codes: Container[str] | None = None) -> IndexPlan:
        """The plan for a resource type; only for the parameters of `codes`, if these are given."""
        plan = IndexPlan()
        left_out = EVALUATED_BY_STORE.union(aliases(self._registry, type))
        for code, parameter in self._registry.search_parameters(type).items():
            if is_supported(parameter) and code not in left_out and (codes is None or code in codes):
                self._add(plan, type, parameter, parameter.expression or "")
        for compartment in COMPARTMENTS:
            definition = self._registry.compartment(compartment)
            for code in definition.inclusion.get(type, ()) if definition else ():
                plan.compartments.setdefault(code, []).append(compartment)
        plan.tree = plan.root.build()
        return plan

    def indexer(self, code: str, kind: ParameterType, target: PathTarget) -> Indexer | None:
        """The indexer of `target` for a parameter; None if its type cannot index such values."""
        return KINDS[kind].indexer(self._target(code, target), self._indexing)

    def _target(self, code: str, target: PathTarget) -> Target:
        path = target.element.path if target.element else ""
        return Target(code, target.type, path, self._system(target))

    def _add(self, plan: IndexPlan, type: str, parameter: SearchParameter, expression: str) -> None:
        try:
            if paths := parse_presence(expression):
                tree = self._tree(paths, type, lambda _: _index_presence)
                plan.presences.append(PresenceParameter(parameter.code, tree))
            elif parameter.type == "composite":
                self._add_composite(plan.root, type, parameter)
            else:
                for resolved in self._resolve(parse_paths(expression), type):
                    self._index(plan.root, resolved, parameter)
        except ComplexExpression:
            plan.evaluated.append(EvaluatedParameter(parameter))

    def _resolve(
        self, paths: Iterable[Path], type: str, part: PathTarget | None = None
    ) -> Iterable[ResolvedPath]:
        found = [resolved for path in paths for resolved in self._resolver.resolve(path, type, part)]
        return dict.fromkeys(value for one in found for value in self._resolver.resolve_extension_value(one))

    def _index(self, root: Branch, resolved: ResolvedPath, parameter: SearchParameter) -> None:
        """Let the tree index a path's target. Parts of names and addresses are indexed with the whole."""
        code, kind = parameter.code, kind_of(parameter)
        text = string.part_of(self._target(code, resolved.target)) if kind == "string" else None
        if text == (resolved.target.type, ""):
            root.branch_at(resolved.steps).add_text(*text, code)
        elif text and resolved.steps[-1].is_unconditional:
            root.branch_at(resolved.steps[:-1]).add_text(*text, code)
        elif indexer := self.indexer(code, kind, resolved.target):
            root.branch_at(resolved.steps).indexers.append(indexer)

    def _tree(
        self, paths: Iterable[Path], type: str, indexer_of: IndexerOf, part: PathTarget | None = None
    ) -> Tree:
        root = Branch()
        for resolved in self._resolve(paths, type, part):
            if indexer := indexer_of(resolved.target):
                root.branch_at(resolved.steps).indexers.append(indexer)
        return root.build()

    def _add_composite(self, root: Branch, type: str, parameter: SearchParameter) -> None:
        components = components_of(self._registry, parameter)
        for path in parse_paths(parameter.expression or ""):
            for resolved in self._resolver.resolve(path, type):
                finders = tuple(self._finder(type, resolved.target, *component) for component in components)
                composite.add_part(root.branch_at(resolved.steps).parts, parameter.code, finders)

    def _finder(self, type: str, part: PathTarget, parameter: SearchParameter, expression: str) -> Finder:
        """The finder of one component, shared by all composites with the same component."""
        path = part.element.path if part.element else ""
        key = (type, part.type, path, kind_of(parameter), expression)
        if key not in self._finders:
            self._finders[key] = self._new_finder(type, part, kind_of(parameter), expression)
        return self._finders[key]

    def _new_finder(self, type: str, part: PathTarget, kind: ParameterType, expression: str) -> Finder:
        """Finds entries below the part, or from the whole resource, without derived ones."""
        paths, indexers = parse_paths(expression), lambda target: self.indexer("", kind, target)
        of_part = self._tree([path for path in paths if path.root != RESOURCE], type, indexers, part)
        of_whole = self._tree([path for path in paths if path.root == RESOURCE], type, indexers)
        wanted = KINDS[kind].entries

        def find(value: Any, resource: Mapping[str, Any]) -> Sequence[Entry]:
            collected = Entries()
            of_part.visit(value, resource, collected)
            if of_whole.names:
                of_whole.visit(resource, resource, collected)
            found: list[Entry] = getattr(collected, wanted)
            return [one for one in (dict.fromkeys(found) if len(found) > 1 else found) if not one.parameter]

        looks_elsewhere = of_whole.names or not of_part.names
        return Finder(find, ("",) if looks_elsewhere else tuple(of_part.names))

    def _system(self, target: PathTarget) -> str:
        """The system of a code: that of its required value set, if this has only one."""
        element: Element | None = target.element
        if target.type != "code" or element is None or element.binding is None:
            return ""
        if element.binding.strength != "required":
            return ""
        codes = self._registry.codes(element.binding.value_set)
        systems = {concept.system for concept in codes.concepts} if codes else set()
        return systems.pop() if len(systems) == 1 else ""


def is_supported(parameter: SearchParameter) -> bool:
    """Whether the server indexes a parameter. R4 defines some without an expression; of type special, only
    `near` is supported.
    """
    return kind_of(parameter) != "special" and parameter.expression is not None


def kind_of(parameter: SearchParameter) -> ParameterType:
    """The type of a parameter, `position` for `near`. Definitions are checked when they are loaded."""
    if parameter.url == NEAR:
        return "position"
    kind: ParameterType = parameter.type  # type: ignore[assignment]
    return kind


def components_of(registry: Registry, parameter: SearchParameter) -> list[tuple[SearchParameter, str]]:
    """The parameter and the expression of each component of a composite.

    Raises `ComplexExpression` if a component's parameter is not defined.
    """
    definitions = [registry.search_parameter(component.definition) for component in parameter.components]
    if None in definitions:
        raise ComplexExpression(parameter.url)
    expressions = component_expressions(parameter)
    return [(found, where) for found, where in zip(definitions, expressions, strict=True) if found]


def component_expressions(parameter: SearchParameter) -> list[str]:
    """The expression of each component of a composite."""
    expressions = [component.expression for component in parameter.components]
    return expressions[::-1] if parameter.url in SWAPPED else expressions


def _index_presence(value: Any, entries: Entries) -> None:
    """Record whether a value is false."""
    entries.tokens.append(TokenEntry("", "", "false" if value is False else "true"))
