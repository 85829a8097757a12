"""Cursors on the one clock, sealed: bound to the path that gave them and to the store's epoch."""

from fhir_server.core.request import FhirRequest
from fhir_server.errors import Gone
from fhir_server.extension import Engine
from fhir_server.operations import messages


def position(request: FhirRequest, engine: Engine, cursor: str | None) -> int:
    """The sequence that the cursor stands at, 0 for the beginning.

    Raises `InvalidRequest` for one that is none of this path, `Gone` for one of before a restore.
    """
    if cursor is None:
        return 0
    epoch, sequence = engine.tokens.open(cursor, "/".join(request.path))
    if epoch != engine.store.epoch:
        raise Gone.of(messages.CURSOR_OF_ANOTHER_EPOCH(), code="expired")
    return int(sequence)


def sealed(request: FhirRequest, engine: Engine, sequence: int) -> str:
    """The cursor that stands at `sequence`."""
    return engine.tokens.seal((engine.store.epoch, sequence), "/".join(request.path))
