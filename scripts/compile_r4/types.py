"""The types that resources are made of: elements, cardinality, bindings, invariants.

https://hl7.org/fhir/R4/structuredefinition.html
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from scripts.compile_r4.extensions import MAX_VALUE_SET, STRUCTURES, extension_value
from scripts.compile_r4.lines import lines

FHIR_TYPE = STRUCTURES + "structuredefinition-fhir-type"
REGEX = STRUCTURES + "regex"
SYSTEM_TYPES = "http://hl7.org/fhirpath/System."

Json = dict[str, Any]


def type_fact(path: str, type_: Json) -> str | Json:
    """A type as its bare code, or with its targets and profiles.

    The FHIRPath system types stand for `id`, `url` and the values of primitives; R4 states `string`
    for the id of a resource, which its own prose types `id`.
    """
    code = extension_value(type_, FHIR_TYPE) or type_["code"]
    if path == "Resource.id":
        code = "id"
    code = "string" if code.startswith(SYSTEM_TYPES) else code
    fact = {
        "targets": [url.removeprefix(STRUCTURES) for url in type_.get("targetProfile", ())],
        "profiles": type_.get("profile", []),
    }
    fact = {name: value for name, value in fact.items() if value}
    return {"code": code, **fact} if fact else code


def own_invariants(element: Json, url: str) -> list[list[str]]:
    """The invariants of this definition itself, without inherited ones."""
    of_the_type = ("ele-1", "ext-1") if "." in element["path"] else ()
    return [
        [rule["key"], rule["severity"], rule["human"], rule["expression"]]
        for rule in element.get("constraint", ())
        if rule.get("source", url) == url and "expression" in rule and rule["key"] not in of_the_type
    ]


def binding_fact(binding: Json) -> list[str] | None:
    """The strength, the value set and, if there is one, the maximum value set."""
    if "valueSet" not in binding:
        return None
    widest = extension_value(binding, MAX_VALUE_SET)
    return [binding["strength"], binding["valueSet"], *([widest] if widest else ())]


def value_fact(value: Json) -> Json:
    """The FHIRPath type of a primitive's value, and its limits."""
    named = ("min", "maxLength", "minValueInteger", "maxValueInteger")
    limits = {name: value[name] for name in named if value.get(name)}
    return {"type": value["type"][0]["code"].removeprefix(SYSTEM_TYPES), **limits}


def element_fact(element: Json, url: str) -> Json:
    """The facts of one element; the defaults (0..1, no modifier, not in the summary) are omitted."""
    base_path = element.get("base", {}).get("path", element["path"])
    fact = {
        "min": element["min"],
        "max": "" if element["max"] == "1" else element["max"],
        "types": [type_fact(base_path, type_) for type_ in element.get("type", ())],
        "content": element.get("contentReference", "").removeprefix("#"),
        "binding": binding_fact(element.get("binding", {})),
        "modifier": element.get("isModifier"),
        "summary": element.get("isSummary"),
        "xml": "".join(element.get("representation", ())),
        "invariants": own_invariants(element, url),
    }
    return {name: value for name, value in fact.items() if value}


def relative(path: str) -> str:
    """`Observation.component.code` as `component.code`."""
    return path.partition(".")[2]


def element_facts(structure: Json, structures: Mapping[str, Json]) -> dict[str, Json]:
    """The elements that differ from those of the base type, by their path below the root."""
    facts = {}
    for element in structure["snapshot"]["element"][1:]:
        fact = element_fact(element, structure["url"])
        owner, _, inherited_path = element["base"]["path"].partition(".")
        if owner != structure["name"] and owner in structures:
            inherited = next(
                other
                for other in structures[owner]["snapshot"]["element"]
                if relative(other["path"]) == inherited_path
            )
            if fact == element_fact(inherited, structures[owner]["url"]):
                continue
        facts[relative(element["path"])] = fact
    return facts


def base_of(structure: Json) -> str | None:
    """The name of the base type."""
    return structure.get("baseDefinition", "").removeprefix(STRUCTURES) or None


def type_facts(structure: Json, structures: Mapping[str, Json]) -> Json:
    """One type: its kind, its own invariants and its own elements in order."""
    elements = element_facts(structure, structures)
    facts = {
        "name": structure["name"],
        "kind": structure["kind"],
        "abstract": structure["abstract"],
        "url": structure["url"],
        "base": base_of(structure),
    }
    if structure["kind"] == "primitive-type":
        value = next(e for e in structure["snapshot"]["element"] if e["path"].endswith(".value"))
        facts["regex"] = extension_value(value["type"][0], REGEX)
        facts["value"] = value_fact(value)
        elements.pop("value", None)
    root = structure["snapshot"]["element"][0]
    if binding := binding_fact(root.get("binding", {})):
        facts["binding"] = binding
    facts["invariants"] = own_invariants(root, structure["url"])
    return {**facts, "elements": elements}


def base_types(structures: Iterable[Json]) -> dict[str, Json]:
    """The types of resources and elements, without profiles and logical models."""
    kinds = ("resource", "complex-type", "primitive-type")
    return {s["name"]: s for s in structures if s.get("derivation") != "constraint" and s["kind"] in kinds}


def compile_types(types: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """One file per type, and one that lists them."""
    index = {
        name: {"kind": type_["kind"], "abstract": type_["abstract"], "base": base_of(type_)}
        for name, type_ in sorted(types.items())
    }
    yield "types.json", lines(index)
    for name, structure in sorted(types.items()):
        facts = type_facts(structure, types)
        yield f"types/{name}.json", lines(facts, nested=("elements",))
