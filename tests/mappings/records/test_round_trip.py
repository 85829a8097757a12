"""Properties of every native record: the round trip through FHIR is lossless, and its resources are valid."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from jsonschema import Draft202012Validator

from fhir_server.conversion.merge import merged
from fhir_server.conversion.table import OwnedElements, Resource, Table
from fhir_server.core import json
from mappings.sesame.records.table import tables
from scripts.document_records import examples
from tests.mappings.records.record_strategies import valid_records
from tests.mappings.validity import GUIDE, errors

TABLES = tables(GUIDE)
EXAMPLES = examples()
BY_NAME = {table.name: table for table in TABLES}
each_table = pytest.mark.parametrize("name", BY_NAME)


@cache
def drawn_of(name: str) -> SearchStrategy[dict[str, Any]]:
    """Valid records of one kind."""
    return valid_records(BY_NAME[name])


@each_table
@settings(max_examples=15)
@given(data=st.data())
def test_nothing_is_lost_on_the_way_to_fhir_and_back(name: str, data: st.DataObject) -> None:
    table = BY_NAME[name]
    record = data.draw(drawn_of(name))
    resources = table.to_fhir(record)
    read = [json.parse(json.serialise(resource)) for resource in resources]
    assert table.from_fhir(read) == record
    assert table.from_fhir(reversed(read)) == record


@each_table
@settings(max_examples=8)
@given(data=st.data())
def test_what_is_said_last_is_what_is_read(name: str, data: st.DataObject) -> None:
    table = BY_NAME[name]
    before, after = data.draw(drawn_of(name)), data.draw(drawn_of(name))
    after["identifiant"] = before["identifiant"]
    parts = {part.type: part for part in table.parts}
    stored = {one["resourceType"]: one | {"language": "fr"} for one in table.to_fhir(before)}
    written = [
        merged(stored[one["resourceType"]], one, parts[one["resourceType"]], _own(table, one))
        for one in table.to_fhir(after)
    ]
    assert table.from_fhir(written) == after
    assert all(one["language"] == "fr" for one in written)


def _own(table: Table, resource: Resource) -> OwnedElements:
    return table.owned(next(part for part in table.parts if part.type == resource["resourceType"]))


@each_table
@settings(max_examples=8)
@given(data=st.data())
def test_what_is_made_is_sound(name: str, data: st.DataObject) -> None:
    table = BY_NAME[name]
    record = data.draw(drawn_of(name))
    for resource in table.to_fhir(record):
        assert [str(issue) for issue in errors(resource)] == []
        model = get_fhir_model_class(resource["resourceType"])
        assert model.model_validate_json(json.serialise(resource))


@each_table
def test_what_says_less_than_a_record_is_read_too(name: str) -> None:
    """What came as FHIR may lack any element."""
    table = BY_NAME[name]
    said = json.serialise(table.to_fhir(EXAMPLES[name]))
    for place in range(len(list(_members(json.parse(said))))):
        resources = json.parse(said)
        holder, member = list(_members(resources))[place]
        del holder[member]
        assert isinstance(table.from_fhir(resources), dict)


def _members(value: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """Every member of every object below, but for what tells the type of a resource."""
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _members(inner)
    if isinstance(value, dict):
        yield from ((value, name) for name in value if name != "resourceType")


@each_table
@settings(max_examples=3)
@given(data=st.data())
def test_ids_follow_from_the_identifier(name: str, data: st.DataObject) -> None:
    table = BY_NAME[name]
    record = data.draw(drawn_of(name))
    first, second = table.to_fhir(record), table.to_fhir(record)
    assert first == second
    for part, resource in zip(table.parts, first, strict=True):
        if part.identity is None:
            assert record["identifiant"] in json.serialise(resource.get("identifier")).decode()


@each_table
def test_its_schema_is_one_and_describes_every_field(name: str) -> None:
    schema = BY_NAME[name].schema()
    Draft202012Validator.check_schema(schema)
    for field, described in _fields(schema):
        assert described["description"].endswith((".", "?")), field
        assert re.fullmatch(r"[a-z0-9_]+", field.rpartition(".")[2])


def _fields(schema: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    for name, one in schema["properties"].items():
        if one.get("type") == "object":
            found += [(f"{name}.{inner}", of) for inner, of in _fields(one)]
        else:
            found.append((name, one))
    return found


def test_no_two_records_share_a_name() -> None:
    names = [table.name for table in TABLES]
    assert len(names) == len(set(names))
