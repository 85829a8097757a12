"""Operations inside a unit of work, which read what that has written so far.

An operation reads of the store of its engine. That of the engine given here is the unit, as far as a unit can
tell.
https://hl7.org/fhir/R4/http.html#trules
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar, cast

from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.extension import Engine, Operation
from fhir_server.store.port import Reader, Store, UnitOfWork

T = TypeVar("T")

_OF_UNIT = frozenset(
    {
        "read",
        "read_version",
        "search",
        "included",
        "history",
        "generation",
        "indexes",
        "document",
        "documents",
    }
)
_OF_STORE = frozenset({"capabilities", "epoch", "secret"})


class BeyondUnit(Exception):
    """An operation needs more than a unit of work can give it. Nothing is wrong."""


class _UnitStore:
    """A store as it will be once the unit is committed."""

    def __init__(self, store: Store, unit: UnitOfWork) -> None:
        self._store = store
        self._unit = unit

    def in_snapshot(self, read: Callable[[Reader], T]) -> T:
        return read(self._unit)

    def __getattr__(self, name: str) -> Any:
        if name in _OF_UNIT:
            return getattr(self._unit, name)
        if name in _OF_STORE:
            return getattr(self._store, name)
        raise BeyondUnit


def handled(operation: Operation, request: FhirRequest, engine: Engine, unit: UnitOfWork) -> FhirResponse:
    """The answer of an operation that changes nothing, and that nobody need wait for long.

    Raises `BeyondUnit` for any other.
    """
    waits = operation.takes_long or (operation.asks_codes and engine.codes.has_remote)
    if waits or operation.affects_state or operation.is_dry_run(request):
        raise BeyondUnit
    return operation.handle(request, replace(engine, store=cast(Store, _UnitStore(engine.store, unit))))
