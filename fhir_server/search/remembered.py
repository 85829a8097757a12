"""Searches that were understood once and are asked again, as those of clients that poll are, and what others
found.

https://hl7.org/fhir/R4/search.html
"""

from collections.abc import Callable

from msgspec import Struct

from fhir_server.search.parse import ParsedSearch

SEARCHES_MAX = 4_096
QUERY_LENGTH_MAX = 512
"""Characters of all values of a search that is worth remembering; longer ones hardly come twice."""

_RELATIVE_TO_NOW = "ap"


class Asked(Struct, frozen=True):
    """What a search is understood by, apart from the definitions and the time."""

    path: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...]
    base_url: str
    lenient: bool


class RememberedSearches:
    """Keeps what was understood, for as long as the definitions that it was understood by are in force."""

    def __init__(self) -> None:
        self._known: dict[Asked, ParsedSearch] = {}

    def understood(self, asked: Asked, parse: Callable[[], ParsedSearch]) -> ParsedSearch:
        """What `parse` makes of `asked`, or made of it before."""
        known = self._known.get(asked)
        if known is not None:
            return known
        parsed = parse()
        if _is_lasting(asked):
            if len(self._known) >= SEARCHES_MAX:
                self._known.clear()
            self._known[asked] = parsed
        return parsed


class RememberedTargets:
    """Where references such as `Patient?identifier=a|b` led the last time: most likely where they do now."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def get(self, reference: str) -> str | None:
        return self._known.get(reference)

    def add(self, reference: str, target: str) -> None:
        if len(self._known) >= SEARCHES_MAX:
            self._known.clear()
        self._known[reference] = target


def _is_lasting(asked: Asked) -> bool:
    """Whether the search is short, and means the same at any time: `ap` compares with the present."""
    values = " ".join([value for _, value in asked.parameters])
    return len(values) <= QUERY_LENGTH_MAX and _RELATIVE_TO_NOW not in values
