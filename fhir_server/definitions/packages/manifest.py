"""The manifest of a package: its name, version, FHIR version and dependencies.

https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
"""

import re
from typing import Any

from fhir_server.definitions.packages import messages
from fhir_server.definitions.packages.package import (
    FHIR_VERSION,
    R4_CORE_NAMES,
    PackageIndex,
    PackageResource,
)
from fhir_server.errors import MalformedContent

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}", re.ASCII)
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_-]{0,99}", re.ASCII)
_FHIR_VERSIONS = ("fhirVersions", "fhir-version-list")


def build_index(file: str, manifest: Any, resources: tuple[PackageResource, ...]) -> PackageIndex:
    """The index of a package from its manifest. Raises `MalformedContent` if the package is not for R4."""
    name = _text(file, manifest, "name", _NAME)
    version = _text(file, manifest, "version", _VERSION)
    dependencies = manifest.get("dependencies") or {}
    if not isinstance(dependencies, dict) or not all(
        isinstance(version, str) for version in dependencies.values()
    ):
        raise MalformedContent.of(messages.BAD_MANIFEST(file=file, field="dependencies"))
    _check_fhir(file, manifest, dependencies)
    if name in R4_CORE_NAMES:
        raise MalformedContent.of(messages.BUILT_IN(package=name))
    title = manifest.get("title")
    return PackageIndex(name, version, title if isinstance(title, str) else "", dependencies, resources)


def _text(file: str, manifest: Any, field: str, pattern: re.Pattern[str]) -> str:
    found = manifest.get(field) if isinstance(manifest, dict) else None
    if not isinstance(found, str) or pattern.fullmatch(found) is None:
        raise MalformedContent.of(messages.BAD_MANIFEST(file=file, field=field))
    return found


def _check_fhir(file: str, manifest: dict[str, Any], dependencies: dict[str, str]) -> None:
    """Refuse a package for another FHIR version. A package without a FHIR version may depend on R4's core."""
    stated = next((manifest[name] for name in _FHIR_VERSIONS if name in manifest), None)
    if stated is None:
        stated = [dependencies[core] for core in R4_CORE_NAMES if core in dependencies] or None
    versions = [stated] if isinstance(stated, str) else stated
    if not isinstance(versions, list) or not versions:
        raise MalformedContent.of(messages.BAD_MANIFEST(file=file, field=_FHIR_VERSIONS[0]))
    if not any(str(version).startswith(FHIR_VERSION) for version in versions):
        raise MalformedContent.of(messages.OTHER_FHIR(file=file, versions=", ".join(map(str, versions))))
