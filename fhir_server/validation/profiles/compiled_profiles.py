"""The profiles and extensions of a registry, each compiled on first use and cached.

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
from fhir_server.definitions.snapshot.tree import build_tree
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
    """A compiled profile; `fault` says why a known profile cannot be used."""

    url: str
    type: str
    node: ItemNode
    fault: str = ""


IN_PROGRESS_MAX = 40
"""The depth of nested checks of values against profiles, beyond which references are not followed."""

_CACHE_MAX = 4096
"""A bound, because clients may name any number of profiles and extensions that do not exist."""


class CompiledProfiles:
    """Finds profiles and extensions by canonical, compiles and caches them, and checks values by them."""

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
        """The type that a profile constrains; empty if it is unknown."""
        snapshot = self._snapshot(canonical)
        if snapshot is not None:
            return snapshot.type
        return canonical.removeprefix(STRUCTURES) if canonical.startswith(STRUCTURES) else ""

    def mismatch(self, value: Any, profiles: tuple[str, ...], context: ValidationContext) -> Finding | None:
        """None if the value satisfies one of the profiles; else the first error against the first of them."""
        first: Finding | None = None
        for canonical in profiles:
            found = self._check_against(value, canonical, context)
            errors = [finding for finding in found if finding.severity == "error"]
            if not errors:
                return None
            first = first or errors[0]
        return first

    def _check_against(self, value: Any, canonical: str, context: ValidationContext) -> list[Finding]:
        """The findings of a value against one profile.

        Empty if the profile is unknown, the check is already in progress or has passed, or too many
        references lead here.
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
            # copies, because the findings are moved to the location of each reference that leads here
            state.cached[key] = CachedFindings(value, tuple(replace(finding) for finding in found))
        return found

    def _found(self, value: Any, profile: Profile, context: ValidationContext) -> list[Finding]:
        if type(value) is dict and "resourceType" in value:
            if value["resourceType"] not in (None, profile.type):
                return [type_mismatch(profile, value)]
            context = context.state.nested.context_for(value, context)
        return profile.node.check(value, context) or []

    def conforms(self, value: Any, profiles: tuple[str, ...], context: ValidationContext) -> bool | None:
        """Whether a value satisfies one of the profiles; None if none of them can be used."""
        known = [url for url in profiles if (found := self.profile(url)) is not None and not found.fault]
        if not known:
            return None
        return any(has_no_errors(self._check_against(value, url, context)) for url in known)

    def check(self, canonical: str) -> ValueCheck:
        """The check of a value against a profile, which is looked up only when the check runs."""

        def check(value: Any, context: ValidationContext) -> Findings:
            profile = self.profile(canonical)
            if profile is None or profile.fault:
                return [unusable_profile(canonical, profile)]
            return self._check_against(value, canonical, context) or None

        return check

    def selects(self, expression: str, holder: Any, context: ValidationContext) -> bool:
        """Whether an expression selects an object of the resource; true if it cannot be evaluated."""
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
        """Whether an expression holds for the object with an extension; true if it cannot be evaluated."""
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
        return build_tree(snapshot.elements) if snapshot is not None else None

    def _snapshot(self, canonical: str) -> Snapshot | None:
        try:
            return self._registry.snapshot(canonical)
        except (KeyError, SnapshotError):
            return None

    def _compiled(self, canonical: str) -> Profile | None:
        """A profile by `url` or `url|version`; None if it is unknown."""
        try:
            snapshot = self._registry.snapshot(canonical)
        except KeyError:
            return None
        except SnapshotError as error:
            return Profile(canonical, "", ItemNode(), fault=str(error))
        return Profile(canonical, snapshot.type, ProfileCompiler(snapshot, self._dependencies).compile())

    def _compiled_extension(self, url: str) -> Extension | None:
        """An extension by its url; None if it is unknown or its definition is faulty."""
        snapshot = self._snapshot(url)
        if snapshot is None or snapshot.type != "Extension":
            return None
        node = ProfileCompiler(snapshot, self._dependencies).compile()
        modifies = bool(snapshot.root.get("isModifier"))
        parts = frozenset(_parts(snapshot))
        return Extension(url, node, snapshot.contexts, snapshot.context_invariants, modifies, parts)


def _companion_of(item: Any) -> Any:
    """The companion of a primitive value."""
    return item.companion if type(item) is ExtendedPrimitive else None


def _parts(snapshot: Snapshot) -> Iterator[str]:
    """The urls of the parts of a complex extension."""
    for element in snapshot.elements:
        if element["id"].count(":") == 1 and element["path"] == "Extension.extension.url":
            yield str(element.get("fixedUri"))


def unusable_profile(canonical: str, profile: Profile | None) -> Finding:
    """The finding for a profile that is unknown or faulty."""
    if profile is None:
        return Finding("not-found", messages.PROFILE_UNKNOWN(url=canonical), severity="warning")
    text = messages.PROFILE_FAULTY(url=canonical, reason=profile.fault)
    return Finding("not-supported", text, severity="warning")


def type_mismatch(profile: Profile, resource: Mapping[str, Any]) -> Finding:
    """The finding for a resource of another type than the profile constrains."""
    found = resource.get("resourceType")
    return Finding("structure", messages.PROFILE_TYPE(url=profile.url, wanted=profile.type, found=found))
