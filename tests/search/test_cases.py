"""Every search in `cases/`, evaluated in memory. A new search parameter is covered by a row there."""

import json as stdlib
from pathlib import Path

import pytest

from fhir_server.core import json
from fhir_server.definitions.registry import Registry
from fhir_server.search.extract import Extractor
from tests.search.universe import Universe

CASES = Path(__file__).parent / "cases"


def searches() -> list[tuple[str, str, list[str]]]:
    return [
        (path.name, search, ids)
        for path in sorted(CASES.glob("*.json"))
        for search, ids in stdlib.loads(path.read_text())["searches"].items()
    ]


@pytest.fixture(scope="module")
def universes(registry: Registry, extractor: Extractor) -> dict[str, Universe]:
    return {
        path.name: Universe(registry, extractor, json.parse(path.read_bytes())["resources"])
        for path in CASES.glob("*.json")
    }


@pytest.mark.parametrize(("file", "search", "ids"), searches())
def test_a_search_finds_what_it_should(
    universes: dict[str, Universe], file: str, search: str, ids: list[str]
) -> None:
    assert universes[file].search(search) == ids
