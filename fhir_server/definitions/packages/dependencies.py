"""Dependencies of packages, and which of them are missing.

https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
"""

from collections.abc import Iterable, Iterator

from fhir_server.definitions.packages.package import FHIR_VERSION, R4_PACKAGES, PackageIndex

_ANY = ("", "*", "current", "dev", "latest")
_OF_BRANCH = "current$"


def missing_dependencies(
    given: Iterable[PackageIndex], installed: Iterable[PackageIndex]
) -> Iterator[tuple[str, str]]:
    """The dependencies of the given packages that neither they nor the installed ones satisfy.

    Yields pairs `(dependent, dependency)`, each as `name#version`.
    """
    given = tuple(given)
    known = (*given, *installed)
    for package in given:
        for name, version in sorted(package.dependencies.items()):
            if not _is_satisfied(name, version, known):
                yield package.label, f"{name}#{version}"


def _is_satisfied(name: str, version: str, known: Iterable[PackageIndex]) -> bool:
    if name in R4_PACKAGES:
        return version in _ANY or version.startswith(FHIR_VERSION)
    return any(package.name == name and _fits(package.version, version) for package in known)


def _fits(version: str, wanted: str) -> bool:
    """Whether a version satisfies the wanted one; `2.1.x` means any patch of 2.1."""
    if wanted in _ANY or wanted.startswith(_OF_BRANCH) or version == wanted:
        return True
    stem = wanted.removesuffix(".x").removesuffix(".*")
    return stem != wanted and version.startswith(f"{stem}.")
