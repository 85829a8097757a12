"""How much one search may ask for. What asks for more is refused before anything is looked up.

https://hl7.org/fhir/R4/search.html#errors
"""

from dataclasses import dataclass, replace

from fhir_server.errors import InvalidSearch
from fhir_server.issues import Issue, IssueType, Text
from fhir_server.search import messages

PARAMETERS_MAX = 100
PARAMETERS_READ_MAX = 10_000
"""Parameters of a query that are looked at one by one, whatever it asks."""
VALUES_MAX = 1_000
"""Alternatives of one parameter."""
TERMS_MAX = 3_000
"""Values to compare with in all, where an untyped chain counts its values once for every type."""
VALUE_LENGTH_MAX = 100_000
SORT_KEYS_MAX = 20
"""Keys of `_sort`."""
STEPS_MAX = 8
"""From resource to resource, by a chain or `_has`."""
WAYS_MAX = 2_000
"""Types of resource that the untyped chains of one search may try, as their number grows with each step."""
CONDITIONS_MAX = 200
"""Conditions of one `_filter`, or words of one text."""
NESTING_MAX = 16
"""How deep parentheses may nest in a `_filter` or text, and how often `and` and `or` may take turns."""

SHOWN_MAX = 200
"""Characters of what the client wrote that a message repeats."""

_LISTS = ("valid", "types", "parts")


@dataclass(slots=True)
class Budget:
    """What one search has asked for so far."""

    ways: int = 0
    terms: int = 0

    def take_way(self, parameter: str) -> None:
        """Count one type of resource that an untyped chain tries."""
        self.ways += 1
        if self.ways > WAYS_MAX:
            raise too_costly(messages.TOO_MANY_WAYS(parameter=parameter, limit=WAYS_MAX), parameter)

    def take_terms(self, count: int, parameter: str) -> None:
        """Count values to compare with."""
        self.terms += count
        if self.terms > TERMS_MAX:
            raise too_costly(messages.TOO_MANY_TERMS(parameter=parameter, limit=TERMS_MAX), parameter)


def shortened(issue: Issue) -> Issue:
    """The same, without repeating more of what the client wrote than helps to find it."""
    where = tuple(_short(path) for path in issue.expression)
    return replace(issue, text=_short_text(issue.text), expression=where)


def _short_text(text: Text) -> Text:
    return Text(text.template, {name: _short_value(name, value) for name, value in text.values.items()})


def _short_value(name: str, value: object) -> object:
    if isinstance(value, Text):
        return _short_text(value)
    return _short(value) if isinstance(value, str) and name not in _LISTS else value


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_MAX else f"{text[:SHOWN_MAX]}..."


def check_count(parameters: int, limit: int = PARAMETERS_MAX, *location: str) -> None:
    """Raises `InvalidSearch` for more parameters than the limit, all of which are more than a search may
    have.
    """
    if parameters > limit:
        text = messages.TOO_MANY_PARAMETERS(count=parameters, limit=PARAMETERS_MAX)
        raise InvalidSearch.of(text, *location, code="too-costly")


def refused(text: Text, parameter: str, code: IssueType | None = None) -> InvalidSearch:
    """The error for a parameter, which is its place."""
    return InvalidSearch.of(text, f"http.{parameter}", code=code)


def too_costly(text: Text, parameter: str) -> InvalidSearch:
    """The error for a parameter that asks for more than it may."""
    return refused(text, parameter, "too-costly")
