"""The formats of the primitive types, as values of an extension."""

from base64 import b64encode
from calendar import monthrange
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.core.json import parse, serialise

Problems = Callable[[Any], list[tuple[str, str]]]


def extended(type_name: str, value: Any) -> dict[str, Any]:
    name = "value" + type_name[0].upper() + type_name[1:]
    return {"resourceType": "Basic", "code": {"text": "x"}, "extension": [{"url": "http://x", name: value}]}


def codes(problems: Problems, type_name: str, value: Any) -> list[str]:
    found = problems(extended(type_name, value))
    assert all(where == f"Basic.extension[0].value.ofType({type_name})" for _, where in found)
    return [code for code, _ in found]


@pytest.mark.parametrize(
    ("type_name", "values"),
    [
        ("boolean", [True, False]),
        ("integer", [0, -1, 2**31 - 1, -(2**31)]),
        ("unsignedInt", [0, 1, 2**31 - 1]),
        ("positiveInt", [1, 2**31 - 1]),
        ("decimal", [0, -12, 10**30]),
        ("string", ["x", " x ", "é\tb\r\nc\u00a0d", "x" * 1024 * 1024]),
        ("markdown", ["# a\n\n* b"]),
        ("code", ["a", "a-b", "a b", "é", "<=", "CHEST\u00a0"]),
        ("id", ["a", "A-9.z", "x" * 64]),
        ("uri", ["http://x/y?z=1#a", "urn:uuid:X", "é", "a|1", "a\u00a0b"]),
        ("url", ["mailto:a@b.c"]),
        ("canonical", ["http://x|1.0#a", "#a"]),
        ("oid", ["urn:oid:1.2.250.1.213.1.4.8", "urn:oid:2.0.1"]),
        ("uuid", ["urn:uuid:c757873d-ec9a-4326-a141-556f43239520"]),
        ("base64Binary", ["QQ==", "QUI=", "QUJD", "QUJD\nQUJD", "Q U J D"]),
        ("date", ["2024", "2024-02", "2024-02-29", "2000-02-29", "1900-12-31", "0001-01-01"]),
        (
            "dateTime",
            ["2024", "2024-02-29", "2024-02-29T23:59:60Z", "2024-01-01T00:00:00.123456789+14:00"],
        ),
        ("instant", ["2024-02-29T23:59:59Z", "2024-02-29T23:59:59.999-03:30"]),
        ("time", ["00:00:00", "23:59:59.5"]),
    ],
)
def test_values_of_the_format_are_accepted(problems: Problems, type_name: str, values: list[Any]) -> None:
    assert [value for value in values if codes(problems, type_name, value)] == []


@pytest.mark.parametrize(
    ("type_name", "values"),
    [
        ("integer", [2**31, -(2**31) - 1, 10**40]),
        ("unsignedInt", [-1]),
        ("positiveInt", [0, -1]),
        ("string", ["a\x00", "\x1b[1m", "a\x0b"]),
        ("markdown", ["a\nb\x07"]),
        ("code", [" a", "a ", "a  b", "a\tb", "a\n"]),
        ("id", ["a b", "a_b", "é", "x" * 65, "a\n"]),
        ("uri", ["a b", " a", "a\n", "\x00"]),
        ("url", ["http://x y"]),
        ("canonical", ["http://x |1"]),
        ("oid", ["1.2.3", "urn:oid:3.1", "urn:oid:1.02", "urn:oid:1"]),
        ("uuid", ["c757873d-ec9a-4326-a141-556f43239520", "urn:uuid:C757873D-EC9A-4326-A141-556F43239520"]),
        (
            "base64Binary",
            ["QQ", "Q===", "QQ==QQ==", "é===", "Q-_=", "====", "QUJD=", "QUJD=====", "QUJD===="],
        ),
        (
            "date",
            [
                "24",
                "2024-2",
                "2024-13",
                "2023-02-29",
                "1900-02-29",
                "2024-04-31",
                "0000",
                "2024-01-01T00:00:00Z",
            ],
        ),
        (
            "dateTime",
            [
                "2024-01-01T10:00Z",
                "2024-01-01T10:00:00",
                "2024-01-01T24:00:00Z",
                "2024-01-01 10:00:00Z",
                "2024-02T10:00:00Z",
            ],
        ),
        (
            "instant",
            ["2024-01-01", "2024-01-01T10:00:00", "2024-01-01T10:00:00+14:30", "2023-02-29T10:00:00Z"],
        ),
        ("time", ["24:00:00", "10:00", "10:00:00Z", "9:00:00"]),
    ],
)
def test_values_of_another_format_are_refused(problems: Problems, type_name: str, values: list[Any]) -> None:
    assert [value for value in values if codes(problems, type_name, value) != ["value"]] == []


@pytest.mark.parametrize("type_name", ["integer", "positiveInt", "unsignedInt"])
def test_a_number_with_a_fraction_or_exponent_is_no_integer(problems: Problems, type_name: str) -> None:
    for text in (b"1.0", b"1e2", b"-0.0"):
        assert codes(problems, type_name, parse(b"[%s]" % text)[0]) == ["value"]


def test_decimals_keep_any_precision(problems: Problems) -> None:
    for text in (b"1.50", b"187e0", b"-0.000000000000000000000000000001", b"1E-9"):
        assert codes(problems, "decimal", parse(b"[%s]" % text)[0]) == []


@pytest.mark.parametrize(
    ("type_name", "value"),
    [
        ("boolean", "true"),
        ("boolean", 1),
        ("integer", True),
        ("integer", "1"),
        ("decimal", False),
        ("decimal", "1.5"),
        ("string", 1),
        ("date", {}),
        ("code", True),
        ("uri", ""),
        ("base64Binary", ""),
    ],
)
def test_another_kind_of_json(problems: Problems, type_name: str, value: Any) -> None:
    assert codes(problems, type_name, value) == ["structure"]


def test_a_string_over_a_megabyte_is_too_long(problems: Problems) -> None:
    assert codes(problems, "string", "x" * (1024 * 1024 + 1)) == ["too-long"]


@pytest.mark.parametrize(
    ("div", "expected"),
    [
        ('<div xmlns="http://www.w3.org/1999/xhtml">Bonjour<br/></div>', []),
        ('  <div xmlns="http://www.w3.org/1999/xhtml">\n<p>a</p>\n</div>\n', []),
        ("Bonjour", ["value"]),
        ("<p>Bonjour</p>", ["value"]),
        ("<divx>Bonjour</divx>", ["value"]),
        ("<div>Bonjour", ["value"]),
        ("<div>\x00</div>", ["value"]),
    ],
)
def test_narrative_is_a_div(problems: Problems, div: str, expected: list[str]) -> None:
    found = problems({"resourceType": "Patient", "text": {"status": "generated", "div": div}})
    assert found == [(code, "Patient.text.div") for code in expected]


@given(st.dates())
def test_every_date_of_the_calendar_is_valid(problems: Problems, date: Any) -> None:
    assert codes(problems, "date", date.isoformat()) == []
    assert codes(problems, "instant", f"{date.isoformat()}T12:00:00Z") == []


@given(st.integers(1, 9999), st.integers(1, 12), st.integers(29, 31))
def test_no_day_outside_the_calendar_is_valid(problems: Problems, year: int, month: int, day: int) -> None:
    expected = [] if day <= monthrange(year, month)[1] else ["value"]
    assert codes(problems, "date", f"{year:04}-{month:02}-{day:02}") == expected


@given(st.binary(min_size=1))
def test_everything_that_base64_writes_is_valid(problems: Problems, content: bytes) -> None:
    assert codes(problems, "base64Binary", b64encode(content).decode()) == []


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_every_number_that_is_written_is_a_decimal(problems: Problems, number: Any) -> None:
    parsed = parse(b'{"x":%s}' % str(number).replace("E+", "e").encode())["x"]
    assert codes(problems, "decimal", parsed) == []
    assert serialise(parsed)
