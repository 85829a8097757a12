"""Whether a resource that comes with a request is made so that it can be read as what it says it is.

https://hl7.org/fhir/R4/terminology-module.html
"""

from typing import Any

import msgspec

from fhir_server.core import json

Extensions = list[dict[str, Any]]


class _Property(msgspec.Struct):
    code: str
    uri: str | None = None


class _Use(msgspec.Struct):
    system: str | None = None
    code: str | None = None


class _Designation(msgspec.Struct):
    value: str
    language: str | None = None
    use: _Use | None = None


class _Concept(msgspec.Struct):
    code: str
    display: str | None = None
    definition: str | None = None
    designation: list[_Designation] = []
    property: list[_Property] = []
    concept: list["_Concept"] = []


class _CodeSystem(msgspec.Struct):
    url: str
    content: str
    version: str | None = None
    name: str | None = None
    title: str | None = None
    status: str | None = None
    language: str | None = None
    supplements: str | None = None
    valueSet: str | None = None
    caseSensitive: bool = True
    experimental: bool = False
    extension: Extensions = []
    property: list[_Property] = []
    concept: list[_Concept] = []


class _Listed(msgspec.Struct):
    code: str
    display: str | None = None
    designation: list[_Designation] = []


class _Include(msgspec.Struct):
    system: str | None = None
    version: str | None = None
    valueSet: list[str] = []
    concept: list[_Listed] = []
    filter: list[dict[str, Any]] = []


class _Compose(msgspec.Struct):
    include: list[_Include]
    exclude: list[_Include] = []
    inactive: bool | None = None


class _Contains(msgspec.Struct):
    system: str | None = None
    code: str | None = None
    display: str | None = None
    abstract: bool = False
    designation: list[_Designation] = []
    contains: list["_Contains"] = []


class _Expansion(msgspec.Struct):
    contains: list[_Contains] = []


class _ValueSet(msgspec.Struct):
    url: str | None = None
    version: str | None = None
    status: str | None = None
    experimental: bool = False
    extension: Extensions = []
    compose: _Compose | None = None
    expansion: _Expansion | None = None


class _Target(msgspec.Struct):
    code: str | None = None
    equivalence: str = "equivalent"
    display: str | None = None
    dependsOn: list[dict[str, Any]] = []
    product: list[dict[str, Any]] = []


class _Element(msgspec.Struct):
    code: str | None = None
    target: list[_Target] = []


class _Unmapped(msgspec.Struct):
    mode: str
    code: str | None = None
    url: str | None = None


class _Group(msgspec.Struct):
    source: str | None = None
    target: str | None = None
    element: list[_Element] = []
    unmapped: _Unmapped | None = None


class _ConceptMap(msgspec.Struct):
    url: str | None = None
    sourceUri: str | None = None
    sourceCanonical: str | None = None
    targetUri: str | None = None
    targetCanonical: str | None = None
    group: list[_Group] = []


_SHAPES: dict[str, type[msgspec.Struct]] = {
    "CodeSystem": _CodeSystem,
    "ValueSet": _ValueSet,
    "ConceptMap": _ConceptMap,
}

TYPES = tuple(_SHAPES)
"""The types of resources that terminology operations read."""


def fault(resource: dict[str, Any]) -> str | None:
    """What keeps a CodeSystem, ValueSet or ConceptMap from being read, and where; None for nothing."""
    try:
        msgspec.json.decode(json.serialise(resource), type=_SHAPES[resource["resourceType"]])
    except (msgspec.ValidationError, RecursionError) as error:
        return str(error).replace("`", "'")
    return None
