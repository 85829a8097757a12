"""A tree of JSON properties that is walked once per resource, for all search parameters.

Paths are resolved when the tree is built, so that the walk looks nothing up in the definitions.
https://hl7.org/fhir/R4/search.html
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fhir_server.core.reference import parse_reference
from fhir_server.search.entries import Entries
from fhir_server.search.expression_paths import Coded, Condition, Equals, Extended
from fhir_server.search.path_resolver import JsonStep
from fhir_server.search.types.composite import CompositeRule, Part, composite_rules, index_parts
from fhir_server.search.types.context import Indexer
from fhir_server.search.types.string import parts_indexer

Guard = Callable[[Any, Mapping[str, Any]], bool]
"""Whether a value, of a resource, is indexed."""


@dataclass(slots=True)
class Branch:
    """The builder of one property of the tree: the condition on its values, their indexers, and the branches
    below.
    """

    guard: Guard | None = None
    first: bool = False
    indexers: list[Indexer] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    texts: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    below: dict[str, list["Branch"]] = field(default_factory=dict)
    _by_step: dict[JsonStep, "Branch"] = field(default_factory=dict)

    def branch_at(self, steps: Sequence[JsonStep]) -> "Branch":
        """The branch at the end of `steps`, added if it does not exist."""
        branch = self
        for step in steps:
            if step not in branch._by_step:
                new = branch._by_step[step] = Branch(_guard(step), step.first)
                branch.below.setdefault(step.name, []).append(new)
            branch = branch._by_step[step]
        return branch

    def add_text(self, type: str, part: str, parameter: str) -> None:
        """Let a string parameter index one `part` of values of `type`, such as HumanName, or all if empty."""
        self.texts.setdefault(type, {}).setdefault(part, []).append(parameter)

    def build(self) -> "Tree":
        """The tree to walk, once all branches are added."""
        return Tree(self._indexers(), *self._below(), frozenset(self.below))

    def _indexers(self) -> tuple[Indexer, ...]:
        return *self.indexers, *(parts_indexer(type, wanted) for type, wanted in self.texts.items())

    def _below(self) -> tuple[tuple[CompositeRule, ...], "Leaves", "Nodes"]:
        named = [(name, branch) for name, branches in self.below.items() for branch in branches]
        leaves = tuple(
            (name, index) for name, one in named if one._is_unconditional for index in one._indexers()
        )
        nodes = tuple(node for name, one in named if (node := one._node(name)))
        return tuple(composite_rules(self.parts)), leaves, nodes

    @property
    def _is_unconditional(self) -> bool:
        """Whether all values are indexed."""
        return not (self.guard or self.first)

    def _node(self, name: str) -> "Node | None":
        """The branch as a node; None if its leaves say everything."""
        indexers = () if self._is_unconditional else self._indexers()
        rest = self._below()
        return (name, self.guard, self.first, indexers, *rest) if indexers or any(rest) else None


Leaves = tuple[tuple[str, Indexer], ...]
"""Property names with the indexer of all their values."""

Node = tuple[str, Guard | None, bool, tuple[Indexer, ...], tuple[CompositeRule, ...], Leaves, Any]
"""A branch that is more than leaves, as a plain tuple for speed: the property's name, guard, first, indexers,
composite rules, and the leaves and nodes below.
"""

Nodes = tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Tree:
    """The tree from its root; `names` are the properties of the root that it visits."""

    indexers: tuple[Indexer, ...]
    parts: tuple[CompositeRule, ...]
    leaves: Leaves
    nodes: Nodes
    names: frozenset[str]

    def visit(self, value: Any, resource: Mapping[str, Any], entries: Entries) -> None:
        """Index a value and everything below it."""
        for index in self.indexers:
            index(value, entries)
        if self.parts:
            index_parts(self.parts, value, resource, entries)
        if self.names and type(value) is dict:
            _walk(self.leaves, self.nodes, value, resource, entries)


def _walk(
    leaves: Leaves, nodes: Nodes, parent: dict[str, Any], resource: Mapping[str, Any], entries: Entries
) -> None:
    """Index the properties that are present: the hottest loop of every write."""
    for name, index in leaves:
        if name in parent:
            value = parent[name]
            if type(value) is list:
                for one in value:
                    if one is not None:
                        index(one, entries)
            elif value is not None:
                index(value, entries)
    for name, guard, first, indexers, parts, leaves_below, nodes_below in nodes:
        if name in parent:
            value = parent[name]
            values = value if type(value) is list else (value,)
            for one in values[:1] if first else values:
                if one is None or (guard is not None and not guard(one, resource)):
                    continue
                for index in indexers:
                    index(one, entries)
                if parts:
                    index_parts(parts, one, resource, entries)
                if type(one) is dict:
                    _walk(leaves_below, nodes_below, one, resource, entries)


def _guard(step: JsonStep) -> Guard | None:
    guards = [_condition(condition) for condition in step.conditions]
    if not guards:
        return None
    return guards[0] if len(guards) == 1 else lambda value, resource: all(g(value, resource) for g in guards)


def _condition(condition: Condition) -> Guard:
    match condition:
        case Equals(name, literal):
            return lambda value, _: bool(value.get(name) == literal)
        case Extended(url):
            return lambda value, _: any(one.get("url") == url for one in value.get("extension", ()))
        case Coded(name, system, code):
            return lambda value, _: _is_coded(value.get(name), system, code)
    wanted = condition.type
    return lambda value, resource: referred_type(value, resource) == wanted


def _is_coded(concepts: Any, system: str, code: str) -> bool:
    """Whether a CodeableConcept, or one of several, has a code."""
    return any(
        coding.get("system") == system and coding.get("code") == code
        for concept in (concepts if isinstance(concepts, list) else [concepts or {}])
        for coding in concept.get("coding", ())
    )


def referred_type(value: Any, resource: Mapping[str, Any]) -> str:
    """The type that a Reference or canonical refers to; empty if it does not tell."""
    if type(value) is not dict:
        return parse_reference(value).type
    text = value.get("reference")
    if text:
        reference = parse_reference(text)
        if reference.type:
            return reference.type
        if reference.kind == "contained":
            return _contained_type(reference.id, resource)
    return str(value.get("type") or "")


def _contained_type(id: str, resource: Mapping[str, Any]) -> str:
    found = (one for one in resource.get("contained", ()) if one.get("id") == id)
    return next((str(one["resourceType"]) for one in found), "")
