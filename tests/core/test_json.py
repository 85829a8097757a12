"""Exact JSON: numbers keep every digit, and ambiguous JSON is refused."""

import json as stdlib
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.core import json
from fhir_server.errors import MalformedContent

NUMBERS = st.one_of(
    st.integers().map(str),
    st.decimals(allow_nan=False, allow_infinity=False).map(str).map(str.lower),
    st.sampled_from(
        ["1.50", "187e0", "0.000", "-0", "-0.0", "1E+5", "608.00", "123456789012345678901234567890"]
    ),
)


@pytest.mark.parametrize(
    "text", ["1.50", "187e0", "-0", "-0.0", "0.00", "1E-7", "1.234567890123456789012345678901", "-12"]
)
def test_number_text_is_kept(text: str) -> None:
    body = f'{{"value":{text}}}'.encode()
    assert json.serialise(json.parse(body)) == body


@pytest.mark.parametrize(
    "text",
    ["1e-99999999999999999999", "1E+1000000000000000000", "0e99999999999999999999", f"1e{'9' * 5_000}"],
)
def test_numbers_that_cannot_be_calculated_with_are_refused(text: str) -> None:
    for body in (f"[{text}]", f'{{"a":-0,"b":[{text}]}}'):
        with pytest.raises(MalformedContent, match="too large or too small"):
            json.parse(body.encode())
    assert json.decimal(json.parse(b"[1e999999999999999999]")[0]).adjusted() == 999_999_999_999_999_999


@given(st.lists(NUMBERS))
def test_any_number_text_is_kept(numbers: list[str]) -> None:
    body = f"[{','.join(numbers)}]".encode()
    assert json.serialise(json.parse(body)) == body


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_agrees_with_the_standard_library(value: Any) -> None:
    body = stdlib.dumps(value).encode()
    assert json.parse(body) == value
    assert stdlib.loads(json.serialise(json.parse(body))) == value


@given(st.dictionaries(st.text(), st.integers(), min_size=1), st.data())
def test_a_repeated_key_is_always_refused(members: dict[str, int], data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(sorted(members)))
    pairs = [*members.items(), (key, 0)]
    body = "{" + ",".join(f"{stdlib.dumps(name)}:{value}" for name, value in pairs) + "}"
    with pytest.raises(MalformedContent, match="stands twice"):
        json.parse(f'{{"a:b":[{body}]}}'.encode())


def test_a_repeated_key_is_found_among_many() -> None:
    """By one look at each: to count every key anew takes minutes."""
    body = ",".join(f'"k{number}":1' for number in range(100_000))
    with pytest.raises(MalformedContent, match="'k99999' stands twice"):
        json.parse(f'{{{body},"k99999":2}}'.encode())


def test_an_escaped_colon_hides_no_repeated_key() -> None:
    with pytest.raises(MalformedContent, match="stands twice"):
        json.parse(rb'{"a":1,"a":2,"b":"\u003a"}')


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b'{"a":NaN}', b'{"a":Infinity}', b"[1,]", b'{"a":01}', b'{"a":1.}', rb'"\ud800"'],
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedContent, match="not valid JSON"):
        json.parse(body)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ('{"city":"Orléans","family":"François"}'.encode("latin-1"), "byte 12, counted from 0, is 0xE9"),
        (b'\xef\xbb\xbf{"a":"\xc3\xa9","b":"Fran\xe7ois"}', "byte 22, counted from 0, is 0xE7"),
        (b'{"a\xff":1}', "byte 3, counted from 0, is 0xFF"),
        (b'{"a":"\xed\xa0\x80"}', "byte 6, counted from 0, is 0xED"),
        (b'"\xef\xbf\xbd\xc3"', "byte 4, counted from 0, is 0xC3"),
    ],
)
def test_what_is_not_utf8_is_told_by_its_place_in_the_body(body: bytes, place: str) -> None:
    """https://hl7.org/fhir/R4/http.html#mime-type: FHIR uses UTF-8 for all requests and responses."""
    with pytest.raises(MalformedContent, match=f"is not UTF-8: {place}"):
        json.parse(body)


def test_depth_is_limited() -> None:
    within, beyond = b"[" * 100 + b"]" * 100, b"[" * 101 + b"]" * 101
    assert json.parse(within) is not None
    for body in (beyond, b"[" * 1_000_000, b'{"a":' * 5_000 + b"1" + b"}" * 5_000):
        with pytest.raises(MalformedContent):
            json.parse(body)


def test_many_siblings_are_not_depth() -> None:
    assert len(json.parse(b"[" + b",".join([b"{}"] * 500) + b"]")) == 500


def test_a_byte_order_mark_is_ignored() -> None:
    assert json.parse(b"\xef\xbb\xbf{}") == {}


def test_decimals_are_exact() -> None:
    value = json.parse(b'{"small":0.1,"whole":3,"long":0.123456789012345678901234567890}')
    assert json.decimal(value["small"]) == Decimal("0.1")
    assert json.decimal(value["whole"]) == 3
    assert json.decimal(value["long"]) == Decimal("0.123456789012345678901234567890")
    assert json.serialise({"n": json.number(Decimal("608.00"))}) == b'{"n":608.00}'


def test_the_sign_of_zero_is_kept_beside_what_only_looks_like_it() -> None:
    text = b'["435eaed6-0f12-4d8b-9a3f-1f2e3d4c5b6a",{"a":-0},-0]'
    assert json.serialise(json.parse(text)) == text
    assert json.serialise(json.parse(b"-0")) == b"-0"


@pytest.mark.parametrize("value", ["1", "-0", "-0.0", "1.50", "[-0,1]", '{"b":-0}', "[1,-0]", '"-0"'])
def test_what_the_server_has_written_itself_comes_back_as_it_was(value: str) -> None:
    text = f'{{"resourceType":"Basic","id":"a-0b","a":{value}}}'.encode()
    assert json.serialise(json.parse_own(text)) == text
