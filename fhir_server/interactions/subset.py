"""_summary and _elements: parts of a resource, marked SUBSETTED.

https://hl7.org/fhir/R4/search.html#summary
https://hl7.org/fhir/R4/search.html#elements
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from fhir_server.core import json
from fhir_server.core.subsetted import SUBSETTED
from fhir_server.definitions.elements import Element, TypeDefinition
from fhir_server.definitions.registry import Registry
from fhir_server.errors import InvalidRequest
from fhir_server.interactions import messages
from fhir_server.search.result_parameters import SUMMARIES, element_named

_ALWAYS = ("resourceType", "id", "meta")
_REMEMBERED_MAX = 1_024
"""The number of types and backbone elements whose children are cached."""


@dataclass(frozen=True, slots=True)
class Subset:
    """The part of each resource to return. `elements` are top-level names, empty if `summary` decides."""

    registry: Registry
    summary: str | None = None
    elements: frozenset[str] = frozenset()

    def of(self, body: bytes) -> bytes:
        """The subset of a resource's JSON, tagged as SUBSETTED."""
        resource = json.parse(body)
        kept = self._kept(resource)
        meta = dict(kept.get("meta", {}))
        meta["tag"] = [*meta.get("tag", []), SUBSETTED]
        return json.serialise(kept | {"meta": meta})

    def _kept(self, resource: dict[str, Any]) -> dict[str, Any]:
        elements = _by_json_name(self.registry.type(resource["resourceType"]))
        if self.elements:
            return _filter(resource, elements, self._is_named)
        if self.summary == "text":
            return _filter(resource, elements, lambda e, _: e.name == "text" or e.min > 0)
        if self.summary == "data":
            return {name: value for name, value in resource.items() if name != "text"}
        return {name: resource[name] for name in _ALWAYS if name in resource} | _summary(resource, elements)

    def _is_named(self, element: Element, name: str) -> bool:
        """Whether `elements` name the element or its JSON property, such as `valueQuantity`, or it is always
        included.
        """
        return not self.elements.isdisjoint((element.name, name)) or element.min > 0 or element.is_modifier


def asked_subset(
    parameters: Sequence[tuple[str, str]], type: str | None, registry: Registry
) -> Subset | None:
    """The subset of `_summary` or `_elements`, for resources of a type or of any; None for the whole.

    Raises `InvalidRequest` for an unknown summary, and for names of unknown elements of the type.
    """
    given = dict(parameters)
    summary, elements = given.get("_summary"), given.get("_elements", "").split(",")
    if summary is not None and summary not in SUMMARIES:
        text = messages.BAD_SUMMARY(value=summary, valid=", ".join(SUMMARIES))
        raise InvalidRequest.of(text, "http._summary")
    part = subset(registry, summary, elements)
    unknown = part.elements.difference(registry.type(type).names(), _ALWAYS) if part and type else ()
    if unknown:
        text = messages.BAD_ELEMENT(value=", ".join(sorted(unknown)), type=type)
        raise InvalidRequest.of(text, "http._elements")
    return part


def subset(registry: Registry, summary: str | None, elements: Sequence[str]) -> Subset | None:
    """The subset for a summary mode and element names (`status` or `Patient.status`); None for everything."""
    names = frozenset(element_named(name) for name in elements if name.strip())
    if names:
        return Subset(registry, elements=names)
    return Subset(registry, summary) if summary in ("true", "text", "data") else None


def _filter(
    resource: dict[str, Any], elements: Mapping[str, Element], keep: Callable[[Element, str], bool]
) -> dict[str, Any]:
    kept = {}
    for name, value in resource.items():
        plain = name.removeprefix("_")
        element = elements.get(plain)
        if name in _ALWAYS or (element is not None and keep(element, plain)):
            kept[name] = value
    return kept


def _summary(node: dict[str, Any], elements: Mapping[str, Element]) -> dict[str, Any]:
    """The elements marked as summary, inside backbone elements too; data types are kept whole."""
    kept = {}
    for name, value in node.items():
        element = elements.get(name.removeprefix("_"))
        if (
            element is not None
            and element.is_summary
            and (part := _summary_value(value, element)) not in ({}, [])
        ):
            kept[name] = part
    return kept


def _summary_value(value: Any, element: Element) -> Any:
    if not element.children:
        return value
    inner = _by_json_name(element)
    if isinstance(value, list):
        return [part for item in value if (part := _summary(item, inner))]
    return _summary(value, inner)


@lru_cache(maxsize=_REMEMBERED_MAX)
def _by_json_name(holder: TypeDefinition | Element) -> Mapping[str, Element]:
    """The elements of a type or of a backbone element, by their JSON properties."""
    elements = holder.elements if isinstance(holder, TypeDefinition) else holder.children
    return {name: element for element in elements.values() for name in element.json_names()}
