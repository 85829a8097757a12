"""A pool of processes that reindex in parallel, each on a core of its own.

The members receive ranges of resources, one after the other, and open the store themselves. They end when the
process that started them ends, for whatever reason. https://docs.python.org/3.11/library/multiprocessing.html
"""

import signal
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnContext
from multiprocessing.process import BaseProcess

from fhir_server.interactions.engines import DefinitionsChanged, Engines
from fhir_server.jobs.type_indexer import ResourceFailed, SequenceRange, TypeIndexer


@dataclass(frozen=True, slots=True)
class Failure:
    """The answer of a member that could not index its range."""

    definitions_changed: bool
    text: str


@dataclass(slots=True)
class Member:
    """A process, and the range that it is indexing; None while it is idle."""

    process: BaseProcess
    connection: Connection
    span: SequenceRange | None = None


class IndexingPool:
    """This process and `processes` others, which open the store with `open_engines`."""

    def __init__(self, open_engines: Callable[[], Engines], processes: int) -> None:
        self._open_engines = open_engines
        self._wanted = processes
        self._members: list[Member] = []

    @property
    def size(self) -> int:
        """How many ranges can be indexed at the same time."""
        return self._wanted + 1

    def index(self, ranges: Iterable[SequenceRange], indexer: TypeIndexer) -> int:
        """Index all ranges; the number of resources in them. Raises `DefinitionsChanged`,
        `ResourceFailed`.
        """
        self._start()
        try:
            return self._index(deque(ranges), indexer)
        except BaseException:
            self._abandon()
            raise

    def _index(self, waiting: deque[SequenceRange], indexer: TypeIndexer) -> int:
        indexed = 0
        while waiting or any(member.span for member in self._members):
            for member in list(self._members):
                if waiting and member.span is None:
                    self._send_range(member, waiting)
            if waiting:
                indexed += indexer.index_range(waiting.popleft())
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

    def _send_range(self, member: Member, waiting: deque[SequenceRange]) -> None:
        span = waiting.popleft()
        try:
            member.connection.send(span)
            member.span = span
        except OSError:
            waiting.append(span)
            self._remove(member)

    def _collected(self, waiting: deque[SequenceRange], block: bool) -> int:
        """Collect the answers of members that are done; the number of resources they have indexed. With
        `block`, wait for at least one.
        """
        busy = {member.connection: member for member in self._members if member.span}
        indexed = 0
        for connection in wait(list(busy), None if block else 0) if busy else ():
            member = busy[connection]  # type: ignore[index]
            span, member.span = member.span, None
            try:
                answer = member.connection.recv()
            except (EOFError, OSError):
                waiting += [span] if span else []
                self._remove(member)
                continue
            if isinstance(answer, Failure):
                raise DefinitionsChanged if answer.definitions_changed else ResourceFailed(answer.text)
            indexed += answer
        return indexed

    def _remove(self, member: Member) -> None:
        """Continue without a member that has ended, and do not replace it: the same could end its
        successor.
        """
        self._members.remove(member)
        self._wanted -= 1
        member.connection.close()
        member.process.join()

    def _abandon(self) -> None:
        """Wait until the members have finished their ranges, and ignore the results."""
        for member in [member for member in self._members if member.span]:
            member.span = None
            try:
                member.connection.recv()
            except (EOFError, OSError):
                self._remove(member)


def serve_pool(open_engines: Callable[[], Engines], connection: Connection) -> None:
    """The main function of a member: index ranges until the connection is closed. Interrupts are handled by
    the process that started it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    engines = open_engines()
    indexer = TypeIndexer(engines)
    try:
        while True:
            connection.send(_answer(indexer, connection.recv()))
    except (EOFError, OSError):
        return
    finally:
        engines.latest().store.close()


def _answer(indexer: TypeIndexer, span: SequenceRange) -> int | Failure:
    try:
        return indexer.index_range(span)
    except DefinitionsChanged:
        return Failure(definitions_changed=True, text="")
    except ResourceFailed as error:
        return Failure(definitions_changed=False, text=str(error))
