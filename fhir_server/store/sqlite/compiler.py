"""Compiles a search query to SQL: a row source, and conditions on each of its resources.

One of the clauses joined by AND gives the source, the rows of an index read in order. The other clauses are
checked for each resource from there, each by a seek in its own index. Resources are identified by their keys
throughout; only those on the page are looked up in the end.
https://www.sqlite.org/optoverview.html
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import count

from fhir_server.search.ast import (
    AllOf,
    AnyOf,
    Chain,
    Clause,
    CompositeValue,
    DateValue,
    Has,
    Hierarchy,
    Match,
    MissingValue,
    Not,
    NumberValue,
    QuantityValue,
    TokenSet,
    TokenValue,
    Value,
)
from fhir_server.search.nesting import conjuncts
from fhir_server.store.sqlite.chains import Join, ReferencePath, reference_path
from fhir_server.store.sqlite.clauses import disjuncts, groups, is_last_updated, is_one_token
from fhir_server.store.sqlite.conditions import (
    Column,
    condition,
    last_updated,
    lead_values,
    minimum_high,
    one_of,
    unit_of,
)
from fhir_server.store.sqlite.contained import PRESENCE, contained_types, is_contained, restricted_types
from fhir_server.store.sqlite.date_ranges import date_range, is_date_bound, partitions
from fhir_server.store.sqlite.hierarchy import ids_of
from fhir_server.store.sqlite.row_sources import LEAD, RANGE, Candidate, ReturnsRows, RowSource, best
from fhir_server.store.sqlite.rows import COLUMNS, PART_COLUMNS, UNKEYED
from fhir_server.store.sqlite.sql import ALWAYS, NEVER, Sql, all_of, among, any_of, exists, negation
from fhir_server.store.sqlite.symbols import Symbols

UNION_MAX = 64
"""The most parts of a source that is a UNION."""

JOINED_MAX = 8
"""The most tables joined to a source; SQLite joins at most 64 tables."""

_LEAD_COLUMNS = {
    "token": "code",
    "reference": "target",
    "uri": "value",
    "string": "text",
    "word": "text",
    "composite": "lead",
}

_WITHOUT_SOURCE = ("not", "missing", "contains", "text", "ew", "ne")
"""Modifiers whose matches are not a range of any index."""


class Compiler:
    """Compiles the clauses of one query. `is_data_dependent` once the data have decided on the SQL."""

    def __init__(self, symbols: Symbols, returns_rows: ReturnsRows, visibility: Clause | None) -> None:
        self._symbols = symbols
        self._returns_rows = returns_rows
        self._visibility = (visibility,) if visibility else ()
        self._numbers = count(1)
        self.is_data_dependent = False

    def source(self, types: Sequence[str], clauses: Iterable[Clause]) -> RowSource:
        """The living, visible resources of `types` that satisfy all `clauses`."""
        return self._best(types, clauses) or self.narrowed(self.walk(types), types, clauses)

    def _best(self, types: Sequence[str], clauses: Iterable[Clause]) -> RowSource | None:
        """The same as `source`, but None if a scan of all resources of the types is better."""
        self.is_data_dependent = True
        found = self.candidates(types, clauses)
        place = best(found, self._returns_rows)
        return None if place is None else self.satisfying(found[place], types, clauses)

    def candidates(self, types: Sequence[str], clauses: Iterable[Clause]) -> list[Candidate]:
        """The row sources that the clauses offer, the best ranks first."""
        found: list[Candidate] = []
        for group in groups(conjuncts(clauses), types):
            sources = self._group_source(group, types), self._single_unit_source(group[0], types)
            found += [(source, group) for source in sources if source is not None]
        found.sort(key=lambda pair: pair[0].rank)
        return found

    def _group_source(self, group: Sequence[Clause], types: Sequence[str]) -> RowSource | None:
        """The source for clauses on the same single date of a resource: only the range between them
        is read.
        """
        matches = [clause for clause in group if isinstance(clause, Match)]
        if len(group) == 1:
            return self._source_of(group[0], types)
        if is_last_updated(group[0]):
            first, *others = (self._resource_column_source(match, types) for match in matches)
            return first.narrowed(*[other.where for other in others])
        asked = [self.any_value(match, "d") for match in matches]
        read = [
            RowSource(RANGE, part.table, all_of([Sql("d.parameter = ?", (parameter,)), part.where]))
            for parameter in self._symbols.parameters(types, matches[0].parameter)
            for part in partitions(date_range(matches))
        ]
        union = self._union_of_single([source.narrowed(*asked) for source in read])
        counted = self._union(read)
        return union._replace(counted=counted.select("1")) if union and counted else union

    def _single_unit_source(self, clause: Clause, types: Sequence[str]) -> RowSource | None:
        """Quantities of one unit, which have an index in the order of resources besides that of their
        values.
        """
        if not isinstance(clause, Match) or clause.type != "quantity" or clause.modifier or clause.only:
            return None
        parameters = self._symbols.parameters(types, clause.parameter)
        units = set(map(unit_of, clause.values))
        if len(parameters) != 1 or len(units) != 1 or (unit := units.pop()) is None:
            return None
        of_unit = Sql("d.parameter = ? AND d.code = ?", (parameters[0], unit[1]))
        every = RowSource(LEAD, Sql("quantity d INDEXED BY quantity_unit"), of_unit)
        return every.narrowed(self.any_value(clause, "d"))._replace(counted=every.select("1"))

    def satisfying(self, candidate: Candidate, types: Sequence[str], clauses: Iterable[Clause]) -> RowSource:
        """The candidate's source, narrowed by all other clauses."""
        source, group = candidate
        others = [clause for clause in conjuncts(clauses) if not any(clause is one for one in group)]
        return self.narrowed(source, types, others)._replace(given_by=group[0])

    def walk(self, types: Sequence[str]) -> RowSource:
        """All living resources of the types."""
        parts = [Sql("d.living = 1")]
        if types:
            # With several types the scan is in the order of keys, without the index by type.
            parts.insert(0, among("d.type" if len(types) == 1 else "+d.type", self._symbols.types(types)))
        return RowSource(RANGE, Sql("resources d"), all_of(parts), unique=True)

    def narrowed(self, source: RowSource, types: Sequence[str], clauses: Iterable[Clause]) -> RowSource:
        """Narrow a source to resources that satisfy all clauses and are visible. The visibility of a
        contained resource is that of its container, and is checked there.
        """
        if is_contained(types):
            return source.narrowed(*[self.probe(clause, types, "d.key") for clause in clauses])
        tables: list[str] = []
        asked: list[Sql] = []
        for group in groups(conjuncts((*clauses, *self._visibility)), types):
            row = self._only_row(group, types) if len(tables) < JOINED_MAX else None
            if row:
                tables.append(row[0])
            asked.append(row[1] if row else self._group_probe(group, types, "d.key"))
        return source.joined(tables).narrowed(*asked)

    def _only_row(self, group: Sequence[Clause], types: Sequence[str]) -> tuple[str, Sql] | None:
        """The table and condition of the row by which a resource satisfies the clauses, if it has at most
        one: joining that row is cheaper than EXISTS.
        """
        matches = [clause for clause in group if isinstance(clause, Match)]
        if len(matches) < len(group) or any(match.only for match in matches):
            return None
        parameters = self._symbols.parameters(types, matches[0].parameter)
        if len(parameters) != 1 or not (is_date_bound(group[0]) or is_one_token(group[0])):
            return None
        alias = self._alias("j")
        asked = [self.any_value(match, alias) for match in matches]
        of_resource = Sql(f"{alias}.key = d.key AND {alias}.parameter = ?", (parameters[0],))
        return by_key(matches[0].type, alias), all_of([of_resource, *asked])

    # Sources: resources read from an index

    def _source_of(self, clause: Clause, types: Sequence[str]) -> RowSource | None:
        match clause:
            case Match():
                return self._match_source(clause, types)
            case Chain() | Has():
                outer = self._path_source(reference_path(clause, types, self._symbols))
                return self._union([outer, *self._contained_sources(clause, types)])
            case Hierarchy():
                referring = self._hierarchy(clause, types, "d")
                return RowSource(LEAD, Sql("reference d"), referring)
            case AnyOf():
                return self._union([self._source_of(one, types) for one in disjuncts(clause)])
        return None

    def _union(self, sources: Sequence[RowSource | None]) -> RowSource | None:
        known = [source for source in sources if source]
        if len(known) < len(sources) or not 0 < len(known) <= UNION_MAX:
            return None
        if len(known) == 1:
            return known[0]
        selects = [source.select() for source in known]
        text = " UNION ALL ".join(select.text for select in selects)
        values = tuple(value for select in selects for value in select.values)
        return RowSource(RANGE, Sql(f"({text}) d", values), ALWAYS)

    def _union_of_single(self, sources: Sequence[RowSource | None]) -> RowSource | None:
        """The union of sources that have at most one row of each resource among them."""
        union = self._union(sources)
        return union._replace(unique=True) if union else None

    def _match_source(self, match: Match, types: Sequence[str]) -> RowSource | None:
        if match.modifier in _WITHOUT_SOURCE:
            return None
        if match.only:
            types = restricted_types(types, match.only)
            if not types:
                return RowSource(LEAD, Sql("resources d"), NEVER)
        if match.parameter in ("_id", "_lastUpdated"):
            return self._resource_column_source(match, types)
        parameters = self._symbols.parameters(types, match.parameter)
        leads = _lead_values_of(match)
        if leads is not None:
            parts = [among("d.parameter", parameters), self.any_value(match, "d")]
            if len(match.values) > 1 or match.type == "composite":
                parts.append(_lead_among(match, leads))
            return RowSource(LEAD, Sql(f"{match.type} d"), all_of(parts))
        if match.type == "composite" or any(map(_matches_nearly_all, match.values)):
            return None
        found = [
            part.narrowed(condition)
            for value in match.values
            if (condition := self._condition(match, value, "d")) != NEVER
            for parameter in parameters
            for part in _parts(match, value, parameter)
        ]
        has_one_row = is_date_bound(match) and not is_contained(types)
        return self._union_of_single(found) if has_one_row else self._union(found)

    def _resource_column_source(self, match: Match, types: Sequence[str]) -> RowSource:
        """The source for `_id` and `_lastUpdated`, which are columns of the resource itself."""
        if types:
            of_type = among("d.type", self._symbols.types(types))
        else:
            of_type = Sql("d.type IN (SELECT id FROM types)")
        rank = LEAD if match.parameter == "_id" else RANGE
        parts = [of_type, self._resource_column_condition(match, "d"), Sql("d.living = 1")]
        return RowSource(rank, Sql("resources d"), all_of(parts), unique=True)

    def _path_source(self, path: ReferencePath) -> RowSource | None:
        """The resources where a path begins, found from those at its far end."""
        ends = self._best(path.far_types, (path.where,))
        if ends is None:
            return None
        keys = ends.select()
        join = Join("k.key", [f"({keys.text}) k"], [])
        for hop in reversed(path.hops):
            go = join.to_referring if hop.forward else join.to_referred
            go(self._symbols, hop.parameters, hop.far if hop.forward else hop.near, next(self._numbers))
            if hop is not path.hops[0]:
                join.where += self._probes((), hop.near, join.key)
        where = join.conditions()
        text = f"(SELECT {join.key} AS key FROM {join.from_tables()} WHERE {where.text}) d"
        return RowSource(RANGE, Sql(text, keys.values + where.values), ALWAYS)

    def _contained_sources(self, clause: Chain | Has, types: Sequence[str]) -> Iterator[RowSource | None]:
        """Resources that satisfy a chain by a contained resource."""
        if isinstance(clause, Chain):
            for inner in contained_types(self._symbols, clause, types):
                yield self._best((inner,), (clause.where,))

    def _hierarchy(self, clause: Hierarchy, types: Sequence[str], alias: str) -> Sql:
        """Condition on a row of `reference`: its target is in the hierarchy."""
        child = self._alias("r")
        ids = ids_of(self._symbols, clause, child, self._probes((), (clause.type,), f"{child}.key"))
        return all_of(
            [
                among(f"{alias}.parameter", self._symbols.parameters(types, clause.parameter)),
                among(f"{alias}.type", self._symbols.types((clause.type,))),
                Sql(f"{alias}.target IN ({ids.text})", ids.values),
            ]
        )

    # Probes: conditions on one resource

    def probe(self, clause: Clause, types: Sequence[str], key: str) -> Sql:
        """Whether the resource of a key, one of `types`, satisfies the clause."""
        match clause:
            case Match():
                return self._match_probe(clause, types, key)
            case Chain() | Has():
                outer = self._path_probe(reference_path(clause, types, self._symbols), key)
                return any_of([outer, *self._contained_probes(clause, types, key)])
            case Hierarchy():
                alias = self._alias("h")
                referring = self._hierarchy(clause, types, alias)
                return exists(by_key("reference", alias), all_of([Sql(f"{alias}.key = {key}"), referring]))
            case AllOf(clauses):
                return all_of([self.probe(one, types, key) for one in clauses])
            case AnyOf(clauses):
                return any_of([self.probe(one, types, key) for one in clauses])
            case Not(inner):
                return negation(self.probe(inner, types, key))

    def _group_probe(self, group: Sequence[Clause], types: Sequence[str], key: str) -> Sql:
        """Whether a resource satisfies several clauses on its same single date, which is looked up once."""
        matches = [clause for clause in group if isinstance(clause, Match)]
        if len(group) == 1:
            return self.probe(group[0], types, key)
        alias = self._alias("e")
        of_resource = Sql(f"{alias}.key = {key}")
        if is_last_updated(group[0]):
            asked = [self._resource_column_condition(match, alias) for match in matches]
            return exists(f"resources {alias}", all_of([of_resource, *asked]))
        parameters = self._symbols.parameters(types, matches[0].parameter)
        asked = [self.any_value(match, alias) for match in matches]
        return exists(
            by_key("date", alias), all_of([of_resource, among(f"{alias}.parameter", parameters), *asked])
        )

    def _match_probe(self, match: Match, types: Sequence[str], key: str) -> Sql:
        alias = self._alias("e")
        if match.only:
            only = restricted_types(types, match.only)
            asked = self._match_probe(replace(match, only=()), only, key) if only else NEVER
            if is_contained(types):
                return asked
            of_type = among(f"{alias}.type", self._symbols.types(only))
            one_of_them = exists(f"resources {alias}", all_of([Sql(f"{alias}.key = {key}"), of_type]))
            return all_of([one_of_them, asked])
        if match.parameter in ("_id", "_lastUpdated") and not is_contained(types):
            asked = self._resource_column_condition(match, alias)
            return exists(f"resources {alias}", all_of([Sql(f"{alias}.key = {key}"), asked]))
        parameters = self._symbols.parameters(types, match.parameter)
        if match.type not in COLUMNS or not parameters:
            found = NEVER
        else:
            parts = [Sql(f"{alias}.key = {key}"), among(f"{alias}.parameter", parameters)]
            if match.modifier != "missing":
                parts.append(self.any_value(match, alias))
            found = exists(by_key(match.type, alias), all_of(parts))
        if match.modifier == "missing":
            wanted = {value.missing for value in match.values if isinstance(value, MissingValue)}
            return any_of([negation(found) if missing else found for missing in sorted(wanted)])
        return negation(found) if match.modifier == "not" else found

    def _path_probe(self, path: ReferencePath, key: str) -> Sql:
        join = Join(key, [], [])
        for hop in path.hops:
            go = join.to_referred if hop.forward else join.to_referring
            go(self._symbols, hop.parameters, hop.far if hop.forward else hop.near, next(self._numbers))
            join.where += self._probes((), hop.far, join.key)
        join.where += [self.probe(clause, path.far_types, join.key) for clause in conjuncts((path.where,))]
        return exists(join.from_tables(), join.conditions())

    def _contained_probes(self, clause: Chain | Has, types: Sequence[str], key: str) -> Iterator[Sql]:
        """Whether a resource satisfies a chain by a contained resource."""
        if isinstance(clause, Chain):
            for inner in contained_types(self._symbols, clause, types):
                present = Match(PRESENCE, "token", (MissingValue(False),), "missing")
                here = self._match_probe(present, (inner,), key)
                yield all_of([here, self.probe(clause.where, (inner,), key)])

    def _probes(self, clauses: Iterable[Clause], types: Sequence[str], key: str) -> Iterator[Sql]:
        """What a resource at a hop must satisfy: the clauses, and that it is visible."""
        for clause in (*clauses, *self._visibility):
            yield self.probe(clause, types, key)

    def _resource_column_condition(self, match: Match, alias: str) -> Sql:
        """Condition on a row of `resources`."""
        conditions = []
        for value in match.values:
            match value:
                case DateValue():
                    conditions.append(last_updated(value, match.modifier, f"{alias}.last_updated"))
                case TokenValue(system, code):
                    fits = code is not None and not system
                    conditions.append(Sql(f"{alias}.id = ?", (code,)) if fits else NEVER)
                case MissingValue(missing):
                    conditions.append(NEVER if missing else ALWAYS)
        if match.modifier == "ne":
            return any_of([negation(one) for one in conditions])
        found = any_of(conditions)
        return negation(found) if match.modifier == "not" else found

    def any_value(self, match: Match, alias: str) -> Sql:
        """Condition on a row of the index: it has one of the values."""
        return any_of([self._condition(match, value, alias) for value in match.values])

    def _condition(self, match: Match, value: Value, alias: str) -> Sql:
        if isinstance(value, CompositeValue):
            return all_of(
                [
                    condition(part, None, _cell_of(type, place, alias), self._symbols)
                    for place, (part, type) in enumerate(
                        zip(value.components, match.component_types, strict=True)
                    )
                ]
            )
        return condition(value, match.modifier, lambda name: f"{alias}.{name}", self._symbols)

    def _alias(self, letter: str) -> str:
        return f"{letter}{next(self._numbers)}"


def _lead_values_of(match: Match) -> frozenset[str] | None:
    """The values that the first cell must be one of; None if some value leaves it open."""
    leads: set[str] = set()
    for value in match.values:
        first = value.components[0] if isinstance(value, CompositeValue) else value
        of_value = lead_values(first, match.modifier)
        if of_value is None:
            return None
        leads |= of_value
    return frozenset(leads)


def _lead_among(match: Match, leads: frozenset[str]) -> Sql:
    column = f"d.{_LEAD_COLUMNS[match.type]}"
    if any(isinstance(value, TokenSet) for value in match.values):
        return one_of(column, leads)
    return among(column, sorted(leads))


def _matches_nearly_all(value: Value) -> bool:
    """Whether nearly every row may match: all but one number or date, or all codes of a system."""
    if isinstance(value, TokenValue):
        return value.code is None
    number = value.number if isinstance(value, QuantityValue) else value
    return isinstance(number, DateValue | NumberValue) and number.prefix == "ne"


def _parts(match: Match, value: Value, parameter: int) -> Iterator[RowSource]:
    """The rows of a parameter that may match a value, in parts that are each a range of an index."""
    rows, of_parameter = Sql(f"{match.type} d"), Sql("d.parameter = ?", (parameter,))
    if unit := unit_of(value):
        rows = Sql("quantity d INDEXED BY quantity_in_unit")
        of_parameter = all_of([of_parameter, Sql("d.code = ?", (unit[1],))])
    least = minimum_high(value)
    if least is None:
        yield RowSource(RANGE, rows, of_parameter)
        return
    yield RowSource(RANGE, rows, all_of([of_parameter, Sql("d.low >= ?", (least,))]))
    # Nearly all rows are points, so only few start below the bound and end above it.
    intervals = Sql(f"{match.type} d INDEXED BY {match.type}_interval")
    below = Sql("d.low <> d.high AND d.low < ?", (least,))
    yield RowSource(RANGE, intervals, all_of([of_parameter, below]))


def _cell_of(type: str, place: int, alias: str) -> Column:
    columns = PART_COLUMNS[type]
    return lambda name: f"json_extract({alias}.cells, '$[{place}][{columns.index(name)}]')"


def by_key(table: str, alias: str) -> str:
    """An index table read by resource key. Without statistics SQLite might choose another index."""
    return f"{table} {alias}" if table in UNKEYED else f"{table} {alias} INDEXED BY {table}_key"
