"""What one value asks of one element, for each type of parameter.
https://hl7.org/fhir/R4/search.html#ptypes
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from tests.search.oracle import numbers, references, texts, times, tokens
from tests.search.oracle.elements import Element
from tests.search.oracle.ranges import Range
from tests.search.oracle.references import Target


@dataclass(frozen=True)
class Values:
    """Compares values with elements. `zone` is the server's, `now` is in UTC microseconds."""

    zone: tzinfo
    now: int
    base_url: str

    def fit(self, kind: str, modifier: str, element: Element, value: str) -> bool:
        """Whether an element fits a value of a parameter of type `kind`."""
        data, type, path, _ = element
        match kind, modifier:
            case "string", _:
                return texts.matches(value, modifier, data, type, path)
            case "token", "text":
                return tokens.text_matches(value, data, type)
            case "token", "of-type":
                return tokens.of_type_matches(value, data)
            case "token", "in":
                return tokens.in_matches(value, data, type, path)
            case "token", "below":
                return tokens.below_matches(value, data, type, path)
            case "token", "above":
                return tokens.above_matches(value, data, type, path)
            case "token", "":
                return tokens.matches(value, data, type, path)
            case "reference", "identifier":
                return references.identifier_matches(value, data, type)
            case "reference", "below":
                return references.version_matches(value, self.target(element), self.base_url)
            case "reference", _:
                return references.matches(value, modifier, self.target(element), self.base_url)
            case "date", "":
                return times.matches(value, self.range(kind, element), self.zone, self.now)
            case "number", "":
                return numbers.compare(value, self.range(kind, element))
            case "quantity", "":
                return numbers.quantity_matches(value, data, type)
            case "uri", _:
                return references.uri_matches(value, modifier, data, type)
        raise ValueError(f"{kind}:{modifier}")

    def target(self, element: Element) -> Target | None:
        """What a reference leads to."""
        return references.target_of(element.data, element.type, self.base_url)

    def range(self, kind: str, element: Element) -> Range | None:
        """The time or the numbers that an element covers."""
        if kind == "date":
            return times.covered(element.data, element.type, self.zone)
        return numbers.numbers(element.data, element.type)

    def exist(self, kind: str, element: Element) -> bool:
        """Whether an element holds anything that a parameter of this type compares."""
        match kind:
            case "string":
                return bool(texts.parts(element.data, element.type))
            case "date" | "number" | "quantity":
                return self.range(kind, element) is not None
        return True

    def to_sort_by(self, kind: str, element: Element, descending: bool) -> Iterator[Any]:
        """Ranges are sorted by their start, or by their end in descending order."""
        data, type, path, _ = element
        if kind == "string":
            yield from map(texts.plain, texts.parts(data, type))
        elif kind == "token":
            yield from (token.code for token in tokens.tokens(data, type, path) if token.code)
        elif kind == "uri":
            yield from references.uri_forms(data, type)
        elif range := self.range(kind, element):
            yield range.high if descending else range.low
