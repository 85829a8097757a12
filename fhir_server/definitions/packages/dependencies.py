"""Which packages a set of packages needs, and whether they are at hand.

https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
"""

from collections.abc import Iterable, Iterator

from fhir_server.definitions.packages.package import FHIR_VERSION, OF_R4, PackageIndex

_ANY = ("", "*", "current", "dev", "latest")
_OF_BRANCH = "current$"


def missing(given: Iterable[PackageIndex], installed: Iterable[PackageIndex]) -> Iterator[tuple[str, str]]:
    """The dependencies of the packages given that neither they nor the installed ones satisfy, as pairs
    `(needing, needed)` of `name#version`.
    """
    given = tuple(given)
    known = (*given, *installed)
    for package in given:
        for name, version in sorted(package.dependencies.items()):
            if not _satisfied(name, version, known):
                yield package.label, f"{name}#{version}"


def _satisfied(name: str, version: str, known: Iterable[PackageIndex]) -> bool:
    if name in OF_R4:
        return version in _ANY or version.startswith(FHIR_VERSION)
    return any(package.name == name and _fits(package.version, version) for package in known)


def _fits(version: str, wanted: str) -> bool:
    """Whether a version is the one wanted; `2.1.x` wants any patch of 2.1."""
    if wanted in _ANY or wanted.startswith(_OF_BRANCH) or version == wanted:
        return True
    stem = wanted.removesuffix(".x").removesuffix(".*")
    return stem != wanted and version.startswith(f"{stem}.")
