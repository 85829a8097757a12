"""The limits of a search. One that exceeds them is refused before it is run.

https://hl7.org/fhir/R4/search.html#errors
"""

from dataclasses import dataclass, replace

from fhir_server.errors import InvalidSearch
from fhir_server.issues import Issue, IssueType, Text
from fhir_server.search import messages

PARAMETERS_MAX = 100
PARAMETERS_READ_MAX = 10_000
"""Parameters of a query string that are decoded, whatever the request."""
VALUES_MAX = 1_000
"""Alternatives of one parameter."""
TERMS_MAX = 3_000
"""Values of a whole search; those of an untyped chain count once per type."""
VALUE_LENGTH_MAX = 100_000
SORT_KEYS_MAX = 20
"""Keys of `_sort`."""
STEPS_MAX = 8
"""Steps from resource to resource, by a chain or `_has`."""
CHAIN_TARGETS_MAX = 2_000
"""Target types of all untyped chains of a search: their number multiplies with each step."""
CONDITIONS_MAX = 200
"""Conditions of one `_filter`, or words of one text."""
NESTING_MAX = 16
"""Levels of parentheses in a `_filter` or text query, plus alternations of `and` and `or`."""

SHOWN_MAX = 200
"""Characters of the client's input that a message quotes."""

_LISTS = ("valid", "types", "parts")


@dataclass(slots=True)
class Budget:
    """What one search has used of its limits so far."""

    chain_targets: int = 0
    terms: int = 0

    def take_chain_target(self, parameter: str) -> None:
        """Count one target type of an untyped chain."""
        self.chain_targets += 1
        if self.chain_targets > CHAIN_TARGETS_MAX:
            raise too_costly(messages.TOO_MANY_WAYS(parameter=parameter, limit=CHAIN_TARGETS_MAX), parameter)

    def take_terms(self, count: int, parameter: str) -> None:
        """Count values."""
        self.terms += count
        if self.terms > TERMS_MAX:
            raise too_costly(messages.TOO_MANY_TERMS(parameter=parameter, limit=TERMS_MAX), parameter)


def shortened(issue: Issue) -> Issue:
    """The issue with its quotations of the client's input shortened."""
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
    """Raise `InvalidSearch` for more parameters than `limit`. The message names the limit of a search, which
    is never more than `limit`.
    """
    if parameters > limit:
        text = messages.TOO_MANY_PARAMETERS(count=parameters, limit=PARAMETERS_MAX)
        raise InvalidSearch.of(text, *location, code="too-costly")


def refused(text: Text, parameter: str, code: IssueType | None = None) -> InvalidSearch:
    """The error for a parameter, located at `http.[parameter]`."""
    return InvalidSearch.of(text, f"http.{parameter}", code=code)


def too_costly(text: Text, parameter: str) -> InvalidSearch:
    """The error for a parameter that exceeds a limit."""
    return refused(text, parameter, "too-costly")
