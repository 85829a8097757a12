"""A tree of JSON properties that is walked once per resource, however many parameters look at it.

Paths are resolved against the definitions when the tree is built, so that the walk knows each value's type
without asking. https://hl7.org/fhir/R4/search.html
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fhir_server.core.reference import parse_reference
from fhir_server.definitions.elements import Element
from fhir_server.definitions.registry import Registry
from fhir_server.search.entries import Entries
from fhir_server.search.expression_paths import (
    RESOURCE,
    Coded,
    ComplexExpression,
    Condition,
    Equals,
    Extended,
    First,
    OfType,
    Path,
    Property,
    Resolves,
    Step,
)
from fhir_server.search.types.composite import Making, Part, index_parts, makings
from fhir_server.search.types.context import Indexer
from fhir_server.search.types.string import parts_indexer

Guard = Callable[[Any, Mapping[str, Any]], bool]

_ABSTRACT = ("Resource", "DomainResource")
_REFERRING = ("Reference", "canonical", "uri")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a path leads: to values of `type`, which are those of `element` (None for a whole resource)."""

    type: str
    element: Element | None = None


@dataclass(frozen=True, slots=True)
class Hop:
    """One JSON property on the way, and what its values must satisfy."""

    name: str
    conditions: tuple[Condition, ...] = ()
    first: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether all values are followed."""
        return not (self.conditions or self.first)


@dataclass(frozen=True, slots=True)
class Route:
    """The properties to follow, and the place they lead to."""

    hops: tuple[Hop, ...]
    place: Place


class Routes:
    """Turns paths into routes, by the definitions."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def of(self, path: Path, resource_type: str, part: Place | None = None) -> tuple[Route, ...]:
        """The routes from a resource, or from `part` of it, along `path`; none where it is for other types.

        Raises `ComplexExpression` where the types on the way are not known beforehand.
        """
        if path.root not in ("", RESOURCE, resource_type, *_ABSTRACT):
            return ()
        routes: tuple[Route, ...] = (Route((), (not path.root and part) or Place(resource_type)),)
        for step in path.steps:
            routes = tuple(further for route in routes for further in self._follow(route, step))
        return routes

    def valued(self, route: Route) -> tuple[Route, ...]:
        """The route itself; on to its value where it leads to an extension, as R4 leaves that unsaid."""
        if route.place.type != "Extension":
            return (route,)
        return tuple(self._follow(route, Property("value")))

    def _follow(self, route: Route, step: Step) -> Iterator[Route]:
        match step:
            case Property(name):
                for json_name, place in self._children(route.place, name):
                    yield Route((*self._hops_into(route), Hop(json_name)), place)
            case OfType(type) if route.place.type in _ABSTRACT and self._registry.is_resource_type(type):
                told = Equals("resourceType", type)
                hops = _on_last_hop(route, lambda hop: replace(hop, conditions=(*hop.conditions, told))).hops
                yield Route(hops, Place(type))
            case OfType(type):
                if self._is(route.place.type, type):
                    yield route
            case First():
                yield _on_last_hop(route, lambda hop: replace(hop, first=True))
            case _:
                self._check(route.place, step)
                yield _on_last_hop(route, lambda hop: replace(hop, conditions=(*hop.conditions, step)))

    def _hops_into(self, route: Route) -> tuple[Hop, ...]:
        """The properties on the way into a value; what belongs to a primitive stands beside it.

        https://hl7.org/fhir/R4/json.html#primitive
        """
        if not self._is_primitive(route.place):
            return route.hops
        if not route.hops or route.hops[-1].conditions:
            raise ComplexExpression(route.place.type)
        return _on_last_hop(route, lambda hop: replace(hop, name=f"_{hop.name}")).hops

    def _check(self, place: Place, condition: Condition) -> None:
        """Raise `ComplexExpression` for a condition that the JSON of a value alone does not decide."""
        match condition:
            case Equals(name):
                told = self._is_one_primitive(self._elements(place).get(name))
            case Coded(name):
                element = self._elements(place).get(name)
                told = element is not None and [ref.code for ref in element.types] == ["CodeableConcept"]
            case Resolves():
                told = place.type in _REFERRING
            case _:
                told = not self._is_primitive(place)
        if not told:
            raise ComplexExpression(place.type)

    def _children(self, place: Place, name: str) -> Iterator[tuple[str, Place]]:
        element = self._elements(place).get(name)
        if element is None:
            return
        for json_name, ref in element.json_names().items():
            yield json_name, Place(ref.code, element)

    def _is_primitive(self, place: Place) -> bool:
        has_children = place.type in _ABSTRACT or (place.element is not None and place.element.children)
        return not has_children and self._registry.type(place.type).kind == "primitive-type"

    def _is_one_primitive(self, element: Element | None) -> bool:
        if element is None or element.choice or element.is_list or not element.types:
            return False
        return self._is_primitive(Place(element.types[0].code, element))

    def _elements(self, place: Place) -> Mapping[str, Element]:
        if place.element is not None and place.element.children:
            return place.element.children
        if place.type in _ABSTRACT:
            raise ComplexExpression(place.type)
        return self._registry.type(place.type).elements

    def _is(self, type: str | None, wanted: str) -> bool:
        """Whether `type` is `wanted` or derived from it; R4 also writes `DateTime` for dateTime."""
        names = (wanted, wanted[0].lower() + wanted[1:])
        while type is not None:
            if type in names:
                return True
            type = self._registry.type(type).base
        return False


def _on_last_hop(route: Route, change: Callable[[Hop], Hop]) -> Route:
    if not route.hops:
        raise ComplexExpression
    return Route((*route.hops[:-1], change(route.hops[-1])), route.place)


@dataclass(slots=True)
class Branch:
    """One property of the tree: which of its values are looked at, what is done with them, what is below."""

    guard: Guard | None = None
    first: bool = False
    indexers: list[Indexer] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    texts: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    below: dict[str, list["Branch"]] = field(default_factory=dict)
    _by_hop: dict[Hop, "Branch"] = field(default_factory=dict)

    def grow(self, hops: Sequence[Hop]) -> "Branch":
        """The branch at the end of `hops`, grown where it is not there yet."""
        branch = self
        for hop in hops:
            if hop not in branch._by_hop:
                new = branch._by_hop[hop] = Branch(_guard(hop), hop.first)
                branch.below.setdefault(hop.name, []).append(new)
            branch = branch._by_hop[hop]
        return branch

    def add_text(self, type: str, part: str, parameter: str) -> None:
        """Let a parameter find a part of the texts that values of `type` consist of, or all of them."""
        self.texts.setdefault(type, {}).setdefault(part, []).append(parameter)

    def grown(self) -> "Tree":
        """What is walked, once everything has grown."""
        return Tree(self._indexers(), *self._rest(), frozenset(self.below))

    def _indexers(self) -> tuple[Indexer, ...]:
        return *self.indexers, *(parts_indexer(type, wanted) for type, wanted in self.texts.items())

    def _rest(self) -> tuple[tuple[Making, ...], "Leaves", "Looks"]:
        named = [(name, branch) for name, branches in self.below.items() for branch in branches]
        leaves = tuple((name, index) for name, one in named if one._is_free for index in one._indexers())
        looks = tuple(look for name, one in named if (look := one._look(name)))
        return tuple(makings(self.parts)), leaves, looks

    @property
    def _is_free(self) -> bool:
        """Whether all values are looked at."""
        return not (self.guard or self.first)

    def _look(self, name: str) -> "Look | None":
        """What the leaves do not tell."""
        indexers = () if self._is_free else self._indexers()
        rest = self._rest()
        return (name, self.guard, self.first, indexers, *rest) if indexers or any(rest) else None


Leaves = tuple[tuple[str, Indexer], ...]
"""By the name of a property what each of its values is indexed by."""

Look = tuple[str, Guard | None, bool, tuple[Indexer, ...], tuple[Making, ...], Leaves, Any]
"""A branch as it is walked where there is more to it, without names: that of its property, its guard, first,
indexers, parts, and the leaves and looks below.
"""

Looks = tuple[Look, ...]


@dataclass(frozen=True, slots=True)
class Tree:
    """The tree from its root on; `names` are those of all properties that it looks at there."""

    indexers: tuple[Indexer, ...]
    parts: tuple[Making, ...]
    leaves: Leaves
    looks: Looks
    names: frozenset[str]

    def visit(self, value: Any, resource: Mapping[str, Any], entries: Entries) -> None:
        """Index one value, and all below it."""
        for index in self.indexers:
            index(value, entries)
        if self.parts:
            index_parts(self.parts, value, resource, entries)
        if self.names and type(value) is dict:
            _walk(self.leaves, self.looks, value, resource, entries)


def _walk(
    leaves: Leaves, looks: Looks, parent: dict[str, Any], resource: Mapping[str, Any], entries: Entries
) -> None:
    """Look at the properties that are there; the busiest loop of every write."""
    for name, index in leaves:
        if name in parent:
            value = parent[name]
            if type(value) is list:
                for one in value:
                    if one is not None:
                        index(one, entries)
            elif value is not None:
                index(value, entries)
    for name, guard, first, indexers, parts, leaves_below, looks_below in looks:
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
                    _walk(leaves_below, looks_below, one, resource, entries)


def _guard(hop: Hop) -> Guard | None:
    guards = [_condition(condition) for condition in hop.conditions]
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
    """The type of resource that a Reference or canonical points at, as far as it tells; else empty."""
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
