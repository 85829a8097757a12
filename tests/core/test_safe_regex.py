"""Untrusted regular expressions: matched whole, never for long; those that could backtrack without end are
refused.
"""

import pytest

from fhir_server.core.safe_regex import LENGTH_MAX, PatternError, compiled_pattern, matches, search_pattern


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
        (r"a" * (LENGTH_MAX + 1), "a"),
        (r"[unclosed", "u"),
        (r"(?P<twice>a)(?P<twice>b)", "ab"),
    ],
)
def test_what_might_run_away_or_is_no_pattern_is_not_run(pattern: str, text: str) -> None:
    assert matches(pattern, text) is None


@pytest.mark.parametrize(
    "pattern",
    [
        r"^[A-Z]([A-Za-z0-9_]){0,254}$",
        r"^[^\s\.,:;\'\"\/|?!@#$%&*()\[\]{}]{1,64}(\.[^\s\.,:;]{1,64}(\[x\])?(\:[^\s\.]+)?)*$",
        r"^[A-Za-z][A-Za-z0-9]*(\.[a-z][A-Za-z0-9]*(\[x])?)*$",
        r"^([a-z]+\.)+[a-z]{2,}$",
        r"^(\d+,)*\d+$",
        r"^(a|b)+$",
        r"^\d{13}[0-9AB]\d$",
        r".*foo.*",
        r"^urn:oid:[0-2](\.(0|[1-9][0-9]*))+$",
    ],
)
def test_ordinary_patterns_are_compiled(pattern: str) -> None:
    compiled_pattern(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+$",
        r"(a*)*b",
        r"([a-z]+\s?)+$",
        r"(.*,)+x",
        r"(\w+|\d+)+$",
        r"^((ab?)+c?)+$",
        r"((a+)+)?b",
        "(a|ab|b)*c",
        "(aa?)+b",
        "([ab]|[ab])+c",
        "(ab|abab)+c",
        "(a|aa)+b",
        "((a{1,9}){1,9})z",
    ],
)
def test_patterns_that_may_take_for_ever_are_refused(pattern: str) -> None:
    with pytest.raises(PatternError, match="repeats a repetition"):
        compiled_pattern(pattern)


@pytest.mark.parametrize("pattern", ["(", "[a", "*", "a" * (LENGTH_MAX + 1)])
def test_what_is_no_pattern_is_an_error(pattern: str) -> None:
    with pytest.raises(PatternError):
        compiled_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "length"),
    [
        (r"^[A-Za-z0-9+/=]*$", 1_000_000),
        (r"^\w+ \w+ \w+ \w+ \w+ \w+$", 1_000_000),
        (r"^[a-z.]+@[a-z]+\.[a-z]+$", 1_000_000),
        (r"^-?\d+(\.\d+)?$", 1_000_000),
        (r"[a-z.]+@[a-z]+\.[a-z]+", 10_000),
        (r".*foo.*", 10_000),
        (r"^(?=.*\d)(?=.*[a-z]).{8,}$", 1_000),
        (r"abc", 1_000_000),
    ],
)
def test_ordinary_patterns_are_looked_for_in_texts_of_some_length(pattern: str, length: int) -> None:
    assert search_pattern(pattern, "a" * length)


@pytest.mark.parametrize(
    ("pattern", "length"),
    [(r"\s*x$", 30_000), (r"a*a*a*a*b", 200), (r"a*b*a*c", 1_000), (r"^.*foo.*bar.*$", 1_000)],
)
def test_patterns_that_may_take_long_in_a_text_are_not_looked_for(pattern: str, length: int) -> None:
    with pytest.raises(PatternError, match="may take long"):
        search_pattern(pattern, " " * length)
