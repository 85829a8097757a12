"""The version that a write expects to replace, or to come after.

https://hl7.org/fhir/R4/http.html#concurrency
"""

from fhir_server import errors
from fhir_server.store import messages
from fhir_server.store.port import StoredResource


def expect_version(reference: str, current: int, living: bool, expected: int | None) -> None:
    """Raise `PreconditionFailed` unless a resource at version `current` (0 if it never was) is as expected.

    None expects nothing; 0 expects that the resource does not live, so a deleted one will do.
    """
    if expected is None or (expected == current if expected else not living):
        return
    if not current:
        text = messages.DOES_NOT_EXIST(reference=reference, expected=expected)
    elif not expected:
        text = messages.ALREADY_EXISTS(reference=reference, current=current)
    else:
        text = messages.STALE_VERSION(reference=reference, current=current, expected=expected)
    raise errors.PreconditionFailed.of(text)


def expect_later(version: StoredResource, sequence: int) -> None:
    """Raise `ValueError` unless a version comes after all up to a sequence."""
    if version.sequence <= sequence:
        raise ValueError(f"{version.reference} has sequence {version.sequence}; {sequence} was there before.")
