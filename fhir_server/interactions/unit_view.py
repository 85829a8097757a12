"""The view that rules and reactions have of a unit of work: its state after the writes so far.

Several of them read the same few resources, which are cached until one of the type is written.
https://hl7.org/fhir/R4/http.html#trules
"""

from fhir_server.core import json
from fhir_server.core.reference import relative
from fhir_server.errors import InvalidSearch, StoreUnavailable
from fhir_server.extension import Engine, Resource
from fhir_server.search.ast import Match, SearchQuery
from fhir_server.search.index_coverage import check_coverage
from fhir_server.store.port import StoredResource, UnitOfWork


class UnitView:
    """A cached view of one unit of work. Whoever writes must call `written`."""

    def __init__(self, unit: UnitOfWork, engine: Engine) -> None:
        self._unit = unit
        self._engine = engine
        self._read: dict[tuple[str, str], Resource | None] = {}
        self._found: dict[str, dict[SearchQuery, tuple[Resource, ...]]] = {}

    def get(self, type: str, id: str) -> Resource | None:
        if (type, id) not in self._read:
            self._read[type, id] = content_of(self._unit.read(type, id), self._engine)
        return self._read[type, id]

    def find(self, query: SearchQuery) -> tuple[Resource, ...]:
        if not _looks_at_its_type_alone(query):
            return self._search(query)
        known = self._found.setdefault(query.types[0], {})
        found = known.get(query)
        if found is None:
            found = known[query] = self._search(query)
        return found

    def _search(self, query: SearchQuery) -> tuple[Resource, ...]:
        try:
            check_coverage(query, self._engine.pending, self._engine.registry)
        except InvalidSearch as error:
            # Not the client's fault: the rule cannot be evaluated at the moment.
            raise StoreUnavailable(*error.issues) from error
        found = (content_of(match, self._engine) for match in self._unit.search(query).matches)
        return tuple(resource for resource in found if resource is not None)

    def lock(self, key: str) -> None:
        self._unit.lock(key)

    def claim_unique(self, key: str, owner: str) -> None:
        self._unit.claim_unique(key, owner)

    def written(self, type: str, id: str, content: Resource | None = None) -> None:
        """Invalidate what a write of a resource may have changed; `content` is its new content, if known."""
        self._read.pop((type, id), None)
        self._found.pop(type, None)
        if content is not None:
            self._read[type, id] = content


def content_of(stored: StoredResource | None, engine: Engine) -> Resource | None:
    """The content of a version, with references to this server made relative; None for no version, and for a
    deletion.
    """
    if stored is None or stored.deleted:
        return None
    content: Resource = json.parse_own(relative(stored.body, engine.extractor.indexing.base_urls))
    return content


def _looks_at_its_type_alone(query: SearchQuery) -> bool:
    """Whether only writes of its own type can change the result of a query."""
    plain = all(isinstance(clause, Match) and clause.type != "special" for clause in query.where)
    return len(query.types) == 1 and plain and not query.includes and query.visibility is None
