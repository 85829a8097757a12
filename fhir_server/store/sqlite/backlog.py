"""Deferred indexing: most index rows are written later, for many resources at once.

The rows of one resource are scattered over the index, so writing them touches a page for nearly every row;
the rows of many resources share pages. They are written in rounds (`indexing_round.py`), a portion with each
commit, so that nobody waits for a whole round.

The index may lack rows of resources whose first version came after the sequence `indexed`, and has none of
those that came after `begun`. An older resource whose rows are not yet those of its entries has a row in the
table `backlog`, with the rows that the index may hold for it.

Identifiers, codes and references are indexed with the write itself, because conditional writes, includes and
rules search by them. A search by anything else works off the backlog first, so that it never misses a match.
https://www.sqlite.org/queryplanner.html
"""

import sqlite3
import time

from fhir_server.search.ast import AllOf, AnyOf, Clause, Match, Not, SearchQuery, Sort
from fhir_server.store.sqlite.indexing_round import IndexingRound
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
"""Parameters that are columns of the resource itself and need no index row."""

BACKLOG_MAX = 1024
"""Resources in the backlog that start a round in any case, so that no search has to wait for long."""

STEPPED_MICROSECONDS = 1_000_000
"""How long after its last step other processes take a round to be still going on."""

SEARCHED_MICROSECONDS = 1_000_000
"""How long after a search that had to wait more such searches are expected. Until then every commit works off
the whole backlog."""

BEHIND = """
SELECT (SELECT max(key) FROM backlog) IS NOT NULL
OR (SELECT max(key) FROM resources) > (SELECT value FROM meta WHERE name = 'indexed')"""
"""Whether any resource waits to be indexed."""

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
    """The backlog, seen from the writing connection. Several processes add to it and work it off."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._added = 0
        self._round: IndexingRound | None = None
        self._stepped: int | None = None
        self._has_stepped = False
        self._expects_searches = False
        self._other_runs_round = False

    def begin(self) -> None:
        """Start a transaction: read whether searches are expected and whether another process runs a
        round.
        """
        state = dict(self._connection.execute(_STATE).fetchall())
        self._expects_searches = _was_within(SEARCHED_MICROSECONDS, state.get("searched"))
        if self._round and (self._round.indexed, self._stepped) != (state["indexed"], state.get("stepped")):
            self._round = None
        goes_on = state["begun"] > state["indexed"]
        self._other_runs_round = (
            goes_on and not self._round and _was_within(STEPPED_MICROSECONDS, state.get("stepped"))
        )

    def add(self) -> None:
        """Count one more resource whose rows are not in the index."""
        self._added += 1

    def before_commit(self) -> None:
        """End a transaction: work off the backlog if searches are expected, else do one step if it is due."""
        if self._added and self._expects_searches:
            self.work_off()
        elif self._round or self._added >= BACKLOG_MAX:
            self.step()

    def before_search(self) -> None:
        """Work off the backlog for the search that follows in this transaction, and expect more searches."""
        if has_backlog(self._connection):
            self.work_off()
            self._connection.execute(_NOTE_SEARCH, (_now(),))

    def step(self) -> None:
        """Do one step of the current round, or of a new one, unless another process runs a round."""
        if not self._other_runs_round:
            self._step()
            if self._round:
                self._stepped = _now()
                self._connection.execute(_NOTE_STEP, (self._stepped,))

    def work_off(self) -> None:
        """Index everything that waits."""
        while self._round or has_backlog(self._connection):
            self._step()

    def _step(self) -> None:
        self._has_stepped = True
        if self._round is None:
            self._round = IndexingRound(self._connection, _at_once(self._connection))
            self._added = 0
        if not self._round.step():
            self._round = None

    def committed(self) -> None:
        """The steps of the transaction are committed."""
        self._has_stepped = False

    def rolled_back(self) -> None:
        """The transaction is undone; if the round took steps in it, the round is void."""
        if self._has_stepped:
            self._round = None

    def forget(self, key: int) -> Rows:
        """Take a resource off the backlog and return the rows that the index may hold for it besides those of
        its entries. If a round may be writing its rows, the round is finished first.
        """
        (indexed,) = self._connection.execute(_INDEXED).fetchone()
        if key > indexed:
            self.work_off()
        row = self._connection.execute(_ROWS, (key,)).fetchone()
        self._connection.execute(_FORGET, (key,))
        return unpack(row[0]) if row else NO_ROWS


def index_at_once(connection: sqlite3.Connection) -> None:
    """Write the codes and references of the backlog, which earlier versions of the server left to the
    rounds.
    """
    parameters = _at_once(connection)
    for key, held, entries in connection.execute(_WAITING).fetchall():
        before = at_once(*(unpack_at_once(held) if held else ([], [])), parameters)
        after = at_once(*unpack_at_once(entries), parameters)
        for table, old, new in zip(("token", "reference"), before, after, strict=True):
            delete_rows(connection, table, [(*row, key) for row in old - new])
            insert_rows(connection, table, [(*row, key) for row in new])


def _at_once(connection: sqlite3.Connection) -> set[int]:
    """The token parameters whose rows are written with the resource."""
    return {id for (id,) in connection.execute(_AT_ONCE, TOKENS_AT_ONCE)}


def has_backlog(connection: sqlite3.Connection) -> bool:
    """Whether any resource waits to be indexed, as this connection sees it."""
    (found,) = connection.execute(BEHIND).fetchone()
    return bool(found)


def needs_index(query: SearchQuery) -> bool:
    """Whether a search could miss matches while there is a backlog."""
    clauses = query.where if query.visibility is None else (*query.where, query.visibility)
    for clause in clauses:
        if _needs_index(clause):
            return True
    return bool(query.sort) and any(map(_is_deferred, query.sort))


def _needs_index(clause: Clause) -> bool:
    match clause:
        case Match():
            return _is_deferred(clause)
        case AllOf(inner) | AnyOf(inner):
            return any(map(_needs_index, inner))
        case Not(negated):
            return _needs_index(negated)
    return True


def _is_deferred(asked: Match | Sort) -> bool:
    """Whether the rows of a parameter are deferred to a round."""
    if asked.type == "token" and asked.parameter in TOKENS_AT_ONCE:
        return False
    return asked.type != "reference" and asked.parameter not in _OF_ITSELF


def _was_within(microseconds: int, moment: int | None) -> bool:
    """Whether `moment` lies less than `microseconds` ago. One in the future is of a clock that was set
    back.
    """
    return moment is not None and 0 <= _now() - moment < microseconds


def _now() -> int:
    return time.time_ns() // 1000
