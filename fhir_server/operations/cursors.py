"""Cursors on the one clock, sealed: bound to the path that gave them and to the store's epoch."""

from fhir_server.core.request import FhirRequest
from fhir_server.errors import Gone
from fhir_server.extension import Engine
from fhir_server.operations import messages

PARAMETER = "after"
PREFIX = "c"
"""A letter, because a spreadsheet takes what begins with - for a formula."""


def open_cursor(request: FhirRequest, engine: Engine, cursor: str | None) -> int:
    """The sequence that the cursor stands at, 0 for the beginning.

    Raises `InvalidRequest` for one that is none of this path, `Gone` for one of before a restore.
    """
    if cursor is None:
        return 0
    token = cursor[len(PREFIX) :] if cursor.startswith(PREFIX) else ""
    epoch, sequence = engine.tokens.open(token, "/".join(request.path), tuple[str, int], PARAMETER)
    if epoch != engine.store.epoch:
        raise Gone.of(messages.CURSOR_OF_ANOTHER_EPOCH(), f"http.{PARAMETER}", code="expired")
    return int(sequence)


def seal_cursor(request: FhirRequest, engine: Engine, sequence: int) -> str:
    """The cursor that stands at `sequence`."""
    return PREFIX + engine.tokens.seal((engine.store.epoch, sequence), "/".join(request.path))
