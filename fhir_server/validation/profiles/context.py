"""One validation of one resource: what is known around it while its nodes walk it.

https://hl7.org/fhir/R4/bundle.html#references
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from fhir_server.core.internal_references import BundleIndex, Resource, find_contained
from fhir_server.validation.checks.check import Resolve
from fhir_server.validation.fhirpath.compiled import Scope
from fhir_server.validation.findings import Finding, Findings
from fhir_server.validation.invariants.compiler import Rule
from fhir_server.validation.profiles.enclosing_extensions import Hosts, hosts_in


class Within(Protocol):
    """Checks resources that stand inside another with the profiles that they claim, and makes the visits of
    those that references lead to.
    """

    def contained(self, resource: Any, outer: "Visit") -> Findings: ...

    def entry(self, resource: Any, outer: "Visit") -> Findings: ...

    def around(self, resource: Resource, outer: "Visit") -> "Visit": ...


class Judged(NamedTuple):
    """A resource that was checked by a profile, kept so that no other gets its id, and what was found."""

    resource: Resource
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class Shared:
    """What all visits of one validation share.

    `faults` are the rules that have been reported as faulty, `busy` the values, each by a profile, that are
    being checked already, `sound` the resources in which nothing was found by a profile that they claim,
    `judged` what was found in those that references lead to, `hosts` which extensions are around what.
    """

    within: Within
    faults: set[int] = field(default_factory=set)
    busy: set[tuple[int, str]] = field(default_factory=set)
    sound: set[tuple[int, str]] = field(default_factory=set)
    judged: dict[tuple[int, str], Judged] = field(default_factory=dict)
    indexes: dict[int, BundleIndex] = field(default_factory=dict)
    hosts: dict[int, Hosts] = field(default_factory=dict)

    def index(self, bundle: Resource) -> BundleIndex:
        """The entries of a Bundle that is being checked, by what references call them."""
        return self.indexes.setdefault(id(bundle), BundleIndex(bundle))


@dataclass(slots=True)
class Visit:
    """The resource that is checked: its place among others, and how to find those."""

    scope: Scope
    shared: Shared
    bundle: BundleIndex | None = None
    resolve: Resolve = field(default=lambda _reference: None)
    missing: list[str] = field(default_factory=list)

    @property
    def resource(self) -> Resource:
        """The resource whose elements are checked."""
        resource: Resource = self.scope.resource
        return resource

    def hosts(self, value: dict[str, Any]) -> tuple[str, ...]:
        """The urls of the extensions that an object of the resource stands in, from outside in."""
        all_hosts = self.shared.hosts
        if id(self.resource) not in all_hosts:
            all_hosts[id(self.resource)] = hosts_in(self.resource)
        return all_hosts[id(self.resource)].get(id(value), ())

    def find(self, reference: str) -> Resource | None:
        """What a reference leads to, where that can be found."""
        found: Resource | None = self.scope.resolve(reference)
        return found

    def within(self, resource: Resource) -> "Visit":
        """The visit of a resource that stands inside this one, for what is asked of it here."""
        visit = self.shared.within.around(resource, self)
        visit.missing = self.missing
        return visit

    def fault(self, rule: Rule) -> bool:
        """Whether this is the first time that a rule is found to be faulty."""
        new = id(rule) not in self.shared.faults
        self.shared.faults.add(id(rule))
        return new


def finder(root: Resource, bundle: BundleIndex | None, resolve: Resolve) -> Resolve:
    """Finds what references in a resource lead to: contained, in the Bundle, or wherever `resolve` looks."""

    def find(reference: str) -> Resource | None:
        if reference.startswith("#"):
            return find_contained(root, reference[1:])
        found = bundle.find(reference) if bundle is not None else None
        return found or resolve(reference)

    return find


def none_has_errors(findings: Findings) -> bool:
    """Whether a check has found nothing that makes its subject wrong."""
    return findings is None or not any(finding.severity == "error" for finding in findings)


def joined(found: list[Finding] | None, more: Findings) -> list[Finding] | None:
    """Both lists of findings as one, which is the first with the second added."""
    if more is None:
        return found
    if found is None:
        return more
    found += more
    return found
