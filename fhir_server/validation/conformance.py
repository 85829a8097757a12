"""Conformance of resources beyond structure: invariants, extensions, profiles, checks of whole resources.

https://hl7.org/fhir/R4/validation.html
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from fhir_server.core.fhirpath import FhirPath
from fhir_server.core.internal_references import BundleIndex
from fhir_server.definitions.registry import Registry
from fhir_server.issues import Issue
from fhir_server.validation.checks.check import Check, CheckContext, Codes, Resolve, Resource
from fhir_server.validation.fhirpath.compiled import Scope, StepBudget
from fhir_server.validation.fhirpath.static_types import Types
from fhir_server.validation.findings import FINDINGS_MAX, Finding, Findings
from fhir_server.validation.invariants.compiler import InvariantCompiler
from fhir_server.validation.profiles import messages
from fhir_server.validation.profiles.base_types import BaseCompiler
from fhir_server.validation.profiles.compiled_profiles import (
    CompiledProfiles,
    type_mismatch,
    unusable_profile,
)
from fhir_server.validation.profiles.context import (
    ValidationContext,
    ValidationState,
    joined,
    reference_finder,
)
from fhir_server.validation.profiles.extensions import without_allowed_misplacements
from fhir_server.validation.profiles.vital_signs import as_vital_sign, vital_sign_profiles

_ON_PROFILE = (messages.PROFILE_UNKNOWN, messages.PROFILE_FAULTY, messages.PROFILE_TYPE)


@dataclass(frozen=True, slots=True, eq=False)
class Dependencies:
    """The definitions, FHIRPath engine, terminology service and checks that conformance depends on."""

    registry: Registry
    paths: FhirPath
    codes: Codes
    checks: tuple[Check, ...]


class Conformance:
    """Checks structurally valid resources. It caches what it compiles.

    With `errors_only`, rules that only warn are not compiled; a few warnings may be found all the same.
    """

    def __init__(self, dependencies: Dependencies, errors_only: bool) -> None:
        self._dependencies = dependencies
        self._errors_only = errors_only
        self._types = types = Types(dependencies.registry)
        invariants = InvariantCompiler(types, dependencies.paths, errors_only)
        self._compiled_profiles = CompiledProfiles(
            dependencies.registry, types, invariants, dependencies.codes, errors_only
        )
        self._base = BaseCompiler(
            dependencies.registry, types, invariants, dependencies.codes, self._compiled_profiles, errors_only
        )
        self._checks: dict[str, tuple[Check, ...]] = {}

    def findings(
        self, resource: Resource, profiles: tuple[str, ...], resolve: Resolve, budget: StepBudget
    ) -> Findings:
        """The findings of a resource that is not nested, by its type and profiles."""
        context = self._context(resource, resource, None, _cached(resolve), ValidationState(self, budget))
        return self._check_resource(resource, context, profiles)

    # nested resources

    def contained(self, resource: Any, outer: ValidationContext) -> Findings:
        """The findings of a contained resource."""
        if not self._dependencies.registry.is_resource(resource):
            return None
        scope = self._scope(resource, outer.scope.root, outer.find, outer.state)
        return self._check_resource(
            resource, ValidationContext(scope, outer.state, outer.bundle, outer.resolve), ()
        )

    def entry(self, resource: Any, outer: ValidationContext) -> Findings:
        """The findings of a resource in a Bundle entry or in Parameters."""
        if not self._dependencies.registry.is_resource(resource):
            return None
        return self._check_resource(resource, self.context_for(resource, outer), ())

    def context_for(self, resource: Resource, outer: ValidationContext) -> ValidationContext:
        """The context of a resource that is nested in, or referenced from, the resource of `outer`."""
        if resource is outer.resource:
            return outer
        holder = outer.resource
        bundle = outer.state.index(holder) if holder.get("resourceType") == "Bundle" else outer.bundle
        contained = outer.scope.root.get("contained")
        is_contained = type(contained) is list and any(one is resource for one in contained)
        root = outer.scope.root if is_contained else resource
        return self._context(resource, root, bundle, outer.resolve, outer.state)

    def _context(
        self, resource: Any, root: Any, bundle: BundleIndex | None, resolve: Resolve, state: ValidationState
    ) -> ValidationContext:
        entries = state.index(root) if root.get("resourceType") == "Bundle" else bundle
        scope = self._scope(resource, root, reference_finder(root, entries, resolve), state)
        return ValidationContext(scope, state, bundle, resolve)

    def _scope(self, resource: Any, root: Any, find: Resolve, state: ValidationState) -> Scope:
        conforms = partial(self._conforms, state)
        return Scope(resource, root, find, self._dependencies.codes.contains, conforms, budget=state.budget)

    def _conforms(self, state: ValidationState, value: Any, canonical: str, scope: Scope) -> bool | None:
        """Whether an object satisfies a profile; None if the profile cannot be used."""
        return self._compiled_profiles.conforms(value, (canonical,), ValidationContext(scope, state))

    # one resource

    def _check_resource(
        self, resource: Resource, context: ValidationContext, requested: tuple[str, ...]
    ) -> Findings:
        name = resource["resourceType"]
        found = self._base.type_node(name).check(resource, context)
        if found is not None:
            found = without_allowed_misplacements(found, self._types.bases(name))
        claimed = _claimed_profiles(resource)
        for index, canonical in enumerate(claimed):
            more = self._profile(canonical, resource, context)
            if more is not None:
                found = joined(found, _located_at_claim(more, index))
        for canonical in requested:
            if canonical not in claimed and (more := self._profile(canonical, resource, context)) is not None:
                found = joined(found, _as_errors(more))
        if name == "Observation" and not self._errors_only:
            found = joined(found, self._vital_signs(resource, context, (*claimed, *requested)))
        checks = self._checks_of(name)
        if checks:
            found = joined(found, self._checked(checks, resource, context, frozenset((*claimed, *requested))))
        return found

    def _profile(self, canonical: str, resource: Resource, context: ValidationContext) -> Findings:
        """The findings of a resource against one profile."""
        profile = self._compiled_profiles.profile(canonical)
        if profile is None or profile.fault:
            return [unusable_profile(canonical, profile)]
        if profile.type not in ("Resource", "DomainResource", resource["resourceType"]):
            return [type_mismatch(profile, resource)]
        context.missing.clear()
        key = (id(resource), canonical)
        context.state.in_progress.add(key)
        found = profile.node.check(resource, context)
        context.state.in_progress.discard(key)
        if found is None:
            context.state.passed.add(key)
        if context.missing:
            names = ", ".join(dict.fromkeys(context.missing))
            text = messages.MUST_SUPPORT(profile=canonical, names=names)
            found = joined(found, [Finding("informational", text, severity="information")])
        return found

    def _vital_signs(
        self, resource: Resource, context: ValidationContext, named: tuple[str, ...]
    ) -> Findings:
        """The findings of an Observation against the profiles for its code, except those `named`."""
        found: list[Finding] | None = None
        for canonical in vital_sign_profiles(resource):
            if canonical not in named and (more := self._profile(canonical, resource, context)) is not None:
                found = joined(found, as_vital_sign(more, canonical))
        return found

    def _checks_of(self, type: str) -> tuple[Check, ...]:
        checks = self._checks.get(type)
        if checks is None:
            mine = (check for check in self._dependencies.checks if not check.types or type in check.types)
            checks = self._checks[type] = tuple(mine)
        return checks

    def _checked(
        self,
        checks: tuple[Check, ...],
        resource: Resource,
        context: ValidationContext,
        profiles: frozenset[str],
    ) -> Findings:
        """The findings of the checks of whole resources."""
        name, dependencies = resource["resourceType"], self._dependencies
        bundle = context.bundle.bundle if context.bundle is not None else None
        check_context = CheckContext(
            dependencies.registry,
            dependencies.codes,
            dependencies.paths,
            context.find,
            bundle,
            profiles,
            self._errors_only,
            context.state.budget,
        )
        issues = (issue for check in checks for issue in check.check(resource, check_context))
        return [_finding(issue, name) for issue in _until_many_errors(issues)] or None


def _cached(resolve: Resolve) -> Resolve:
    """The resolver with a cache of its results."""
    known: dict[str, Resource | None] = {}

    def find(reference: str) -> Resource | None:
        if reference not in known:
            known[reference] = resolve(reference)
        return known[reference]

    return find


def _until_many_errors(issues: Iterable[Issue]) -> Iterator[Issue]:
    """The issues of checks until there are `FINDINGS_MAX` errors."""
    errors = 0
    for issue in issues:
        yield issue
        errors += issue.severity == "error"
        if errors >= FINDINGS_MAX:
            return


def _finding(issue: Issue, root: str) -> Finding:
    """A check's issue as a finding, with its location relative to the resource."""
    place = issue.expression[0] if issue.expression else root
    return Finding(issue.code, issue.text, place.removeprefix(root), issue.key, issue.severity)


def _claimed_profiles(resource: Resource) -> list[str]:
    meta = resource.get("meta")
    profiles = meta.get("profile") if type(meta) is dict else None
    return [one for one in profiles if type(one) is str] if type(profiles) is list else []


def _located_at_claim(found: list[Finding], index: int) -> list[Finding]:
    """Locate findings about the profile itself at the claim in meta.profile."""
    for finding in found:
        if finding.text.template in _ON_PROFILE and not finding.where:
            finding.where = f".meta.profile[{index}]"
    return found


def _as_errors(found: list[Finding]) -> list[Finding]:
    """Make it an error if a requested profile cannot be used."""
    for finding in found:
        if finding.text.template in _ON_PROFILE and not finding.where:
            finding.severity = "error"
    return found
