"""What errors of the driver and of the database mean to a client.

https://www.mongodb.com/docs/manual/reference/error-codes/
"""

from types import TracebackType

from bson.errors import InvalidDocument
from pymongo.errors import (
    ConnectionFailure,
    DocumentTooLarge,
    ExecutionTimeout,
    NetworkTimeout,
    OperationFailure,
    PyMongoError,
    WaitQueueTimeoutError,
)

from fhir_server import errors
from fhir_server.store import messages

TRANSIENT = "TransientTransactionError"

_DENIED = frozenset({13, 18, 8000})
_FULL = frozenset({14031})
_TOO_LATE = frozenset({239, 246})
"""The moment that was looked at is no longer kept, or not yet there."""
_TOO_LARGE = frozenset({10334, 17280, 17419, 17420})
_TOO_COMPLEX = frozenset({15, 51091, 51075, 5107200})
"""Nested too deeply; a regular expression that is too long or cannot be compiled."""

_TOO_COMPLEX_TEXTS = ("too deep", "nested", "Regular expression", "regular expression")


def refusal(error: PyMongoError) -> Exception:
    """What to tell a client; an error in our own use of the database stays what it is."""
    name = type(error).__name__
    if isinstance(error, OperationFailure):
        found = _of_code(error)
        if found is not None:
            return found
    if isinstance(error, DocumentTooLarge):
        return errors.ContentTooLarge.of(messages.STORE_FAILED(reason=name))
    if error.has_error_label(TRANSIENT) and not isinstance(error, ConnectionFailure):
        return errors.StoreUnavailable.of(messages.STORE_CONTENDED())
    if isinstance(error, ExecutionTimeout | NetworkTimeout | WaitQueueTimeoutError):
        return errors.StoreUnavailable.of(messages.STORE_SLOW(reason=name))
    if isinstance(error, ConnectionFailure) or error.timeout:
        return errors.StoreUnavailable.of(messages.STORE_UNREACHABLE(reason=name))
    return error


def _of_code(error: OperationFailure) -> Exception | None:
    code = error.code or 0
    reason = f"{type(error).__name__} {code}"
    if code in _DENIED:
        return errors.StoreUnavailable.of(messages.STORE_DENIED(reason=reason))
    if code in _TOO_LATE:
        return errors.StoreUnavailable.of(messages.STORE_SLOW(reason=reason))
    if code in _FULL:
        return errors.StoreFull.of(messages.STORE_FULL())
    if code in _TOO_LARGE:
        return errors.ContentTooLarge.of(messages.STORE_FAILED(reason=reason))
    if code in _TOO_COMPLEX or any(text in str(error) for text in _TOO_COMPLEX_TEXTS):
        return errors.InvalidSearch.of(messages.SEARCH_TOO_COMPLEX(), code="too-costly")
    return None


class refusing:
    """Lets errors of the database leave the block as what they mean to a client.

    Every read passes here; made of a generator it would take as long as all else that a read does.
    """

    __slots__ = ()

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, PyMongoError):
            raise refusal(error) from error
        if isinstance(error, InvalidDocument):
            raise errors.InvalidSearch.of(messages.SEARCH_TOO_COMPLEX(), code="too-costly") from error
