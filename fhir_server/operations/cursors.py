"""Cursors on the one clock, sealed: bound to the path that gave them and to the store's epoch."""

from dataclasses import replace

from fhir_server.core.request import FhirRequest
from fhir_server.errors import Gone, InvalidRequest
from fhir_server.extension import Engine
from fhir_server.operations import messages

PLACE = "http.after"
FIRST = "c"
"""A letter, because a spreadsheet takes what begins with - for a formula."""


def position(request: FhirRequest, engine: Engine, cursor: str | None) -> int:
    """The sequence that the cursor stands at, 0 for the beginning.

    Raises `InvalidRequest` for one that is none of this path, `Gone` for one of before a restore.
    """
    if cursor is None:
        return 0
    token = cursor[len(FIRST) :] if cursor.startswith(FIRST) else ""
    try:
        epoch, sequence = engine.tokens.open(token, "/".join(request.path), tuple[str, int])
    except InvalidRequest as error:
        raise InvalidRequest(*(replace(issue, expression=(PLACE,)) for issue in error.issues)) from error
    if epoch != engine.store.epoch:
        raise Gone.of(messages.CURSOR_OF_ANOTHER_EPOCH(), PLACE, code="expired")
    return int(sequence)


def sealed(request: FhirRequest, engine: Engine, sequence: int) -> str:
    """The cursor that stands at `sequence`."""
    return FIRST + engine.tokens.seal((engine.store.epoch, sequence), "/".join(request.path))
