"""Runs one check on a resource, with a registry and value sets of the test's own."""

from dataclasses import dataclass, field
from typing import Any

from fhir_server.codes.terminology import Terminology
from fhir_server.core.fhirpath import FhirPath
from fhir_server.definitions.registry import Registry
from fhir_server.issues import Issue
from fhir_server.validation.checks.check import Check, CheckContext

Resource = dict[str, Any]
Found = list[tuple[str, str | None, str]]


@dataclass
class KnownCodes:
    """Value sets by url, each with its (system, code) pairs."""

    registry_codes: Terminology
    value_sets: dict[str, set[tuple[str | None, str]]] = field(default_factory=dict)

    def contains(
        self, value_set: str, system: str | None, code: str, *, version: str | None = None
    ) -> bool | None:
        found = self.value_sets.get(value_set)
        return None if found is None or version else (system, code) in found

    def contains_in(self, value_set: Resource, system: str | None, code: str) -> bool | None:
        return self.registry_codes.contains_in(value_set, system, code)


class Runner:
    """Runs checks. `known` are the resources that a canonical or a reference finds."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.codes = KnownCodes(Terminology(registry))
        self.known: dict[str, Resource] = {}
        self.profiles: frozenset[str] = frozenset()

    def issues(self, check: Check, resource: Resource) -> list[Issue]:
        context = CheckContext(self.registry, self.codes, PATHS, self.known.get, profiles=self.profiles)
        return list(check.check(resource, context))

    def found(self, check: Check, resource: Resource) -> Found:
        """Severity, rule and place of each issue."""
        return [(issue.severity, issue.key, issue.expression[0]) for issue in self.issues(check, resource)]


PATHS = FhirPath()
