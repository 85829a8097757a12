"""Validation of resources: structure, then conformance to invariants, extensions, profiles and checks.

https://hl7.org/fhir/R4/validation.html
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import local
from typing import Any

from fhir_server.core.fhirpath import FhirPath
from fhir_server.definitions.registry import Registry
from fhir_server.issues import Issue
from fhir_server.validation.checks.check import Check, Codes, Resolve
from fhir_server.validation.conformance import Conformance, Dependencies
from fhir_server.validation.error_recovery import sound_part
from fhir_server.validation.fhirpath.compiled import StepBudget
from fhir_server.validation.findings import Findings
from fhir_server.validation.outcome_issues import errors_of, issues_of
from fhir_server.validation.structure import StructureValidator


class Validator:
    """Validates every R4 resource type against its definition, and against any known profile.

    It caches what it compiles; `with_registry` returns a validator for other definitions.
    """

    def __init__(
        self,
        registry: Registry,
        paths: FhirPath,
        codes: Codes,
        checks: Iterable[Check] = (),
        thread: "_ThreadState | None" = None,
    ) -> None:
        self._dependencies = Dependencies(registry, paths, codes, tuple(checks))
        self._structure = StructureValidator(registry)
        self._all_findings = Conformance(self._dependencies, errors_only=False)
        self._errors_only = Conformance(self._dependencies, errors_only=True)
        self._thread = thread or _ThreadState()

    def with_registry(self, registry: Registry, codes: Codes) -> "Validator":
        """The same validator for other definitions."""
        dependencies = self._dependencies
        return Validator(registry, dependencies.paths, codes, dependencies.checks, self._thread)

    @contextmanager
    def shared_budget(self) -> Iterator[StepBudget]:
        """Let all resources that this thread validates inside share one step budget, by these definitions
        and by others. Without it, each call has its own.
        """
        before = self._thread.budget
        budget = self._thread.budget = before or StepBudget()
        try:
            yield budget
        finally:
            self._thread.budget = before

    def validate(
        self, resource: object, profiles: Iterable[str] = (), *, resolve: Resolve | None = None
    ) -> list[Issue]:
        """All issues of a parsed resource by its type, the profiles it claims and the given `profiles`.

        `resolve` finds the targets of references and canonicals outside the resource. Parts with structural
        errors are left out of the further checks, so that they do not hide other issues.
        """
        issues = self.structure(resource)
        if not issues:
            return self._strict_issues(resource, profiles, resolve)
        if not self._dependencies.registry.is_resource(resource):
            return issues
        rest = sound_part(resource, issues, self.structure)
        if rest is None:
            return issues
        return issues + rest.without_consequences(self._strict_issues(rest.resource, profiles, resolve))

    def _strict_issues(self, resource: Any, profiles: Iterable[str], resolve: Resolve | None) -> list[Issue]:
        found = self._findings(self._all_findings, resource, profiles, resolve)
        return issues_of(found, resource["resourceType"], strict=True)

    def structure(self, resource: object) -> list[Issue]:
        """The structural issues only."""
        return self._structure.validate(resource)

    def conformance(
        self, resource: Any, profiles: Iterable[str] = (), *, resolve: Resolve | None = None
    ) -> list[Issue]:
        """The issues of a structurally valid resource as a write sees them: only errors refuse it."""
        found = self._findings(self._all_findings, resource, profiles, resolve)
        return issues_of(found, resource["resourceType"])

    def errors(
        self, resource: Any, profiles: Iterable[str] = (), *, resolve: Resolve | None = None
    ) -> list[Issue]:
        """The errors that `conformance` finds; much faster than `conformance` if there are none."""
        found = self._findings(self._errors_only, resource, profiles, resolve)
        return errors_of(found, resource["resourceType"])

    def _findings(
        self, conformance: Conformance, resource: Any, profiles: Iterable[str], resolve: Resolve | None
    ) -> Findings:
        budget = self._thread.budget or StepBudget()
        return conformance.findings(resource, tuple(profiles), resolve or _unresolved, budget)


class _ThreadState(local):
    """The step budget of the Bundle that a thread validates; None outside a Bundle."""

    budget: StepBudget | None = None


def _unresolved(_reference: str) -> None:
    return None
