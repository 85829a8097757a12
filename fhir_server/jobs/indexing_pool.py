"""A pool of processes that reindex together, each on a core of its own.

The members get parts of the walk, one after the other, and open the store for themselves; when the process
that started them ends, however it ends, so do they. https://docs.python.org/3.11/library/multiprocessing.html
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
    """The answer of a member that could not do its part."""

    definitions_changed: bool
    text: str


@dataclass(slots=True)
class Member:
    """A process, and the part that it works on; None while it has none."""

    process: BaseProcess
    connection: Connection
    part: Part | None = None


class IndexingPool:
    """This process, and as many others as `processes` says. `open_engines` is what a member opens the store
    with.
    """

    def __init__(self, open_engines: Callable[[], Engines], processes: int) -> None:
        self._open_engines = open_engines
        self._wanted = processes
        self._members: list[Member] = []

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
        while waiting or any(member.part for member in self._members):
            for member in list(self._members):
                if waiting and member.part is None:
                    self._send_part(member, waiting)
            if waiting:
                indexed += walk.whole(waiting.popleft())
            indexed += self._collected(waiting, block=not waiting)
        return indexed

    def dismiss(self) -> None:
        """End the other processes."""
        while self._members:
            member = self._members.pop()
            member.connection.close()
            member.process.join()

    def _start(self) -> None:
        # A fork would take over open connections to the store, which SQLite forbids.
        context = SpawnContext()
        while len(self._members) < self._wanted:
            ours, theirs = context.Pipe()
            process = context.Process(target=serve_pool, args=(self._open_engines, theirs), daemon=True)
            process.start()
            theirs.close()
            self._members.append(Member(process, ours))

    def _send_part(self, member: Member, waiting: deque[Part]) -> None:
        part = waiting.popleft()
        try:
            member.connection.send(part)
            member.part = part
        except OSError:
            waiting.append(part)
            self._remove(member)

    def _collected(self, waiting: deque[Part], block: bool) -> int:
        """How many resources the members that are done have indexed; where `block`, wait until one
        is done.
        """
        busy = {member.connection: member for member in self._members if member.part}
        indexed = 0
        for connection in wait(list(busy), None if block else 0) if busy else ():
            member = busy[connection]  # type: ignore[index]
            part, member.part = member.part, None
            try:
                answer = member.connection.recv()
            except (EOFError, OSError):
                waiting += [part] if part else []
                self._remove(member)
                continue
            if isinstance(answer, Failure):
                raise DefinitionsChanged if answer.definitions_changed else ResourceFailed(answer.text)
            indexed += answer
        return indexed

    def _remove(self, member: Member) -> None:
        """Go on without a member that has ended: what ended it could end another in its place."""
        self._members.remove(member)
        self._wanted -= 1
        member.connection.close()
        member.process.join()

    def _abandon(self) -> None:
        """Wait until the members have done their parts, whose results nobody needs any more."""
        for member in [member for member in self._members if member.part]:
            member.part = None
            try:
                member.connection.recv()
            except (EOFError, OSError):
                self._remove(member)


def serve_pool(open_engines: Callable[[], Engines], connection: Connection) -> None:
    """What a member does until the other end is closed. Interrupts are left to the process that
    started it.
    """
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
