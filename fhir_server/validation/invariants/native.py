"""The invariants of all resources and of the commonest types, as Python functions, for speed.

Each gives the same result as its FHIRPath expression, wherever that has one.
https://hl7.org/fhir/R4/domainresource.html#invs
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from fhir_server.validation.fhirpath.compiled import Scope
from fhir_server.validation.fhirpath.date_times import compare_date_times

NativeInvariant = Callable[[Any, Scope], bool]

STRUCTURAL = frozenset({"ele-1", "ext-1", "ref-1", "dom-2", "txt-1", "txt-2"})
"""Invariants that the structural validation or the check of narratives already covers."""
_images = re.compile(r"<img\b[^<>]*?\bsrc=[\"'](#[^\"']*)").findall


def contained_is_referred_to(resource: dict[str, Any], scope: Scope) -> bool:
    """dom-3: each contained resource is referred to from the resource, or refers to its container."""
    contained = resource.get("contained")
    if not contained:
        return True
    referred = _references(resource, scope)
    return all(
        f"#{inner.get('id', '')}" in referred or "#" in _references(inner, scope)
        for inner in contained
        if type(inner) is dict
    )


def _references(start: Any, scope: Scope) -> set[str]:
    """All strings below that begin with `#`, as references and canonicals to contained resources do, and the
    image sources in narratives: https://hl7.org/fhir/R4/references.html#contained.
    """
    found: set[str] = set()
    waiting = [start]
    while waiting:
        node = waiting.pop()
        values = node.values() if type(node) is dict else node
        scope.count_steps(len(values))
        for value in values:
            if type(value) is dict or type(value) is list:
                waiting.append(value)
            elif type(value) is str and value.startswith("#"):
                found.add(value)
            elif type(value) is str and value.startswith("<div"):
                found.update(_images(value))
    return found


def contained_has_no_version(resource: dict[str, Any], _: Scope) -> bool:
    """dom-4"""
    return not any(
        name in meta for meta in _contained_meta(resource) for name in ("versionId", "lastUpdated")
    )


def contained_has_no_label(resource: dict[str, Any], _: Scope) -> bool:
    """dom-5"""
    return not any("security" in meta for meta in _contained_meta(resource))


def _contained_meta(resource: dict[str, Any]) -> list[dict[str, Any]]:
    contained = resource.get("contained", ())
    return [
        resource["meta"]
        for resource in contained
        if type(resource) is dict and type(resource.get("meta")) is dict
    ]


def root_has_narrative(resource: dict[str, Any], scope: Scope) -> bool:
    """dom-6, only for resources that are not nested"""
    if scope.root is not resource:
        return True
    text = resource.get("text")
    return type(text) is dict and "div" in text


def period_runs_forward(period: dict[str, Any], _: Scope) -> bool:
    """per-1; dates that it cannot compare, such as 2024 and 2024-06, are left to
    `profiles/datatype_checks.py`.
    """
    start, end = period.get("start"), period.get("end")
    if start is None or end is None:
        return True
    order = compare_date_times(start, end)
    return order is None or order <= 0


def requires(name: str, other: str) -> NativeInvariant:
    """The invariant that an object with one primitive element also has another one."""
    companion, other_companion = f"_{name}", f"_{other}"

    def holds(holder: dict[str, Any], _: Scope) -> bool:
        if other in holder or (name not in holder and companion not in holder):
            return True
        return other_companion in holder

    return holds


NATIVE_INVARIANTS: Mapping[tuple[str, str], NativeInvariant] = {
    ("dom-4", "contained.meta.versionId.empty() and contained.meta.lastUpdated.empty()"): (
        contained_has_no_version
    ),
    ("dom-5", "contained.meta.security.empty()"): contained_has_no_label,
    ("dom-6", "text.`div`.exists()"): root_has_narrative,
    ("per-1", "start.hasValue().not() or end.hasValue().not() or (start <= end)"): period_runs_forward,
    ("qty-3", "code.empty() or system.exists()"): requires("code", "system"),
    ("cpt-2", "value.empty() or system.exists()"): requires("value", "system"),
    ("att-1", "data.empty() or contentType.exists()"): requires("data", "contentType"),
    (
        "dom-3",
        "contained.where((('#'+id in (%resource.descendants().reference"
        " | %resource.descendants().as(canonical) | %resource.descendants().as(uri)"
        " | %resource.descendants().as(url))) or descendants().where(reference = '#').exists()"
        " or descendants().where(as(canonical) = '#').exists()"
        " or descendants().where(as(canonical) = '#').exists()).not()).trace('unmatched', id).empty()",
    ): contained_is_referred_to,
}
"""By key and expression, because a profile may reuse one of R4's keys for an invariant of its own."""

REQUIRED_PROPERTIES: Mapping[NativeInvariant, str] = {
    contained_is_referred_to: "contained",
    contained_has_no_version: "contained",
    contained_has_no_label: "contained",
}
"""Invariants that always hold for an object without the given property."""
