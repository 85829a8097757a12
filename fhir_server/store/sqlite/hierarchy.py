"""The resources above or below another (`:above` and `:below` of references), by a recursive query.

https://www.sqlite.org/lang_with.html#recursive_query_examples
"""

from collections.abc import Iterable

from fhir_server.search.ast import Hierarchy
from fhir_server.store.sqlite.sql import Sql, all_of, among
from fhir_server.store.sqlite.symbols import Symbols

_BELOW = """
WITH RECURSIVE lies(id) AS (
    SELECT ? UNION
    SELECT {child}.id FROM lies CROSS JOIN reference f CROSS JOIN resources {child} ON {child}.key = f.key
    WHERE f.target = lies.id AND {where})
SELECT id FROM lies"""

_ABOVE = """
WITH RECURSIVE lies(id) AS (
    SELECT ? UNION
    SELECT f.target FROM lies CROSS JOIN resources {child} ON {child}.id = lies.id
    CROSS JOIN reference f INDEXED BY reference_key ON f.key = {child}.key
    WHERE {where})
SELECT id FROM lies"""


def ids_of(symbols: Symbols, clause: Hierarchy, child: str, probes: Iterable[Sql]) -> Sql:
    """A SELECT of the ids, each once, so that it ends on cycles.

    `child` is the alias of the resource that is part of another; `probes` are conditions on it.
    """
    types = symbols.types((clause.type,))
    where = all_of(
        [
            among("f.parameter", symbols.parameters((clause.type,), clause.parent)),
            among("f.type", types),
            among(f"{child}.type", types),
            Sql(f"{child}.living = 1"),
            *probes,
        ]
    )
    text = _ABOVE if clause.direction == "above" else _BELOW
    return Sql(text.format(child=child, where=where.text), (clause.id, *where.values))
