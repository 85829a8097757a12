"""The page on terminology has the limits and the parameters of the code."""

from pathlib import Path

from fhir_server.codes.remote import FAILURES_MAX
from fhir_server.codes.terminology import EXPANSION_MAX
from fhir_server.operations.terminology.expand import EXPAND_PARAMETERS

PAGE = Path(__file__).parents[3] / "docs" / "terminology.md"
TOLD_ELSEWHERE = {"url", "valueSet", "valueSetVersion", "cache-id", "diagnostics", "excludePostCoordinated"}


def test_the_page_tells_the_numbers_and_the_parameters_of_the_code() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert f"More than {EXPANSION_MAX:,} codes" in text
    assert FAILURES_MAX == 3
    assert "after three failures in a row" in text
    for name in EXPAND_PARAMETERS.keys() - TOLD_ELSEWHERE:
        assert f"`{name}`" in text
