"""$changes: every committed version, once, in the order of commits.

Polling by timestamp can miss a commit that ends late; a cursor on the commit sequence cannot. The cursor is
opaque, and becomes invalid when the store is restored from a backup.
"""

from collections.abc import Sequence
from urllib.parse import urlencode

from fhir_server.core.bundle import Link, bundle
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.extension import Engine, Operation
from fhir_server.interactions.bundle_links import READABLE, page_size, self_link
from fhir_server.interactions.history import history_entry, recreations
from fhir_server.operations.cursors import open_cursor, seal_cursor
from fhir_server.operations.parameters import all_parameters, checked_parameters
from fhir_server.operations.version_criteria import VersionCriteria
from fhir_server.store.port import StoredResource

CURSOR = "after"
PARAMETERS = (CURSOR, "_count")

SCANNED_PAGES_MAX = 50
"""Pages that one request scans for versions that match its criteria."""


def changes(request: FhirRequest, engine: Engine) -> FhirResponse:
    """GET [type]/$changes?after=CURSOR&_count=N&[criteria]: a history Bundle, oldest first.

    Its `next` link has the next cursor, also when the Bundle is empty because nothing is new. Without `after`
    it starts at the first commit. On a type, search criteria filter the versions; a Bundle may then be empty
    although more follows, and its cursor has moved.
    """
    own = {name: value for name, value in all_parameters(request) if name in PARAMETERS}
    asked = tuple(pair for pair in all_parameters(request) if pair[0] not in PARAMETERS)
    if asked and len(request.path) < 2:
        checked_parameters(request, PARAMETERS)
    criteria = VersionCriteria(request.path[0], asked, engine, request.base_url)
    after = open_cursor(request, engine, own.get(CURSOR))
    count = page_size(own.get("_count"), engine.limits)
    versions, reached = _page(engine, request.path[:-1], after, count, criteria)
    links = [self_link(request, request.query), _next(request, engine, reached, asked)]
    recreated = recreations(versions, engine.store)
    entries = [
        history_entry(version, request.base_url, recreated=version.sequence in recreated)
        for version in versions
    ]
    return FhirResponse(200, body=bundle("history", entries, links))


def _page(
    engine: Engine, types: Sequence[str], after: int, count: int, criteria: VersionCriteria
) -> tuple[list[StoredResource], int]:
    """The next versions that match, at most `count`, and the commit sequence after them."""
    store = engine.store
    found: list[StoredResource] = []
    if not count:
        return found, after
    for _ in range(SCANNED_PAGES_MAX):
        watermark = store.watermark()
        versions = store.changes(after, count, types)
        for version in versions:
            if criteria.match(version):
                found.append(version)
            after = version.sequence
            if len(found) == count:
                return found, after
        if len(versions) < count:
            return found, max(watermark, after)
    return found, after


def _next(request: FhirRequest, engine: Engine, sequence: int, asked: Sequence[tuple[str, str]]) -> Link:
    count = request.parameter("_count")
    kept = [(CURSOR, seal_cursor(request, engine, sequence)), *([("_count", count)] if count else []), *asked]
    return Link("next", f"{request.base_url}/{'/'.join(request.path)}?{urlencode(kept, safe=READABLE)}")


CHANGES = Operation(
    code="changes",
    definition="urn:fhir-server:OperationDefinition:changes",
    levels=frozenset({"type", "system"}),
    handle=changes,
)
