"""The facts read from resources; a resource with a missing part gives none, and raises no error."""

from typing import Any

import pytest

from mappings.sesame.caseload.fact_reader import FactReader
from mappings.sesame.caseload.facts import Decision
from mappings.sesame.resources.elements import concept
from tests.mappings.validity import GUIDE

Resource = dict[str, Any]

READER = FactReader(GUIDE)
PATIENT = {"reference": "Patient/p"}
NOBODY = {"display": "Camille"}
DAY = "2025-01-13"
OTHER = {"text": "other"}
LINE = {"productOrService": GUIDE.concept("sesame-forfait", "classique")}
FACTS: dict[str, Resource] = {
    "EpisodeOfCare": {"status": "active", "patient": PATIENT, "period": {"start": DAY}},
    "Encounter": {
        "status": "finished",
        "type": [GUIDE.concept("sesame-encounter-type", "nurse-contact")],
        "subject": PATIENT,
        "period": {"start": DAY},
    },
    "Observation": {
        "status": "final",
        "code": concept("http://loinc.org", "44261-6"),
        "subject": PATIENT,
        "effectiveDateTime": DAY,
        "valueInteger": 0,
    },
    "ClinicalImpression": {"status": "completed", "subject": PATIENT, "date": DAY, "summary": "Avis."},
    "Flag": {
        "status": "inactive",
        "subject": PATIENT,
        "code": GUIDE.concept("sesame-flag-code", "suicide-risk"),
    },
    "Consent": {
        "status": "active",
        "category": [GUIDE.concept("sesame-consent-purpose", "evaluation")],
        "patient": PATIENT,
        "provision": {"type": "deny"},
    },
    "CareTeam": {"status": "inactive", "subject": PATIENT},
    "Task": {
        "status": "requested",
        "code": GUIDE.concept("sesame-task-code", "referral"),
        "for": PATIENT,
        "authoredOn": DAY,
    },
    "Claim": {
        "status": "active",
        "patient": PATIENT,
        "billablePeriod": {"start": DAY},
        "item": [LINE],
        "total": {"value": 608},
    },
    "QuestionnaireResponse": {
        "status": "completed",
        "questionnaire": GUIDE.canonical("Questionnaire", "satisfaction-patient") + "|1.0",
        "authored": DAY,
    },
}
NO_FACTS: list[tuple[str, Resource]] = [
    ("EpisodeOfCare", {"patient": NOBODY}),
    ("EpisodeOfCare", {"period": None}),
    ("EpisodeOfCare", {"status": "planned"}),
    ("Encounter", {"subject": NOBODY}),
    ("Encounter", {"period": {"start": "2025-01"}}),
    ("Encounter", {"type": [OTHER]}),
    ("Encounter", {"status": "planned"}),
    ("Observation", {"subject": None}),
    ("Observation", {"effectiveDateTime": "2025"}),
    ("Observation", {"code": OTHER}),
    ("Observation", {"valueInteger": None}),
    ("Observation", {"status": "preliminary"}),
    ("ClinicalImpression", {"subject": NOBODY}),
    ("ClinicalImpression", {"date": None}),
    ("ClinicalImpression", {"status": "in-progress"}),
    ("ClinicalImpression", {"summary": None}),
    ("Flag", {"subject": NOBODY}),
    ("Flag", {"code": OTHER}),
    ("Flag", {"status": "entered-in-error"}),
    ("Consent", {"patient": NOBODY}),
    ("Consent", {"category": [OTHER]}),
    ("Consent", {"provision": None}),
    ("Consent", {"status": "draft"}),
    ("CareTeam", {"subject": NOBODY}),
    ("CareTeam", {"status": "entered-in-error"}),
    ("Task", {"for": NOBODY}),
    ("Task", {"authoredOn": None}),
    ("Task", {"code": OTHER}),
    ("Task", {"status": "entered-in-error"}),
    ("Claim", {"patient": NOBODY}),
    ("Claim", {"billablePeriod": None}),
    ("Claim", {"item": [{"productOrService": OTHER}]}),
    ("Claim", {"total": None}),
    ("QuestionnaireResponse", {"authored": None}),
    ("QuestionnaireResponse", {"questionnaire": "urn:other"}),
    ("QuestionnaireResponse", {"status": "in-progress"}),
]


def made(type: str, changes: Resource) -> Resource:
    written = {"resourceType": type, "id": "1"} | FACTS[type] | changes
    return {name: value for name, value in written.items() if value is not None}


@pytest.mark.parametrize("type", FACTS)
def test_a_fact_is_that_of_its_patient(type: str) -> None:
    found = READER.read(made(type, {}))
    assert found is not None
    assert found[0] == (None if type == "QuestionnaireResponse" else "p")


@pytest.mark.parametrize(("type", "changes"), NO_FACTS)
def test_what_lacks_a_part_of_a_fact_is_none(type: str, changes: Resource) -> None:
    assert READER.read(made(type, changes)) is None


SIGNED = [
    {"sourceAttachment": {"title": "Formulaire"}},
    {"sourceReference": {"reference": "DocumentReference/1"}},
    {"verification": [{"verified": False}, {"verified": True}]},
]


@pytest.mark.parametrize("signature", SIGNED)
def test_research_is_permitted_by_what_is_signed(signature: Resource) -> None:
    purposes = [GUIDE.concept("sesame-consent-purpose", code) for code in ("evaluation", "research")]
    permit = {"category": purposes, "provision": {"type": "permit"}}
    for signed, expected in ((signature, {"evaluation", "research"}), ({}, {"evaluation"})):
        found = READER.read(made("Consent", permit | signed))
        assert found is not None
        assert isinstance(found[1], Decision)
        assert found[1].purposes == expected
    refused = READER.read(made("Consent", permit | {"provision": {"type": "deny"}}))
    assert refused is not None
    assert isinstance(refused[1], Decision)
    assert refused[1].purposes == {"evaluation", "research"}
    assert refused[1].permit is False
    alone = {"category": purposes[1:], "verification": [{"verified": False}]}
    assert READER.read(made("Consent", permit | alone)) is None
