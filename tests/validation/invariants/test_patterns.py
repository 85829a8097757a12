"""Regular expressions that could run away are refused before they run; those that people write are not."""

import pytest

from fhir_server.core.fhirpath import FhirPathError
from fhir_server.validation.invariants.patterns import LENGTH_MAX, check_pattern


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
def test_ordinary_patterns_pass(pattern: str) -> None:
    check_pattern(pattern)


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
    ],
)
def test_patterns_that_may_take_for_ever_are_refused(pattern: str) -> None:
    with pytest.raises(FhirPathError, match="repeats a repetition"):
        check_pattern(pattern)


@pytest.mark.parametrize("pattern", ["(", "[a", "*", "a" * (LENGTH_MAX + 1)])
def test_what_is_no_pattern_is_an_error(pattern: str) -> None:
    with pytest.raises(FhirPathError):
        check_pattern(pattern)
