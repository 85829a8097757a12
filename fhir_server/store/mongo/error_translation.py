"""Translates errors of the driver and of the database to errors for clients.

https://www.mongodb.com/docs/manual/reference/error-codes/
"""

from types import TracebackType

from bson.errors import InvalidDocument
from pymongo.errors import (
    ConnectionFailure,
    ExecutionTimeout,
    NetworkTimeout,
    OperationFailure,
    PyMongoError,
    WaitQueueTimeoutError,
)

from fhir_server import errors
from fhir_server.store import messages

TRANSIENT = "TransientTransactionError"
UNKNOWN_RESULT = "UnknownTransactionCommitResult"

_DENIED = frozenset({13, 18, 8000})
_FULL = frozenset({14031})
_TOO_LATE = frozenset({239, 246})
"""The snapshot that was read is no longer available, or not yet."""
_INTERRUPTED = frozenset({11601, 46841})
"""The session, or its current operation, was killed."""
_ENDED = frozenset({251, 290})
"""The transaction no longer exists."""
_PASSING = frozenset(
    {
        *(6, 7, 89, 91, 134, 189, 262, 9001, 10058, 10107, 11600, 11602, 13435, 13436),
        *(24, 43, 64, 79, 100, 112, 133, 175, 202, 211, 225, 237, 261, 365, 462),
        *_INTERRUPTED,
    }
)
"""Errors that pass once there is a primary again or the load is lower: retryable ones, and those of cursors
and sessions that were lost with their member.
"""
_NOT_KNOWN = frozenset({59, 115})
"""A command that the database does not know, or refuses while it is set to the features of an older version.
"""
TOO_LARGE = 10334
_TOO_LARGE = frozenset({201, TOO_LARGE, 17280, 17419, 17420})
"""More bytes than a document may have, or more keys than an index accepts of one document."""
_TOO_COMPLEX = frozenset({15, 51091, 51075, 5107200})
"""Too deeply nested; a regular expression that is too long or does not compile."""

_TOO_COMPLEX_TEXTS = (
    *("too deep", "nested", "tree depth"),
    *("Regular expression", "regular expression", "regex pattern"),
)


def client_error(error: BaseException) -> BaseException:
    """The error to raise for an error of the database. Other errors, and errors in our own use of the
    database, stay as they are.
    """
    if isinstance(error, InvalidDocument):
        # A question that the driver cannot put; of what is written, `Transaction.send` says it otherwise.
        return errors.InvalidSearch.of(messages.SEARCH_TOO_COMPLEX(), code="too-costly")
    if not isinstance(error, PyMongoError):
        return error
    if isinstance(error, ExecutionTimeout) and isinstance(error.__cause__, ConnectionFailure):
        # After retries of a transaction until its timeout, this is the error of the last attempt.
        error = error.__cause__
    name = type(error).__name__
    if isinstance(error, OperationFailure) and error.code in _ENDED:
        return errors.StoreUnavailable.of(messages.TRANSACTION_ENDED(reason=f"{name} {error.code}"))
    if error.has_error_label(TRANSIENT) and not isinstance(error, ConnectionFailure):
        return errors.StoreUnavailable.of(messages.STORE_CONTENDED())
    if isinstance(error, OperationFailure):
        found = _of_code(error)
        if found is not None:
            return found
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
    if code in _PASSING:
        return errors.StoreUnavailable.of(messages.STORE_FAILED(reason=reason))
    if code in _NOT_KNOWN:
        return errors.StoreUnavailable.of(messages.STORE_HELD_BACK(reason=reason))
    if code in _TOO_LATE:
        return errors.StoreUnavailable.of(messages.STORE_SLOW(reason=reason))
    if code in _FULL:
        return errors.StoreFull.of(messages.STORE_FULL())
    if code in _TOO_LARGE:
        return errors.ContentTooLarge.of(messages.CONTENT_TOO_LARGE(reason=reason))
    if code in _TOO_COMPLEX or any(text in str(error) for text in _TOO_COMPLEX_TEXTS):
        return errors.InvalidSearch.of(messages.SEARCH_TOO_COMPLEX(), code="too-costly")
    return None


def unknown_outcome(error: Exception) -> Exception:
    """The error to raise if a commit failed: never a client error, and never one after which the work would
    be retried, because it may have been committed.
    """
    refused = client_error(error)
    if isinstance(refused, errors.StoreUnavailable | errors.StoreFull):
        return refused
    return errors.StoreUnavailable.of(messages.STORE_FAILED(reason=type(error).__name__))


def is_interrupted(error: Exception) -> bool:
    """Whether the session, and its transaction with it, was killed during an operation."""
    return isinstance(error, OperationFailure) and error.code in _INTERRUPTED


class translating_errors:
    """A context manager that translates errors of the database by `client_error`.

    A class, because every read passes here: a generator would take as long as everything else in a read.
    """

    __slots__ = ()

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, PyMongoError | InvalidDocument):
            raise client_error(error) from error
