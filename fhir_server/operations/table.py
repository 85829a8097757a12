"""Every operation that the engine offers by itself."""

from fhir_server.extension import Operation
from fhir_server.operations.changes import CHANGES
from fhir_server.operations.everything import ENCOUNTER_EVERYTHING, EVERYTHING
from fhir_server.operations.explain_search.operation import EXPLAIN_SEARCH
from fhir_server.operations.lastn import LASTN
from fhir_server.operations.reindex import REINDEX

OPERATIONS: tuple[Operation, ...] = (
    CHANGES,
    ENCOUNTER_EVERYTHING,
    EVERYTHING,
    EXPLAIN_SEARCH,
    LASTN,
    REINDEX,
)
