"""The way of a chain or `_has` from resource to resource, in one flat join however long it is.

SQLite reads nested queries only to a certain depth, and a way of many steps must not be one query in another.
https://www.sqlite.org/limits.html
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fhir_server.search.ast import Chain, Clause, Has
from fhir_server.store.sqlite.contained import inner_types
from fhir_server.store.sqlite.sql import ALWAYS, Sql, among
from fhir_server.store.sqlite.symbols import Symbols


@dataclass(frozen=True, slots=True)
class Hop:
    """One step. `parameters` are the symbols of the reference; `forward` where the near end has it, as in a
    chain. The ends are of `near` and of `far` types, any where there are none.
    """

    parameters: Sequence[int]
    forward: bool
    near: Sequence[str]
    far: Sequence[str]


@dataclass(frozen=True, slots=True)
class Way:
    """Some hops, and what is asked at their end."""

    hops: Sequence[Hop]
    where: Clause

    @property
    def end(self) -> Sequence[str]:
        return self.hops[-1].far


def way_of(clause: Chain | Has, types: Sequence[str], symbols: Symbols) -> Way:
    """The way from resources of `types`, as far as it does not branch, be it into contained ones."""
    hops: list[Hop] = []
    where: Clause = clause
    while isinstance(where, Chain | Has):
        if hops and isinstance(where, Chain) and any(inner_types(symbols, where, types)):
            break
        if isinstance(where, Chain):
            hop = Hop(symbols.parameters(types, where.parameter), True, types, where.types)
        else:
            hop = Hop(symbols.parameters((where.type,), where.parameter), False, types, (where.type,))
        hops.append(hop)
        types, where = hop.far, where.where
    return Way(hops, where)


@dataclass(slots=True)
class Join:
    """Tables that are read in this order, from the resource with `key` on, and what must be true of them."""

    key: str
    tables: list[str]
    where: list[Sql]

    def to_referred(self, symbols: Symbols, parameters: Sequence[int], types: Sequence[str], n: int) -> None:
        """Go on to the living resources of `types` that the present one refers to."""
        self.tables += [f"reference f{n} INDEXED BY reference_key", f"resources t{n}"]
        self.where += [
            Sql(f"f{n}.key = {self.key}"),
            among(f"f{n}.parameter", parameters),
            Sql(f"t{n}.type = f{n}.type AND t{n}.id = f{n}.target AND t{n}.living = 1"),
            _of_types(symbols, f"t{n}", types),
        ]
        self.key = f"t{n}.key"

    def to_referring(self, symbols: Symbols, parameters: Sequence[int], types: Sequence[str], n: int) -> None:
        """Go on to those that refer to the present one, which is of `types`."""
        self.tables += [f"resources t{n}", f"reference f{n}"]
        self.where += [
            Sql(f"t{n}.key = {self.key}"),
            _of_types(symbols, f"t{n}", types),
            among(f"f{n}.parameter", parameters),
            Sql(f"f{n}.target = t{n}.id AND f{n}.type = t{n}.type"),
        ]
        self.key = f"f{n}.key"

    def conditions(self) -> Sql:
        """All of them, without a parenthesis around, the nested queries first: both let them nest deeper."""
        parts = [part for part in self.where if part is not ALWAYS]
        parts.sort(key=lambda part: "SELECT" not in part.text)
        text = " AND ".join(part.text for part in parts)
        return Sql(text, tuple(value for part in parts for value in part.values))

    def from_tables(self) -> str:
        return " CROSS JOIN ".join(self.tables)


def _of_types(symbols: Symbols, alias: str, types: Iterable[str]) -> Sql:
    names = tuple(types)
    return among(f"{alias}.type", symbols.types(names)) if names else ALWAYS
