"""Reads parsed resources from the store for operations."""

from fhir_server.core.request import FhirRequest
from fhir_server.errors import Gone, NotFound
from fhir_server.extension import Engine, Resource
from fhir_server.interactions.unit_view import content_of
from fhir_server.search.ast import SearchQuery
from fhir_server.search.index_coverage import check_coverage
from fhir_server.store.port import Reader
from mappings.sesame.operations import messages


class StoreRecords:
    """The `Records` of the store."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, type: str, id: str) -> Resource | None:
        return content_of(self._engine.store.read(type, id), self._engine)

    def find(self, query: SearchQuery) -> tuple[Resource, ...]:
        check_coverage(query, self._engine.pending, self._engine.registry)
        found = (content_of(match, self._engine) for match in self._engine.store.search(query).matches)
        return tuple(one for one in found if one is not None)


def addressed_resource(request: FhirRequest, engine: Engine, records: Reader | None = None) -> Resource:
    """The resource in the path of an operation at instance level, read from `records` or else the store.

    Raises `NotFound` or `Gone`.
    """
    type, id = request.path[:2]
    stored = (records or engine.store).read(type, id)
    if stored is None:
        raise NotFound.of(messages.NOT_FOUND(reference=f"{type}/{id}"))
    found = content_of(stored, engine)
    if found is None:
        raise Gone.of(messages.NOT_FOUND(reference=f"{type}/{id}"))
    return found
