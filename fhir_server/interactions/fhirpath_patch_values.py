"""The values that a FHIRPath Patch writes, as JSON has them.

https://hl7.org/fhir/R4/fhirpatch.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from fhir_server.definitions.elements import Element
from fhir_server.definitions.registry import Registry
from fhir_server.interactions import messages
from fhir_server.interactions.fhirpath_patch_operations import typed
from fhir_server.interactions.patching import NotApplicable, own_copy
from fhir_server.interactions.places import element_named

_ANY_TYPE = frozenset({"Element", "BackboneElement"})


@dataclass(frozen=True, slots=True)
class Written:
    """A JSON property with its value and its `_property` (`beside`); either may be None."""

    name: str
    value: Any
    beside: Any = None


class PatchValues:
    """Makes JSON values from the parts of an operation."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def written(self, element: Element, part: Mapping[str, Any]) -> Written:
        """A part's value for an element. Raises `NotApplicable` for one of another type."""
        if "part" in part:
            name = _json_name(element, "")
            code = element.json_names()[name].code
            return Written(
                name, self._object(element.children or self._registry.type(code).elements, part["part"])
            )
        suffix, value, beside = typed(part)
        name = _json_name(element, suffix)
        if not self._fits(suffix, element.json_names()[name].code):
            given = suffix or messages.PATCH_RESOURCE()
            raise NotApplicable(messages.PATCH_OTHER_TYPE(name=element.name, given=given))
        return Written(name, own_copy(value), own_copy(beside))

    def _fits(self, suffix: str, code: str) -> bool:
        """Whether a value of one type may be used for another: both derive from the same type."""
        if code == "xhtml":
            return suffix == "String"
        return self._origin(suffix or "Resource") == self._origin(code)

    def _origin(self, name: str) -> str:
        """The root type, such as String for code, spelled as in `value[x]`."""
        for spelled in (name, name[0].lower() + name[1:]):
            try:
                base = self._registry.type(spelled).base
            except KeyError:
                continue
            if base and base not in _ANY_TYPE:
                return self._origin(base)
        return name[0].upper() + name[1:]

    def _object(self, elements: Mapping[str, Element], parts: list[dict[str, Any]]) -> dict[str, Any]:
        """The object of nested parts; a name that may repeat becomes a list."""
        built: dict[str, Any] = {}
        for part in parts:
            element = element_named(elements, part["name"])
            if element is None:
                raise NotApplicable(messages.PATCH_NO_SUCH_NAME(name=part["name"]))
            written = self.written(element, part)
            items = pairs(built, written.name)
            if items and not element.is_list:
                raise NotApplicable(messages.PATCH_GIVEN_TWICE(name=written.name))
            items.append((written.value, written.beside))
            put(built, written.name, items, is_list=element.is_list)
        return built


Pair = tuple[Any, Any]
"""A value and its `_property`; None for what is absent."""


def pairs(parent: Mapping[str, Any], name: str) -> list[Pair]:
    """The values of a property, one or a list; trailing nulls are dropped."""
    value, beside = parent.get(name), parent.get(f"_{name}")
    if isinstance(value, list) or isinstance(beside, list):
        found = list(zip_longest(value or (), beside or ()))
        while found and found[-1] == (None, None):
            found.pop()
        return found
    return [] if value is None and beside is None else [(value, beside)]


def put(parent: dict[str, Any], name: str, items: list[Pair], *, is_list: bool) -> None:
    """Set a property and its `_property`; remove each if it has no values."""
    for key, values in ((name, [value for value, _ in items]), (f"_{name}", [other for _, other in items])):
        if any(value is not None for value in values):
            parent[key] = values if is_list else values[0]
        else:
            parent.pop(key, None)


def _json_name(element: Element, suffix: str) -> str:
    """The JSON property of an element for a value with that type suffix."""
    if not element.choice:
        return element.name
    name = element.name + suffix
    if name not in element.json_names():
        raise NotApplicable(
            messages.PATCH_OTHER_TYPE(name=element.name, given=suffix or messages.PATCH_RESOURCE())
        )
    return name
