"""Inputs and results of code validation: location, options, and the results of codings and concepts.

https://hl7.org/fhir/R4/valueset-operation-validate-code.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fhir_server.codes.languages import EVERY_LANGUAGE, Languages
from fhir_server.codes.view import version_fits
from fhir_server.core.reference import with_version
from fhir_server.definitions.code_systems import CodeSystem, Concept
from fhir_server.issues import Issue

Coding = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """The location of a coding in the request, as issues name it; empty for a bare code, else `Coding` or
    `CodeableConcept.coding[0]`.
    """

    prefix: str = ""

    def of(self, element: str) -> str:
        return f"{self.prefix}.{element}" if self.prefix else element

    @property
    def whole(self) -> str:
        return self.prefix or "code"


@dataclass(frozen=True, slots=True)
class ValidationOptions:
    """The options of $validate-code."""

    languages: Languages = EVERY_LANGUAGE
    abstract_allowed: bool = True
    active_only: bool = False
    lenient_display: bool = False
    infer_system: bool = False
    membership_only: bool = False


@dataclass(frozen=True, slots=True)
class CodingResult:
    """The result of one coding.

    `concept` is None if the code is unknown. `member` says whether it is in the value set or system, None if
    that is unknown; `unknown_system` is then the missing code system, if that is the reason.
    """

    coding: Coding
    issues: tuple[Issue, ...] = ()
    concept: Concept | None = None
    system: CodeSystem | None = None
    member: bool | None = True
    display: str | None = None
    unknown_system: str | None = None

    @property
    def result(self) -> bool:
        """The `result` of $validate-code."""
        return self.member is not False and not any(issue.severity == "error" for issue in self.issues)


@dataclass(frozen=True, slots=True)
class ConceptResult:
    """The result of a CodeableConcept; `best` is the first valid coding."""

    results: tuple[CodingResult, ...]
    issues: tuple[Issue, ...] = ()

    @property
    def best(self) -> CodingResult | None:
        return next((result for result in self.results if result.member), None)

    @property
    def result(self) -> bool:
        """The `result` of $validate-code."""
        return self.best is not None and not any(issue.severity == "error" for issue in self.issues)


def canonical_of(coding: Coding) -> str:
    """`system|version` of a coding, or only its system."""
    return with_version(coding.get("system", ""), coding.get("version"))


def expected_system(system: str | None, coding: Coding) -> str:
    """The canonical of the system to validate a coding in: the given one, else its own; empty if none."""
    if system is None:
        return canonical_of(coding) if coding.get("system") else ""
    return with_version(system, coding.get("version") if "|" not in system else None)


def is_of_other_system(system: str | None, coding: Coding) -> bool:
    """Whether a coding states another system, or another version of it, than the given one."""
    url, _, version = (system or "").partition("|")
    if url and coding.get("system", url) != url:
        return True
    given = coding.get("version", "")
    return not (version_fits(version, given) or version_fits(given, version))


def coding_label(coding: Coding) -> str:
    """`system|version#code`, as issues name a coding."""
    return f"{canonical_of(coding)}#{coding.get('code', '')}"
