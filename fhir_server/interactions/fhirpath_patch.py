"""FHIRPath Patch: a Parameters resource whose operations name elements by FHIRPath.

https://hl7.org/fhir/R4/fhirpatch.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from fhir_server.core import json
from fhir_server.core.fhirpath import FhirPath, FhirPathError, exact_numbers
from fhir_server.definitions.elements import Element
from fhir_server.definitions.registry import Registry
from fhir_server.errors import InvalidRequest, Unprocessable
from fhir_server.extension import Resource
from fhir_server.interactions import messages
from fhir_server.interactions.fhirpath_operations import Operation, operation_of, typed
from fhir_server.interactions.places import Place, at, elements_at

_LAST_STEP = re.compile(r"(?P<parent>.+)\.(?P<name>[A-Za-z]\w*)(?:\[(?P<index>\d{1,9})\])?", re.DOTALL)


class _NotApplicable(Exception):
    """Why an operation cannot be applied; says it in few words."""


class FhirPathPatch:
    """Applies patches with the help of the definitions, which tell lists from single elements."""

    def __init__(self, registry: Registry, paths: FhirPath) -> None:
        self._registry = registry
        self._paths = paths

    def patched(self, resource: Resource, patch: Any) -> Resource:
        """`resource`, which is changed in place, after every operation of `patch`.

        Raises `InvalidRequest` for a patch that is malformed, `Unprocessable` for one that cannot be
        applied.
        """
        if not isinstance(patch, dict) or patch.get("resourceType") != "Parameters":
            raise InvalidRequest.of(messages.PATCH_MEDIA_TYPE(given="?"))
        parameters = patch.get("parameter", [])
        for index, parameter in enumerate(parameters if isinstance(parameters, list) else [parameters]):
            operation = operation_of(index, parameter)
            try:
                self._apply(resource, operation)
            except (_NotApplicable, FhirPathError) as error:
                text = messages.PATCH_NOT_APPLICABLE(index=index, path=operation.path, reason=error)
                raise Unprocessable.of(text, operation.path) from error
        return resource

    def _apply(self, resource: Resource, operation: Operation) -> None:
        if operation.type == "add":
            self._add(resource, operation)
        elif operation.type == "delete":
            self._delete(resource, operation)
        elif operation.type == "replace":
            self._replace(resource, operation)
        else:
            self._rearrange(resource, operation)

    def _add(self, resource: Resource, operation: Operation) -> None:
        steps = self._node(resource, operation.path)
        target = at(resource, steps)
        element = self._child(resource, steps, operation.name or "")
        key, value = self._written(element, operation.value or {})
        if element.is_list:
            items = target.setdefault(key, [])
            _extensions_inserted(target, key, len(items))
            items.append(value)
        elif any(name in target for name in element.json_names()):
            raise _NotApplicable(f"{element.name} exists already; use replace")
        else:
            target[key] = value

    def _delete(self, resource: Resource, operation: Operation) -> None:
        steps = self._element(resource, operation.path)
        if not steps:
            return
        del at(resource, steps[:-1])[steps[-1]]
        _forget_extensions(resource, steps)
        _prune(resource, steps[:-1])

    def _replace(self, resource: Resource, operation: Operation) -> None:
        steps = self._element(resource, operation.path)
        if not steps:
            raise _NotApplicable("there is no such element")
        container, key = at(resource, steps[:-1]), steps[-1]
        name, value = self._written(self._element_at(resource, steps), operation.value or {})
        if isinstance(key, str):
            del container[key]
            key = name
        container[key] = value

    def _rearrange(self, resource: Resource, operation: Operation) -> None:
        steps = self._list(resource, operation.path)
        items = at(resource, steps)
        parent, name = at(resource, steps[:-1]), str(steps[-1])
        if operation.type == "insert":
            index = _within(operation.index, len(items), "index")
            _extensions_inserted(parent, name, index)
            items.insert(index, self._written(self._element_at(resource, steps), operation.value or {})[1])
        else:
            source = _within(operation.source, len(items) - 1, "source")
            destination = _within(operation.destination, len(items) - 1, "destination")
            for moved in (items, parent.get(f"_{name}")):
                if moved is not None:
                    moved.insert(destination, moved.pop(source))

    def _list(self, resource: Resource, path: str) -> Place:
        last = _LAST_STEP.fullmatch(path)
        if last is None or last["index"]:
            raise _NotApplicable("the path must end with the name of a list")
        steps = (*self._node(resource, last["parent"]), last["name"])
        if not isinstance(at(resource, steps[:-1]).get(last["name"]), list):
            raise _NotApplicable(f"{last['name']} is not a list here")
        return steps

    def _element(self, resource: Resource, path: str) -> Place:
        """The place of the one element that `path` names; empty when there is none."""
        last = _LAST_STEP.fullmatch(path)
        if last is None:
            return self._complex(resource, path)
        parents = self._places(resource, last["parent"])
        if len(parents) > 1:
            raise _NotApplicable("the path leads to several elements")
        return self._member(resource, parents[0], last) if parents else ()

    def _member(self, resource: Resource, parent: Place, last: re.Match[str]) -> Place:
        names = self._child(resource, parent, last["name"]).json_names()
        node = at(resource, parent)
        key = next((name for name in names if name in node), None)
        if key is None:
            return ()
        if not isinstance(node[key], list):
            return (*parent, key)
        if last["index"] is None and len(node[key]) > 1:
            raise _NotApplicable("the path leads to several elements")
        index = int(last["index"] or 0)
        return (*parent, key, index) if index < len(node[key]) else ()

    def _complex(self, resource: Resource, path: str) -> Place:
        places = self._places(resource, path)
        if len(places) > 1:
            raise _NotApplicable("the path leads to several elements")
        if places == [()]:
            raise _NotApplicable("the path leads to the resource itself")
        return places[0] if places else ()

    def _node(self, resource: Resource, path: str) -> Place:
        """The place of the one complex node that `path` names, the resource itself included."""
        places = self._places(resource, path)
        if len(places) != 1:
            raise _NotApplicable(f"the path leads to {len(places)} elements instead of one")
        return places[0]

    def _places(self, resource: Resource, path: str) -> list[Place]:
        readable = exact_numbers(resource)
        where = {id(node): steps for node, steps in _nodes(readable, ())}
        found = self._paths.evaluate(path, readable)
        if not all(isinstance(node, dict) and id(node) in where for node in found):
            raise _NotApplicable("end the path with the element's name, such as Patient.name[0].family")
        return [where[id(node)] for node in found]

    def _element_at(self, resource: Resource, steps: Place) -> Element:
        """What is known of the element at a place, or of the list that it is an item of."""
        name_at = -1 if isinstance(steps[-1], str) else -2
        siblings = elements_at(self._registry, resource, steps[:name_at])
        for element in siblings.values():
            if steps[name_at] in element.json_names():
                return element
        raise _NotApplicable("only an extension of it can be changed")

    def _written(self, element: Element, part: dict[str, Any]) -> tuple[str, Any]:
        """The JSON property that takes a part's value, `valueQuantity` for a choice, and the value."""
        if "part" not in part:
            suffix, value = typed(part)
            return _json_name(element, suffix), json.parse(json.serialise(value))
        name = _json_name(element, "")
        code = element.json_names()[name].code
        return name, self._object(element.children or self._registry.type(code).elements, part["part"])

    def _object(self, elements: Mapping[str, Element], parts: list[dict[str, Any]]) -> dict[str, Any]:
        """The object that nested parts describe; a name that may repeat makes a list."""
        built: dict[str, Any] = {}
        for part in parts:
            element = elements.get(part["name"])
            if element is None:
                raise _NotApplicable(f"there is no element {part['name']} here")
            name, value = self._written(element, part)
            if element.is_list:
                built.setdefault(name, []).append(value)
            elif name in built:
                raise _NotApplicable(f"{name} is given twice")
            else:
                built[name] = value
        return built

    def _child(self, resource: Resource, steps: Place, name: str) -> Element:
        element = elements_at(self._registry, resource, steps).get(name)
        if element is None:
            raise _NotApplicable(f"there is no element {name} here")
        return element


def _json_name(element: Element, suffix: str) -> str:
    """The JSON property of an element whose value is of a type with that suffix."""
    if not element.choice:
        return element.name
    name = element.name + suffix
    if name not in element.json_names():
        raise _NotApplicable(f"{element.name} cannot be a {suffix}")
    return name


def _nodes(node: Any, steps: Place) -> Iterator[tuple[dict[str, Any], Place]]:
    if isinstance(node, dict):
        yield node, steps
        for name, value in node.items():
            yield from _nodes(value, (*steps, name))
    elif isinstance(node, list):
        for index, item in enumerate(node):
            yield from _nodes(item, (*steps, index))


def _prune(resource: Resource, steps: Place) -> None:
    """Take away what a deletion has emptied, and what that empties in turn."""
    while steps and not at(resource, steps):
        container = at(resource, steps[:-1])
        if isinstance(steps[-1], int) and str(steps[-2]).startswith("_"):
            # The others keep their places beside the values that they belong to.
            container[steps[-1]] = None
            if any(container):
                return
            container.clear()
        else:
            del container[steps[-1]]
        steps = steps[:-1]


def _extensions_inserted(parent: dict[str, Any], name: str, index: int) -> None:
    """Make room among what `_name` says of the items of a list of primitives."""
    beside = parent.get(f"_{name}")
    if beside is not None:
        beside.insert(index, None)


def _forget_extensions(resource: Resource, steps: Place) -> None:
    """Drop what `_name` says of a primitive that is gone."""
    name_at = -1 if isinstance(steps[-1], str) else -2
    parent = at(resource, steps[:name_at])
    sibling = f"_{steps[name_at]}"
    if sibling not in parent:
        return
    if isinstance(steps[-1], str) or len(parent[sibling]) <= 1:
        del parent[sibling]
    elif steps[-1] < len(parent[sibling]):
        del parent[sibling][steps[-1]]


def _within(value: int | None, highest: int, name: str) -> int:
    if value is None or not 0 <= value <= highest:
        raise _NotApplicable(f"{name} must be between 0 and {highest}")
    return value
