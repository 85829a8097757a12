"""FHIRPath Patch: a Parameters resource whose operations name elements by FHIRPath.

https://hl7.org/fhir/R4/fhirpatch.html
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from fhir_server.core import json
from fhir_server.core.fhirpath import FhirPath, FhirPathError, exact_numbers
from fhir_server.definitions.elements import Element
from fhir_server.definitions.registry import Registry
from fhir_server.errors import InvalidRequest, Unprocessable
from fhir_server.extension import Resource
from fhir_server.interactions import messages
from fhir_server.interactions.places import Place, at, elements_at

_LAST_STEP = re.compile(r"(?P<parent>.+)\.(?P<name>[A-Za-z]\w*)(?:\[(?P<index>\d{1,9})\])?", re.DOTALL)
_TYPES = ("add", "insert", "delete", "replace", "move")


class _NotApplicable(Exception):
    """Why an operation cannot be applied; says it in few words."""


@dataclass(frozen=True, slots=True)
class _Operation:
    """One operation; `value` is (type suffix, value), such as ("Quantity", {...}); the suffix is empty for
    parts.
    """

    type: str
    path: str
    name: str | None = None
    value: tuple[str, Any] | None = None
    index: int | None = None
    source: int | None = None
    destination: int | None = None


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
            operation = _operation(index, parameter)
            try:
                self._apply(resource, operation)
            except (_NotApplicable, FhirPathError) as error:
                text = messages.PATCH_NOT_APPLICABLE(index=index, path=operation.path, reason=error)
                raise Unprocessable.of(text, operation.path) from error
        return resource

    def _apply(self, resource: Resource, operation: _Operation) -> None:
        if operation.type == "add":
            self._add(resource, operation)
        elif operation.type == "delete":
            self._delete(resource, operation)
        elif operation.type == "replace":
            self._replace(resource, operation)
        else:
            self._rearrange(resource, operation)

    def _add(self, resource: Resource, operation: _Operation) -> None:
        steps = self._node(resource, operation.path)
        target = at(resource, steps)
        element = self._child(resource, steps, operation.name or "")
        key = _json_name(element, operation)
        if element.is_list:
            target.setdefault(key, []).append(_value(operation))
        elif any(name in target for name in element.json_names()):
            raise _NotApplicable(f"{element.name} exists already; use replace")
        else:
            target[key] = _value(operation)

    def _delete(self, resource: Resource, operation: _Operation) -> None:
        steps = self._element(resource, operation.path)
        if not steps:
            return
        container, key = at(resource, steps[:-1]), steps[-1]
        del container[key]
        _forget_extensions(resource, steps)
        if isinstance(container, list) and not container:
            _remove(resource, steps[:-1])

    def _replace(self, resource: Resource, operation: _Operation) -> None:
        steps = self._element(resource, operation.path)
        if not steps:
            raise _NotApplicable("there is no such element")
        container, key = at(resource, steps[:-1]), steps[-1]
        if isinstance(key, str):
            parent = elements_at(self._registry, resource, steps[:-1])
            element = next(e for e in parent.values() if key in e.json_names())
            del container[key]
            key = _json_name(element, operation)
        container[key] = _value(operation)

    def _rearrange(self, resource: Resource, operation: _Operation) -> None:
        steps = self._list(resource, operation.path)
        items = at(resource, steps)
        if operation.type == "insert":
            _within(operation.index, len(items), "index")
            items.insert(operation.index, _value(operation))
        else:
            _within(operation.source, len(items) - 1, "source")
            _within(operation.destination, len(items) - 1, "destination")
            items.insert(operation.destination, items.pop(operation.source))

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

    def _child(self, resource: Resource, steps: Place, name: str) -> Element:
        element = elements_at(self._registry, resource, steps).get(name)
        if element is None:
            raise _NotApplicable(f"there is no element {name} here")
        return element


def _operation(index: int, parameter: Any) -> _Operation:
    if not _is_part(parameter) or parameter["name"] != "operation":
        _refuse(index, "it needs the name 'operation', and parts that have a name each")
    named = [part["name"] for part in parameter.get("part", ())]
    parts = {part["name"]: part for part in parameter.get("part", ())}
    if len(named) > len(parts):
        _refuse(index, "a part is given twice")
    type, path = _plain(parts.get("type"), str), _plain(parts.get("path"), str)
    if type not in _TYPES or path is None:
        _refuse(index, f"it needs a type ({', '.join(_TYPES)}) and a path")
    operation = _Operation(
        type,
        path,
        name=_plain(parts.get("name"), str),
        value=_typed(parts["value"]) if "value" in parts else None,
        index=_plain(parts.get("index"), int),
        source=_plain(parts.get("source"), int),
        destination=_plain(parts.get("destination"), int),
    )
    needed = {"add": ("name", "value"), "insert": ("index", "value"), "replace": ("value",)}
    needed["move"] = ("source", "destination")
    for member in needed.get(type, ()):
        if getattr(operation, member) is None:
            _refuse(index, f"'{member}' is missing or has a value of another type")
    return operation


def _refuse(index: int, reason: str) -> NoReturn:
    raise InvalidRequest.of(messages.PATCH_BAD_OPERATION(index=index, reason=reason))


def _is_part(part: Any) -> bool:
    """Whether it has a name, and so has every part of it."""
    if not isinstance(part, dict) or not isinstance(part.get("name"), str):
        return False
    parts = part.get("part", [])
    return isinstance(parts, list) and all(map(_is_part, parts))


def _typed(part: dict[str, Any]) -> tuple[str, Any]:
    """A part's value with the suffix of its type; nested parts make an object of an anonymous type."""
    if "resource" in part:
        return "", part["resource"]
    if "part" in part:
        return "", _object(part["part"])
    name = next((name for name in part if name.startswith("value")), "value")
    return name.removeprefix("value"), part.get(name)


def _object(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """The object that nested parts describe; a name that comes again makes a list."""
    built: dict[str, Any] = {}
    for part in parts:
        name, value = part["name"], _typed(part)[1]
        if name in built:
            built[name] = [*(built[name] if isinstance(built[name], list) else [built[name]]), value]
        else:
            built[name] = value
    return built


def _plain(part: dict[str, Any] | None, kind: type) -> Any:
    """A part's value; None where it is of another type."""
    value = None if part is None else _typed(part)[1]
    return value if type(value) is kind else None


def _value(operation: _Operation) -> Any:
    value = operation.value[1] if operation.value else None
    return json.parse(json.serialise(value))


def _json_name(element: Element, operation: _Operation) -> str:
    """The JSON property that takes the operation's value: `valueQuantity` for a choice."""
    if not element.choice:
        return element.name
    suffix = operation.value[0] if operation.value else ""
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


def _remove(resource: Resource, steps: Place) -> None:
    del at(resource, steps[:-1])[steps[-1]]


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


def _within(value: int | None, highest: int, name: str) -> None:
    if value is None or not 0 <= value <= highest:
        raise _NotApplicable(f"{name} must be between 0 and {highest}")
