"""The elements that a path of a FHIRPath Patch selects, primitives included.

FHIRPath returns values. Objects are located in the resource by identity; a primitive is located as a member
of its parent object. https://hl7.org/fhir/R4/fhirpatch.html
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fhir_server.core.fhirpath import FhirPath, exact_numbers
from fhir_server.definitions.elements import Element
from fhir_server.definitions.registry import Registry
from fhir_server.extension import Resource
from fhir_server.interactions import messages
from fhir_server.interactions.patching import NotApplicable
from fhir_server.interactions.places import Place, element_named, elements_at, type_at

_ROOTS = frozenset({"Resource", "DomainResource", "%resource", "%context", "$this"})

_TOKEN = re.compile(r"'(?:\\.|[^'\\])*'|`[^`]*`|.", re.DOTALL)
_OPERATORS = frozenset(" \t\r\n|&+-*/=<>!~,")
_STEP = re.compile(r"`?(?P<name>\w+)`?(?:\((?P<argument>.*)\))?(?:\[(?P<index>\d{1,9})\])?", re.DOTALL)
_CAST = re.compile(r"(?P<path>.*\S)\s+as\s+(?P<type>\w+)", re.DOTALL)

_TAKEN = {"first": slice(0, 1), "last": slice(-1, None), "tail": slice(1, None)}


@dataclass(frozen=True, slots=True)
class _Step:
    """The last step of a path: the name of an element or, with an argument, of a function, and the index of
    an item.
    """

    name: str
    argument: str | None
    index: int | None

    def taken(self, places: list[Place]) -> list[Place]:
        return places if self.index is None else places[self.index : self.index + 1]


class PatchPaths:
    """Finds the places of elements, with their JSON names from the definitions."""

    def __init__(self, registry: Registry, paths: FhirPath) -> None:
        self._registry = registry
        self._paths = paths

    def of(self, resource: Resource, path: str) -> list[Place]:
        """The places that `path` selects, in order.

        A primitive with extensions alone has the place that its value would have. Raises `NotApplicable` for
        a path to anything but elements of the resource, `FhirPathError` for an invalid one.
        """
        if path == resource["resourceType"] or path in _ROOTS:
            return [()]
        cast = _CAST.fullmatch(_without_parentheses(path))
        if cast is not None:
            return self.of(resource, f"{cast['path']}.ofType({cast['type']})")
        parent, last = parted(path)
        if last is None or (not parent and path[0].isupper()):
            return self._objects(resource, path)
        if last.argument is None:
            return last.taken(self.members(resource, parent, last.name))
        try:
            return self._objects(resource, path)
        except NotApplicable:
            return last.taken(self._chosen(resource, self.of(resource, parent) if parent else [], last))

    def members(self, resource: Resource, path: str, name: str) -> list[Place]:
        """The places of the elements `name` in those of `path`, or in the resource if `path` is empty."""
        name = name.removeprefix("_")
        parents = self.of(resource, path) if path else [()]
        found: list[Place] = []
        is_known = not parents
        for parent in parents:
            element = self.element(resource, parent, name)
            if element is not None:
                is_known = True
                found += _members(resource, inside(resource, parent), element)
        if not is_known:
            raise NotApplicable(messages.PATCH_NO_SUCH_NAME(name=name))
        return found

    def element(self, resource: Resource, parent: Place, name: str) -> Element | None:
        """The definition of the child `name` of a place; for a choice the name may include the type."""
        if isinstance(value_at(resource, parent), dict):
            elements = elements_at(self._registry, resource, parent)
        else:
            elements = self._registry.type("Element").elements
        return element_named(elements, name)

    def _objects(self, resource: Resource, path: str) -> list[Place]:
        readable = exact_numbers(resource)
        where = {id(node): place for node, place in _nodes(readable, ())}
        found = self._paths.evaluate(path, readable)
        if not all(isinstance(node, dict) and id(node) in where for node in found):
            raise NotApplicable(messages.PATCH_NO_ELEMENT())
        return [where[id(node)] for node in found]

    def _chosen(self, resource: Resource, places: list[Place], function: _Step) -> list[Place]:
        """The places that a function selects among primitives."""
        argument = (function.argument or "").strip()
        if function.name == "where":
            return [place for place in places if self._meets(resource, place, argument)]
        if function.name in ("ofType", "as"):
            return [place for place in places if self._type(resource, place) == argument]
        if function.name in _TAKEN:
            return places[_TAKEN[function.name]]
        if function.name == "single" and len(places) < 2:
            return places
        raise NotApplicable(messages.PATCH_NO_ELEMENT())

    def _meets(self, resource: Resource, place: Place, criteria: str) -> bool:
        value, type = exact_numbers(value_at(resource, place)), self._type(resource, place)
        if value is None:
            return False
        return bool(self._paths.evaluate(f"where({criteria})", value, type=type, resource=resource))

    def _type(self, resource: Resource, place: Place) -> str:
        return type_at(self._registry, resource, place).code


def _without_parentheses(path: str) -> str:
    """A path without the parentheses around the whole of it."""
    inner = path.strip()
    if not (inner.startswith("(") and inner.endswith(")")):
        return path
    depth = 0
    for token in _TOKEN.finditer(inner, 0, len(inner) - 1):
        depth += (token[0] == "(") - (token[0] == ")")
        if depth == 0:
            return path
    return inner[1:-1]


def parted(path: str) -> tuple[str, _Step | None]:
    """A path without its last step, and that step; None if it does not end in one."""
    depth, end = 0, -1
    for token in _TOKEN.finditer(path):
        depth += (token[0] in "([") - (token[0] in ")]")
        if depth == 0 and token[0] in _OPERATORS:
            return path, None
        if depth == 0 and token[0] == ".":
            end = token.start()
    step = _STEP.fullmatch(path, end + 1)
    if step is None:
        return path, None
    index = int(step["index"]) if step["index"] else None
    return path[: max(end, 0)], _Step(step["name"], step["argument"], index)


def value_at(resource: Resource, place: Place) -> Any:
    """The value at a place; None for a primitive with extensions alone."""
    node: Any = resource
    for step in place:
        node = node.get(step) if isinstance(node, dict) else node[step]
        if node is None:
            return None
    return node


def inside(resource: Resource, place: Place) -> Place:
    """The place of the object with an element's children: the `_name` property for a primitive."""
    if isinstance(value_at(resource, place), dict):
        return place
    name_at = -1 if isinstance(place[-1], str) else -2
    return (*place[:name_at], f"_{place[name_at]}", *place[len(place) + name_at + 1 :])


def _members(resource: Resource, parent: Place, element: Element) -> Iterator[Place]:
    node = value_at(resource, parent) or {}
    for name in element.json_names():
        both = [node[key] for key in (name, f"_{name}") if key in node]
        if both and isinstance(both[0], list):
            yield from ((*parent, name, index) for index in range(len(both[0])))
        elif both:
            yield (*parent, name)


def _nodes(node: Any, place: Place) -> Iterator[tuple[dict[str, Any], Place]]:
    if isinstance(node, dict):
        yield node, place
        for name, value in node.items():
            yield from _nodes(value, (*place, name))
    elif isinstance(node, list):
        for index, item in enumerate(node):
            yield from _nodes(item, (*place, index))
