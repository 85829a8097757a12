"""The pseudonymised export: which patients it contains, and that it identifies nobody."""

import re
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from fhir_server.core import json
from mappings.sesame.caseload.fact_reader import FactReader
from mappings.sesame.plug_ins import plug_ins
from mappings.sesame.resources.consent import consent
from tests.interactions.client import Client
from tests.mappings.pathway.conftest import Pathway
from tests.mappings.pathway.list_responses import raw, table
from tests.mappings.pathway.plans import lacking, sent, tell, update
from tests.mappings.pathway.test_merges import again, links
from tests.mappings.validity import GUIDE, assert_valid

EXACT_DATE = re.compile(r"\d{4}-\d\d-\d\d")
NAMING = {
    "value",
    "family",
    "given",
    "text",
    "line",
    "city",
    "postalCode",
    "summary",
    "valueString",
    "contentString",
}
NAMING |= {"reference", "id", "birthDate", "description", "display", "period", "start", "end", "authored"}
NAMING |= {
    "effectiveDateTime",
    "date",
    "dateTime",
    "authoredOn",
    "lastModified",
    "sent",
    "created",
    "startDate",
}


@pytest.fixture
def keys(tmp_path: Path) -> dict[str, str]:
    """A key file for each purpose."""
    paths = {f"{purpose}_key_file": tmp_path / purpose for purpose in ("evaluation", "research")}
    for name, path in paths.items():
        path.write_bytes(sha256(name.encode()).hexdigest().encode())
    return {name: str(path) for name, path in paths.items()}


@pytest.fixture
def told(pathway: Pathway, keys: dict[str, str]) -> Client:
    """The whole story, of a patient with an address, who has said nothing on the evaluation."""
    client = pathway(**keys)
    tell(client)
    person = client.get("Patient").entries[0]["resource"]
    known = {
        "telecom": [{"system": "phone", "value": "+33612345678"}],
        "address": [{"line": ["12 rue du Secret"], "city": "Versailles", "postalCode": "78646"}],
        "text": {
            "status": "generated",
            "div": '<div xmlns="http://www.w3.org/1999/xhtml">Chez Camille</div>',
        },
    }
    changed = lacking(person, "meta") | known
    update(client, changed)
    return client


def decide(client: Client, purpose: str, day: str, permit: bool = True, status: str = "active") -> None:
    """Record what the patient of the story decided."""
    made = consent(
        GUIDE,
        identifier={"system": "urn:decisions", "value": f"{purpose}-{day}-{permit}-{status}"},
        purpose=purpose,
        patient={"reference": f"Patient/{client.get('Patient').ids[0]}"},
        date=day,
        permit=permit,
    )
    signed = {"verification": [{"verified": True}]} if purpose == "research" else {}
    sent(client.post("Consent", made | {"status": status} | signed))


def lines(client: Client, purpose: str = "evaluation") -> list[dict[str, Any]]:
    response = raw(client, f"$evaluation-export?purpose={purpose}")
    assert response.media_type == "application/fhir+ndjson"
    assert response.body is not None
    return [json.parse(line) for line in response.body.splitlines()]


def manifest(client: Client, purpose: str = "evaluation") -> dict[str, Any]:
    found: dict[str, Any] = sent(client.get(f"$evaluation-export?output=manifest&purpose={purpose}")).content
    return found


def excluded(client: Client, purpose: str = "evaluation") -> dict[str, int]:
    parts = [one["part"] for one in manifest(client, purpose)["parameter"] if one["name"] == "excluded"]
    return {
        reason["valueCode"]: count["valueUnsignedInt"] for reason, count in parts if count["valueUnsignedInt"]
    }


def values(content: Any, name: str = "") -> Iterator[str]:
    """Every value of a resource that names someone or tells a day."""
    if isinstance(content, dict):
        for key, value in content.items():
            yield from values(value, key)
    elif isinstance(content, list):
        for value in content:
            yield from values(value, name)
    elif isinstance(content, str) and name in NAMING:
        yield content.rpartition("/")[2] if name == "reference" else content


def told_of_patients(client: Client) -> set[str]:
    types = [
        *(
            "Patient",
            "Coverage",
            "Consent",
            "QuestionnaireResponse",
            "ServiceRequest",
            "Task",
            "EpisodeOfCare",
        ),
        *("CareTeam", "Encounter", "Observation", "CarePlan", "Goal", "Communication", "Claim", "Condition"),
        *("Practitioner", "PractitionerRole", "Organization"),
    ]
    found = [entry["resource"] for type in types for entry in client.get(f"{type}?_count=100").entries]
    public = {*GUIDE.displays.values(), *(code for _, code in GUIDE.displays)}
    return {value for one in found for value in values(one) if len(value) > 3 and value not in public}


def test_nothing_of_the_input_that_names_anyone_is_in_the_output(told: Client) -> None:
    decide(told, "evaluation", "2025-01-14T10:00:00+01:00")
    secrets = told_of_patients(told)
    assert {"+33612345678", "12 rue du Secret", "2025-01-13", "TEST-SÉSAME", "285057864699905"} <= secrets
    for output in ("ndjson", "csv"):
        body = raw(told, f"$evaluation-export?output={output}").body
        assert body is not None
        text = body.decode()
        assert "2025-01" in text
        assert [secret for secret in secrets if secret in text] == []
        assert EXACT_DATE.search(text) is None
        assert "Camille" not in text


def test_what_is_exported_is_sound_and_labelled(told: Client) -> None:
    decide(told, "evaluation", "2025-01-14")
    found = lines(told)
    assert {one["resourceType"] for one in found} == {
        *("Patient", "Task", "EpisodeOfCare", "CarePlan", "Encounter", "Observation"),
    }
    for one in found:
        assert [label["code"] for label in one["meta"]["security"]] == ["PSEUDED"]
        assert_valid(one)
    (episode,) = [one for one in found if one["resourceType"] == "EpisodeOfCare"]
    reason = GUIDE.concept("sesame-exit-reason", "goals-reached")
    assert {"url": GUIDE.profile("exit-reason"), "valueCodeableConcept": reason} in episode["extension"]
    ids = {f"{one['resourceType']}/{one['id']}" for one in found}
    for one in found:
        references = re.findall(r'"reference":"([^"]+)"', json.serialise(one).decode())
        assert set(references) <= ids


def test_the_table_has_a_row_per_episode(told: Client) -> None:
    decide(told, "evaluation", "2025-01-14")
    (row,) = table(told, "$evaluation-export?output=csv")
    assert (row["mois_debut"], row["mois_fin"], row["motif_sortie"]) == (
        "2025-01",
        "2025-07",
        "goals-reached",
    )
    assert (row["score_initial"], row["score_dernier"], row["reponse"]) == ("17", "4", "true")
    assert (row["age"], row["departement"], row["sequences_classique"]) == ("40-49", "99", "2")
    (person,) = [one for one in lines(told) if one["resourceType"] == "Patient"]
    assert row["patient"] == person["id"] == person["identifier"][0]["value"]


def test_the_absence_of_a_record_is_no_permission(told: Client) -> None:
    assert lines(told) == []
    assert excluded(told) == {"not-informed": 1}


@pytest.mark.parametrize(
    ("decisions", "reason"),
    [
        ([("2025-01-14", True)], None),
        ([("2025-01-14", False)], "opposed"),
        ([("2025-01-14", True), ("2025-03-01", False)], "opposed"),
        ([("2025-01-14", False), ("2025-03-01", True)], None),
        ([("2025-01-14T10:00:00+01:00", True), ("2025-01-14", False)], "opposed"),
    ],
)
def test_the_last_word_counts_and_in_doubt_the_opposition(
    told: Client, decisions: list[tuple[str, bool]], reason: str | None
) -> None:
    for day, permit in decisions:
        decide(told, "evaluation", day, permit)
    assert excluded(told) == ({reason: 1} if reason else {})
    assert bool(lines(told)) == (reason is None)


def test_neither_another_purpose_nor_a_record_in_error_is_a_permission(told: Client) -> None:
    decide(told, "research", "2025-01-14")
    decide(told, "evaluation", "2025-01-14", status="entered-in-error")
    assert excluded(told) == {"not-informed": 1}
    assert excluded(told, "research") == {}


def test_an_opposition_is_heard_however_it_is_recorded(told: Client) -> None:
    """By a status alone, or for two purposes at once."""
    decide(told, "evaluation", "2025-01-14")
    decide(told, "research", "2025-01-14")
    found = [entry["resource"] for entry in told.get("Consent?category=evaluation&status=active").entries]
    bare = lacking(found[0], "id", "meta", "provision")
    rejected = sent(told.post("Consent", bare | {"status": "rejected", "dateTime": "2025-03-01"}))
    assert (excluded(told), excluded(told, "research")) == ({"opposed": 1}, {})
    assert told.delete(f"Consent/{rejected.id}").status == 204
    both = [GUIDE.concept("sesame-consent-purpose", code) for code in ("research", "evaluation")]
    denied = {"category": both, "dateTime": "2025-03-01", "provision": {"type": "deny"}}
    sent(told.post("Consent", bare | denied))
    assert (excluded(told), excluded(told, "research")) == ({"opposed": 1}, {"opposed": 1})


def test_an_opposition_holds_for_all_records_of_a_person(told: Client) -> None:
    decide(told, "evaluation", "2025-01-14")
    (first,) = told.get("Patient").ids
    sent(told.put("Patient/again", {"resourceType": "Patient", "id": "again"}))
    denied = {"dateTime": "2025-03-01", "provision": {"type": "deny"}}
    patient = {"reference": "Patient/again"}
    sent(again(told, "Consent", "category=evaluation", patient=patient, **denied))
    assert lines(told)
    sent(told.put("Patient/again", {"resourceType": "Patient", "id": "again", "link": links(first)}))
    assert excluded(told) == {"opposed": 1, "no-pathway": 1}


def test_research_is_permitted_by_a_signature(told: Client) -> None:
    decide(told, "research", "2025-01-14")
    (entry,) = told.get("Consent?category=research").entries
    signed = entry["resource"]
    bare = lacking(signed, "meta", "verification")
    assert excluded(told, "research") == {}
    update(told, bare)
    assert excluded(told, "research") == {"not-informed": 1}


def test_a_patient_who_was_never_referred_is_not_exported(told: Client) -> None:
    sent(told.put("Patient/other", {"resourceType": "Patient", "id": "other"}))
    decide(told, "evaluation", "2025-01-14")
    assert excluded(told) == {"no-pathway": 1}
    assert told.delete("Patient/other").status == 204
    assert excluded(told) == {}


def test_two_exports_cannot_be_joined(told: Client) -> None:
    decide(told, "evaluation", "2025-01-14")
    decide(told, "research", "2025-01-14")
    words = [
        set(re.findall(rb"[0-9a-f]{40}", raw(told, f"$evaluation-export?purpose={purpose}").body or b""))
        for purpose in ("evaluation", "research")
    ]
    assert all(words)
    assert words[0].isdisjoint(words[1])


def test_pseudonyms_are_stable_within_a_purpose(told: Client) -> None:
    decide(told, "evaluation", "2025-01-14")
    assert lines(told) == lines(told)


def test_the_manifest_counts_and_tells_which_files_it_is_of(told: Client) -> None:
    decide(told, "evaluation", "2025-01-14")
    told_of = manifest(told)
    assert_valid(told_of)
    named = {one["name"]: one for one in told_of["parameter"]}
    assert (named["patients"]["valueUnsignedInt"], named["exported"]["valueUnsignedInt"]) == (1, 1)
    counted = [one["part"] for one in told_of["parameter"] if one["name"] == "resources"]
    types = Counter(one["resourceType"] for one in lines(told))
    assert {type["valueCode"]: count["valueUnsignedInt"] for type, count in counted} == {
        **types,
        "ClinicalImpression": 0,
    }
    for one in told_of["parameter"]:
        if one["name"] == "file":
            output, digest = one["part"][0]["valueCode"], one["part"][1]["valueString"]
            body = raw(told, f"$evaluation-export?output={output}").body
            assert body is not None
            assert sha256(body).hexdigest() == digest


def test_without_a_key_there_is_no_export(client: Client) -> None:
    answer = client.get("$evaluation-export?purpose=research")
    assert (answer.status, "research_key_file" in answer.diagnostics) == (422, True)
    assert client.get("$evaluation-export?purpose=marketing").status == 400
    assert client.get("$evaluation-export?output=xml").status == 400


def test_keys_that_are_no_good_are_told_at_the_start(tmp_path: Path, keys: dict[str, str]) -> None:
    (tmp_path / "short").write_bytes(b"k" * 31)
    (tmp_path / "enough").write_bytes(b"k" * 32)
    assert plug_ins(None, {"evaluation_key_file": str(tmp_path / "enough")})
    for options, said in (
        ({"evaluation_key_file": str(tmp_path / "short")}, "at least 32 bytes"),
        ({"evaluation_key_file": str(tmp_path / "none")}, "cannot be read"),
        ({"evaluation_key_file": 7}, "path of a file"),
        (dict.fromkeys(keys, keys["evaluation_key_file"]), "another key"),
    ):
        with pytest.raises(ValueError, match=said):
            plug_ins(None, options)


def test_nothing_is_exported_while_an_opposition_may_not_have_been_read(
    told: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = FactReader.read

    def failing(reader: FactReader, resource: dict[str, Any]) -> Any:
        if resource["resourceType"] == "Consent":
            raise KeyError(resource["id"])
        return read(reader, resource)

    monkeypatch.setattr(FactReader, "read", failing)
    answer = told.get("$evaluation-export?purpose=evaluation")
    assert answer.status == 422
    assert answer.content["issue"][0]["expression"][0].startswith("Consent/")
