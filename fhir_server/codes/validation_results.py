"""What is found of codings: where each came from, what it is held to, and the verdict.

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
    """Where a coding came from, as its issues name it: `code`, `Coding`, `CodeableConcept.coding[0]`."""

    prefix: str = ""

    def of(self, element: str) -> str:
        return f"{self.prefix}.{element}" if self.prefix else element

    @property
    def whole(self) -> str:
        return self.prefix or "code"


@dataclass(frozen=True, slots=True)
class ValidationOptions:
    """What a code is held to."""

    languages: Languages = EVERY_LANGUAGE
    abstract_allowed: bool = True
    active_only: bool = False
    lenient_display: bool = False
    infer_system: bool = False
    membership_only: bool = False


@dataclass(frozen=True, slots=True)
class CodingResult:
    """What was found of one coding: its `concept`, None where the code is not known here; whether it is a
    `member` of the value set or system, None where nobody knows; and the system that is not known, if that is
    why.
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
    """What was found of a concept with several codings; `best` is the first that is right."""

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
    """`system|version` of a coding, or its system alone."""
    return with_version(coding.get("system", ""), coding.get("version"))


def expected_system(system: str | None, coding: Coding) -> str:
    """The canonical of the system that a coding is held to, its own where none is named; empty for none."""
    if system is None:
        return canonical_of(coding) if coding.get("system") else ""
    return with_version(system, coding.get("version") if "|" not in system else None)


def is_of_other_system(system: str | None, coding: Coding) -> bool:
    """Whether a coding says that it is of another system than the one that is named, or another version."""
    url, _, version = (system or "").partition("|")
    if url and coding.get("system", url) != url:
        return True
    given = coding.get("version", "")
    return not (version_fits(version, given) or version_fits(given, version))


def coding_label(coding: Coding) -> str:
    """`system|version#code`, as issues name a coding."""
    return f"{canonical_of(coding)}#{coding.get('code', '')}"
