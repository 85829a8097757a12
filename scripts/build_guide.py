"""Writes the guide as an installable FHIR NPM package: `make guide [ROOT=https://...]`.

The package contains the guide's resources on the given canonical root, profiles with their snapshots, and the
valid examples. The build is reproducible byte for byte. https://hl7.org/fhir/packages
"""

import argparse
import gzip
import io
import sys
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from fhir_server.core import json
from fhir_server.definitions.registry import Registry
from mappings.sesame.guide import Guide, read_guide
from scripts.guide_examples import REPOSITORY, example_files

Resource = dict[str, Any]

FHIR_VERSION = "4.0.1"
MODIFIER_REASON = "FHIR R4 en fait un élément qui change le sens de la ressource."
INDEXED = ("resourceType", "id", "url", "version", "kind", "type", "supplements", "content")


def main(arguments: list[str] | None = None) -> int:
    """Write the package, and print its path."""
    parser = argparse.ArgumentParser(description="Write the guide as a FHIR NPM package.")
    parser.add_argument("--root", help="canonical root of the guide, such as https://fhir.example.org")
    parser.add_argument("--output", type=Path, default=REPOSITORY / "dist", help="folder to write into")
    options = parser.parse_args(arguments)
    if options.root and not options.root.startswith(("http://", "https://")):
        parser.error(f"--root must be an http or https address, not {options.root!r}")
    print(write_package(read_guide(options.root), options.output))
    return 0


def write_package(guide: Guide, folder: Path) -> Path:
    """Write the package of `guide` into `folder`; returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{_head(guide)['packageId']}-{guide.version}.tgz"
    file.write_bytes(_archive(package_files(guide)))
    return file


def package_files(guide: Guide) -> dict[str, bytes]:
    """The files of the package by their path in it."""
    examples = [*_examples(guide)]
    return {
        "package/package.json": json.serialise(_manifest(guide)),
        **_folder("package", map(_narrated, _with_snapshots(guide, examples))),
        **_folder("package/example", (example for _, example in examples)),
    }


def _folder(name: str, resources: Iterable[Resource]) -> dict[str, bytes]:
    """One file per resource, and their index."""
    named = {f"{found['resourceType']}-{found['id']}.json": found for found in resources}
    index = [
        {"filename": file, **{member: found[member] for member in INDEXED if _is_text(found, member)}}
        for file, found in named.items()
    ]
    files = {f"{name}/{file}": json.serialise(found) for file, found in named.items()}
    return {f"{name}/.index.json": json.serialise({"index-version": 1, "files": index}), **files}


def _is_text(resource: Mapping[str, Any], member: str) -> bool:
    return isinstance(resource.get(member), str)


def _examples(guide: Guide) -> Iterator[tuple[str, Resource]]:
    """The examples on the guide's root, each with the canonical URL of its profile."""
    own_root = read_guide().root
    for file in example_files():
        body = file.path.read_bytes().replace(own_root.encode(), guide.root.encode())
        yield guide.profile(file.profile), json.parse(body)


def _with_snapshots(guide: Guide, examples: Iterable[tuple[str, Resource]]) -> Iterator[Resource]:
    """The guide's resources: profiles with their snapshots, the ImplementationGuide with its examples."""
    registry = Registry.r4().with_guides(guide.resources)
    for resource in guide.resources:
        if resource["resourceType"] == "StructureDefinition":
            elements = registry.snapshot(resource["url"]).elements
            yield _ordered(resource | {"snapshot": {"element": [_defined(found) for found in elements]}})
        elif resource["resourceType"] == "ImplementationGuide":
            listed = [*resource["definition"]["resource"], *map(_entry, examples)]
            yield resource | {"definition": resource["definition"] | {"resource": listed}}
        else:
            yield resource


def _narrated(resource: Resource) -> Resource:
    """The resource with its title and description as narrative, which other validators require (dom-6)."""
    title = resource["title"] if "title" in resource else resource["name"]
    paragraphs = "".join(f"<p>{escape(line)}</p>" for line in (title, resource["description"]))
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">{paragraphs}</div>'
    head = {name: resource[name] for name in ("resourceType", "id", "language")}
    return {**head, "text": {"status": "generated", "div": div}, **resource}


def _ordered(definition: Resource) -> Resource:
    """The definition with the snapshot before the differential, as in R4."""
    return definition | {"differential": definition.pop("differential")}


def _defined(element: Mapping[str, Any]) -> Resource:
    """The element with the texts that R4 requires of every element of a snapshot (sdf-3, eld-18)."""
    texts = {"definition": element.get("short") or element["path"]}
    if element.get("isModifier"):
        texts["isModifierReason"] = MODIFIER_REASON
    return {**texts, **element}


def _entry(example: tuple[str, Resource]) -> Resource:
    profile, resource = example
    reference = f"{resource['resourceType']}/{resource['id']}"
    return {"reference": {"reference": reference}, "name": reference, "exampleCanonical": profile}


def _manifest(guide: Guide) -> Resource:
    head = _head(guide)
    (country,) = head["jurisdiction"][0]["coding"]
    return {
        "name": head["packageId"],
        "version": guide.version,
        "type": "IG",
        "title": head["title"],
        "description": head["description"],
        "author": head["publisher"],
        "canonical": guide.root,
        "url": guide.root,
        "date": guide.date.replace("-", "") + "000000",
        "jurisdiction": f"{country['system']}#{country['code']}",
        "fhirVersions": [FHIR_VERSION],
        "dependencies": {"hl7.fhir.r4.core": FHIR_VERSION},
        "directories": {"lib": "package", "example": "example"},
    }


def _head(guide: Guide) -> Resource:
    return next(found for found in guide.resources if found["resourceType"] == "ImplementationGuide")


def _archive(files: Mapping[str, bytes]) -> bytes:
    """A reproducible .tgz, without timestamps or owners."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, body in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(body), 0o644
            archive.addfile(member, io.BytesIO(body))
    return gzip.compress(packed.getvalue(), mtime=0)


if __name__ == "__main__":
    sys.exit(main())
