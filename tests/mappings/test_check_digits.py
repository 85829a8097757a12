"""Check digits of French identifiers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.sesame.check_digits import luhn_digit, nir_key, passes_luhn


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ("1234567890122", "12"),
        ("2850578646999", "05"),
        ("185052A004000", f"{97 - 1850519004000 % 97:02}"),
        ("185052b004000", f"{97 - 1850518004000 % 97:02}"),
        ("1852A78646001", None),
    ],
)
def test_the_key_of_a_nir(body: str, key: str | None) -> None:
    if key is None:
        with pytest.raises(ValueError, match="13 digits"):
            nir_key(body)
    else:
        assert nir_key(body) == key


@given(st.from_regex(r"[12][0-9]{2}(0[1-9]|1[0-2])[0-9]{8}", fullmatch=True))
def test_a_nir_and_its_key_add_up_to_a_multiple_of_97(body: str) -> None:
    assert (int(body) + int(nir_key(body))) % 97 == 0


@pytest.mark.parametrize("body", ["", "285057864699", "28505786469990", "285057864699X"])
def test_what_is_no_nir_has_no_key(body: str) -> None:
    with pytest.raises(ValueError, match="13 digits"):
        nir_key(body)


@pytest.mark.parametrize("number", ["540002698", "580008803", "780110078", "79927398713"])
def test_numbers_known_to_pass_luhn(number: str) -> None:
    assert passes_luhn(number)


@pytest.mark.parametrize("number", ["754567860", "458174839", "10102727017", "10003461033", "", "54000269X"])
def test_numbers_known_to_fail_luhn(number: str) -> None:
    assert not passes_luhn(number)


@given(st.from_regex(r"[0-9]{1,20}", fullmatch=True))
def test_exactly_one_digit_completes_a_number(body: str) -> None:
    assert [digit for digit in "0123456789" if passes_luhn(body + digit)] == [luhn_digit(body)]
