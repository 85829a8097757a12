"""Every operation that the engine offers by itself."""

from fhir_server.extension import Operation
from fhir_server.operations.changes import CHANGES

OPERATIONS: tuple[Operation, ...] = (CHANGES,)
