"""The documentation page on search parameters states the numbers of the code."""

from pathlib import Path

from fhir_server.jobs.reindex import LEASE_SECONDS
from fhir_server.jobs.type_indexer import BATCH

PAGE = Path(__file__).parents[2] / "docs" / "search-parameters.md"


def test_the_page_tells_the_numbers_of_the_code() -> None:
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    assert f"units of {BATCH} resources" in text
    assert f"after {LEASE_SECONDS:.0f} seconds" in text
