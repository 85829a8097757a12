"""Caches of parsed searches and of the targets of conditional references.

https://hl7.org/fhir/R4/search.html
"""

from collections.abc import Callable

from msgspec import Struct

from fhir_server.search.parse import ParsedSearch

ENTRIES_MAX = 4_096
"""Entries of each cache. A full cache is emptied."""
VALUES_LENGTH_MAX = 512
"""Characters of all values of a search that is cached. Longer searches are hardly repeated."""

_RELATIVE_TO_NOW = "ap"


class SearchKey(Struct, frozen=True):
    """Everything that a parsed search depends on, apart from the definitions and the time."""

    path: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...]
    base_url: str
    lenient: bool


class SearchCache:
    """Parsed searches, for clients that poll. Valid for one set of definitions."""

    def __init__(self) -> None:
        self._parsed: dict[SearchKey, ParsedSearch] = {}

    def get_or_parse(self, key: SearchKey, parse: Callable[[], ParsedSearch]) -> ParsedSearch:
        """The cached search of `key`, or else the result of `parse`, which is cached where it may be."""
        cached = self._parsed.get(key)
        if cached is not None:
            return cached
        parsed = parse()
        if _is_cacheable(key):
            if len(self._parsed) >= ENTRIES_MAX:
                self._parsed.clear()
            self._parsed[key] = parsed
        return parsed


class ReferenceTargetCache:
    """The last known targets of conditional references such as `Patient?identifier=a|b`.

    A target may be out of date: whoever uses one checks it in the unit of work.
    """

    def __init__(self) -> None:
        self._targets: dict[str, str] = {}

    def get(self, reference: str) -> str | None:
        return self._targets.get(reference)

    def add(self, reference: str, target: str) -> None:
        if len(self._targets) >= ENTRIES_MAX:
            self._targets.clear()
        self._targets[reference] = target


def _is_cacheable(key: SearchKey) -> bool:
    """Whether the search is short and independent of the time: `ap` compares with the present."""
    values = " ".join([value for _, value in key.parameters])
    return len(values) <= VALUES_LENGTH_MAX and _RELATIVE_TO_NOW not in values
