"""The crash-safe file of the events that a billing system has pulled.

One line per event, then one for the next cursor. A truncated line counts as not stored, and events without
a following cursor are pulled again: delivery is at least once, and events are made unique by their number.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """A claim in the feed: its number and id, the number of its sequence, and what is billed."""

    number: str
    id: str
    status: str
    sequence: str
    rank: int
    forfait: str
    start: date
    cents: int


class Ledger:
    """The events and cursors in order of arrival."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.touch()
        stored = path.read_bytes()
        whole = stored[: stored.rfind(b"\n") + 1]
        self.events: list[Event] = []
        self.cursors: list[str] = []
        for line in whole.splitlines():
            self._take(json.loads(line))
        with path.open("r+b") as file:
            file.truncate(len(whole))

    def _take(self, line: dict[str, Any]) -> None:
        if "next" in line:
            self.cursors.append(line["next"])
        else:
            self.events.append(Event(**line | {"start": date.fromisoformat(line["start"])}))

    def add(self, events: Iterable[Event], following: str) -> None:
        """Store a page and its next link."""
        lines = [asdict(event) | {"start": event.start.isoformat()} for event in events]
        with self._path.open("ab", buffering=0) as file:
            for line in (*lines, {"next": following}):
                file.write(json.dumps(line).encode() + b"\n")
                self._take(line)

    def distinct(self) -> dict[tuple[str, str], Event]:
        """The events without repetitions, keyed by number and status.

        Raises `ValueError` when two events with the same key differ.
        """
        found: dict[tuple[str, str], Event] = {}
        for event in self.events:
            if found.setdefault((event.number, event.status), event) != event:
                raise ValueError(f"the feed told of {event.number} in two ways")
        return found
