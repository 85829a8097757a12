"""Rehearsal: everything is done as it would be, in a unit of work of its own, and undone.

Conditions are resolved, rules and reactions run and conflicts show as they would, and nothing stays.
https://hl7.org/fhir/R4/resource-operation-validate.html
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar, cast

from fhir_server.extension import Engine
from fhir_server.store.port import Store, UnitOfWork

T = TypeVar("T")


class _Undone(Exception):
    """Raised inside a unit of work to undo it."""


class _RehearsalStore:
    """A store whose units of work leave nothing behind."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def transact(self, work: Callable[[UnitOfWork], T]) -> T:
        results: list[T] = []

        def undone(unit: UnitOfWork) -> None:
            results.append(work(unit))
            raise _Undone

        with suppress(_Undone):
            self._store.transact(undone)
        return results[-1]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def rehearsing(engine: Engine) -> Engine:
    """The same engine, on which interactions answer as usual and change nothing."""
    return replace(engine, store=cast(Store, _RehearsalStore(engine.store)))
