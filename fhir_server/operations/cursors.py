"""Sealed cursors on the commit sequence, bound to the path that issued them and to the store's epoch."""

from fhir_server.core.request import FhirRequest
from fhir_server.errors import Gone
from fhir_server.extension import Engine
from fhir_server.operations import messages

PARAMETER = "after"
PREFIX = "c"
"""A letter, because a spreadsheet would treat text that begins with - as a formula."""


def open_cursor(request: FhirRequest, engine: Engine, cursor: str | None) -> int:
    """The commit sequence in a cursor, 0 without a cursor.

    Raises `InvalidRequest` for a cursor not issued by this path, `Gone` for one from before a restore.
    """
    if cursor is None:
        return 0
    token = cursor[len(PREFIX) :] if cursor.startswith(PREFIX) else ""
    epoch, sequence = engine.tokens.open(token, "/".join(request.path), tuple[str, int], PARAMETER)
    if epoch != engine.store.epoch:
        raise Gone.of(messages.CURSOR_OF_ANOTHER_EPOCH(), f"http.{PARAMETER}", code="expired")
    return int(sequence)


def seal_cursor(request: FhirRequest, engine: Engine, sequence: int) -> str:
    """The cursor for a commit sequence."""
    return PREFIX + engine.tokens.seal((engine.store.epoch, sequence), "/".join(request.path))
