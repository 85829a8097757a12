"""Processes that work with one that reindexes, each on a core of its own.

They get parts of the walk, one after the other, and open the store for themselves; when the process that they
work for ends, however it ends, so do they.
https://docs.python.org/3.11/library/multiprocessing.html
"""

import signal
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnContext
from multiprocessing.process import BaseProcess

from fhir_server.interactions.engines import DefinitionsChanged, Engines
from fhir_server.jobs.walk import Part, ResourceFailed, Walk


@dataclass(frozen=True, slots=True)
class Failure:
    """What a hand answers when it could not do its part."""

    definitions_changed: bool
    text: str


@dataclass(slots=True)
class Hand:
    """A process, and the part that it is at."""

    process: BaseProcess
    connection: Connection
    part: Part | None = None


class Crew:
    """The process itself and so many hands. `open_engines` is what a hand opens the store with."""

    def __init__(self, open_engines: Callable[[], Engines], hands: int) -> None:
        self._open_engines = open_engines
        self._wanted = hands
        self._hands: list[Hand] = []

    @property
    def size(self) -> int:
        """How many parts can be done at a time."""
        return self._wanted + 1

    def walk(self, parts: Iterable[Part], walk: Walk) -> int:
        """Do all the parts; how many resources there were. Raises `DefinitionsChanged`, `ResourceFailed`."""
        self._start()
        try:
            return self._walk(deque(parts), walk)
        except BaseException:
            self._abandon()
            raise

    def _walk(self, waiting: deque[Part], walk: Walk) -> int:
        indexed = 0
        while waiting or any(hand.part for hand in self._hands):
            for hand in list(self._hands):
                if waiting and hand.part is None:
                    self._give(hand, waiting)
            if waiting:
                indexed += walk.whole(waiting.popleft())
            indexed += self._collected(waiting, patient=not waiting)
        return indexed

    def dismiss(self) -> None:
        """Let the hands end."""
        while self._hands:
            hand = self._hands.pop()
            hand.connection.close()
            hand.process.join()

    def _start(self) -> None:
        # A fork would take over open connections to the store, which SQLite forbids.
        context = SpawnContext()
        while len(self._hands) < self._wanted:
            ours, theirs = context.Pipe()
            process = context.Process(target=lend_a_hand, args=(self._open_engines, theirs), daemon=True)
            process.start()
            theirs.close()
            self._hands.append(Hand(process, ours))

    def _give(self, hand: Hand, waiting: deque[Part]) -> None:
        part = waiting.popleft()
        try:
            hand.connection.send(part)
            hand.part = part
        except OSError:
            waiting.append(part)
            self._lose(hand)

    def _collected(self, waiting: deque[Part], patient: bool) -> int:
        """What the hands that are done have indexed; a patient process waits for one of them."""
        busy = {hand.connection: hand for hand in self._hands if hand.part}
        indexed = 0
        for connection in wait(list(busy), None if patient else 0) if busy else ():
            hand = busy[connection]  # type: ignore[index]
            part, hand.part = hand.part, None
            try:
                answer = hand.connection.recv()
            except (EOFError, OSError):
                waiting += [part] if part else []
                self._lose(hand)
                continue
            if isinstance(answer, Failure):
                raise DefinitionsChanged if answer.definitions_changed else ResourceFailed(answer.text)
            indexed += answer
        return indexed

    def _lose(self, hand: Hand) -> None:
        """A hand is gone, and whatever made an end of it could make an end of the next."""
        self._hands.remove(hand)
        self._wanted -= 1
        hand.connection.close()
        hand.process.join()

    def _abandon(self) -> None:
        """Wait for what the others are at, which nobody needs any more."""
        for hand in [hand for hand in self._hands if hand.part]:
            hand.part = None
            try:
                hand.connection.recv()
            except (EOFError, OSError):
                self._lose(hand)


def lend_a_hand(open_engines: Callable[[], Engines], connection: Connection) -> None:
    """What a hand does until nobody is at the other end. Interrupts are for the process that it works for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    engines = open_engines()
    walk = Walk(engines)
    try:
        while True:
            connection.send(_answer(walk, connection.recv()))
    except (EOFError, OSError):
        return
    finally:
        engines.latest().store.close()


def _answer(walk: Walk, part: Part) -> int | Failure:
    try:
        return walk.whole(part)
    except DefinitionsChanged:
        return Failure(definitions_changed=True, text="")
    except ResourceFailed as error:
        return Failure(definitions_changed=False, text=str(error))
