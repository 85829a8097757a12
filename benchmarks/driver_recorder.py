"""Records the results of MongoDB driver calls, and replays them.

A replayed driver answers immediately, so that only our own code is measured. Our callbacks, such as the body
of a transaction, are called in both cases. https://pymongo.readthedocs.io/en/stable/api/index.html
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from itertools import cycle
from typing import Any

import bson
import pymongo
from pymongo import monitoring
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.command_cursor import CommandCursor
from pymongo.cursor import Cursor
from pymongo.database import Database

ENTRY_POINTS: tuple[tuple[Any, str], ...] = (
    (
        Collection,
        "find find_one aggregate count_documents find_one_and_update delete_many update_one",
    ),
    (Cursor, "__next__ to_list __iter__"),
    (CommandCursor, "__next__ to_list __iter__"),
    (Database, "command cursor_command"),
    (pymongo.MongoClient, "start_session bulk_write"),
    (
        ClientSession,
        "__enter__ __exit__ start_transaction commit_transaction abort_transaction with_transaction "
        "end_session",
    ),
    (bson, "encode decode"),
)
"""The driver methods that our code calls."""


@dataclass(slots=True)
class Answer:
    """The result of a driver call: a value, or an exception."""

    value: Any = None
    error: BaseException | None = None

    def given(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.value


class DriverRecorder(monitoring.CommandListener):
    """Sums the wall time in the driver, counts its commands, and records its results."""

    def __init__(self) -> None:
        self.nanoseconds = 0
        self.commands = 0
        self._answers: list[Answer] = []
        self._played: Iterator[Answer] | None = None
        self._within = False

    def started(self, event: monitoring.CommandStartedEvent) -> None:  # noqa: ARG002
        self.commands += 1

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...

    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Record the driver calls inside the block."""
        before = [
            (owner, name, getattr(owner, name)) for owner, names in ENTRY_POINTS for name in names.split()
        ]
        try:
            for owner, name, door in before:
                setattr(owner, name, self._door(name, door))
            yield
        finally:
            for owner, name, door in before:
                setattr(owner, name, door)

    def forget(self) -> None:
        """Discard the results recorded so far."""
        self._answers.clear()

    @contextmanager
    def replayed(self) -> Iterator[None]:
        """Replay the recorded results inside the block, repeatedly."""
        self._played = cycle(self._answers)
        try:
            yield
        finally:
            self._played = None

    def _door(self, name: str, door: Callable[..., Any]) -> Callable[..., Any]:
        runs_ours = name == "with_transaction"

        @wraps(door)
        def enter(*arguments: Any, **named: Any) -> Any:
            if self._within:
                return door(*arguments, **named)
            if self._played is not None:
                if runs_ours:
                    return arguments[1](arguments[0])
                return next(self._played).given()
            if runs_ours:
                session, body, *others = arguments
                arguments = (session, self._way_back(body), *others)
            answer = self._timed(door, arguments, named)
            if not runs_ours:
                self._answers.append(answer)
            return answer.given()

        return enter

    def _timed(self, door: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]) -> Answer:
        began = time.perf_counter_ns()
        self._within = True
        try:
            return Answer(door(*arguments, **named))
        except BaseException as error:
            return Answer(error=error)
        finally:
            self._within = False
            self.nanoseconds += time.perf_counter_ns() - began

    def _way_back(self, body: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap one of our callbacks, whose time is not the driver's."""

        def leave(*arguments: Any) -> Any:
            began = time.perf_counter_ns()
            self._within = False
            try:
                return body(*arguments)
            finally:
                self._within = True
                self.nanoseconds -= time.perf_counter_ns() - began

        return leave
