"""Checks of the version that a write expects to replace, or to follow.

https://hl7.org/fhir/R4/http.html#concurrency
"""

from fhir_server import errors
from fhir_server.store import messages
from fhir_server.store.port import StoredResource


def check_expected_version(reference: str, current: int, living: bool, expected: int | None) -> None:
    """Raise `PreconditionFailed` unless `current`, the version of a resource, is the expected one.

    `current` is 0 for a resource that never existed. `expected` is None for any version, and 0 for a resource
    that does not exist or is deleted.
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


def check_sequence(version: StoredResource, sequence: int) -> None:
    """Raise `ValueError` unless the sequence of a version is above `sequence`."""
    if version.sequence <= sequence:
        raise ValueError(f"{version.reference} has sequence {version.sequence}; {sequence} was there before.")
