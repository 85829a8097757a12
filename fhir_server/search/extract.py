"""Extraction of a resource's index entries, for every search parameter of its type.

https://hl7.org/fhir/R4/search.html
"""

import math
from collections.abc import Mapping
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import astuple

from fhir_server.core.fhirpath import FhirPath, FhirPathError, FhirPathTooCostly
from fhir_server.core.memo import Memo
from fhir_server.core.time_limit import TimeLimitExceeded, time_limit
from fhir_server.definitions.registry import Registry
from fhir_server.search.contained import CONTAINS
from fhir_server.search.entries import Contained, Entries, TokenEntry
from fhir_server.search.fingerprint import Fingerprints
from fhir_server.search.index_plan import (
    COMPARTMENT,
    COMPARTMENTS,
    EvaluatedParameter,
    IndexPlan,
    IndexPlanBuilder,
    PresenceParameter,
    kind_of,
)
from fhir_server.search.path_resolver import PathTarget
from fhir_server.search.text_elements import text_names
from fhir_server.search.token_sets import ignores_case
from fhir_server.search.types.context import Indexing
from fhir_server.search.types.reference import FIRST_OF_BUNDLES
from fhir_server.search.types.word import index_words

Resource = Mapping[str, Any]

_SYSTEMS_MAX = 10_000
"""Code systems whose case sensitivity is cached: it is looked up for every code that is indexed."""

OF_THE_WHOLE = frozenset({COMPARTMENT, "_text", "_content"})
"""Parameters that are indexed without an expression, from the whole resource."""

_LISTS = tuple(name for name in Entries.__struct_fields__ if name not in ("contained", "words"))
"""The lists of entries that may have duplicates; words are unique already."""

_CONTAINED_DEPTH = 3
"""Levels of references between contained resources, which may be circular."""


EVALUATION_SECONDS_MAX = 0.25
"""The processor time of a client's FHIRPath expression on one resource."""


class TooManyEntries(Exception):
    """A resource has more index entries than allowed."""


class _EntryLimit:
    """The number of entries still allowed. They are counted during the extraction, since contained resources
    that refer to one another can multiply without end.
    """

    def __init__(self, most: int | None) -> None:
        self._left = math.inf if most is None else most

    def take(self, entries: Entries) -> Entries:
        """Count entries and return them. Raises `TooManyEntries`."""
        self._left -= sum(map(len, astuple(entries)))
        if self._left < 0:
            raise TooManyEntries
        return entries


class Extractor:
    """Extracts the index entries of resources. The plan of a type is built with its first resource.

    Times without a zone are in `zone`. References below `base_url` are local, or below one of `addresses` if
    there is no base URL. `overrun` are the parameters, as (type, code), whose expression has timed out on
    some resource: they are not evaluated any more, and their index does not cover every resource.
    """

    def __init__(
        self,
        registry: Registry,
        zone: ZoneInfo,
        base_url: str = "",
        fhirpath: FhirPath | None = None,
        addresses: tuple[str, ...] = (),
    ) -> None:
        cases = Memo(partial(ignores_case, registry), _SYSTEMS_MAX)
        self.indexing = Indexing(zone, base_url, cases.__getitem__, addresses)
        self.fingerprints = Fingerprints(registry, self.indexing)
        self._builder = IndexPlanBuilder(registry, self.indexing)
        self._fhirpath = fhirpath or FhirPath()
        self._texts = Memo(partial(text_names, registry)).__getitem__
        self.overrun: set[tuple[str, str]] = set()
        self._plans: Memo[str, IndexPlan] = Memo(self._builder.plan)
        self._partial_plans: dict[tuple[str, frozenset[str]], IndexPlan] = {}

    def with_registry(self, registry: Registry) -> "Extractor":
        """An extractor with the same settings and other definitions."""
        how = self.indexing
        other = Extractor(registry, how.zone, how.base_url, self._fhirpath, how.addresses)
        other.fingerprints = Fingerprints(registry, other.indexing, self.fingerprints)
        return other

    def reconsider(self, type: str) -> None:
        """Evaluate the timed out parameters of a type again."""
        self.overrun -= {key for key in tuple(self.overrun) if key[0] == type}

    def entries(self, resource: Resource, most: int | None = None) -> Entries:
        """All entries of a parsed resource, which has its id. Raises `TooManyEntries` beyond `most`."""
        plan = self._plans[resource["resourceType"]]
        entries = self._extract(plan, resource)
        _add_compartments(plan, resource, entries)
        index_words(resource, self._texts, entries)
        limit = _EntryLimit(most)
        if "contained" in resource:
            contained_by_reference = _contained_by_reference(resource)
            self._add_referenced_contained(contained_by_reference, entries, _CONTAINED_DEPTH, limit)
            self._add_all_contained(resource, contained_by_reference, entries, limit)
        if resource["resourceType"] == "Bundle":
            self._add_first(resource, entries, limit)
        return limit.take(_distinct(entries))

    def _add_first(self, bundle: Resource, entries: Entries, limit: _EntryLimit) -> None:
        """The entries of the first resource of a document or message, by the parameter that leads to it.

        https://hl7.org/fhir/R4/bundle.html#search
        """
        for entry in bundle.get("entry", ())[:1]:
            first = entry.get("resource", {})
            for parameter, type in FIRST_OF_BUNDLES.items():
                if first.get("resourceType") == type:
                    found = self._extract(self._plans[type], first)
                    if "contained" in first:
                        self._add_referenced_contained(
                            _contained_by_reference(first), found, _CONTAINED_DEPTH, limit
                        )
                    entries.contained.append(Contained(parameter, type, limit.take(_distinct(found))))

    def _add_all_contained(
        self,
        resource: Resource,
        contained_by_reference: Mapping[str, Resource],
        entries: Entries,
        limit: _EntryLimit,
    ) -> None:
        """Add the entries of all contained resources, for `_contained`."""
        for inner in resource["contained"]:
            whole = {**inner, "contained": resource["contained"]}
            found = self._extract(self._plans[inner["resourceType"]], whole)
            self._add_referenced_contained(contained_by_reference, found, _CONTAINED_DEPTH - 1, limit)
            entries.contained.append(Contained(CONTAINS, inner["resourceType"], limit.take(_distinct(found))))

    def _add_referenced_contained(
        self, contained_by_reference: Mapping[str, Resource], entries: Entries, depth: int, limit: _EntryLimit
    ) -> None:
        """Add the entries of contained resources under the parameters that refer to them, for chains.

        https://hl7.org/fhir/R4/search.html#contained
        """
        for reference in dict.fromkeys(entries.references):
            whole = contained_by_reference.get(reference.target)
            if whole is None or reference.type:
                continue
            found = self._extract(self._plans[whole["resourceType"]], whole)
            if depth > 1:
                self._add_referenced_contained(contained_by_reference, found, depth - 1, limit)
            inner = limit.take(_distinct(found))
            entries.contained.append(Contained(reference.parameter, whole["resourceType"], inner))

    def _extract(self, plan: IndexPlan, resource: Resource) -> Entries:
        entries = Entries()
        plan.tree.visit(resource, resource, entries)
        for presence in plan.presences:
            _add_presence(presence, resource, entries)
        for evaluated in plan.evaluated:
            self._evaluate(evaluated, resource, entries)
        return entries

    def entries_of(self, resource: Resource, codes: frozenset[str]) -> Entries:
        """The entries of some parameters, none of which may be of `OF_THE_WHOLE`."""
        type = resource["resourceType"]
        plan = self._partial_plans.get((type, codes))
        if plan is None:
            plan = self._partial_plans[type, codes] = self._builder.plan(type, codes)
        return _distinct(self._extract(plan, resource))

    def _evaluate(self, evaluated: EvaluatedParameter, resource: Resource, entries: Entries) -> None:
        """Index the result of a FHIRPath expression; nothing if it fails on this resource."""
        parameter = evaluated.parameter
        key = resource["resourceType"], parameter.code
        if key in self.overrun:
            return
        expression = parameter.expression or ""
        try:
            self._fhirpath.prepare(expression)
            with time_limit(EVALUATION_SECONDS_MAX):
                nodes = self._fhirpath.nodes(expression, resource)
        except (FhirPathTooCostly, TimeLimitExceeded):
            self.overrun.add(key)
            return
        except FhirPathError:
            return
        for value, type in nodes:
            if type is None:
                continue
            if type not in evaluated.indexers:
                indexer = self._builder.indexer(parameter.code, kind_of(parameter), PathTarget(type))
                evaluated.indexers[type] = indexer
            if index := evaluated.indexers[type]:
                index(value, entries)


def _contained_by_reference(resource: Resource) -> dict[str, Resource]:
    """The contained resources of a resource by their reference, such as `#a`, each with all the others as its
    own `contained`.
    """
    contained = resource["contained"]
    return {f"#{inner.get('id')}": {**inner, "contained": contained} for inner in contained}


def _add_presence(presence: PresenceParameter, resource: Resource, entries: Entries) -> None:
    codes: set[str] = set()
    if not presence.tree.names.isdisjoint(resource):
        found = Entries()
        presence.tree.visit(resource, resource, found)
        codes = {entry.code for entry in found.tokens}
    entries.tokens.append(TokenEntry(presence.parameter, "", "true" if codes == {"true"} else "false"))


def _add_compartments(plan: IndexPlan, resource: Resource, entries: Entries) -> None:
    """Add the compartments of a resource: its own, and those of the resources that it refers to by one of
    the compartment's parameters.
    """
    for reference in entries.references:
        for compartment in plan.compartments.get(reference.parameter, ()):
            if reference.type == compartment:
                entries.tokens.append(TokenEntry(COMPARTMENT, compartment, reference.target))
    type = resource["resourceType"]
    if type in COMPARTMENTS and "id" in resource:
        entries.tokens.append(TokenEntry(COMPARTMENT, type, resource["id"]))


def _distinct(entries: Entries) -> Entries:
    """The entries without duplicates."""
    for name in _LISTS:
        found = getattr(entries, name)
        if len(found) > 1 and len(set(found)) < len(found):
            setattr(entries, name, list(dict.fromkeys(found)))
    return entries
