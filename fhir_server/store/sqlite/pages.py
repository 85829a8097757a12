"""SQL for one page of the matches of a query, by keyset pagination.

A page starts after the sort key of the last match before it, so a deep page costs as much as the first one.
https://hl7.org/fhir/R4/search.html#sort
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from fhir_server.search.ast import Clause, Match, SearchQuery, Sort, SortKey
from fhir_server.search.nesting import conjuncts
from fhir_server.store.sqlite.backlog import needs_index
from fhir_server.store.sqlite.clauses import is_one_token
from fhir_server.store.sqlite.code_date_index import CODE, DATE
from fhir_server.store.sqlite.compiler import Compiler, by_key
from fhir_server.store.sqlite.contained import is_contained
from fhir_server.store.sqlite.date_ranges import date_range, is_date_bound, ordered_partitions
from fhir_server.store.sqlite.page_result import page_columns
from fhir_server.store.sqlite.row_sources import RANGE, RowSource
from fhir_server.store.sqlite.rows import COLUMNS
from fhir_server.store.sqlite.sql import ALWAYS, Sql, all_of, among, any_of, negation
from fhir_server.store.sqlite.symbols import Symbols

LOOK_UP = "CROSS JOIN resources r ON r.key = p.k CROSS JOIN versions v ON v.sequence = r.sequence"
"""From the keys `p.k` to the current versions `v`."""

_SORT_COLUMNS = {"string": "text", "token": "code", "reference": "target", "uri": "value"}
_OWN_COLUMNS = {"_id": "id", "_lastUpdated": "last_updated"}
"""Columns of the resource itself, which always have a value."""


class Ordered(NamedTuple):
    """A row source in the order of the first sort key: all its rows, and those of matches only."""

    rows: RowSource
    matching: RowSource


def ordered_sources(compiler: Compiler, symbols: Symbols, query: SearchQuery) -> list[Ordered]:
    """Row sources for the matches in the order of the first sort key: first of resources that have a value to
    sort by, then of those that have none. Empty if no index has that order.
    """
    sort = query.sort[0]
    if len(query.types) != 1:
        return []
    walk = compiler.walk(query.types)
    own = _OWN_COLUMNS.get(sort.parameter)
    if own:
        walk = walk._replace(order=f"d.{own}")
        return [Ordered(walk, compiler.narrowed(walk, query.types, query.where))]
    parameters = symbols.parameters(query.types, sort.parameter)
    if not parameters or (sort.descending and sort.type in ("number", "quantity")):
        return []
    bounds = [clause for clause in conjuncts(query.where) if bounds_sort(clause, sort)]
    having = _of_code(compiler, symbols, query, bounds)
    if bounds and sort.single:
        return [having] if having else _between(compiler, query, parameters, bounds)
    lacking = _lacking(compiler, query, parameters, walk)
    return [having or _having(compiler, query, parameters), lacking]


def _having(compiler: Compiler, query: SearchQuery, parameters: Sequence[int]) -> Ordered:
    """Resources that have a value to sort by, read from the index of these values."""
    sort = query.sort[0]
    of_parameter = all_of([among("d.parameter", parameters), Sql(_has_value(sort, "d"))])
    rows = RowSource(RANGE, Sql(f"{sort.type} d"), of_parameter, unique=True, order=f"d.{_column(sort)}")
    return Ordered(rows, compiler.narrowed(rows, query.types, query.where).narrowed(_first_row(sort)))


def _lacking(compiler: Compiler, query: SearchQuery, parameters: Sequence[int], walk: RowSource) -> Ordered:
    """Resources that have no value to sort by, among all of the type."""
    sort = query.sort[0]
    having = f"{by_key(sort.type, 'o')} WHERE o.key = d.key AND o.parameter = ? AND {_has_value(sort, 'o')}"
    rows = walk.narrowed(negation(Sql(f"EXISTS (SELECT 1 FROM {having})", tuple(parameters))))
    return Ordered(rows, compiler.narrowed(rows, query.types, query.where))


def _of_code(
    compiler: Compiler, symbols: Symbols, query: SearchQuery, bounds: Sequence[Clause]
) -> Ordered | None:
    """Resources of one code by date, latest first, read from the index of codes by date.

    None for any other search, and for dates before some time: nobody knows how many rows after that time
    would have to be skipped.
    """
    sort, matches = query.sort[0], [bound for bound in bounds if isinstance(bound, Match)]
    code = next((one for one in conjuncts(query.where) if is_one_token(one) and one.parameter == CODE), None)
    parameters = symbols.parameters(query.types, CODE)
    between = date_range(matches)
    is_latest = sort.parameter == DATE and sort.type == "date" and sort.descending and sort.single
    if (
        code is None
        or not is_latest
        or between.before is not None
        or len(parameters) != 1
        or is_contained(query.types)
    ):
        return None
    ended = [Sql("d.high > ?", (between.after,))] if between.after is not None else []
    of_code = all_of([among("d.parameter", parameters), compiler.any_value(code, "d"), *ended])
    rows = RowSource(RANGE, Sql("dated d"), of_code, unique=True, order="d.high", given_by=code)
    asked = [compiler.any_value(match, "d") for match in matches]
    given = (code, *matches)
    others = [one for one in conjuncts(query.where) if not any(one is clause for clause in given)]
    return Ordered(rows, compiler.narrowed(rows.narrowed(*asked), query.types, others))


def bounds_sort(clause: Clause, sort: Sort) -> bool:
    """Whether a clause compares the single date that is sorted by."""
    return isinstance(clause, Match) and clause.parameter == sort.parameter and is_date_bound(clause)


def _between(
    compiler: Compiler, query: SearchQuery, parameters: Sequence[int], bounds: Sequence[Clause]
) -> list[Ordered]:
    """Row sources if clauses compare the date that is sorted by: resources without it do not match."""
    sort, matches = query.sort[0], [bound for bound in bounds if isinstance(bound, Match)]
    others = [clause for clause in conjuncts(query.where) if not any(clause is bound for bound in bounds)]
    asked = [compiler.any_value(match, "d") for match in matches]
    of_parameter = among("d.parameter", parameters)
    found = [
        RowSource(RANGE, part.table, all_of([part.where, of_parameter]), True, f"d.{_column(sort)}")
        for part in ordered_partitions(date_range(matches), sort.descending)
    ]
    return [
        Ordered(source, compiler.narrowed(source.narrowed(*asked), query.types, others)) for source in found
    ]


def _first_row(sort: Sort) -> Sql:
    """The condition that a row is the one its resource is sorted by; of several equal rows, any one."""
    column = _column(sort)
    further = ">" if sort.descending else "<"
    before = f"o.{column} {further} d.{column}"
    others = [name for name in COLUMNS[sort.type] if name != column]
    if others:
        mine, theirs = (", ".join(f"{alias}.{name}" for name in others) for alias in "do")
        before = f"({before} OR (o.{column} = d.{column} AND ({theirs}) < ({mine})))"
    rows = (
        f"{by_key(sort.type, 'o')} WHERE o.key = d.key AND o.parameter = d.parameter"
        f" AND {_has_value(sort, 'o')} AND {before}"
    )
    return Sql(f"NOT EXISTS (SELECT 1 FROM {rows})")


def _has_value(sort: Sort, alias: str) -> str:
    """Whether a row has a value to sort by: a concept with only a text has no code, and a row for the end of
    a string has no exact text.
    """
    needed = {"token": "code", "string": "exact"}.get(sort.type)
    return f"{alias}.{needed} <> ''" if needed else ALWAYS.text


def page(source: RowSource, query: SearchQuery, symbols: Symbols, limit: int) -> Sql:
    """The statement, for `decode_page`, of the first `limit` matches of the page, in its order.

    The order is that of the inner SELECT: SQLite reads cross joins in nested loops, the first table
    outermost.
    """
    keys = _keys(source, query, symbols)
    order = _order(source, query.sort)
    columns = page_columns(len(query.sort), needs_index(query))
    text = f"""
        SELECT {columns} FROM ({keys.text} ORDER BY {order} LIMIT ?) p {LOOK_UP}"""
    return Sql(text, (*keys.values, limit))


def sort_bound(source: RowSource, query: SearchQuery, rows: int) -> Sql:
    """Reads the sort value of the row that is `rows` rows after the start of the page."""
    sort = query.sort[0]
    bounds = []
    if query.page:
        bounds.append(Sql(f"{source.order} {'<=' if sort.descending else '>='} ?", (query.page.after[0],)))
    select = source.narrowed(*bounds).select(source.order or "")
    order = f"{source.order} DESC" if sort.descending else source.order
    return Sql(f"{select.text} ORDER BY {order} LIMIT 1 OFFSET ?", (*select.values, rows - 1))


def up_to(source: RowSource, sort: Sort, value: Any) -> RowSource:
    """The rows of an ordered source up to a sort value."""
    return source.narrowed(Sql(f"{source.order} {'>=' if sort.descending else '<='} ?", (value,)))


def keys_until(source: RowSource, snapshot: int) -> Sql:
    """The keys of all matches that existed at the snapshot."""
    return source.narrowed(Sql("d.key <= ?", (snapshot,))).select(f"{_distinct(source)} d.key")


def _keys(source: RowSource, query: SearchQuery, symbols: Symbols) -> Sql:
    """The keys, as `k`, and the sort values of the matches after the previous page."""
    if query.page:
        source = source.narrowed(Sql("d.key <= ?", (query.page.snapshot,)))
        if not query.sort:
            source = source.narrowed(Sql("d.key > ?", (query.page.after[-1],)))
    if not query.sort:
        return source.select(f"{_distinct(source)} d.key AS k")
    values = [_value(source, query, place, symbols) for place in range(len(query.sort))]
    sorts = "".join(f", {value.text} AS s{place}" for place, value in enumerate(values))
    select = source.select(f"{_distinct(source)} d.key AS k{sorts}")
    bound = (*(value for sort in values for value in sort.values), *select.values)
    after = _after(source, query.sort, query.page.after) if query.page else ALWAYS
    return Sql(f"SELECT * FROM ({select.text}) WHERE {after.text}", (*bound, *after.values))


def _value(source: RowSource, query: SearchQuery, place: int, symbols: Symbols) -> Sql:
    """The smallest value of a resource, or the greatest if descending."""
    sort = query.sort[place]
    if place == 0 and source.order:
        return Sql(source.order)
    own = _OWN_COLUMNS.get(sort.parameter)
    if own:
        return Sql(f"(SELECT o.{own} FROM resources o WHERE o.key = d.key)")
    extreme = "max" if sort.descending else "min"
    parameters = among("o.parameter", symbols.parameters(query.types, sort.parameter))
    rows = f"{by_key(sort.type, 'o')} WHERE o.key = d.key AND {parameters.text} AND {_has_value(sort, 'o')}"
    return Sql(f"(SELECT {extreme}(o.{_column(sort)}) FROM {rows})", parameters.values)


def _column(sort: Sort) -> str:
    return _SORT_COLUMNS.get(sort.type, "high" if sort.descending else "low")


def _distinct(source: RowSource) -> str:
    return "" if source.unique else "DISTINCT"


def _may_lack(source: RowSource, place: int, sort: Sort) -> bool:
    return sort.parameter not in _OWN_COLUMNS and not (place == 0 and source.order)


def _order(source: RowSource, sorts: Sequence[Sort]) -> str:
    """ORDER BY with missing values last in both directions, and the key as the tie-breaker."""
    terms = []
    for place, sort in enumerate(sorts):
        if _may_lack(source, place, sort):
            terms.append(f"s{place} IS NULL")
        terms.append(f"s{place} DESC" if sort.descending else f"s{place}")
    return ", ".join([*terms, "k"])


def _after(source: RowSource, sorts: Sequence[Sort], after: SortKey) -> Sql:
    """The condition that a match comes after a sort key in the order of `_order`."""
    condition = Sql("k > ?", (after[-1],))
    for place, sort in reversed(list(enumerate(sorts))):
        column, value = f"s{place}", after[place]
        if value is None:
            condition = all_of([Sql(f"{column} IS NULL"), condition])
            continue
        further = "<" if sort.descending else ">"
        tied = all_of([Sql(f"{column} = ?", (value,)), condition])
        condition = any_of([Sql(f"{column} {further} ?", (value,)), tied])
        if _may_lack(source, place, sort):
            condition = any_of([Sql(f"{column} IS NULL"), condition])
        else:
            # Redundant, but in a form that an index can seek.
            condition = all_of([Sql(f"{column} {further}= ?", (value,)), condition])
    return condition
