"""Records of each kind, drawn from its JSON Schema, and made to keep the rules that a schema of single fields
cannot draw by itself."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import assume
from hypothesis.strategies import SearchStrategy

from fhir_server.conversion.schema import RecordSchema
from fhir_server.conversion.table import Table
from mappings.sesame.records.score_echelle import HIGHEST
from mappings.sesame.records.words import MODALITY_PLACES
from tests.conversion.schema_strategies import records

Record = dict[str, Any]


def valid_records(table: Table) -> SearchStrategy[Record]:
    """Valid records of one kind."""
    schema = table.schema()
    checked = RecordSchema(schema)

    def valid(record: Record) -> Record:
        kept = _in_order(record)
        if table.name in KEEPING:
            kept = KEEPING[table.name](kept)
        assume(not checked.problems(kept))
        return kept

    return records(schema).map(valid)


def _in_order(record: Record) -> Record:
    """A period begins before it ends."""
    if "debut" in record and "fin" in record:
        record["debut"], record["fin"] = sorted([record["debut"], record["fin"]], key=_instant)
    return record


def _instant(text: str) -> datetime:
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


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


def _organisme(record: Record) -> Record:
    return {"siren": "999999003", **record}


def _consentement(record: Record) -> Record:
    if (record["objet"], record["decision"]) == ("recherche", "accord"):
        record.setdefault("date_signature", record["date"])
    return record


def _evaluation(record: Record) -> Record:
    _told(record, "conduite_a_tenir", record["idees_suicidaires"], "Appeler demain.")
    _told(record, "motif_non_eligible", record["decision"] == "non-eligible", "urgence")
    return record


def _contact(record: Record) -> Record:
    if "modalite" in record:
        record["lieu"] = MODALITY_PLACES[record["modalite"]]
    return record


def _told(record: Record, name: str, needed: bool, value: str) -> None:
    """Say a field where it is needed, and there alone."""
    if needed:
        record.setdefault(name, value)
    else:
        record.pop(name, None)


def _sequence(record: Record) -> Record:
    if record["filiere"] == "leger":
        record["rang"] = 1
    _told(record, "remplace", record["rang"] > 1, "S1")
    start = min(date.fromisoformat(record["debut"]), date(9999, 1, 1))
    record["debut"], record["fin"] = str(start), str(start + timedelta(days=88))
    return record


def _score(record: Record) -> Record:
    record["score"] %= HIGHEST[record["echelle"]] + 1
    return record


def _objectif(record: Record) -> Record:
    record["score_maximal"] = min(record["score_maximal"], HIGHEST[record["echelle"]] - 1)
    return record


def _retour(record: Record) -> Record:
    if "montant" in record or "date_paiement" in record:
        record.setdefault("montant", 608)
        record.setdefault("date_paiement", "2025-01-31")
    if record["resultat"] == "rejete":
        record.setdefault("erreur", "doublon")
    elif record["resultat"] == "accepte":
        record.pop("erreur", None)
    return record


KEEPING: Mapping[str, Callable[[Record], Record]] = {
    "patient": _patient,
    "organisme": _organisme,
    "consentement": _consentement,
    "evaluation_initiale": _evaluation,
    "contact": _contact,
    "objectif": _objectif,
    "sequence": _sequence,
    "passation_echelle": _passation,
    "score_echelle": _score,
    "retour_paiement": _retour,
}
