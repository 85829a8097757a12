"""Chains and `_has` as one flat join along their references, however long.

SQLite limits how deep queries may nest, so a long chain must not be one query inside another.
https://www.sqlite.org/limits.html
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fhir_server.search.ast import Chain, Clause, Has
from fhir_server.store.sqlite.contained import contained_types
from fhir_server.store.sqlite.sql import ALWAYS, Sql, among
from fhir_server.store.sqlite.symbols import Symbols


@dataclass(frozen=True, slots=True)
class Hop:
    """One reference of a path. `parameters` are its symbols; `forward` where the near resource holds it, as
    in a chain. `near` and `far` are the types at its ends, empty for any.
    """

    parameters: Sequence[int]
    forward: bool
    near: Sequence[str]
    far: Sequence[str]


@dataclass(frozen=True, slots=True)
class ReferencePath:
    """Hops, and the clause that the resources at the far end must satisfy."""

    hops: Sequence[Hop]
    where: Clause

    @property
    def far_types(self) -> Sequence[str]:
        return self.hops[-1].far


def reference_path(clause: Chain | Has, types: Sequence[str], symbols: Symbols) -> ReferencePath:
    """The path of a chain or `_has` from resources of `types`, up to its first fork.

    A hop that may also lead to a contained resource is a fork.
    """
    hops: list[Hop] = []
    where: Clause = clause
    while isinstance(where, Chain | Has):
        if hops and isinstance(where, Chain) and any(contained_types(symbols, where, types)):
            break
        if isinstance(where, Chain):
            hop = Hop(symbols.parameters(types, where.parameter), True, types, where.types)
        else:
            hop = Hop(symbols.parameters((where.type,), where.parameter), False, types, (where.type,))
        hops.append(hop)
        types, where = hop.far, where.where
    return ReferencePath(hops, where)


@dataclass(slots=True)
class Join:
    """Tables to read in this order, starting at the resource with `key`, and their conditions."""

    key: str
    tables: list[str]
    where: list[Sql]

    def to_referred(self, symbols: Symbols, parameters: Sequence[int], types: Sequence[str], n: int) -> None:
        """Join the living resources of `types` that the current one refers to."""
        self.tables += [f"reference f{n} INDEXED BY reference_key", f"resources t{n}"]
        self.where += [
            Sql(f"f{n}.key = {self.key}"),
            among(f"f{n}.parameter", parameters),
            Sql(f"t{n}.type = f{n}.type AND t{n}.id = f{n}.target AND t{n}.living = 1"),
            _of_types(symbols, f"t{n}", types),
        ]
        self.key = f"t{n}.key"

    def to_referring(self, symbols: Symbols, parameters: Sequence[int], types: Sequence[str], n: int) -> None:
        """Join the resources that refer to the current one, which is of `types`."""
        self.tables += [f"resources t{n}", f"reference f{n}"]
        self.where += [
            Sql(f"t{n}.key = {self.key}"),
            _of_types(symbols, f"t{n}", types),
            among(f"f{n}.parameter", parameters),
            Sql(f"f{n}.target = t{n}.id AND f{n}.type = t{n}.type"),
        ]
        self.key = f"f{n}.key"

    def conditions(self) -> Sql:
        """All conditions joined by AND.

        No parentheses around them, and nested queries first: both let queries nest deeper.
        """
        parts = [part for part in self.where if part is not ALWAYS]
        parts.sort(key=lambda part: "SELECT" not in part.text)
        text = " AND ".join(part.text for part in parts)
        return Sql(text, tuple(value for part in parts for value in part.values))

    def from_tables(self) -> str:
        return " CROSS JOIN ".join(self.tables)


def _of_types(symbols: Symbols, alias: str, types: Iterable[str]) -> Sql:
    names = tuple(types)
    return among(f"{alias}.type", symbols.types(names)) if names else ALWAYS
