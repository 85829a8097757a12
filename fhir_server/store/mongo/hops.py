"""Where references lead: chains, `_has` and hierarchies, worked out by searches of their own.

What is at the far end of a hop is looked for first. Where that is more than a few resources, it is not
listed: then the near end is walked batch by batch, and only what each batch refers to is looked for, so that
no filter ever names more than a batch has references.
https://hl7.org/fhir/R4/search.html#chaining
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from fhir_server import errors
from fhir_server.search.ast import Chain, Clause, Has, Hierarchy, Match
from fhir_server.store import messages
from fhir_server.store.mongo.collections import View
from fhir_server.store.mongo.compiler import Compiler, Within, living, refers
from fhir_server.store.mongo.filters import ALWAYS, Filter, all_of, one_element
from fhir_server.store.mongo.rows import CONTAINED, REFERENCES

LISTED_MAX = 1_000
"""Resources that a filter lists at most; beyond, the other end is walked in batches of as many."""

LINEAGE_MAX = 10_000
"""Resources that a hierarchy may have."""


class TooMany(Exception):
    """More resources than can be listed: ask again of a batch."""


class Hops:
    """Follows references for one query. Its findings are remembered, for they hold for the whole query."""

    def __init__(self, view: View, visibility: Clause | None) -> None:
        self._view = view
        self._visibility = visibility
        self._sight = Hops(view, None) if visibility else None
        self._compiler = Compiler(self)
        self._known: dict[tuple[Clause, Sequence[str]], Filter | None] = {}

    def filter(self, clauses: Iterable[Clause], types: Sequence[str], within: Within = None) -> Filter:
        """What the living, visible resources of `types` that satisfy all clauses are found by.

        Raises `TooMany` where that cannot be said at once; within a batch it always can.
        """
        parts = [self._clause(clause, types, within) for clause in clauses]
        return all_of([living(types), *parts, self._visible(within)])

    def _clause(self, clause: Clause, types: Sequence[str], within: Within) -> Filter:
        """Without a batch if possible: that serves all batches."""
        if isinstance(clause, Match):
            return self._compiler.filter((clause,), types)
        key = (clause, tuple(types))
        if key not in self._known:
            try:
                self._known[key] = self._compiler.filter((clause,), types)
            except TooMany:
                self._known[key] = None
        known = self._known[key]
        if known is not None:
            return known
        if within is None:
            raise TooMany
        return self._compiler.filter((clause,), types, within)

    @property
    def listed_max(self) -> int:
        """How many resources a batch has."""
        return LISTED_MAX

    def sayable(self, clause: Clause, types: Sequence[str]) -> Filter:
        """What the clause comes to where that can be said at once, else nothing."""
        try:
            return self._clause(clause, types, None)
        except TooMany:
            return ALWAYS

    def _visible(self, within: Within) -> Filter:
        """What may be seen is not itself asked whether what it leads to may be seen."""
        if self._visibility is None or self._sight is None:
            return ALWAYS
        return self._sight._clause(self._visibility, (), within)

    def batches(self, base: Filter) -> Iterator[list[str]]:
        """The `_id`s of all that a filter finds, in batches."""
        after = ""
        while True:
            found = self._view.ids(all_of([base, {"_id": {"$gt": after}}]), LISTED_MAX, [("_id", 1)])
            if found:
                yield found
            if len(found) < LISTED_MAX:
                return
            after = found[-1]

    def exactly(self, batch: list[str], clauses: Sequence[Clause], types: Sequence[str]) -> Filter:
        """The filter for those of a batch that satisfy all clauses."""
        return all_of([{"_id": {"$in": batch}}, self.filter(clauses, types, batch)])

    def referred(self, chain: Chain, within: Within) -> dict[str, list[str]]:
        if within is None:
            found = self._view.ids(self.filter((chain.where,), chain.types), LISTED_MAX + 1)
            if len(found) > LISTED_MAX:
                raise TooMany
            return _by_type(found)
        candidates = sorted(self._references_of(within, chain))
        reached: list[str] = []
        for start in range(0, len(candidates), LISTED_MAX):
            batch = candidates[start : start + LISTED_MAX]
            reached += self._view.ids(self.exactly(batch, (chain.where,), chain.types), len(batch))
        return _by_type(reached)

    def _references_of(self, within: Sequence[str], chain: Chain) -> set[str]:
        """What resources refer to by the parameter, or what is contained in them does."""
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
                raise TooMany
            return sorted(found)
        base = refers(clause.parameter, _by_type(within))
        reached: set[str] = set()
        for batch in self._referring_batches(clause, base):
            reached |= self._view.targets(batch, clause.parameter).intersection(within)
        return sorted(reached)

    def _referring_batches(self, clause: Has, base: Filter) -> Iterator[Filter]:
        """What refers, at once where it can be said at once."""
        types = (clause.type,)
        try:
            yield all_of([self.filter((clause.where,), types), base])
        except TooMany:
            for batch in self.batches(all_of([living(types), base])):
                yield self.exactly(batch, (clause.where,), types)

    def lineage(self, clause: Hierarchy) -> list[str]:
        """Generation by generation."""
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
