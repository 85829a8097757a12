"""The context in which a resource is validated: the resources around it, and what one validation shares.

https://hl7.org/fhir/R4/bundle.html#references
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from fhir_server.core.internal_references import BundleIndex, Resource, find_contained
from fhir_server.validation.checks.check import Resolve
from fhir_server.validation.fhirpath.compiled import Scope, StepBudget
from fhir_server.validation.findings import Finding, Findings
from fhir_server.validation.invariants.compiler import CompiledInvariant
from fhir_server.validation.profiles.enclosing_extensions import EnclosingExtensions, extensions_around


class NestedResources(Protocol):
    """Validates resources inside another one, and makes the contexts for targets of references."""

    def contained(self, resource: Any, outer: "ValidationContext") -> Findings: ...

    def entry(self, resource: Any, outer: "ValidationContext") -> Findings: ...

    def context_for(self, resource: Resource, outer: "ValidationContext") -> "ValidationContext": ...


class CachedFindings(NamedTuple):
    """The findings of a resource against a profile. It holds the resource, so that its `id()` stays taken."""

    resource: Resource
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class ValidationState:
    """State shared by all contexts of one validation. Keys of resources are `id()`s.

    `budget`: the steps that the invariants may still take.
    `faulty_invariants`: ids of the invariants already reported as not evaluable.
    `in_progress`: pairs of value and profile that are being checked.
    `passed`: pairs of resource and claimed profile without any finding.
    `cached`: the findings of resources that references lead to.
    `enclosing_extensions`: by resource, the extensions around each object in it.
    """

    nested: NestedResources
    budget: StepBudget
    faulty_invariants: set[int] = field(default_factory=set)
    in_progress: set[tuple[int, str]] = field(default_factory=set)
    passed: set[tuple[int, str]] = field(default_factory=set)
    cached: dict[tuple[int, str], CachedFindings] = field(default_factory=dict)
    indexes: dict[int, BundleIndex] = field(default_factory=dict)
    enclosing_extensions: dict[int, EnclosingExtensions] = field(default_factory=dict)

    def index(self, bundle: Resource) -> BundleIndex:
        """The index of a Bundle's entries, by which references in it are resolved."""
        return self.indexes.setdefault(id(bundle), BundleIndex(bundle))


@dataclass(slots=True)
class ValidationContext:
    """The resource being validated, the Bundle around it, and how to find the targets of references.

    `missing` collects the paths of absent must-support elements.
    """

    scope: Scope
    state: ValidationState
    bundle: BundleIndex | None = None
    resolve: Resolve = field(default=lambda _reference: None)
    missing: list[str] = field(default_factory=list)

    @property
    def resource(self) -> Resource:
        """The resource whose elements are being checked."""
        resource: Resource = self.scope.resource
        return resource

    def enclosing_extensions(self, value: dict[str, Any]) -> tuple[str, ...]:
        """The urls of the extensions around an object in the resource, outermost first."""
        by_resource = self.state.enclosing_extensions
        if id(self.resource) not in by_resource:
            by_resource[id(self.resource)] = extensions_around(self.resource)
        return by_resource[id(self.resource)].get(id(value), ())

    def find(self, reference: str) -> Resource | None:
        """The target of a reference; None if it cannot be found."""
        found: Resource | None = self.scope.resolve(reference)
        return found

    def for_nested(self, resource: Resource) -> "ValidationContext":
        """The context for a resource inside this one that a profile of this one constrains."""
        context = self.state.nested.context_for(resource, self)
        context.missing = self.missing
        return context

    def is_new_fault(self, invariant: CompiledInvariant) -> bool:
        """Record that an invariant cannot be evaluated; whether this is the first time."""
        new = id(invariant) not in self.state.faulty_invariants
        self.state.faulty_invariants.add(id(invariant))
        return new


def reference_finder(root: Resource, bundle: BundleIndex | None, resolve: Resolve) -> Resolve:
    """A function that resolves a resource's references: contained, then in the Bundle, then by `resolve`."""

    def find(reference: str) -> Resource | None:
        if reference.startswith("#"):
            return find_contained(root, reference[1:])
        found = bundle.find(reference) if bundle is not None else None
        return found or resolve(reference)

    return find


def has_no_errors(findings: Findings) -> bool:
    """Whether no finding is an error."""
    return findings is None or not any(finding.severity == "error" for finding in findings)


def joined(found: list[Finding] | None, more: Findings) -> list[Finding] | None:
    """Both lists of findings as one; extends the first list in place."""
    if more is None:
        return found
    if found is None:
        return more
    found += more
    return found
