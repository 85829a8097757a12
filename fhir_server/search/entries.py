"""The index entries of a resource: one shape per search parameter type, the same for every backend.

https://hl7.org/fhir/R4/search.html
"""

from dataclasses import dataclass

from msgspec import Struct


class Entry(Struct, frozen=True, gc=False):
    """One value of a resource, as it is found by `parameter`; of the kind that a subclass stands for.

    Each write makes dozens, at a fifth of what named tuples cost. They refer to nothing that leads back to
    them, so that the garbage collector need not look at them.
    """

    parameter: str


class StringEntry(Entry, frozen=True, gc=False):
    """`text` is normalised for matching (no case, accents or surplus space), `exact` is as written; it is
    empty where `text` is but the end of a value.
    """

    text: str
    exact: str


class TokenEntry(Entry, frozen=True, gc=False):
    """`system` is empty where the value has none."""

    system: str
    code: str


class ReferenceEntry(Entry, frozen=True, gc=False):
    """A local reference has the type and id of its target; any other has an empty type and its URL as
    target.

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
    """As a number, with the unit's system and code (empty where absent) and its written unit.

    As a part of a composite it also says what it is in base units of UCUM, where it is known: `base` is their
    name. Elsewhere that is a derived entry of its own.
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
    """What a resource is found by that lies within another, and that `parameter` of the other refers to.

    It is no match itself; chains lead through it.
    """

    parameter: str
    type: str
    entries: "Entries"


class Entries(Struct):
    """All that one version of a resource is found by, by kind, without repetition.

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
