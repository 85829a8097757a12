"""Symbols: small integers for texts that recur in many rows (resource types, parameters, token systems).

A symbol never changes its meaning, so a cache of them may be incomplete but never wrong. Readers and the
writer have separate caches, because symbols that the writer assigns are not visible before their commit.
"""

import sqlite3
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

_SYSTEMS_MAX = 100_000
"""The size of the cache of systems, which clients choose freely."""


@dataclass(slots=True)
class SymbolCache:
    """Cached symbols by type name, by type and code, and by system; and type names by symbol."""

    types: dict[str, int] = field(default_factory=dict)
    parameters: dict[str, dict[str, int]] = field(default_factory=dict)
    systems: dict[str, int] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)


_OF_EVERY_TYPE = "SELECT id FROM parameters WHERE code = ? AND type NOT LIKE '%#%'"
_TYPES_OF = "SELECT type FROM parameters WHERE code = ? AND type NOT LIKE '%#%'"
"""Without contained resources, which have types of their own."""


class Symbols:
    """Looks symbols up over one connection. `provisional_answers` counts the answers that a later symbol may
    change: that there is none, and lists of all.
    """

    def __init__(self, connection: sqlite3.Connection, cache: SymbolCache) -> None:
        self._connection = connection
        self._cache = cache
        self.provisional_answers = 0

    def type(self, name: str) -> int | None:
        found = self._cache.types.get(name)
        if found is None:
            row = self._connection.execute("SELECT id FROM types WHERE name = ?", (name,)).fetchone()
            if row:
                found = self._cache.types[name] = row[0]
            else:
                self.provisional_answers += 1
        return found

    def type_name(self, id: int) -> str:
        found = self._cache.names.get(id)
        if found is None:
            (found,) = self._connection.execute("SELECT name FROM types WHERE id = ?", (id,)).fetchone()
            self._cache.names[id] = found
        return found

    def types(self, names: Iterable[str]) -> list[int]:
        """The symbols of the types, without those that the store has never seen."""
        return [id for id in map(self.type, names) if id is not None]

    def parameter(self, type: str, code: str) -> int | None:
        codes = self._cache.parameters.setdefault(type, {})
        found = codes.get(code)
        if found is None:
            row = self._connection.execute(
                "SELECT id FROM parameters WHERE code = ? AND type = ?", (code, type)
            ).fetchone()
            if row:
                found = codes[code] = row[0]
            else:
                self.provisional_answers += 1
        return found

    def parameters(self, types: Sequence[str], code: str) -> list[int]:
        """The symbols of the parameter `code` for the given types, or for all types if empty."""
        if types:
            return [id for id in (self.parameter(type, code) for type in types) if id is not None]
        self.provisional_answers += 1
        rows = self._connection.execute(_OF_EVERY_TYPE, (code,))
        return [id for (id,) in rows]

    def types_of(self, code: str) -> list[str]:
        """The types that have the parameter `code`, without those of contained resources."""
        self.provisional_answers += 1
        return [type for (type,) in self._connection.execute(_TYPES_OF, (code,))]

    def every_parameter(self, type: str) -> list[int]:
        rows = self._connection.execute("SELECT id FROM parameters WHERE type = ?", (type,))
        return [id for (id,) in rows]

    def derived_parameters(self, type: str, codes: Collection[str]) -> set[int]:
        """The symbols of some parameters of a type, and of parameters derived from them such as
        `code:text`.
        """
        rows = self._connection.execute("SELECT id, code FROM parameters WHERE type = ?", (type,))
        return {id for id, code in rows if code.partition(":")[0] in codes}

    def system(self, uri: str) -> int | None:
        found = self._cache.systems.get(uri)
        if found is None:
            row = self._connection.execute("SELECT id FROM systems WHERE uri = ?", (uri,)).fetchone()
            if row:
                if len(self._cache.systems) >= _SYSTEMS_MAX:
                    self._cache.systems.clear()
                found = self._cache.systems[uri] = row[0]
            else:
                self.provisional_answers += 1
        return found


class AssigningDict(dict[str, int]):
    """Symbols by name; a look-up of a missing one assigns it."""

    def __init__(self, assign: Callable[[str], int]) -> None:
        super().__init__()
        self._assign = assign

    def __missing__(self, name: str) -> int:
        id = self[name] = self._assign(name)
        return id


class WritingSymbols(Symbols):
    """Assigns missing symbols, and forgets those of a unit that is rolled back."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection, SymbolCache())
        self.assigned_types = AssigningDict(self._assign_type)
        self.assigned_systems = AssigningDict(self._assign_system)
        self._assigned_parameters: dict[str, AssigningDict] = {}
        self._undo: list[tuple[dict[str, int], str]] = []

    def assigned_parameters(self, type: str) -> AssigningDict:
        """The symbols of the parameters of one type."""
        found = self._assigned_parameters.get(type)
        if found is None:
            found = AssigningDict(partial(self._assign_parameter, type))
            self._assigned_parameters[type] = found
        return found

    def _assign_type(self, name: str) -> int:
        found = self.type(name)
        if found is None:
            found = self._insert("INSERT INTO types (name) VALUES (?)", name)
            self._undo.append((self.assigned_types, name))
        return found

    def _assign_parameter(self, type: str, code: str) -> int:
        found = self.parameter(type, code)
        if found is None:
            found = self._insert("INSERT INTO parameters (type, code) VALUES (?, ?)", type, code)
            self._undo.append((self.assigned_parameters(type), code))
        return found

    def _assign_system(self, uri: str) -> int:
        if len(self.assigned_systems) >= _SYSTEMS_MAX:
            self.assigned_systems.clear()
        found = self.system(uri)
        if found is None:
            found = self._insert("INSERT INTO systems (uri) VALUES (?)", uri)
            self._undo.append((self.assigned_systems, uri))
        return found

    def _insert(self, statement: str, *values: str) -> int:
        id = self._connection.execute(statement, values).lastrowid
        assert id is not None
        return id

    def savepoint(self) -> int:
        return len(self._undo)

    def roll_back_to(self, savepoint: int) -> bool:
        """Forget the symbols assigned since the savepoint, and clear the cache, which may hold some of them.
        False if there are none.
        """
        if len(self._undo) == savepoint:
            return False
        self._cache = SymbolCache()
        while len(self._undo) > savepoint:
            mapping, name = self._undo.pop()
            mapping.pop(name, None)
        return True

    def committed(self) -> None:
        """All assigned symbols are committed."""
        self._undo.clear()
