"""The profiles and extensions that R4 itself defines, without texts.

https://hl7.org/fhir/R4/profiling.html
"""

from collections.abc import Iterable
from typing import Any

from scripts.compile_r4.extensions import MAX_VALUE_SET, extension_value

TEXTS = frozenset(
    ("short", "definition", "comment", "requirements", "alias", "mapping", "example", "condition", "label")
) | frozenset(("isModifierReason", "meaningWhenMissing", "orderMeaning", "extension", "code"))
CONSTRAINT = ("key", "severity", "human", "expression", "source")
NAMING = ("resourceType", "url", "version", "name", "status")
KIND = ("kind", "abstract", "context", "contextInvariant", "type", "baseDefinition", "derivation")
CONTRADICTORY = ("catalog", "codesystem-history", "familymemberhistory-genetic")
"""Profiles with contradictory differentials, which widen or slice wrongly: their snapshots are used."""

Json = dict[str, Any]


def without_texts(element: Json) -> Json:
    """An element of a differential without its texts."""
    kept = {name: value for name, value in element.items() if name not in TEXTS}
    if binding := kept.get("binding"):
        named = ("strength", "valueSet")
        kept["binding"] = {name: binding[name] for name in named if name in binding}
        if widest := extension_value(binding, MAX_VALUE_SET):
            kept["binding"]["extension"] = [{"url": MAX_VALUE_SET, "valueCanonical": widest}]
    if slicing := kept.get("slicing"):
        kept["slicing"] = {name: value for name, value in slicing.items() if name != "description"}
    if rules := kept.get("constraint"):
        kept["constraint"] = [
            {name: rule[name] for name in CONSTRAINT if name in rule}
            for rule in rules
            if "expression" in rule
        ]
    return kept


def derived_structure(structure: Json) -> Json:
    """A profile or extension without texts, with its differential or its snapshot."""
    view = "snapshot" if structure["id"] in CONTRADICTORY else "differential"
    elements = [without_texts(element) for element in structure[view]["element"]]
    kept = {name: structure[name] for name in (*NAMING, *KIND) if name in structure}
    return {**kept, view: {"element": elements}}


def derived_structures(structures: Iterable[Json]) -> dict[str, Json]:
    """The profiles and extensions that R4 itself defines, except examples."""
    return {
        s["url"]: derived_structure(s)
        for s in structures
        if s.get("derivation") == "constraint" and not s["id"].startswith("example")
    }
