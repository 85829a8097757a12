"""Index rows that are written later, those of many resources at once.

Rows lie scattered over the index, so that writing those of one resource touches a page for nearly every row;
those of many resources share their pages. They are written in rounds (`rounds.py`), a portion with each
commit, so that nobody waits for all of a round. The index lacks rows of resources whose first version came
after `indexed`, and holds nothing of those that came after `begun`; an older one whose rows are not those of
its entries stands in `backlog`, with the rows that the index may hold for it. Only identifiers, codes and
references are indexed with the write itself: conditional writes, includes and rules look for them. Whoever
searches by anything else works off the backlog first, so that no search ever misses anything.
https://www.sqlite.org/queryplanner.html
"""

import sqlite3
import time

from fhir_server.search.ast import AllOf, AnyOf, Clause, Match, Not, SearchQuery, Sort
from fhir_server.store.sqlite.rounds import Round
from fhir_server.store.sqlite.rows import (
    NO_ROWS,
    Rows,
    at_once,
    delete_rows,
    insert_rows,
    unpack,
    unpack_at_once,
)

TOKENS_AT_ONCE = ("identifier", "code")
"""Token parameters whose rows are written with the resource."""

_OF_ITSELF = frozenset({"_id", "_lastUpdated"})
"""What a resource itself knows, without an index."""

BACKLOG_MAX = 1024
"""Resources after which a round begins in any case, so that no search has to wait for long."""

STEPPED_MICROSECONDS = 1_000_000
"""How long after a step a round goes on, as far as other processes can tell."""

SEARCHED_MICROSECONDS = 1_000_000
"""How long after a search that had to wait further ones are expected. Until then every commit leaves nothing
behind."""

BEHIND = """
SELECT (SELECT max(key) FROM backlog) IS NOT NULL
OR (SELECT max(key) FROM resources) > (SELECT value FROM meta WHERE name = 'indexed')"""
"""Whether any resource waits."""

_AT_ONCE = "SELECT id FROM parameters WHERE code IN (?, ?) AND type NOT LIKE '%#%'"
_INDEXED = "SELECT value FROM meta WHERE name = 'indexed'"
_ROWS = "SELECT rows FROM backlog WHERE key = ?"
_FORGET = "DELETE FROM backlog WHERE key = ?"
_WAITING = """
SELECT w.key, b.rows, r.entries FROM waiting w CROSS JOIN resources r ON r.key = w.key
LEFT JOIN backlog b ON b.key = w.key"""
_STATE = "SELECT name, value FROM meta WHERE name IN ('indexed', 'begun', 'searched', 'stepped')"
_NOTE_SEARCH = "INSERT OR REPLACE INTO meta VALUES ('searched', ?)"
_NOTE_STEP = "INSERT OR REPLACE INTO meta VALUES ('stepped', ?)"


class Backlog:
    """The backlog, by the connection that writes; several processes add to it and work it off."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._added = 0
        self._round: Round | None = None
        self._has_stepped = False
        self._expects_searches = False
        self._is_others = False

    def begin(self) -> None:
        """At the start of a transaction: see whether searches are to be expected, and what others do."""
        state = dict(self._connection.execute(_STATE).fetchall())
        self._expects_searches = _was_within(SEARCHED_MICROSECONDS, state.get("searched"))
        if self._round and self._round.indexed != state["indexed"]:
            self._round = None
        goes_on = state["begun"] > state["indexed"]
        self._is_others = (
            goes_on and not self._round and _was_within(STEPPED_MICROSECONDS, state.get("stepped"))
        )

    def add(self) -> None:
        """One more resource has rows that are not in the index."""
        self._added += 1

    def go_on(self) -> None:
        """At the end of a transaction: leave no backlog where searches are expected, and else do a little of
        what is due.
        """
        if self._added and self._expects_searches:
            self.work_off()
        elif self._round or self._added >= BACKLOG_MAX:
            self.step()

    def search(self) -> None:
        """Leave no backlog to the search that follows in this transaction, and expect further ones."""
        if has_backlog(self._connection):
            self.work_off()
            self._connection.execute(_NOTE_SEARCH, (_now(),))

    def step(self) -> None:
        """Go on with the round that is under way, or begin one, unless another process has."""
        if not self._is_others:
            self._step()
            if self._round:
                self._connection.execute(_NOTE_STEP, (_now(),))

    def work_off(self) -> None:
        """Leave no backlog."""
        while self._round or has_backlog(self._connection):
            self._step()

    def _step(self) -> None:
        self._has_stepped = True
        if self._round is None:
            self._round = Round(self._connection, _at_once(self._connection))
            self._added = 0
        if not self._round.step():
            self._round = None

    def settle(self) -> None:
        """The steps of the transaction are committed."""
        self._has_stepped = False

    def undo(self) -> None:
        """What was not committed is undone, and a round that took steps in it is void."""
        if self._has_stepped:
            self._round = None

    def forget(self, key: int) -> Rows:
        """Take a resource off the backlog. Gives the rows that the index may hold of it beside those of its
        entries. Where a round may be writing its rows, that is done first.
        """
        (indexed,) = self._connection.execute(_INDEXED).fetchone()
        if key > indexed:
            self.work_off()
        row = self._connection.execute(_ROWS, (key,)).fetchone()
        self._connection.execute(_FORGET, (key,))
        return unpack(row[0]) if row else NO_ROWS


def index_at_once(connection: sqlite3.Connection) -> None:
    """Write the codes and references of what waits, which earlier servers left to the rounds."""
    parameters = _at_once(connection)
    for key, held, entries in connection.execute(_WAITING).fetchall():
        before = at_once(*(unpack_at_once(held) if held else ([], [])), parameters)
        after = at_once(*unpack_at_once(entries), parameters)
        for table, old, new in zip(("token", "reference"), before, after, strict=True):
            delete_rows(connection, table, [(*row, key) for row in old - new])
            insert_rows(connection, table, [(*row, key) for row in new])


def _at_once(connection: sqlite3.Connection) -> set[int]:
    """The token parameters whose rows are not in a round."""
    return {id for (id,) in connection.execute(_AT_ONCE, TOKENS_AT_ONCE)}


def has_backlog(connection: sqlite3.Connection) -> bool:
    """Whether any resource waits, as this connection sees it."""
    (found,) = connection.execute(BEHIND).fetchone()
    return bool(found)


def needs_index(query: SearchQuery) -> bool:
    """Whether the answer could be wrong while there is a backlog."""
    clauses = query.where if query.visibility is None else (*query.where, query.visibility)
    for clause in clauses:
        if _may_be_behind(clause):
            return True
    return bool(query.sort) and any(map(_is_later, query.sort))


def _may_be_behind(clause: Clause) -> bool:
    match clause:
        case Match():
            return _is_later(clause)
        case AllOf(inner) | AnyOf(inner):
            return any(map(_may_be_behind, inner))
        case Not(negated):
            return _may_be_behind(negated)
    return True


def _is_later(asked: Match | Sort) -> bool:
    """Whether the rows of a parameter are written in rounds."""
    if asked.type == "token" and asked.parameter in TOKENS_AT_ONCE:
        return False
    return asked.type != "reference" and asked.parameter not in _OF_ITSELF


def _was_within(microseconds: int, moment: int | None) -> bool:
    """Whether there was such a moment, so short a time ago; one to come is of a clock that was set back."""
    return moment is not None and 0 <= _now() - moment < microseconds


def _now() -> int:
    return time.time_ns() // 1000
