"""Validates resources: structure, the rules of their types, extensions, profiles, and checks of the whole.

https://hl7.org/fhir/R4/validation.html
"""

from collections.abc import Iterable, Iterator
from typing import Any

from fhir_server.core.fhirpath import FhirPath
from fhir_server.definitions.registry import Registry
from fhir_server.issues import Issue, Text
from fhir_server.validation import messages as structure_messages
from fhir_server.validation.checks.check import Check, CheckContext, Codes, Resolve, Resource
from fhir_server.validation.findings import FINDINGS_MAX, Finding, Findings
from fhir_server.validation.invariants.code import Scope
from fhir_server.validation.invariants.rules import RuleCompiler
from fhir_server.validation.invariants.shapes import Types
from fhir_server.validation.profiles import messages
from fhir_server.validation.profiles.base import BaseCompiler
from fhir_server.validation.profiles.extensions import Misplaced
from fhir_server.validation.profiles.library import Library, unusable, wrong_type
from fhir_server.validation.profiles.visit import BundleIndex, Shared, Visit, finder, joined
from fhir_server.validation.structure import StructureValidator

_BASE = "http://hl7.org/fhir/StructureDefinition/"
_SHAPELESS = frozenset({"structure", "not-supported"})


class Validator:
    """Validates every R4 resource type against its definitions, and against any profile that is known.

    What it compiles it keeps; `over` gives one for other definitions.
    """

    def __init__(
        self, registry: Registry, paths: FhirPath, codes: Codes, checks: Iterable[Check] = ()
    ) -> None:
        self._registry = registry
        self._paths = paths
        self._codes = codes
        self._checks = tuple(checks)
        self._structure = StructureValidator(registry)
        types = Types(registry)
        rules = RuleCompiler(types, paths)
        self._library = Library(registry, types, rules, codes)
        self._base = BaseCompiler(registry, types, rules, codes, self._library.extension, self._library.check)

    def over(self, registry: Registry, codes: Codes) -> "Validator":
        """The same validator for other definitions."""
        return Validator(registry, self._paths, codes, self._checks)

    def validate(
        self, resource: object, profiles: Iterable[str] = (), *, resolve: Resolve | None = None
    ) -> list[Issue]:
        """Every problem of a parsed resource, by its type, the profiles it claims and those asked for.

        `resolve` finds what references and canonicals lead to outside the resource. Rules and profiles are
        not looked at where the structure is such that they make no sense.
        """
        issues = self.structure(resource)
        if any(issue.code in _SHAPELESS for issue in issues) or not self._is_resource(resource):
            return issues
        return issues + self.conformance(resource, profiles, resolve=resolve)

    def structure(self, resource: object) -> list[Issue]:
        """The structural problems alone."""
        return self._structure.validate(resource)

    def conformance(
        self, resource: Any, profiles: Iterable[str] = (), *, resolve: Resolve | None = None
    ) -> list[Issue]:
        """What is wrong with a structurally sound resource by rules, profiles and checks."""
        visit = self._visit(resource, resource, None, resolve or _nowhere, Shared(self))
        found = self._whole(resource, visit, tuple(profiles))
        return _issues(found, resource["resourceType"])

    # resources inside others

    def contained(self, resource: Any, outer: Visit) -> Findings:
        """A contained resource, in the scope of the resource that contains it."""
        if not self._is_resource(resource):
            return None
        scope = _scope(resource, outer.scope.root, outer.find, self._codes)
        return self._whole(resource, Visit(scope, outer.shared, outer.bundle, outer.resolve), ())

    def entry(self, resource: Any, outer: Visit) -> Findings:
        """A resource that stands for itself inside another: of a Bundle's entry, or of Parameters."""
        if not self._is_resource(resource):
            return None
        return self._whole(resource, self.around(resource, outer), ())

    def around(self, resource: Resource, outer: Visit) -> Visit:
        """The visit of a resource that is met inside, or referred to from, that of `outer`."""
        if resource is outer.resource:
            return outer
        holder = outer.resource
        bundle = outer.shared.index(holder) if holder.get("resourceType") == "Bundle" else outer.bundle
        contained = outer.scope.root.get("contained")
        is_contained = type(contained) is list and any(one is resource for one in contained)
        root = outer.scope.root if is_contained else resource
        return self._visit(resource, root, bundle, outer.resolve, outer.shared)

    def _visit(
        self, resource: Any, root: Any, bundle: BundleIndex | None, resolve: Resolve, shared: Shared
    ) -> Visit:
        scope = _scope(resource, root, finder(root, bundle, resolve), self._codes)
        return Visit(scope, shared, bundle, resolve)

    def _is_resource(self, resource: Any) -> bool:
        return (
            type(resource) is dict
            and type(resource.get("resourceType")) is str
            and self._registry.is_resource_type(resource["resourceType"])
        )

    # one resource

    def _whole(self, resource: Resource, visit: Visit, asked: tuple[str, ...]) -> Findings:
        found = self._base.type_node(resource["resourceType"]).check(resource, visit)
        claimed = _claimed(resource)
        for index, canonical in enumerate(claimed):
            more = self._profile(canonical, resource, visit)
            if more is not None:
                found = joined(found, _at_claim(more, index))
        for canonical in asked:
            if canonical not in claimed and (more := self._profile(canonical, resource, visit)) is not None:
                found = joined(found, _refusing(more))
        if self._checks:
            found = joined(found, self._checked(resource, visit, frozenset((*claimed, *asked))))
        return found

    def _profile(self, canonical: str, resource: Resource, visit: Visit) -> Findings:
        """What is wrong with a resource by one profile."""
        profile = self._library.profile(canonical)
        if profile is None or profile.fault:
            return [unusable(canonical, profile)]
        if profile.type not in ("Resource", "DomainResource", resource["resourceType"]):
            return [wrong_type(profile, resource)]
        visit.missing.clear()
        key = (id(resource), canonical)
        visit.shared.busy.add(key)
        found = profile.node.check(resource, visit)
        visit.shared.busy.discard(key)
        if visit.missing:
            names = ", ".join(dict.fromkeys(visit.missing))
            text = messages.MUST_SUPPORT(profile=canonical, names=names)
            found = joined(found, [Finding("informational", text, severity="information")])
        return found

    def _checked(self, resource: Resource, visit: Visit, profiles: frozenset[str]) -> Findings:
        """What the checks of whole resources find."""
        name = resource["resourceType"]
        mine = [check for check in self._checks if not check.types or name in check.types]
        if not mine:
            return None
        bundle = visit.bundle.bundle if visit.bundle is not None else None
        context = CheckContext(self._registry, self._codes, self._paths, visit.find, bundle, profiles)
        return [_finding(one, name) for check in mine for one in check.check(resource, context)] or None


def _until_many_errors(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Findings of checks, up to as many errors as are of use."""
    errors = 0
    for finding in findings:
        yield finding
        errors += finding.severity == "error"
        if errors >= FINDINGS_MAX:
            return


def _nowhere(_reference: str) -> None:
    return None


def _scope(resource: Any, root: Any, find: Resolve, codes: Codes) -> Scope:
    return Scope(resource, root, find, codes.contains)


def _claimed(resource: Resource) -> list[str]:
    meta = resource.get("meta")
    profiles = meta.get("profile") if type(meta) is dict else None
    return [one for one in profiles if type(one) is str] if type(profiles) is list else []


def _at_claim(found: list[Finding], index: int) -> list[Finding]:
    """Findings on the profile itself stand where it is claimed."""
    for finding in found:
        if finding.text.template in _ON_PROFILE and not finding.where:
            finding.where = f".meta.profile[{index}]"
    return found


def _refusing(found: list[Finding]) -> list[Finding]:
    """A profile that is asked for and cannot be used is an error."""
    for finding in found:
        if finding.text.template in _ON_PROFILE and not finding.where:
            finding.severity = "error"
    return found


def _told(text: Text) -> tuple[Any, ...]:
    """What a text says, cheaply compared."""
    return (id(text.template), *map(str, text.values.values()))


_ON_PROFILE = (messages.PROFILE_UNKNOWN, messages.PROFILE_FAULTY, messages.PROFILE_TYPE)


def _finding(issue: Issue, root: str) -> Finding:
    """A check's issue, its place taken relative to the resource."""
    place = issue.expression[0] if issue.expression else root
    return Finding(issue.code, issue.text, place.removeprefix(root), issue.key, issue.severity)


def _issues(findings: Findings, root: str) -> list[Issue]:
    """The findings as issues, each once: no more than are of use, and no warning in the place of an error."""
    kept: dict[tuple[Any, ...], Issue] = {}
    room = {True: FINDINGS_MAX, False: FINDINGS_MAX}
    for finding in findings or ():
        is_error = finding.severity == "error"
        if not room[is_error]:
            continue
        issue = finding.issue(root)
        told = (issue.severity, issue.key, issue.expression, _told(finding.text))
        if told in kept or (type(finding) is Misplaced and finding.is_at(issue.expression[0])):
            continue
        kept[told] = issue
        room[is_error] -= 1
    issues = list(kept.values())
    if 0 in room.values():
        text = structure_messages.TOO_MANY(count=FINDINGS_MAX)
        issues.append(Issue("information", "too-costly", text, (root,)))
    return issues
