"""What holds of every native record: nothing is lost on the way to FHIR and back; what is made is sound."""

import re
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from fhir_server.conversion.table import Table
from fhir_server.core import json
from mappings.sesame.records.table import tables
from tests.mappings.records.drawn import drawn
from tests.mappings.sound import GUIDE, errors

TABLES = tables(GUIDE)
each_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)


@each_table
@given(data=st.data())
def test_nothing_is_lost_on_the_way_to_fhir_and_back(table: Table, data: st.DataObject) -> None:
    record = data.draw(drawn(table))
    resources = table.to_fhir(record)
    read = [json.parse(json.serialise(resource)) for resource in resources]
    assert table.from_fhir(read) == record
    assert table.from_fhir(reversed(read)) == record


@each_table
@settings(max_examples=15)
@given(data=st.data())
def test_what_is_made_is_sound(table: Table, data: st.DataObject) -> None:
    for resource in table.to_fhir(data.draw(drawn(table))):
        assert [str(issue) for issue in errors(resource)] == []
        model = get_fhir_model_class(resource["resourceType"])
        assert model.model_validate_json(json.serialise(resource))


@each_table
@settings(max_examples=5)
@given(data=st.data())
def test_ids_follow_from_the_identifier(table: Table, data: st.DataObject) -> None:
    record = data.draw(drawn(table))
    first, second = table.to_fhir(record), table.to_fhir(record)
    assert first == second
    for part, resource in zip(table.parts, first, strict=False):
        if part.identity is None and part.when is None:
            assert record["identifiant"] in json.serialise(resource.get("identifier")).decode()


@each_table
def test_its_schema_is_one_and_describes_every_field(table: Table) -> None:
    schema = table.schema()
    Draft202012Validator.check_schema(schema)
    for name, described in _fields(schema):
        assert described["description"].endswith((".", "?", "é.")), name
        assert re.fullmatch(r"[a-z0-9_]+", name.rpartition(".")[2])


def _fields(schema: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    for name, one in schema["properties"].items():
        if one.get("type") == "object":
            found += [(f"{name}.{inner}", of) for inner, of in _fields(one)]
        else:
            found.append((name, one))
    return found


def test_no_two_records_share_a_name_or_the_places_of_another() -> None:
    names = [table.name for table in TABLES]
    assert len(names) == len(set(names))
