"""The page on validation names every report."""

from pathlib import Path

from fhir_server.cli.validate import REPORTS

PAGE = Path(__file__).parents[3] / "docs" / "validation.md"


def test_every_format_is_named() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert all(f"`{name.value}`" in text for name in REPORTS)
