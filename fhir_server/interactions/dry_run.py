"""Dry runs: interactions run in a unit of work of their own, which is rolled back.

Conditions are resolved, rules and reactions run and conflicts are reported as usual; nothing is stored.
https://hl7.org/fhir/R4/resource-operation-validate.html
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar, cast

from fhir_server.extension import Engine
from fhir_server.store.port import Store, UnitOfWork

T = TypeVar("T")


class _RolledBack(Exception):
    """Raised inside a unit of work to roll it back."""


class _RollbackStore:
    """A store that rolls back every unit of work."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def transact(self, work: Callable[[UnitOfWork], T]) -> T:
        results: list[T] = []

        def rolled_back(unit: UnitOfWork) -> None:
            results.append(work(unit))
            raise _RolledBack

        with suppress(_RolledBack):
            self._store.transact(rolled_back)
        return results[-1]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def dry_run_engine(engine: Engine) -> Engine:
    """The same engine, on which interactions respond as usual and store nothing."""
    return replace(engine, store=cast(Store, _RollbackStore(engine.store)))
