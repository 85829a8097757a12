"""Ends transactions that a killed process has left open, which would block all other writers.

Each process records the session that it writes with, and a heartbeat that advances while a transaction stays
open for long. A process that cannot get the clock, and sees neither the clock nor a heartbeat change for some
seconds, ends the sessions whose heartbeat has stalled. If such a process is alive after all, no harm is done:
its transaction fails and is run again.
https://www.mongodb.com/docs/manual/reference/command/killSessions/
"""

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any
from uuid import uuid4

from pymongo.errors import PyMongoError
from pymongo.write_concern import WriteConcern

from fhir_server.store.mongo.collections import CLOCK, Collections

HEARTBEAT_SECONDS = 1.0
STALLED_SECONDS = 4.0
"""How long a heartbeat must stall before its session is ended: a few beats may be late."""

_RECORD_SECONDS = 3_600.0
_RECORD_KEPT = timedelta(days=1)

Session = Mapping[str, Any]


class Heartbeat:
    """Records this process's session, and advances its heartbeat while a transaction is open."""

    def __init__(self, collections: Collections) -> None:
        self.name = uuid4().hex
        self._writers = collections.writers.with_options(write_concern=WriteConcern(1))
        self._recorded = float("-inf")
        self._opened: float | None = None
        self._stopping = Event()
        self._thread: Thread | None = None

    def begin(self, session: Session) -> None:
        """A transaction is about to begin in the session."""
        now = time.monotonic()
        if now - self._recorded > _RECORD_SECONDS:
            self._record(session)
            self._recorded = now
        if self._thread is None:
            self._thread = Thread(target=self._beat, name="mongo-heartbeat", daemon=True)
            self._thread.start()
        self._opened = now

    def end(self) -> None:
        """The transaction is over."""
        self._opened = None

    def _record(self, session: Session) -> None:
        """Record the session, and delete records that were not renewed for long."""
        change = {"$set": {"session": dict(session)}, "$inc": {"beat": 1}, "$currentDate": {"at": True}}
        self._writers.update_one({"_id": self.name}, change, upsert=True)
        self._writers.delete_many({"at": {"$lt": datetime.now(UTC) - _RECORD_KEPT}})

    def _beat(self) -> None:
        while not self._stopping.wait(HEARTBEAT_SECONDS):
            opened = self._opened
            if opened is not None and time.monotonic() - opened > HEARTBEAT_SECONDS:
                with suppress(PyMongoError):
                    self._writers.update_one({"_id": self.name}, {"$inc": {"beat": 1}})

    def stop(self) -> None:
        """Stop the heartbeat."""
        self._stopping.set()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state at one time: the number of transactions by the clock, and each session with its heartbeat."""

    time: float
    transactions: int
    beats: Mapping[str, tuple[Session, int]]

    def stalled_since(self, earlier: "Snapshot") -> list[Session]:
        """The sessions whose heartbeat has not changed since; none if a transaction was committed."""
        if self.transactions != earlier.transactions:
            return []
        return [beat[0] for name, beat in self.beats.items() if earlier.beats.get(name) == beat]


class AbandonedSessionWatch:
    """Watches the sessions of other processes while this one cannot get the clock."""

    def __init__(self, collections: Collections, own: str) -> None:
        self._collections = collections.of_the_primary()
        self._own = own
        self._seen: Snapshot | None = None

    def clock_refused(self) -> None:
        """Another process has the clock. Ends the sessions that may hold it once they have stalled."""
        now, seen = time.monotonic(), self._seen
        if seen is not None and now - seen.time < STALLED_SECONDS:
            return
        # Without the permission, or on an error, wait until the database itself ends them.
        with suppress(PyMongoError):
            self._seen = self._look(now)
            if seen is not None and now - seen.time < 2 * STALLED_SECONDS:
                stalled = self._seen.stalled_since(seen)
                if stalled:
                    self._collections.client.admin.command({"killSessions": stalled})

    def clock_taken(self) -> None:
        """This process got the clock."""
        self._seen = None

    def _look(self, now: float) -> Snapshot:
        clock = self._collections.clock.find_one({"_id": CLOCK}) or {"n": 0}
        others = self._collections.writers.find({"_id": {"$ne": self._own}})
        beats = {writer["_id"]: (writer["session"], int(writer["beat"])) for writer in others.to_list()}
        return Snapshot(now, int(clock["n"]), beats)
