"""Records of each kind, drawn from its JSON Schema, and made to keep the rules that a schema of single fields
cannot draw by itself."""

from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import assume
from hypothesis.strategies import SearchStrategy

from fhir_server.conversion.schema import RecordSchema
from fhir_server.conversion.table import Table
from tests.conversion.records import records

Record = dict[str, Any]


def drawn(table: Table) -> SearchStrategy[Record]:
    """Valid records of one kind."""
    schema = table.schema()
    checked = RecordSchema(schema)

    def valid(record: Record) -> Record:
        kept = KEEPING.get(table.name, lambda one: one)(record)
        assume(not checked.problems(kept))
        return kept

    return records(schema).map(valid)


def _patient(record: Record) -> Record:
    if {"ins_nir", "ins_nia", "ins_test"} & record.keys():
        record.setdefault("lieu_naissance", {"code_insee": "78646"})
    return record


def _passation(record: Record) -> Record:
    length = {"phq-9": 9, "gad-7": 7, "phq-2": 2}[record["echelle"]]
    answers = record["reponses"]
    record["reponses"] = [answers[place % len(answers)] for place in range(length)]
    if record["echelle"] != "phq-9":
        record.pop("difficulte", None)
    return record


KEEPING: Mapping[str, Callable[[Record], Record]] = {
    "patient": _patient,
    "passation_echelle": _passation,
}
