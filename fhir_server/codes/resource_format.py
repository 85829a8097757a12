"""The format that a request's CodeSystem, ValueSet and ConceptMap must have for the engine to read them.

https://hl7.org/fhir/R4/terminology-module.html
"""

from typing import Any

import msgspec
from msgspec import UNSET
from msgspec import UnsetType as Absent

from fhir_server.core import json


class _Extension(msgspec.Struct):
    url: str
    extension: list["_Extension"] = []


Extensions = list[_Extension]


class _Property(msgspec.Struct):
    code: str
    uri: str | Absent = UNSET


class _Use(msgspec.Struct):
    system: str | Absent = UNSET
    code: str | Absent = UNSET


class _Designation(msgspec.Struct):
    value: str
    language: str | Absent = UNSET
    use: _Use | Absent = UNSET
    extension: Extensions = []


class _Concept(msgspec.Struct):
    code: str
    display: str | Absent = UNSET
    definition: str | Absent = UNSET
    designation: list[_Designation] = []
    property: list[_Property] = []
    concept: list["_Concept"] = []
    extension: Extensions = []


class _CodeSystem(msgspec.Struct):
    url: str
    content: str
    version: str | Absent = UNSET
    name: str | Absent = UNSET
    title: str | Absent = UNSET
    status: str | Absent = UNSET
    language: str | Absent = UNSET
    supplements: str | Absent = UNSET
    valueSet: str | Absent = UNSET
    caseSensitive: bool = True
    experimental: bool = False
    extension: Extensions = []
    contained: list[dict[str, Any]] = []
    property: list[_Property] = []
    concept: list[_Concept] = []


class _Listed(msgspec.Struct):
    code: str
    display: str | Absent = UNSET
    designation: list[_Designation] = []
    extension: Extensions = []


class _Include(msgspec.Struct):
    system: str | Absent = UNSET
    version: str | Absent = UNSET
    valueSet: list[str] = []
    concept: list[_Listed] = []
    filter: list[dict[str, Any]] = []


class _Compose(msgspec.Struct):
    include: list[_Include]
    exclude: list[_Include] = []
    extension: Extensions = []
    inactive: bool | Absent = UNSET


class _Contains(msgspec.Struct):
    system: str | Absent = UNSET
    code: str | Absent = UNSET
    display: str | Absent = UNSET
    abstract: bool = False
    designation: list[_Designation] = []
    contains: list["_Contains"] = []


class _Expansion(msgspec.Struct):
    contains: list[_Contains] = []


class _ValueSet(msgspec.Struct):
    url: str | Absent = UNSET
    version: str | Absent = UNSET
    status: str | Absent = UNSET
    experimental: bool = False
    extension: Extensions = []
    contained: list[dict[str, Any]] = []
    compose: _Compose | Absent = UNSET
    expansion: _Expansion | Absent = UNSET


class _Target(msgspec.Struct):
    code: str | Absent = UNSET
    equivalence: str = "equivalent"
    display: str | Absent = UNSET
    dependsOn: list[dict[str, Any]] = []
    product: list[dict[str, Any]] = []


class _Element(msgspec.Struct):
    code: str | Absent = UNSET
    target: list[_Target] = []


class _Unmapped(msgspec.Struct):
    mode: str
    code: str | Absent = UNSET
    url: str | Absent = UNSET


class _Group(msgspec.Struct):
    source: str | Absent = UNSET
    target: str | Absent = UNSET
    element: list[_Element] = []
    unmapped: _Unmapped | Absent = UNSET


class _ConceptMap(msgspec.Struct):
    url: str | Absent = UNSET
    sourceUri: str | Absent = UNSET
    sourceCanonical: str | Absent = UNSET
    targetUri: str | Absent = UNSET
    targetCanonical: str | Absent = UNSET
    contained: list[dict[str, Any]] = []
    group: list[_Group] = []


_FORMATS: dict[str, type[msgspec.Struct]] = {
    "CodeSystem": _CodeSystem,
    "ValueSet": _ValueSet,
    "ConceptMap": _ConceptMap,
}

TYPES = tuple(_FORMATS)
"""The types of resources that terminology operations read."""


def format_error(resource: dict[str, Any]) -> str | None:
    """The first format error of a CodeSystem, ValueSet or ConceptMap, with its location; else None."""
    try:
        msgspec.json.decode(json.serialise(resource), type=_FORMATS[resource["resourceType"]])
    except (msgspec.ValidationError, RecursionError) as error:
        return str(error).replace("`", "'")
    inner = (
        contained for contained in resource.get("contained", ()) if contained.get("resourceType") in TYPES
    )
    return next(filter(None, map(format_error, inner)), None)
