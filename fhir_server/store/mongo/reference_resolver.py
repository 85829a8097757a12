"""Resolves chains, `_has` and hierarchies by searches of their own.

The far end of a hop is searched first. If that finds too many resources to list, the near end is read in
batches instead, and only the references of each batch are searched, so that no filter ever lists more ids
than a batch has references.
https://hl7.org/fhir/R4/search.html#chaining
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from fhir_server import errors
from fhir_server.search.ast import Chain, Clause, Has, Hierarchy, Match
from fhir_server.store import messages
from fhir_server.store.mongo.collections import SessionView
from fhir_server.store.mongo.compiler import Compiler, Within, living, refers
from fhir_server.store.mongo.filters import ALWAYS, Filter, all_of, one_element
from fhir_server.store.mongo.rows import CONTAINED, REFERENCES

LISTED_MAX = 1_000
"""The most resources that a filter lists; for more, the other end is read in batches of this size."""

LINEAGE_MAX = 10_000
"""The most resources of a hierarchy."""


class TooManyToList(Exception):
    """More resources than a filter may list: resolve the clause for one batch at a time."""


class ReferenceResolver:
    """Follows references for one query, and caches filters for its duration."""

    def __init__(self, view: SessionView, visibility: Clause | None) -> None:
        self._view = view
        self._visibility = visibility
        self._visibility_resolver = ReferenceResolver(view, None) if visibility else None
        self._compiler = Compiler(self)
        self._known: dict[tuple[Clause, Sequence[str]], Filter | None] = {}

    def filter(self, clauses: Iterable[Clause], types: Sequence[str], within: Within = None) -> Filter:
        """The filter for the living, visible resources of `types` that satisfy all clauses.

        Raises `TooManyToList` if it would list too many resources; within a batch it never does.
        """
        parts = [self._clause(clause, types, within) for clause in clauses]
        return all_of([living(types), *parts, self._visible(within)])

    def _clause(self, clause: Clause, types: Sequence[str], within: Within) -> Filter:
        """The filter for one clause; for all resources if possible, so that it serves every batch."""
        if isinstance(clause, Match):
            return self._compiler.filter((clause,), types)
        key = (clause, tuple(types))
        if key not in self._known:
            try:
                self._known[key] = self._compiler.filter((clause,), types)
            except TooManyToList:
                self._known[key] = None
        known = self._known[key]
        if known is not None:
            return known
        if within is None:
            raise TooManyToList
        return self._compiler.filter((clause,), types, within)

    @property
    def listed_max(self) -> int:
        """The size of a batch."""
        return LISTED_MAX

    def filter_if_listable(self, clause: Clause, types: Sequence[str]) -> Filter:
        """The filter for a clause, or `ALWAYS` if it would list too many resources."""
        try:
            return self._clause(clause, types, None)
        except TooManyToList:
            return ALWAYS

    def _visible(self, within: Within) -> Filter:
        """The filter for visible resources. Resources that it refers to need not be visible themselves."""
        if self._visibility is None or self._visibility_resolver is None:
            return ALWAYS
        return self._visibility_resolver._clause(self._visibility, (), within)

    def batches(self, base: Filter) -> Iterator[list[str]]:
        """The `_id`s of all resources that a filter finds, in batches."""
        after = ""
        while True:
            found = self._view.ids(all_of([base, {"_id": {"$gt": after}}]), LISTED_MAX, [("_id", 1)])
            if found:
                yield found
            if len(found) < LISTED_MAX:
                return
            after = found[-1]

    def exactly(self, batch: list[str], clauses: Sequence[Clause], types: Sequence[str]) -> Filter:
        """The filter for the resources of a batch that satisfy all clauses."""
        return all_of([{"_id": {"$in": batch}}, self.filter(clauses, types, batch)])

    def referred(self, chain: Chain, within: Within) -> dict[str, list[str]]:
        if within is None:
            found = self._view.ids(self.filter((chain.where,), chain.types), LISTED_MAX + 1)
            if len(found) > LISTED_MAX:
                raise TooManyToList
            return _by_type(found)
        candidates = sorted(self._references_of(within, chain))
        reached: list[str] = []
        for start in range(0, len(candidates), LISTED_MAX):
            batch = candidates[start : start + LISTED_MAX]
            reached += self._view.ids(self.exactly(batch, (chain.where,), chain.types), len(batch))
        return _by_type(reached)

    def _references_of(self, within: Sequence[str], chain: Chain) -> set[str]:
        """The targets of references by the parameter from these resources and from those contained in
        them.
        """
        found: set[str] = set()
        for document in self._view.documents(within, (REFERENCES, CONTAINED)):
            found.update(_references(document, chain.parameter, chain.types))
        return found

    def referring(self, clause: Has, within: Within) -> list[str]:
        if within is None:
            base = one_element(REFERENCES, {"p": clause.parameter, "t": {"$gt": ""}})
            asked = all_of([self.filter((clause.where,), (clause.type,)), base])
            found = self._view.targets(asked, clause.parameter, LISTED_MAX + 1)
            if len(found) > LISTED_MAX:
                raise TooManyToList
            return sorted(found)
        base = refers(clause.parameter, _by_type(within))
        reached: set[str] = set()
        for batch in self._referring_batches(clause, base):
            reached |= self._view.targets(batch, clause.parameter).intersection(within)
        return sorted(reached)

    def _referring_batches(self, clause: Has, base: Filter) -> Iterator[Filter]:
        """Filters for the referring resources: one for all if possible, else one for each batch."""
        types = (clause.type,)
        try:
            yield all_of([self.filter((clause.where,), types), base])
        except TooManyToList:
            for batch in self.batches(all_of([living(types), base])):
                yield self.exactly(batch, (clause.where,), types)

    def lineage(self, clause: Hierarchy) -> list[str]:
        """Breadth first, one level per query."""
        found, newest = {clause.id}, [clause.id]
        step = self._parents if clause.direction == "above" else self._children
        while newest:
            newest = sorted(step(clause, newest) - found)
            found.update(newest)
            if len(found) > LINEAGE_MAX:
                raise errors.InvalidSearch.of(messages.SEARCH_TOO_COMPLEX(), code="too-costly")
        return sorted(found)

    def _parents(self, clause: Hierarchy, ids: list[str]) -> set[str]:
        keys = [f"{clause.type}/{id}" for id in ids]
        asked = all_of([{"_id": {"$in": keys}}, living((clause.type,)), self._visible(keys)])
        found = self._view.targets(asked, clause.parent)
        return {id for type, _, id in (key.partition("/") for key in found) if type == clause.type}

    def _children(self, clause: Hierarchy, ids: list[str]) -> set[str]:
        refers = one_element(REFERENCES, {"p": clause.parent, "t": clause.type, "i": {"$in": ids}})
        base = all_of([living((clause.type,)), refers])
        found: set[str] = set()
        for batch in self.batches(base):
            asked = all_of([{"_id": {"$in": batch}}, self._visible(batch)])
            found.update(self._view.ids(asked, len(batch)))
        return {key.partition("/")[2] for key in found}


def _by_type(keys: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key in keys:
        type, _, id = key.partition("/")
        found.setdefault(type, []).append(id)
    return found


def _references(document: Mapping[str, Any], parameter: str, types: Sequence[str]) -> Iterator[str]:
    for row in document.get(REFERENCES, ()):
        if row["p"] == parameter and row["t"] in types:
            yield f"{row['t']}/{row['i']}"
    for inner in document.get(CONTAINED, ()):
        yield from _references(inner, parameter, types)
