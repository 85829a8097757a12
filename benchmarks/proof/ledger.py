"""What a billing system has pulled so far, in a file that survives its being killed at any moment.

One line for each event, then one for the cursor that follows. What was cut off in the middle of a line was
not stored, and events whose cursor is missing come again: at least once from the feed, once by their number.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """A claim as the feed told of it: its number and id, that of its sequence, and what is billed."""

    number: str
    id: str
    status: str
    sequence: str
    rank: int
    forfait: str
    start: date
    cents: int


class Ledger:
    """Events and cursors in the order in which they came."""

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
        """Store a page and the link to what follows it."""
        lines = [asdict(event) | {"start": event.start.isoformat()} for event in events]
        with self._path.open("ab", buffering=0) as file:
            for line in (*lines, {"next": following}):
                file.write(json.dumps(line).encode() + b"\n")
                self._take(line)

    def distinct(self) -> dict[tuple[str, str], Event]:
        """Each event once, by its number and status, which tell it from all others.

        Raises `ValueError` when the feed told the same event in two ways.
        """
        found: dict[tuple[str, str], Event] = {}
        for event in self.events:
            if found.setdefault((event.number, event.status), event) != event:
                raise ValueError(f"the feed told of {event.number} in two ways")
        return found
