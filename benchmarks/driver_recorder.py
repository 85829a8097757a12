"""The doors between our code and the driver of MongoDB: what comes out of them can be played back.

Played back, the driver answers at once, so that what is left to measure is our own code and nothing else.
What the driver calls of ours, such as the body of a transaction, is called in either case.
https://pymongo.readthedocs.io/en/stable/api/index.html
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
"""What our code calls of the driver."""


@dataclass(slots=True)
class Answer:
    """What came out of a door: a value, or what was raised."""

    value: Any = None
    error: BaseException | None = None

    def given(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.value


class DriverRecorder(monitoring.CommandListener):
    """Adds up the time on the clock within the driver and counts its commands, and keeps the answers."""

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
        """Watch the driver's doors."""
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
        """Keep the answers from here on only."""
        self._answers.clear()

    @contextmanager
    def replayed(self) -> Iterator[None]:
        """Inside the block the driver gives what it gave, over and over again."""
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
        """What the driver calls of ours."""

        def leave(*arguments: Any) -> Any:
            began = time.perf_counter_ns()
            self._within = False
            try:
                return body(*arguments)
            finally:
                self._within = True
                self.nanoseconds -= time.perf_counter_ns() - began

        return leave
