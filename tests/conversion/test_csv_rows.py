"""Rows become records of typed values; an invalid row is reported with its line, and does not stop the
others.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from fhir_server.conversion.csv_rows import rows
from fhir_server.core import json
from fhir_server.errors import MalformedContent

SCHEMA: dict[str, Any] = {
    "properties": {
        "id": {"type": "string"},
        "rank": {"type": "integer"},
        "amount": {"type": "number"},
        "open": {"type": "boolean"},
        "born": {"type": "string", "format": "date"},
        "scores": {"type": "array", "items": {"type": "integer"}},
        "address": {"type": "object", "properties": {"city": {"type": "string"}}},
    }
}


def read(text: str) -> list[Any]:
    return [
        row.record if row.error is None else (row.line, row.error.issues[0].text.render())
        for row in rows(text.splitlines(keepends=True), SCHEMA)
    ]


def test_values_have_the_types_of_the_schema() -> None:
    text = "id,rank,amount,open,scores,address.city\n007,3,608.00,oui,1|2,Versailles\n"
    (record,) = read(text)
    body = b'{"id":"007","rank":3,"amount":608.00,"open":true,"scores":[1,2],"address":{"city":"Versailles"}}'
    assert json.serialise(record) == body


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_spreadsheets_differ_in_what_they_put_between(delimiter: str) -> None:
    text = "\ufeffid,rank\r\na,1\r\n".replace(",", delimiter)
    assert read(text) == [{"id": "a", "rank": 1}]


def test_decimals_may_be_written_the_french_way() -> None:
    (record,) = read('id;amount\na;"608,00"\n')
    assert json.serialise(record["amount"]) == b"608.00"


def test_empty_cells_and_short_lines_say_nothing() -> None:
    assert read("id,rank,address.city\na,,\nb\n\nc, ,x\n") == [
        {"id": "a"},
        {"id": "b"},
        {"id": "c", "address": {"city": "x"}},
    ]


def test_a_line_of_empty_cells_is_none() -> None:
    assert read("id;rank\na;1\n;\n ; \nb;2\n;;;\n") == [{"id": "a", "rank": 1}, {"id": "b", "rank": 2}]


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("a;31/12/2025", "2025-12-31"),
        ("a;05/06/1990", "1990-06-05"),
        ("a;2025-12-31", "2025-12-31"),
        ("a;31/02/2025", "2025-02-31"),
        ("a;1/2/2025", "1/2/2025"),
        ("a,05/06/1990", "05/06/1990"),
    ],
)
def test_days_may_be_written_as_spreadsheets_do_that_write_semicolons(line: str, day: str) -> None:
    assert read(f"id{line[1]}born\n{line}\n") == [{"id": "a", "born": day}]


def test_cells_hold_delimiters_and_line_breaks_within_quotes() -> None:
    found = list(rows(["id,address.city\n", '"a,b","x\n', 'y"\n', "c,z\n"], SCHEMA))
    assert [row.record for row in found] == [
        {"id": "a,b", "address": {"city": "x\ny"}},
        {"id": "c", "address": {"city": "z"}},
    ]
    assert [row.line for row in found] == [3, 4]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a,x", "'rank' holds 'x', which is no integer."),
        ("a,1.5", "'rank' holds '1.5', which is no integer."),
        ("a,1,2", "The line has more cells than the header has columns."),
        (b"\xe9,1".decode("utf-8", "surrogateescape"), "The line is not in UTF-8."),
        ('"a"b,1', "This is no CSV file"),
    ],
)
def test_a_bad_line_stops_no_other(line: str, said: str) -> None:
    first, (number, told), last = read(f"id,rank\na,1\n{line}\nb,2\n")
    assert (first, last) == ({"id": "a", "rank": 1}, {"id": "b", "rank": 2})
    assert number == 3
    assert told.startswith(said)


@pytest.mark.parametrize("header", ["id,nothing", "address", "", "id,address.street"])
def test_a_header_names_fields(header: str) -> None:
    known = "Its fields: id, rank, amount, open, born, scores, address.city."
    with pytest.raises(MalformedContent, match=f"is no field of the record. {known}"):
        list(rows([f"{header}\n", "a,b\n"], SCHEMA))


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("id,rank,id", "'id' stands twice"),
        ("\udcff\udcfei,d", "is not in UTF-8"),
        pytest.param("id" * 100_000, "is no CSV file", id="long"),
    ],
)
def test_a_header_is_text_and_names_each_field_once(header: str, said: str) -> None:
    with pytest.raises(MalformedContent, match=said):
        list(rows([f"{header}\n", "a,b,c\n"], SCHEMA))


def test_rows_are_read_one_at_a_time() -> None:
    taken: list[int] = []

    def endless() -> Iterator[str]:
        yield "id\n"
        while True:
            taken.append(1)
            yield "a\n"

    found = rows(endless(), SCHEMA)
    assert [next(found).line for _ in range(3)] == [2, 3, 4]
    assert len(taken) == 3
