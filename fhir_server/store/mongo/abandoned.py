"""Ends transactions that a killed process has left open, which would hold up all others that write.

The session that a process writes through is on record, with a beat that goes on while a transaction is open
in it for long. Who finds the clock taken, and neither the clock nor a beat changed for some seconds, ends the
sessions whose beat stood still. Where the process of one is alive after all, that does no harm: its
transaction is refused and run again.
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

BEAT_SECONDS = 1.0
STILL_SECONDS = 4.0
"""How long a beat stands still before its session is ended: some beats that may come late."""

_RECORD_SECONDS = 3_600.0
_RECORD_KEPT = timedelta(days=1)

Session = Mapping[str, Any]


class Heart:
    """Keeps this process's session on record, and its beat going while a transaction is open."""

    def __init__(self, collections: Collections) -> None:
        self.name = uuid4().hex
        self._writers = collections.writers.with_options(write_concern=WriteConcern(1))
        self._recorded = float("-inf")
        self._opened: float | None = None
        self._stopping = Event()
        self._thread: Thread | None = None

    def open(self, session: Session) -> None:
        """A transaction is about to begin in the session."""
        now = time.monotonic()
        if now - self._recorded > _RECORD_SECONDS:
            self._record(session)
            self._recorded = now
        if self._thread is None:
            self._thread = Thread(target=self._beat, name="mongo-heart", daemon=True)
            self._thread.start()
        self._opened = now

    def shut(self) -> None:
        """The transaction is over."""
        self._opened = None

    def _record(self, session: Session) -> None:
        """Put the session on record, and take off what nobody has renewed for long."""
        change = {"$set": {"session": dict(session)}, "$inc": {"beat": 1}, "$currentDate": {"at": True}}
        self._writers.update_one({"_id": self.name}, change, upsert=True)
        self._writers.delete_many({"at": {"$lt": datetime.now(UTC) - _RECORD_KEPT}})

    def _beat(self) -> None:
        while not self._stopping.wait(BEAT_SECONDS):
            opened = self._opened
            if opened is not None and time.monotonic() - opened > BEAT_SECONDS:
                with suppress(PyMongoError):
                    self._writers.update_one({"_id": self.name}, {"$inc": {"beat": 1}})

    def stop(self) -> None:
        """Beat no more."""
        self._stopping.set()


@dataclass(frozen=True, slots=True)
class Pulse:
    """What is seen at a moment: how many transactions the clock has counted, each session and its beat."""

    time: float
    transactions: int
    beats: Mapping[str, tuple[Session, int]]

    def still_since(self, earlier: "Pulse") -> list[Session]:
        """The sessions in which nothing has happened in between; none where a transaction was committed."""
        if self.transactions != earlier.transactions:
            return []
        return [beat[0] for name, beat in self.beats.items() if earlier.beats.get(name) == beat]


class Watch:
    """Watches the others while this process cannot have the clock."""

    def __init__(self, collections: Collections, own: str) -> None:
        self._collections = collections.of_the_primary()
        self._own = own
        self._seen: Pulse | None = None

    def refused(self) -> None:
        """Another has the clock. Ends what holds it, once that is seen to have stood still."""
        now, seen = time.monotonic(), self._seen
        if seen is not None and now - seen.time < STILL_SECONDS:
            return
        # Who may not do so, or cannot at the moment, waits until the database does it by itself.
        with suppress(PyMongoError):
            self._seen = self._look(now)
            if seen is not None and now - seen.time < 2 * STILL_SECONDS:
                still = self._seen.still_since(seen)
                if still:
                    self._collections.client.admin.command({"killSessions": still})

    def free(self) -> None:
        """This process had the clock."""
        self._seen = None

    def _look(self, now: float) -> Pulse:
        clock = self._collections.clock.find_one({"_id": CLOCK}) or {"n": 0}
        others = self._collections.writers.find({"_id": {"$ne": self._own}})
        beats = {writer["_id"]: (writer["session"], int(writer["beat"])) for writer in others.to_list()}
        return Pulse(now, int(clock["n"]), beats)
