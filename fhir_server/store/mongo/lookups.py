"""Look-ups by an identifier in a transaction: conditional creates and references are made of little else.

What the database says of them holds for the whole transaction, so it is asked once, and of many at a time.
What the transaction itself has written since is added here, so that it need not be sent before.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Protocol

from fhir_server.search.ast import Match, SearchQuery, TokenValue
from fhir_server.store.mongo.collections import Document, View
from fhir_server.store.mongo.filters import Filter, one_of
from fhir_server.store.mongo.flat import all_of_parameter, flat
from fhir_server.store.mongo.rows import TOKENS
from fhir_server.store.mongo.versions import OWN

IDENTIFIER = "identifier"
ASKED_MAX = 1_000
"""Look-ups that are asked for at once."""
BEARERS_MAX = 8
"""Resources per look-up, in the mean, that are worth listing; an identifier seldom has two."""

Wanted = tuple[str, str]
"""A type of resource, and an identifier of its own as it is found by."""

_FIELDS = dict.fromkeys((*OWN, TOKENS), 1)
_PREFIX = all_of_parameter(IDENTIFIER)


def wanted_by(query: SearchQuery) -> Wanted | None:
    """What a query looks up, where it does nothing else."""
    if len(query.types) != 1 or query.sort or query.page or query.visibility or not query.count:
        return None
    match query.where:
        case (Match("identifier", "token", (TokenValue(str(system), str(code)),), None, _, ()),):
            return (query.types[0], flat(IDENTIFIER, code, system)) if query.total == "none" else None
    return None


class Resources(Protocol):
    """The resources as a transaction sees them."""

    @property
    def documents(self) -> Mapping[str, Document | None]:
        """Those that it has read or written."""
        ...

    def has_written(self, key: str) -> bool: ...


class Lookups:
    """The look-ups of one transaction."""

    def __init__(self, view: View, resources: Resources) -> None:
        self._view = view
        self._resources = resources
        self._known: dict[Wanted, list[Document] | None] = {}
        self._bearers: dict[str, set[str]] = {}

    def note(self, key: str, document: Document | None) -> None:
        """A document is written: what it is looked up by, from here on."""
        for text in document.get(TOKENS, ()) if document else ():
            if text.startswith(_PREFIX):
                self._bearers.setdefault(text, set()).add(key)

    def prefetch(self, wanted: Iterable[Wanted]) -> None:
        """Ask the database for all that it has not been asked for."""
        missing = iter(dict.fromkeys(identifier for identifier in wanted if identifier not in self._known))
        while some := set(islice(missing, ASKED_MAX)):
            self._ask(some)

    def _ask(self, wanted: set[Wanted]) -> None:
        limit = BEARERS_MAX * len(wanted)
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
        """The living resources that bear the identifier, oldest first; None where they are too many."""
        self.prefetch((wanted,))
        known = self._known[wanted]
        if known is None:
            return None
        found = [document for document in known if not self._resources.has_written(document["_id"])]
        return sorted((*found, *self._own(*wanted)), key=lambda document: int(document["f"]))

    def _own(self, type: str, text: str) -> Iterator[Document]:
        """Those that the transaction has written."""
        for key in self._bearers.get(text, ()):
            document = self._resources.documents[key] if self._resources.has_written(key) else None
            if document and document["l"] and document["t"] == type and text in document.get(TOKENS, ()):
                yield document
