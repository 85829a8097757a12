"""The index entries of a resource: one shape per search parameter type, the same for every backend.

https://hl7.org/fhir/R4/search.html
"""

from dataclasses import dataclass

from msgspec import Struct


class Entry(Struct, frozen=True, gc=False):
    """One indexed value of a resource, under the code of a search parameter. There is one subclass per kind.

    Each write makes dozens, at a fifth of the cost of named tuples. They cannot be part of a reference cycle,
    so the garbage collector need not track them.
    """

    parameter: str


class StringEntry(Entry, frozen=True, gc=False):
    """`text` is normalised for matching (no case, accents or surplus space), `exact` is as written; it is
    empty if `text` is only the end of a value, or a variant of it.
    """

    text: str
    exact: str


class TokenEntry(Entry, frozen=True, gc=False):
    """`system` is empty if the value has none."""

    system: str
    code: str


class ReferenceEntry(Entry, frozen=True, gc=False):
    """A local reference has the type and id of its target; any other an empty type and its URL as target.

    `version` is empty unless the reference or canonical names one.
    """

    type: str
    target: str
    version: str


class DateEntry(Entry, frozen=True, gc=False):
    """The time covered, [low, high) in UTC microseconds; an open end is `temporal.BEGINNING` or
    `temporal.END`.
    """

    low: int
    high: int


class NumberEntry(Entry, frozen=True, gc=False):
    """A point (low equal to high) or a Range, as `core.decimal.sort_key` texts, which sort as their numbers
    do.
    """

    low: str
    high: str


class QuantityEntry(Entry, frozen=True, gc=False):
    """As a number, with the unit's system and code (empty if absent) and its written unit.

    In a composite, it also has the value in UCUM base units if it can be converted; `base` is their name.
    Elsewhere that is a separate derived entry.
    """

    system: str
    code: str
    unit: str
    low: str
    high: str
    base: str = ""
    base_low: str = ""
    base_high: str = ""


class UriEntry(Entry, frozen=True, gc=False):
    value: str


class WordEntry(Entry, frozen=True, gc=False):
    """A word of the narrative (`_text`), or one that stands elsewhere in the resource alone (`_content`)."""

    word: str


class PositionEntry(Entry, frozen=True, gc=False):
    """A place on the earth, in degrees of WGS 84."""

    latitude: float
    longitude: float


class CompositeEntry(Entry, frozen=True, gc=False):
    """One combination of component values, each an entry of its own type, in the order of the definition."""

    components: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Contained:
    """The entries of a contained resource that `parameter` of its container refers to.

    It is no match itself: chains lead through it.
    """

    parameter: str
    type: str
    entries: "Entries"


class Entries(Struct):
    """All index entries of a resource, by kind, without duplicates.

    `parameter` is the search parameter's code; the type of the resource is known from its key. Derived
    entries carry a suffix: `identifier:of-type` (token: type system|type code, value), `subject:identifier`
    (token), `code:text` (string), `version:folded` (token without case), `value-quantity:canonical` (quantity
    in UCUM's base units). `_compartment` is a token of compartment and id.
    """

    strings: list[StringEntry] = []
    tokens: list[TokenEntry] = []
    references: list[ReferenceEntry] = []
    dates: list[DateEntry] = []
    numbers: list[NumberEntry] = []
    quantities: list[QuantityEntry] = []
    uris: list[UriEntry] = []
    composites: list[CompositeEntry] = []
    words: list[WordEntry] = []
    positions: list[PositionEntry] = []
    contained: list[Contained] = []
