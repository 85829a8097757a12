"""Each schema violation is reported with its location and a remedy."""

from typing import Any

import msgspec
import pytest

from fhir_server.conversion.field_kinds import LINE_PATTERN, MOMENT_PATTERN, TEXT_PATTERN
from fhir_server.conversion.schema import RecordSchema
from fhir_server.core import json

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z]+$"},
        "kind": {"type": "string", "enum": ["a", "b"]},
        "on": {"type": "string", "format": "date", "pattern": "^[0-9-]+$"},
        "at": {"type": "string", "format": "date-time", "pattern": MOMENT_PATTERN},
        "amount": {"type": "number", "minimum": 0, "maximum": 608},
        "list": {"type": "array", "items": {"type": "integer"}, "maxItems": 2},
        "inside": {
            "type": "object",
            "required": ["a/b"],
            "additionalProperties": False,
            "properties": {"a/b": {"type": "string"}},
        },
        "unique": {"type": "array", "uniqueItems": True},
        "alone": {"type": "string"},
        "line": {"type": "string", "pattern": LINE_PATTERN},
        "text": {"type": "string", "pattern": TEXT_PATTERN},
        "friend": {"type": "string"},
    },
    "dependentRequired": {"alone": ["friend"]},
    "if": {"properties": {"kind": {"const": "b"}}, "required": ["kind"]},
    "then": {"properties": {"friend": {"not": {}}}, "required": ["list"]},
}
CHECKED = RecordSchema(SCHEMA)


@pytest.mark.parametrize(
    ("record", "place", "said"),
    [
        ({}, "/name", "Add it"),
        ({"name": "a", "nmae": "b"}, "/nmae", "Its fields: name, kind"),
        ({"name": "a", "n~a/b": 1}, "/n~0a~1b", "Its fields: name, kind"),
        ({"name": 1}, "/name", "JSON type string"),
        ({"name": "A"}, "/name", "^[a-z]+$"),
        ({"name": "a\n"}, "/name", "^[a-z]+$"),
        ({"name": "a", "kind": "c"}, "/kind", "one of: a, b"),
        ({"name": "a", "on": "2025-02-30"}, "/on", "2024-05-31."),
        ({"name": "a", "on": 20250202}, "/on", "JSON type string"),
        ({"name": "a", "on": "30/02/2025"}, "/on", "2024-05-31."),
        ({"name": "a", "at": "2025-02-03T25:00:00Z"}, "/at", "2024-05-31T"),
        ({"name": "a", "at": "2025-02-03"}, "/at", "2024-05-31T"),
        ({"name": "a", "amount": msgspec.Raw(b"608.01")}, "/amount", "≤ 608"),
        ({"name": "a", "list": [1, 2, 3]}, "/list", "too many values. Give 2 at most."),
        ({"name": "a", "list": [1, "2"]}, "/list/1", "JSON type integer"),
        ({"name": "a", "inside": {}}, "/inside/a~1b", "Add it"),
        ({"name": "a", "inside": {"a/b": 1}}, "/inside/a~1b", "JSON type string"),
        ({"name": "a", "unique": [1, 1]}, "/unique", "/schema"),
        ({"name": "a", "alone": "x"}, "/friend", "Add it"),
        ({"name": "a", "line": "1 rue A\nParis"}, "/line", "holds a line break"),
        ({"name": "a", "text": "Bien.\n"}, "/text", "ends with a space or a line break"),
        ({"name": "a", "kind": "b"}, "/list", "Add it"),
        ({"name": "a", "kind": "b", "list": [], "friend": "x"}, "/friend", "Leave it out"),
        ([], "/", "the record must be of the JSON type object"),
    ],
)
def test_a_problem_has_its_place_and_what_to_do(record: Any, place: str, said: str) -> None:
    (problem,) = CHECKED.problems(record)
    assert problem.expression == (place,)
    assert said in problem.text.render("en")
    assert problem.text.render("fr") != problem.text.render("en")


def test_every_problem_is_told_at_once() -> None:
    problems = CHECKED.problems({"kind": "c", "x": 1, "y": 2})
    assert {problem.expression[0] for problem in problems} == {"/name", "/kind", "/x", "/y"}


def test_what_keeps_the_schema() -> None:
    body = b'{"name":"a","amount":608.00,"on":"2024-02-29","at":"2024-02-29T10:00:00.5+02:00","list":[]}'
    assert CHECKED.problems(json.parse(body)) == []
