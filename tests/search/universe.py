"""Resources in memory for the search tests: indexed, and searched by the reference evaluation."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from fhir_server.core import json
from fhir_server.definitions.registry import Registry
from fhir_server.search.entries import Entries
from fhir_server.search.extract import Extractor
from fhir_server.search.match import matches
from fhir_server.search.parse import ParsedSearch, parse

PARIS = ZoneInfo("Europe/Paris")
BASE_URL = "https://fhir.example.org/fhir"
NOW = int(datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()) * 1_000_000
EXAMPLES = Path(__file__).parent.parent / "data" / "hl7-r4"

Resource = dict[str, Any]


@dataclass(frozen=True)
class Stored:
    type: str
    id: str
    last_updated: int


class Universe:
    """Living resources with their entries, by type and id."""

    def __init__(self, registry: Registry, extractor: Extractor, resources: Iterable[Resource]) -> None:
        self._registry = registry
        self._found = {
            (r["resourceType"], r["id"]): (Stored(r["resourceType"], r["id"], NOW), extractor.entries(r))
            for r in resources
        }

    def by_reference(self, type: str, id: str) -> tuple[Stored, Entries] | None:
        return self._found.get((type, id))

    def living(self, type: str) -> Iterator[tuple[Stored, Entries]]:
        return (found for key, found in self._found.items() if key[0] == type)

    def understood(self, search: str) -> ParsedSearch:
        """The search of a relative URL such as `Patient?name=x`."""
        types, _, query = search.partition("?")
        return understand(self._registry, [types] if types else [], query)

    def search(self, search: str) -> list[str]:
        """The ids of the resources that satisfy a search, sorted."""
        query = self.understood(search).query
        return sorted(
            stored.id
            for stored, entries in self._found.values()
            if (not query.types or stored.type in query.types)
            and all(matches(clause, stored, entries, self) for clause in query.where)
        )


def understand(registry: Registry, types: list[str], query: str, lenient: bool = False) -> ParsedSearch:
    """A query string, parsed with the tests' own zone, clock and base."""
    parameters = parse_qsl(query, keep_blank_values=True)
    return parse(
        types, parameters, registry=registry, zone=PARIS, now=NOW, base_url=BASE_URL, lenient=lenient
    )


def example_resources() -> dict[str, Resource]:
    """HL7's official examples by file name."""
    return {path.name: json.parse(path.read_bytes()) for path in sorted(EXAMPLES.glob("*.json"))}
