"""Operations inside a unit of work, which see its writes.

An operation reads from its engine's store: here, an adapter of the unit of work.
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
    """An operation needs more than a unit of work can provide. This is no error of the client."""


class _UnitStore:
    """The store as seen by a unit of work."""

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
    """Run an operation that writes nothing, does not block and does not take long, inside a unit of work.

    Raises `BeyondUnit` for any other.
    """
    waits = operation.takes_long or (operation.asks_codes and engine.codes.has_remote)
    if waits or operation.affects_state or operation.is_dry_run(request):
        raise BeyondUnit
    return operation.handle(request, replace(engine, store=cast(Store, _UnitStore(engine.store, unit))))
