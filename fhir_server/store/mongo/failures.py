"""What errors of the driver and of the database mean to a client.

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
"""The moment that was looked at is no longer kept, or not yet there."""
_INTERRUPTED = frozenset({11601, 46841})
"""Somebody has ended the session, or what it was doing."""
_ENDED = frozenset({251, 290})
"""A transaction is no longer there."""
_PASSING = frozenset(
    {
        *(6, 7, 89, 91, 134, 189, 262, 9001, 10058, 10107, 11600, 11602, 13435, 13436),
        *(24, 43, 64, 79, 100, 112, 133, 175, 202, 211, 225, 237, 261, 365, 462),
        *_INTERRUPTED,
    }
)
"""What is over when there is a primary again, or a member less under load: of a retry, and of cursors and
sessions that went with the member that had them.
"""
_NOT_KNOWN = frozenset({59, 115})
"""A command that the database does not have, or does not take as long as it has to be as an older one was."""
TOO_LARGE = 10334
_TOO_LARGE = frozenset({201, TOO_LARGE, 17280, 17419, 17420})
"""More bytes than a document holds, or more keys than an index takes of one."""
_TOO_COMPLEX = frozenset({15, 51091, 51075, 5107200})
"""Nested too deeply; a regular expression that is too long or cannot be compiled."""

_TOO_COMPLEX_TEXTS = (
    *("too deep", "nested", "tree depth"),
    *("Regular expression", "regular expression", "regex pattern"),
)


def refusal(error: BaseException) -> BaseException:
    """What to tell a client; an error in our own use of the database stays what it is, as does one that is
    not the database's.
    """
    if isinstance(error, InvalidDocument):
        # A question that the driver cannot put; of what is written, `Transaction.send` says it otherwise.
        return errors.InvalidSearch.of(messages.SEARCH_TOO_COMPLEX(), code="too-costly")
    if not isinstance(error, PyMongoError):
        return error
    if isinstance(error, ExecutionTimeout) and isinstance(error.__cause__, ConnectionFailure):
        # Where a transaction was tried until its time was over, this is what came of the last attempt.
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


def undecided(error: Exception) -> Exception:
    """What to tell a client whose commit failed: never that it did something wrong, and never to be taken for
    an error after which the same may be done again, as it may be done.
    """
    refused = refusal(error)
    if isinstance(refused, errors.StoreUnavailable | errors.StoreFull):
        return refused
    return errors.StoreUnavailable.of(messages.STORE_FAILED(reason=type(error).__name__))


def is_interrupted(error: Exception) -> bool:
    """Whether the session was ended in the middle of something, and its transaction with it."""
    return isinstance(error, OperationFailure) and error.code in _INTERRUPTED


class refusing:
    """Lets errors of the database leave the block as what they mean to a client.

    Every read passes here; made of a generator it would take as long as all else that a read does.
    """

    __slots__ = ()

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, PyMongoError | InvalidDocument):
            raise refusal(error) from error
