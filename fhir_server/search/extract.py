"""The index entries of a resource, for every search parameter of its type.

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
"""As many as a server may be expected to meet. Each is asked about for every code that is indexed."""

OF_THE_WHOLE = frozenset({COMPARTMENT, "_text", "_content"})
"""What is not found by the expression of one parameter."""

_LISTS = tuple(name for name in Entries.__struct_fields__ if name not in ("contained", "words"))
"""Where the same may come twice; words are found once each."""

_CONTAINED_DEPTH = 3
"""From one contained resource to the next, which may go round in a circle."""


EVALUATION_SECONDS_MAX = 0.25
"""How long FHIRPath that a client has defined may keep a processor busy with one resource."""


class TooManyEntries(Exception):
    """A resource would be found by more entries than it may."""


class _Room:
    """The entries that there is room for. Contained resources that refer to one another are found in so many
    ways that they are counted while they are looked for.
    """

    def __init__(self, most: int | None) -> None:
        self._left = math.inf if most is None else most

    def take(self, entries: Entries) -> Entries:
        """The same entries, once more. Raises `TooManyEntries`."""
        self._left -= sum(map(len, astuple(entries)))
        if self._left < 0:
            raise TooManyEntries
        return entries


class Extractor:
    """Finds the entries of resources; the plan for a type is made when its first resource comes.

    Times without a zone are in `zone`; references below `base_url` are local, or below one of `addresses`
    where no base URL is set. `overrun` are the parameters, as (type, code), whose expression has run away
    on some resource. They are not looked at again, and their index does not cover every resource.
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
        """What indexes in the same way by other definitions."""
        how = self.indexing
        other = Extractor(registry, how.zone, how.base_url, self._fhirpath, how.addresses)
        other.fingerprints = Fingerprints(registry, other.indexing, self.fingerprints)
        return other

    def reconsider(self, type: str) -> None:
        """Look again at the parameters of a type whose expression has run away."""
        self.overrun -= {named for named in tuple(self.overrun) if named[0] == type}

    def entries(self, resource: Resource, most: int | None = None) -> Entries:
        """All entries of a parsed resource that carries its id. Raises `TooManyEntries` for more than
        `most`.
        """
        plan = self._plans[resource["resourceType"]]
        entries = self._found(plan, resource)
        _add_compartments(plan, resource, entries)
        index_words(resource, self._texts, entries)
        room = _Room(most)
        if "contained" in resource:
            held = _by_reference(resource)
            self._add_contained(held, entries, _CONTAINED_DEPTH, room)
            self._add_held(resource, held, entries, room)
        if resource["resourceType"] == "Bundle":
            self._add_first(resource, entries, room)
        return room.take(_distinct(entries))

    def _add_first(self, bundle: Resource, entries: Entries, room: _Room) -> None:
        """The entries of the first resource of a document or message, by the parameter that leads to it.

        https://hl7.org/fhir/R4/bundle.html#search
        """
        for entry in bundle.get("entry", ())[:1]:
            first = entry.get("resource", {})
            for parameter, type in FIRST_OF_BUNDLES.items():
                if first.get("resourceType") == type:
                    found = self._found(self._plans[type], first)
                    if "contained" in first:
                        self._add_contained(_by_reference(first), found, _CONTAINED_DEPTH, room)
                    entries.contained.append(Contained(parameter, type, room.take(_distinct(found))))

    def _add_held(
        self, resource: Resource, held: Mapping[str, Resource], entries: Entries, room: _Room
    ) -> None:
        """The entries of all contained resources, whatever refers to them."""
        for inner in resource["contained"]:
            whole = {**inner, "contained": resource["contained"]}
            found = self._found(self._plans[inner["resourceType"]], whole)
            self._add_contained(held, found, _CONTAINED_DEPTH - 1, room)
            entries.contained.append(Contained(CONTAINS, inner["resourceType"], room.take(_distinct(found))))

    def _add_contained(self, held: Mapping[str, Resource], entries: Entries, depth: int, room: _Room) -> None:
        """The entries of contained resources, by the parameters that refer to them.

        https://hl7.org/fhir/R4/search.html#contained
        """
        for reference in dict.fromkeys(entries.references):
            whole = held.get(reference.target)
            if whole is None or reference.type:
                continue
            found = self._found(self._plans[whole["resourceType"]], whole)
            if depth > 1:
                self._add_contained(held, found, depth - 1, room)
            inner = room.take(_distinct(found))
            entries.contained.append(Contained(reference.parameter, whole["resourceType"], inner))

    def _found(self, plan: IndexPlan, resource: Resource) -> Entries:
        entries = Entries()
        plan.tree.visit(resource, resource, entries)
        for presence in plan.presences:
            _add_presence(presence, resource, entries)
        for evaluated in plan.evaluated:
            self._evaluate(evaluated, resource, entries)
        return entries

    def entries_of(self, resource: Resource, codes: frozenset[str]) -> Entries:
        """The entries of some parameters alone, none of which are of `OF_THE_WHOLE`."""
        type = resource["resourceType"]
        plan = self._partial_plans.get((type, codes))
        if plan is None:
            plan = self._partial_plans[type, codes] = self._builder.plan(type, codes)
        return _distinct(self._found(plan, resource))

    def _evaluate(self, evaluated: EvaluatedParameter, resource: Resource, entries: Entries) -> None:
        """Index what FHIRPath finds. Where the expression fails on this data there is nothing to find."""
        parameter = evaluated.parameter
        named = resource["resourceType"], parameter.code
        if named in self.overrun:
            return
        expression = parameter.expression or ""
        try:
            self._fhirpath.prepare(expression)
            with time_limit(EVALUATION_SECONDS_MAX):
                nodes = self._fhirpath.nodes(expression, resource)
        except (FhirPathTooCostly, TimeLimitExceeded):
            self.overrun.add(named)
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


def _by_reference(resource: Resource) -> dict[str, Resource]:
    """What a resource contains, each with all that lies beside it, by the reference that leads to it."""
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
    """A resource is in the compartments of those it refers to by certain parameters, and in its own."""
    for reference in entries.references:
        for compartment in plan.compartments.get(reference.parameter, ()):
            if reference.type == compartment:
                entries.tokens.append(TokenEntry(COMPARTMENT, compartment, reference.target))
    type = resource["resourceType"]
    if type in COMPARTMENTS and "id" in resource:
        entries.tokens.append(TokenEntry(COMPARTMENT, type, resource["id"]))


def _distinct(entries: Entries) -> Entries:
    """The same entries, each once."""
    for name in _LISTS:
        found = getattr(entries, name)
        if len(found) > 1 and len(set(found)) < len(found):
            setattr(entries, name, list(dict.fromkeys(found)))
    return entries
