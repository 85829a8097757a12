"""Look-ups by identifier within a transaction, which conditional creates and references mostly consist of.

A result of the database is valid for the whole transaction, so each look-up is sent once, many at a time.
Writes of the transaction itself are merged here, so that they need not be sent first.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Protocol

from fhir_server.search.ast import Match, SearchQuery, TokenValue
from fhir_server.store.mongo.collections import Document, SessionView
from fhir_server.store.mongo.filters import Filter, one_of
from fhir_server.store.mongo.rows import TOKENS
from fhir_server.store.mongo.text_entries import parameter_prefix, text_entry
from fhir_server.store.mongo.versions import OWN

IDENTIFIER = "identifier"
LOOKUPS_MAX = 1_000
"""The most look-ups in one query."""
MATCHES_MAX = 8
"""The most matches per look-up, on average, that are worth reading; an identifier seldom has two."""

Wanted = tuple[str, str]
"""A resource type, and an identifier as encoded by `text_entry`."""

_FIELDS = dict.fromkeys((*OWN, TOKENS), 1)
_PREFIX = parameter_prefix(IDENTIFIER)


def wanted_by(query: SearchQuery) -> Wanted | None:
    """The look-up that a query consists of; None if it asks for anything else."""
    if len(query.types) != 1 or query.sort or query.page or query.visibility or not query.count:
        return None
    match query.where:
        case (Match("identifier", "token", (TokenValue(str(system), str(code)),), None, _, ()),):
            return (query.types[0], text_entry(IDENTIFIER, code, system)) if query.total == "none" else None
    return None


class Resources(Protocol):
    """The resources as a transaction sees them."""

    @property
    def documents(self) -> Mapping[str, Document | None]:
        """The documents that it has read or written."""
        ...

    def has_written(self, key: str) -> bool: ...


class IdentifierLookups:
    """The look-ups of one transaction."""

    def __init__(self, view: SessionView, resources: Resources) -> None:
        self._view = view
        self._resources = resources
        self._known: dict[Wanted, list[Document] | None] = {}
        self._keys_by_identifier: dict[str, set[str]] = {}

    def add_written(self, key: str, document: Document | None) -> None:
        """Record the identifiers of a document that the transaction writes."""
        for text in document.get(TOKENS, ()) if document else ():
            if text.startswith(_PREFIX):
                self._keys_by_identifier.setdefault(text, set()).add(key)

    def prefetch(self, wanted: Iterable[Wanted]) -> None:
        """Read the matches of all look-ups that were not read yet."""
        missing = iter(dict.fromkeys(identifier for identifier in wanted if identifier not in self._known))
        while some := set(islice(missing, LOOKUPS_MAX)):
            self._ask(some)

    def _ask(self, wanted: set[Wanted]) -> None:
        limit = MATCHES_MAX * len(wanted)
        types, texts = (sorted(set(part)) for part in zip(*wanted, strict=True))
        asked: Filter = {"l": True, "t": one_of(types), TOKENS: one_of(texts)}
        resources, session = self._view.collections.resources, self._view.session
        rows = resources.find(asked, _FIELDS, limit=limit, session=session).to_list()
        if len(rows) == limit:
            self._known.update(dict.fromkeys(wanted))
            return
        found: dict[Wanted, list[Document] | None] = {identifier: [] for identifier in wanted}
        for row in rows:
            for text in row[TOKENS]:
                of_this = found.get((row["t"], text))
                if of_this is not None:
                    of_this.append(row)
        self._known.update(found)

    def find(self, wanted: Wanted) -> list[Document] | None:
        """The living resources with the identifier, oldest first; None if there are too many."""
        self.prefetch((wanted,))
        known = self._known[wanted]
        if known is None:
            return None
        found = [document for document in known if not self._resources.has_written(document["_id"])]
        return sorted((*found, *self._own(*wanted)), key=lambda document: int(document["f"]))

    def _own(self, type: str, text: str) -> Iterator[Document]:
        """The matches that the transaction has written."""
        for key in self._keys_by_identifier.get(text, ()):
            document = self._resources.documents[key] if self._resources.has_written(key) else None
            if document and document["l"] and document["t"] == type and text in document.get(TOKENS, ()):
                yield document
