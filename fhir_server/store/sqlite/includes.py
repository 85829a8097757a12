"""The resources that `_include` and `_revinclude` add to the matches of a search.

https://hl7.org/fhir/R4/search.html#include
"""

from collections.abc import Sequence

from fhir_server.search.ast import EVERY, Include
from fhir_server.store.port import StoredResource
from fhir_server.store.sqlite.contained import PRESENCE
from fhir_server.store.sqlite.sql import Sql, all_of, among, negation
from fhir_server.store.sqlite.symbols import Symbols


def included_keys(symbols: Symbols, resources: Sequence[StoredResource], include: Include) -> Sql:
    """The keys, as `k`, of the living resources that the given ones refer to, or that refer to them."""
    given = [resource.first_sequence for resource in resources]
    where = [among("g.key", given), _parameters(symbols, include)]
    if include.reverse:
        return _referring(symbols, include, [*where, negation(among("f.key", given))])
    return _referred(symbols, include, [*where, negation(among("t.key", given)), Sql("t.living = 1")])


def _parameters(symbols: Symbols, include: Include) -> Sql:
    """The condition on the parameter of the reference.

    For `*` from any type it is every parameter in use that is not of a contained resource; a recursive query
    finds these with one index seek for each.
    """
    if include.parameter != EVERY:
        return among("f.parameter", symbols.parameters(include.sources, include.parameter))
    if include.sources:
        return among("f.parameter", symbols.every_parameter(include.source))
    of_its_own = f"SELECT NOT instr(p.type, '{PRESENCE}') FROM parameters p WHERE p.id ="
    if not include.reverse:
        return Sql(f"({of_its_own} f.parameter)")
    return Sql(f"""f.parameter IN (
        WITH RECURSIVE used (p) AS (
            SELECT min(parameter) FROM reference
            UNION ALL SELECT (SELECT min(parameter) FROM reference WHERE parameter > p) FROM used
            WHERE p IS NOT NULL)
        SELECT p FROM used WHERE ({of_its_own} used.p))""")


def _referred(symbols: Symbols, include: Include, where: list[Sql]) -> Sql:
    if include.sources:
        where.append(among("g.type", symbols.types(include.sources)))
    if include.target is not None:
        where.append(among("f.type", symbols.types((include.target,))))
    text = """
        SELECT DISTINCT t.key AS k FROM resources g CROSS JOIN reference f ON f.key = g.key
        CROSS JOIN resources t ON t.type = f.type AND t.id = f.target WHERE """
    asked = all_of(where)
    return Sql(text + asked.text, asked.values)


def _referring(symbols: Symbols, include: Include, where: list[Sql]) -> Sql:
    if include.target is not None:
        where.append(among("g.type", symbols.types((include.target,))))
    text = """
        SELECT DISTINCT f.key AS k FROM resources g
        CROSS JOIN reference f ON f.target = g.id AND f.type = g.type WHERE """
    asked = all_of(where)
    return Sql(text + asked.text, asked.values)
