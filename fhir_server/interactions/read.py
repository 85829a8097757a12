"""read and vread, conditional reads included.

https://hl7.org/fhir/R4/http.html#read
https://hl7.org/fhir/R4/http.html#vread
"""

import re

from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import Gone, NotFound
from fhir_server.extension import Engine
from fhir_server.interactions import messages
from fhir_server.interactions.conditional_headers import check_if_match, unchanged
from fhir_server.interactions.subset import asked_subset
from fhir_server.store.port import Reader, StoredResource

_VERSION = re.compile(r"[1-9][0-9]{0,17}")


def read(request: FhirRequest, engine: Engine, reader: Reader) -> FhirResponse:
    """GET [type]/[id]: 200, 304 when the client has this version, 404, 410 when deleted, or 412."""
    type, id = request.path
    return _answer(request, engine, reader.read(type, id), f"{type}/{id}")


def vread(request: FhirRequest, engine: Engine, reader: Reader) -> FhirResponse:
    """GET [type]/[id]/_history/[vid]."""
    type, id, _, version = request.path
    known = _VERSION.fullmatch(version)
    stored = reader.read_version(type, id, int(version)) if known else None
    return _answer(request, engine, stored, f"{type}/{id}/_history/{version}")


def _answer(
    request: FhirRequest, engine: Engine, stored: StoredResource | None, reference: str
) -> FhirResponse:
    stored = living(stored, reference)
    check_if_match(request.conditions, stored)
    if unchanged(request.conditions, stored):
        return FhirResponse(304, version=stored.version, last_updated=stored.last_updated)
    subset = asked_subset(request.query, stored.type, engine.registry) if request.query else None
    return FhirResponse(
        200,
        body=subset.of(stored.body) if subset else stored.body,
        version=stored.version,
        last_updated=stored.last_updated,
    )


def living(stored: StoredResource | None, reference: str) -> StoredResource:
    """The version found for a reference. Raises `NotFound` if there is none and `Gone` for a deletion."""
    if stored is None:
        raise NotFound.of(messages.NOT_FOUND(reference=reference))
    if stored.deleted:
        raise Gone.of(messages.DELETED(reference=reference, version=stored.version))
    return stored
