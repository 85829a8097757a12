"""$changes: every committed version of a type once, in the order of the one clock.

A poll by timestamp can miss a commit that ends late; a cursor on the clock cannot. The cursor is opaque,
and no longer good once the store was restored from a backup.
"""

from fhir_server.core.bundle import Link, bundle
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.extension import Engine, Operation
from fhir_server.interactions.history import history_entry
from fhir_server.interactions.links import page_size, self_link
from fhir_server.operations.cursors import position, sealed
from fhir_server.operations.parameters import given

CURSOR = "after"
PARAMETERS = (CURSOR, "_count")


def changes(request: FhirRequest, engine: Engine) -> FhirResponse:
    """GET [type]/$changes?after=CURSOR&_count=N: a history Bundle, oldest first.

    Its `next` link carries the cursor to go on with; when nothing is new the Bundle is empty and has one
    all the same. Without `after` it starts at the first commit.
    """
    parameters = dict(given(request, PARAMETERS))
    store = engine.store
    after = position(request, engine, parameters.get(CURSOR))
    count = page_size(parameters.get("_count"), engine.limits)
    watermark = store.watermark()
    versions = store.changes(after, count, request.path[:-1]) if count else ()
    reached = versions[-1].sequence if versions and len(versions) == count else max(watermark, after)
    links = [self_link(request, request.query), _next(request, engine, reached if count else after)]
    entries = [history_entry(version, request.base_url) for version in versions]
    return FhirResponse(200, body=bundle("history", entries, links))


def _next(request: FhirRequest, engine: Engine, sequence: int) -> Link:
    count = request.parameter("_count")
    size = f"&_count={count}" if count else ""
    path, cursor = "/".join(request.path), sealed(request, engine, sequence)
    return Link("next", f"{request.base_url}/{path}?{CURSOR}={cursor}{size}")


CHANGES = Operation(
    code="changes",
    definition="urn:fhir-server:OperationDefinition:changes",
    levels=frozenset({"type", "system"}),
    handle=changes,
)
