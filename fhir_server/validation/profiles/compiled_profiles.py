"""The profiles and extensions of a registry, each compiled when it is first met.

https://hl7.org/fhir/R4/structuredefinition.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from fhir_server.core.fhirpath import FhirPathError
from fhir_server.definitions.elements import STRUCTURES
from fhir_server.definitions.registry import Registry
from fhir_server.definitions.snapshot.snapshot import Snapshot
from fhir_server.definitions.snapshot.tree import Node as Branch
from fhir_server.definitions.snapshot.tree import planted
from fhir_server.errors import SnapshotError
from fhir_server.validation.checks.check import Codes
from fhir_server.validation.fhirpath.comparison import ExtendedPrimitive
from fhir_server.validation.fhirpath.compiled import Run, Unsupported
from fhir_server.validation.fhirpath.static_types import Types
from fhir_server.validation.findings import Finding, Findings
from fhir_server.validation.invariants.compiler import Focus, Holds, InvariantCompiler
from fhir_server.validation.profiles import messages
from fhir_server.validation.profiles.compiler import CompilerDependencies, ProfileCompiler
from fhir_server.validation.profiles.context import CachedFindings, ValidationContext, has_no_errors
from fhir_server.validation.profiles.discriminators import Sources
from fhir_server.validation.profiles.extensions import Extension
from fhir_server.validation.profiles.nodes import ItemNode
from fhir_server.validation.profiles.value_checks import ValueCheck


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """A compiled profile; `fault` says why one that is known cannot be used."""

    url: str
    type: str
    node: ItemNode
    fault: str = ""


IN_PROGRESS_MAX = 40
"""How many values, each by a profile, may be in question at once: references that are further away are not
followed.
"""

_CACHE_MAX = 4096
"""Clients may name any number of profiles and extensions that do not exist."""


class CompiledProfiles:
    """Finds profiles and extensions by their canonical, and keeps what it has compiled."""

    def __init__(
        self, registry: Registry, types: Types, invariants: InvariantCompiler, codes: Codes, errors_only: bool
    ) -> None:
        self._registry = registry
        self.profile = lru_cache(maxsize=_CACHE_MAX)(self._compiled)
        self.extension = lru_cache(maxsize=_CACHE_MAX)(self._compiled_extension)
        self._invariants = invariants
        self._selection = lru_cache(maxsize=_CACHE_MAX)(self._compiled_selection)
        self._condition = lru_cache(maxsize=_CACHE_MAX)(self._compiled_condition)
        sources = Sources(types, codes, self._root, self.type_of, self.conforms)
        self._dependencies = CompilerDependencies(
            registry, types, invariants, sources, self.check, self.mismatch, errors_only
        )

    def type_of(self, canonical: str) -> str:
        """The type that a profile is for; empty where it is not known."""
        snapshot = self._snapshot(canonical)
        if snapshot is not None:
            return snapshot.type
        return canonical.removeprefix(STRUCTURES) if canonical.startswith(STRUCTURES) else ""

    def mismatch(self, value: Any, profiles: tuple[str, ...], context: ValidationContext) -> Finding | None:
        """The first error by the first of the profiles, where the value satisfies none of them."""
        first: Finding | None = None
        for canonical in profiles:
            found = self._check_against(value, canonical, context)
            errors = [finding for finding in found if finding.severity == "error"]
            if not errors:
                return None
            first = first or errors[0]
        return first

    def _check_against(self, value: Any, canonical: str, context: ValidationContext) -> list[Finding]:
        """What is wrong with a value by one profile; nothing where that is not known, is being asked, was
        asked before and well answered, or is too many references away.
        """
        profile = self.profile(canonical)
        key = (id(value), canonical)
        state = context.state
        if profile is None or profile.fault or key in state.in_progress or key in state.passed:
            return []
        if len(state.in_progress) > IN_PROGRESS_MAX:
            return []
        cached = state.cached.get(key)
        if cached is not None:
            return [replace(finding) for finding in cached.findings]
        state.in_progress.add(key)
        try:
            found = self._found(value, profile, context)
        finally:
            state.in_progress.discard(key)
        if type(value) is dict and "resourceType" in value:
            # many references may lead here, and findings are moved to the place of each
            state.cached[key] = CachedFindings(value, tuple(replace(finding) for finding in found))
        return found

    def _found(self, value: Any, profile: Profile, context: ValidationContext) -> list[Finding]:
        if type(value) is dict and "resourceType" in value:
            if value["resourceType"] not in (None, profile.type):
                return [type_mismatch(profile, value)]
            context = context.state.nested.context_for(value, context)
        return profile.node.check(value, context) or []

    def conforms(self, value: Any, profiles: tuple[str, ...], context: ValidationContext) -> bool | None:
        """Whether a value satisfies one of the profiles; None where none can be used."""
        known = [url for url in profiles if (found := self.profile(url)) is not None and not found.fault]
        if not known:
            return None
        return any(has_no_errors(self._check_against(value, url, context)) for url in known)

    def check(self, canonical: str) -> ValueCheck:
        """The check by a profile that may itself be compiling still."""

        def check(value: Any, context: ValidationContext) -> Findings:
            profile = self.profile(canonical)
            if profile is None or profile.fault:
                return [unusable_profile(canonical, profile)]
            return self._check_against(value, canonical, context) or None

        return check

    def selects(self, expression: str, holder: Any, context: ValidationContext) -> bool:
        """Whether an expression selects an object from the resource that is checked; so too where it cannot
        be evaluated, which says nothing against the object.
        """
        run = self._selection(expression, context.resource["resourceType"])
        try:
            found = run(context.resource, context.scope) if run else None
        except (FhirPathError, Unsupported, TypeError, KeyError, AttributeError, RecursionError):
            return True
        return found is None or any(value is holder or _companion_of(value) is holder for value in found)

    def permits(
        self,
        expression: str,
        focus: Focus,
        holder: Any,
        extension: dict[str, Any],
        context: ValidationContext,
    ) -> bool:
        """Whether an expression holds for the object that an extension is on; so too where it cannot be
        evaluated, which says nothing against the extension.
        """
        holds = self._condition(expression, focus)
        context.scope.extension = extension
        try:
            return holds is None or holds(holder, context.scope)
        except FhirPathError:
            return True

    def _compiled_condition(self, expression: str, focus: Focus) -> Holds | None:
        try:
            return self._invariants.holds(expression, focus)
        except FhirPathError:
            return None

    def _compiled_selection(self, expression: str, type: str) -> Run | None:
        try:
            return self._invariants.selection(expression, type)
        except (FhirPathError, Unsupported, RecursionError):
            return None

    def _root(self, canonical: str) -> Branch | None:
        snapshot = self._snapshot(canonical)
        return planted(snapshot.elements) if snapshot is not None else None

    def _snapshot(self, canonical: str) -> Snapshot | None:
        try:
            return self._registry.snapshot(canonical)
        except (KeyError, SnapshotError):
            return None

    def _compiled(self, canonical: str) -> Profile | None:
        """A profile by `url` or `url|version`; None where it is not known."""
        try:
            snapshot = self._registry.snapshot(canonical)
        except KeyError:
            return None
        except SnapshotError as error:
            return Profile(canonical, "", ItemNode(), fault=str(error))
        return Profile(canonical, snapshot.type, ProfileCompiler(snapshot, self._dependencies).compiled())

    def _compiled_extension(self, url: str) -> Extension | None:
        """An extension by its url; None where it is not known or its definition is faulty."""
        snapshot = self._snapshot(url)
        if snapshot is None or snapshot.type != "Extension":
            return None
        node = ProfileCompiler(snapshot, self._dependencies).compiled()
        modifies = bool(snapshot.root.get("isModifier"))
        parts = frozenset(_parts(snapshot))
        return Extension(url, node, snapshot.contexts, snapshot.context_invariants, modifies, parts)


def _companion_of(item: Any) -> Any:
    """The object that stands beside a primitive value."""
    return item.companion if type(item) is ExtendedPrimitive else None


def _parts(snapshot: Snapshot) -> Iterator[str]:
    """The urls of the extensions that an extension is made of."""
    for element in snapshot.elements:
        if element["id"].count(":") == 1 and element["path"] == "Extension.extension.url":
            yield str(element.get("fixedUri"))


def unusable_profile(canonical: str, profile: Profile | None) -> Finding:
    """The finding that a profile is not known, or is faulty."""
    if profile is None:
        return Finding("not-found", messages.PROFILE_UNKNOWN(url=canonical), severity="warning")
    text = messages.PROFILE_FAULTY(url=canonical, reason=profile.fault)
    return Finding("not-supported", text, severity="warning")


def type_mismatch(profile: Profile, resource: Mapping[str, Any]) -> Finding:
    """The finding that a resource is not of the type that a profile is for."""
    found = resource.get("resourceType")
    return Finding("structure", messages.PROFILE_TYPE(url=profile.url, wanted=profile.type, found=found))
