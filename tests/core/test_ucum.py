"""Units and their values in base units. https://ucum.org/ucum"""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.core.ucum import UNIT_LENGTH_MAX, canonical
from fhir_server.core.ucum_units import METRIC, PREFIXES, SPECIAL, UNITS


def in_base_units(value: str, unit: str) -> tuple[Decimal | None, str]:
    found = canonical(unit)
    assert found is not None, unit
    return found.value(Decimal(value)), found.unit


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("5.4", "mg"), ("0.0054", "g")),
        (("23", "mm/h"), ("0.023", "m/h")),
        (("120", "mm[Hg]"), ("12", "cm[Hg]")),
        (("1", "mmol/L"), ("1000", "umol/l")),
        (("90", "/min"), ("1.5", "s-1")),
        (("90", "/min"), ("1.5", "Hz")),
        (("1", "10*9/L"), ("1000", "/uL")),
        (("1", "kg/m2"), ("0.1", "g/cm2")),
        (("1", "kg.m-2"), ("1", "kg/m2")),
        (("1", "ug/kg/h"), ("24", "ug/kg/d")),
        (("1", "m/(s.s)"), ("1", "m.s-2")),
        (("60", "mL/min/{1.73_m2}"), ("0.001", "L/s")),
        (("17", "{score}"), ("17", "1")),
        (("50", "%"), ("0.5", "1")),
        (("37", "Cel"), ("310.15", "K")),
        (("98.6", "[degF]"), ("37", "Cel")),
        (("1", "[in_i]"), ("2.54", "cm")),
        (("1", "U/L"), ("1", "umol/min/L")),
        (("1", "k[iU]/L"), ("1", "[IU]/mL")),
        (("1", "wk"), ("168", "h")),
        (("1", "2.m"), ("2", "m")),
        (("1", "dag"), ("10", "g")),
        (("1", "meq/L"), ("1", "mmol/L")),
    ],
)
def test_the_same_quantity_in_two_units(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert in_base_units(*one) == in_base_units(*other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("mg", "mL"), ("[iU]/L", "U/L"), ("[iU]", "[arb'U]"), ("[CFU]", "1"), ("mg/dL", "mmol/L"), ("h", "Hz")],
)
def test_units_of_different_kinds_stay_apart(one: str, other: str) -> None:
    assert in_base_units("1", one)[1] != in_base_units("1", other)[1]


@pytest.mark.parametrize(
    "unit",
    ["", " ", "mg ", "m g", "mcg", "kmin", "milligram", "[pH]", "B", "mm[hg]", "µg", "m//s", "m.", "(m", "m)",
     "m0", "m99", "{", "{a}{b}{c", "/", "(" * 30 + "m" + ")" * 30, "m." * 40 + "m", "/[HPF]",
     "m/0", "0.m", "00", "[pi]24." * 8 + "m", "/[pi]24" * 8],
)  # fmt: skip
def test_what_is_no_unit_here(unit: str) -> None:
    assert canonical(unit) is None


def test_a_unit_is_not_too_long() -> None:
    assert canonical("{" + "a" * UNIT_LENGTH_MAX + "}") is None


def test_every_unit_is_made_of_base_units() -> None:
    base = {unit for unit, (_, of) in UNITS.items() if not of}
    for unit in [*UNITS, *SPECIAL, *(prefix + unit for prefix in PREFIXES for unit in METRIC)]:
        found = canonical(unit)
        assert found is not None, unit
        assert {part.rstrip("-0123456789") or "1" for part in found.unit.split(".")} <= {*base, "1"}


def test_values_that_end_are_exact_however_long() -> None:
    written, in_grams = (
        "1.2345678901234567890123456789012345678901",
        "1234.5678901234567890123456789012345678901",
    )
    assert in_base_units(written, "kg")[0] == Decimal(in_grams)


@pytest.mark.parametrize("value", ["1E+500", "1E-500", "1" * 500])
def test_an_absurd_magnitude_is_not_worked_with(value: str) -> None:
    assert in_base_units(value, "mg")[0] is None


@given(
    st.decimals(-(10**6), 10**6, places=3), st.decimals(-(10**6), 10**6, places=3),
    st.sampled_from(["/min", "[degF]", "[Ch]", "mg", "Cel"]),
)  # fmt: skip
def test_conversion_keeps_the_order(one: Decimal, other: Decimal, unit: str) -> None:
    found = canonical(unit)
    assert found is not None
    left, right = found.value(one), found.value(other)
    assert left is not None
    assert right is not None
    assert (left < right, left == right) == (one < other, one == other)
