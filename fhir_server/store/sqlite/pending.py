"""Resources that units have written and no statement has carried out yet, as the units that follow see them.

A transaction's rules and conditions ask one question after the other. To carry out for each what was gathered
would write a few rows at a time, and make a savepoint of a unit that only asks. So what is asked by codes and
references, as nearly all of it is, is also looked up here.
https://hl7.org/fhir/R4/http.html#trules
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from operator import attrgetter

from msgspec import structs

from fhir_server.search.ast import Clause, Match, ReferenceValue, SearchQuery, TokenValue, Value
from fhir_server.search.entries import Entries
from fhir_server.search.match import satisfies
from fhir_server.store.port import SearchResult, StoredResource

Key = tuple[str, str]
"""Type and id."""

Listed = tuple[str, str, str]
"""A type, a parameter, and a code or the target of a reference."""


class Pending:
    """Each resource is in it once at most, with the entries by which it is found."""

    __slots__ = ("_listed", "_unlisted", "_written")

    def __init__(self) -> None:
        self._written: dict[Key, tuple[StoredResource, Entries]] = {}
        self._unlisted: list[Key] = []
        self._listed: defaultdict[Listed, list[Key]] = defaultdict(list)

    def __contains__(self, key: Key) -> bool:
        return key in self._written

    def __bool__(self) -> bool:
        return bool(self._written)

    def add(self, stored: StoredResource, entries: Entries) -> None:
        """A version, which may be a deletion, found by no entries."""
        key = stored.type, stored.id
        self._written[key] = stored, entries
        self._unlisted.append(key)

    def read(self, key: Key) -> StoredResource | None:
        found = self._written.get(key)
        return found and found[0]

    def take(self, others: "Pending") -> None:
        """Take over what others hold, which has nothing of it any more."""
        if others:
            self._written |= others._written
            self._unlisted += others._written
            others.clear()

    def clear(self) -> None:
        if self._written:
            self._written.clear()
            self._unlisted.clear()
            self._listed.clear()

    def matching(self, query: SearchQuery, listed: Sequence[Listed]) -> Iterator[StoredResource]:
        """The living ones that satisfy a query, which can be told of those that are `listed`."""
        self._list()
        for key in dict.fromkeys(key for one in listed for key in self._listed.get(one, ())):
            stored, entries = self._written[key]
            if all(isinstance(one, Match) and satisfies(one, stored, entries) for one in query.where):
                yield stored

    def _list(self) -> None:
        """List what came since the last time: most of it is never looked for."""
        for key in self._unlisted:
            _, entries = self._written[key]
            for token in entries.tokens:
                self._listed[key[0], token.parameter, token.code].append(key)
            for reference in entries.references:
                self._listed[key[0], reference.parameter, reference.target].append(key)
        self._unlisted.clear()


def beside(
    found: SearchResult, query: SearchQuery, listed: Sequence[Listed], waiting: Collection[Pending]
) -> SearchResult | None:
    """What was found in the tables, with what is pending beside it; None where that is more than a page."""
    matches = [one for part in waiting for one in part.matching(query, listed)]
    matches += [one for one in found.matches if not any((one.type, one.id) in part for part in waiting)]
    if found.next is not None or len(matches) > query.count:
        return None
    matches.sort(key=attrgetter("first_sequence"))
    return structs.replace(found, matches=tuple(matches))


def lookups(query: SearchQuery) -> list[Listed] | None:
    """Under what all that satisfies a query is listed, if it is a plain one; None for any other."""
    if query.sort or query.page or query.visibility or query.total != "none":
        return None
    if len(query.types) != 1 or not all(type(clause) is Match for clause in query.where):
        return None
    return next((found for clause in query.where if (found := _listed(clause, query.types[0]))), None)


def _listed(clause: Clause, type: str) -> list[Listed] | None:
    """Under what that satisfies a clause is listed, None where the clause does not tell."""
    if not isinstance(clause, Match) or clause.modifier is not None:
        return None
    values = [_value(value) for value in clause.values]
    found = [(type, clause.parameter, value) for value in values if value is not None]
    return found if len(found) == len(values) else None


def _value(value: Value) -> str | None:
    if isinstance(value, TokenValue):
        return value.code
    return value.target if isinstance(value, ReferenceValue) else None
