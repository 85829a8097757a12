"""From FHIRPath locations to lines and columns."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.cli.source_map import Position, SourceMap

TEXT = """{
  "resourceType": "Observation",
  "valueQuantity": {"value": 1.50,
    "unit": "mg"},
  "name": [
    {"given": ["é", "B"], "_given": [null, {"id": "x"}]},
    {"fam\\u0069ly": "D \\"q\\" { [ :"}
  ],
  "_birthDate": {"id": "b"},
  "odd name": 3
}"""


@pytest.mark.parametrize(
    ("place", "line", "column"),
    [
        ("Observation", 1, 1),
        ("Observation.resourceType", 2, 3),
        ("Observation.value.ofType(Quantity)", 3, 3),
        ("Observation.value.ofType(Quantity).unit", 4, 5),
        ("Observation.name", 5, 3),
        ("Observation.name[0]", 6, 5),
        ("Observation.name[0].given[1]", 6, 21),
        ("Observation.name[1].family", 7, 6),
        ("Observation.birthDate", 9, 3),
        ("Observation.birthDate.id", 9, 18),
        ("Observation.`odd name`", 10, 3),
        ("Observation.name[7].given", 5, 3),
        ("Observation.nowhere.at[3].all", 1, 1),
        ("Observation.name[0].given[1].extension('x')", 6, 21),
        ("", 1, 1),
    ],
)
def test_the_place_of_an_element(place: str, line: int, column: int) -> None:
    assert SourceMap(TEXT.encode()).position(place) == Position(line, column)


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("Patient.name[0].family", 2),
        ("Patient.name[0].given[0]", 3),
        ("Patient.name[1].family", 1),
        ("Patient.maritalStatus.text", 4),
        ("Patient.maritalStatus.coding", 4),
    ],
)
def test_the_place_of_what_should_be_an_array_or_should_not(place: str, line: int) -> None:
    text = b"""{"name": {
  "family": "A",
  "given": "B"},
  "maritalStatus": [{"text": "x"}]}"""
    assert SourceMap(text).position(place).line == line


def test_a_line_of_ndjson_counts_from_its_own_line() -> None:
    assert SourceMap(b'{"a": 1}', first_line=12).position("X.a") == Position(12, 2)


def test_a_repeated_key_is_found() -> None:
    source = SourceMap(b'{"a": {"b": 1},\n "b": 2,\n "a": 3}')
    assert source.repeated() == Position(3, 2)
    assert SourceMap(b'{"a": {"a": 1}}').repeated() is None


def test_bytes_and_characters_are_told_apart() -> None:
    assert SourceMap('{"é": x}'.encode()).of_byte(7) == Position(1, 7)


NAMES = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=5)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(NAMES, below),
    max_leaves=20,
)


def places(value: Any, place: str = "X") -> list[tuple[str, Any]]:
    """Every member and item below a value, by its place."""
    if isinstance(value, dict):
        inside = [(f"{place}.{name}", below) for name, below in value.items()]
    elif isinstance(value, list):
        inside = [(f"{place}[{index}]", below) for index, below in enumerate(value)]
    else:
        return []
    return inside + [found for where, below in inside for found in places(below, where)]


@given(st.dictionaries(NAMES, VALUES), st.sampled_from([None, 1, 4]))
def test_what_stands_at_a_position_is_the_element(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    lines = text.split("\n")
    source = SourceMap(text.encode())
    for place, below in places(value):
        found = source.position(place)
        rest = "\n".join([lines[found.line - 1][found.column - 1 :], *lines[found.line :]])
        if not place.endswith("]"):
            key = json.dumps(place.rpartition(".")[2])
            assert rest.startswith(f"{key}:")
            rest = rest[len(key) + 1 :].lstrip()
        assert json.JSONDecoder().raw_decode(rest)[0] == below
