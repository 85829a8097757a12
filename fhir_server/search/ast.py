"""The search query as a tree, independent of any backend.

`search.parse` makes it; every backend compiles or interprets it.
https://hl7.org/fhir/R4/search.html
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from msgspec import Struct

Prefix = Literal["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"]
ParameterType = Literal[
    "string",
    "token",
    "reference",
    "date",
    "number",
    "quantity",
    "uri",
    "composite",
    "special",
    "word",
    "position",
]
"""R4's parameter types, and two kinds of entries for special parameters."""


@dataclass(frozen=True, slots=True)
class StringValue:
    """`text` is normalised as the index is; `exact` is as the client wrote it."""

    text: str
    exact: str


@dataclass(frozen=True, slots=True)
class TokenValue:
    """`code` -> (None, code); `system|code` -> both; `|code` -> ("", code); `system|` -> (system, None)."""

    system: str | None
    code: str | None


@dataclass(frozen=True, slots=True)
class TokenSet:
    """Any of many codes of one system: a value set's, or those above or below another."""

    system: str
    codes: frozenset[str]


@dataclass(frozen=True, slots=True)
class OfTypeValue:
    """`system|code|value` of the :of-type modifier."""

    system: str
    code: str
    value: str


@dataclass(frozen=True, slots=True)
class ReferenceValue:
    """`type` is None when only an id was given, "" for a URL that is not of this server (then `target` is
    the URL).
    """

    type: str | None
    target: str
    version: str | None = None


@dataclass(frozen=True, slots=True)
class DateValue:
    """The period that the value covers with its precision, [low, high) in UTC microseconds."""

    prefix: Prefix
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class NumberValue:
    """`value` as written; [low, high) is its implicit-precision range, which only eq and ne use."""

    prefix: Prefix
    value: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class QuantityValue:
    """A number and its unit: `system` None and `code` None = any unit; `code` alone matches code or written
    unit. With `base`, it compares with a composite component's value in base units.
    """

    number: NumberValue
    system: str | None
    code: str | None
    base: bool = False


@dataclass(frozen=True, slots=True)
class UriValue:
    """A URI as the client wrote it."""

    value: str


@dataclass(frozen=True, slots=True)
class WordValue:
    """One word, normalised as the index is."""

    word: str


@dataclass(frozen=True, slots=True)
class NearValue:
    """Within so many metres of a point, in degrees of WGS 84."""

    latitude: float
    longitude: float
    metres: float


@dataclass(frozen=True, slots=True)
class MissingValue:
    """The value of :missing."""

    missing: bool


@dataclass(frozen=True, slots=True)
class CompositeValue:
    """One value per component, in the order of the definition."""

    components: tuple["Value", ...]


Value = (
    StringValue
    | TokenValue
    | TokenSet
    | OfTypeValue
    | ReferenceValue
    | DateValue
    | NumberValue
    | QuantityValue
    | UriValue
    | WordValue
    | NearValue
    | MissingValue
    | CompositeValue
)


@dataclass(frozen=True, slots=True)
class Match:
    """One parameter whose index matches any of the values.

    `parameter` is the code as indexed (a :of-type, :identifier or :text search names the derived index);
    `type` determines the kind of entry; `modifier` is what changes the comparison, else None.
    `component_types` is for composites only.

    `only` restricts the clause to these of the query's types: resources of other types do not satisfy it.

    `single` if no resource has two values of the parameter.

    `not` and `missing` apply to all entries of a resource, the others to each entry: `exact`, `contains` and
    `text` (every word) for strings; `below` for prefixes of a URI, a canonical's version or a MIME type; and
    the operators of _filter without a modifier: `ne`, for strings `eq ew gt lt ge le`, for dates `co`.
    """

    parameter: str
    type: ParameterType
    values: tuple[Value, ...]
    modifier: str | None = None
    component_types: tuple[ParameterType, ...] = ()
    only: tuple[str, ...] = ()
    single: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Chain:
    """`parameter.rest`: the resource refers by `parameter` to one of `types` that satisfies `where`, be it
    stored or contained.
    """

    parameter: str
    types: tuple[str, ...]
    where: "Clause"


@dataclass(frozen=True, slots=True)
class Has:
    """`_has:type:parameter:rest`: a resource of `type` that satisfies `where` refers to this one by
    `parameter`.
    """

    type: str
    parameter: str
    where: "Clause"


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """`parameter` refers to the resource `type`/`id`, or to one above or below it.

    The hierarchy is that of the reference parameter `parent` of that type.
    """

    parameter: str
    type: str
    id: str
    parent: str
    direction: Literal["above", "below"]


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every clause is true of the resource."""

    clauses: tuple["Clause", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of the clauses is true of the resource."""

    clauses: tuple["Clause", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The clause is not true of the resource."""

    clause: "Clause"


Clause = Match | Chain | Has | Hierarchy | AllOf | AnyOf | Not


@dataclass(frozen=True, slots=True)
class Sort:
    """One sort key. `_id` and `_lastUpdated` are the resource's own; missing values come last in both
    directions. `single` as in a `Match`.
    """

    parameter: str
    type: ParameterType
    descending: bool = False
    single: bool = field(default=False, compare=False)


EVERY = "*"
"""Every reference parameter of a type, or of every type."""


@dataclass(frozen=True, slots=True)
class Include:
    """`source:parameter[:target]`, forward (_include) or in reverse (_revinclude). `parameter` may be
    `EVERY`, and with it `source`.
    """

    source: str
    parameter: str
    target: str | None = None
    reverse: bool = False
    iterate: bool = False

    @property
    def sources(self) -> tuple[str, ...]:
        """The types that refer; none for all."""
        return () if self.source == EVERY else (self.source,)

    def follows(self, parameter: str, type: str) -> bool:
        """Whether it follows a reference of that parameter to a resource of that type."""
        return self.parameter in (EVERY, parameter) and self.target in (None, type)


SortKey = tuple[str | int | None, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Keyset of a page: only resources whose first sequence is at most `snapshot`, after the `after` keys.

    `after` holds the sort values of the last match (None if missing), then its first sequence.
    """

    snapshot: int
    after: SortKey


class SearchQuery(Struct, frozen=True):
    """A whole search. `types` is empty for every type; `where` are joined by AND; `visibility` is applied
    at every hop. Without `sort`, matches come by first sequence, ascending, which is also the last sort key
    of all. A `bounded` total is exact up to `total_max` matches, and of more there is none.
    """

    types: tuple[str, ...]
    where: tuple[Clause, ...] = ()
    sort: tuple[Sort, ...] = ()
    includes: tuple[Include, ...] = ()
    count: int = 20
    total: Literal["none", "bounded", "estimate", "accurate"] = "accurate"
    total_max: int = 1_000
    page: Page | None = None
    visibility: Clause | None = None
