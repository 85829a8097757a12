"""Patterns of others: matched whole, and never for long."""

import pytest

from fhir_server.core.patterns import matches


@pytest.mark.parametrize(
    ("pattern", "text", "wanted"),
    [
        (r"[0-9]{5}", "78000", True),
        (r"[0-9]{5}", "7800", False),
        (r"[0-9]{5}", "780001", False),
        (r"(0|\+33)[1-9](\d{2}){4}", "0139638200", True),
        (r"[^@]+@[^@]+\.[a-z]{2,}", "ide@quartet.example", True),
        (r"[^@]+@[^@]+\.[a-z]{2,}", "ide at quartet", False),
        (r"[]a]+", "a]a", True),
        (r"a\(b", "a(b", True),
        (r"", "", True),
    ],
)
def test_the_whole_text_must_match(pattern: str, text: str, wanted: bool) -> None:
    assert matches(pattern, text) is wanted


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"(a+)+b", "a" * 60),
        (r"(a|aa)+b", "a" * 60),
        (r"(?:x*)*y", "x" * 60),
        (r"((a{1,9}){1,9})z", "a" * 60),
        (r".*.*.*.*.*x", "a" * 300),
        (r"a" * 2_000, "a"),
        (r"[unclosed", "u"),
        (r"(?P<twice>a)(?P<twice>b)", "ab"),
    ],
)
def test_what_might_run_away_or_is_no_pattern_is_not_run(pattern: str, text: str) -> None:
    assert matches(pattern, text) is None
