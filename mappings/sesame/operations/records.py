"""What is on record for an operation, read from the store."""

from typing import Any

from fhir_server.core import json
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import Gone, NotFound
from fhir_server.extension import Engine, Resource
from fhir_server.search.ast import SearchQuery
from fhir_server.search.coverage import check_coverage
from fhir_server.store.port import Reader
from mappings.sesame.operations import messages


class StoreRecords:
    """Reads parsed resources from the store."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, type: str, id: str) -> Resource | None:
        stored = self._engine.store.read(type, id)
        return None if stored is None or stored.deleted else json.parse(stored.body)

    def find(self, query: SearchQuery) -> tuple[Resource, ...]:
        check_coverage(query, self._engine.pending, self._engine.registry)
        return tuple(json.parse(match.body) for match in self._engine.store.search(query).matches)


def asked_about(request: FhirRequest, records: Reader) -> Resource:
    """The resource of an operation at instance level. Raises `NotFound` or `Gone`."""
    type, id = request.path[:2]
    stored = records.read(type, id)
    if stored is None:
        raise NotFound.of(messages.NOT_FOUND(reference=f"{type}/{id}"))
    if stored.deleted:
        raise Gone.of(messages.NOT_FOUND(reference=f"{type}/{id}"))
    found: Resource = json.parse(stored.body)
    return found


def parameters(*named: tuple[str, str, Any]) -> FhirResponse:
    """A Parameters resource of (name, element such as `valueDate`, value); those without a value are left
    out."""
    members = [{"name": name, element: value} for name, element, value in named if value is not None]
    body = json.serialise({"resourceType": "Parameters", "parameter": members})
    return FhirResponse(200, body=body)
