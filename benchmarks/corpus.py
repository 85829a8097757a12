"""Synthetic patients and their care, identical in every run.

No person is real: the identifiers are in the national *test* range of the INS, the telephone numbers in the
range that Arcep reserves for fiction, and every resource is tagged as test health data (HTEST).
https://hl7.org/fhir/R4/v3/ActReason/cs.html
"""

import json
import uuid
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from itertools import cycle
from random import Random
from typing import Any

Resource = dict[str, Any]

SEED = 2024
INS_TEST = "urn:oid:1.2.250.1.213.1.4.10"
HOSPITAL_RECORD = "https://hopital.example.org/ipp"
FR_IDENTIFIER_TYPES = "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203"
IDENTIFIER_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
TEST_DATA = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}
FIRST_DAY = date(2024, 1, 8)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FAMILIES = _words(
    "Martin Bernard Thomas Petit Robert Richard Durand Dubois Moreau Laurent Simon Michel Lefèvre Leroy Roux "
    "David Bertrand Morel Fournier Girard Bonnet Dupont Lambert Fontaine Rousseau Vincent Muller Lefebvre "
    "Faure André Mercier Blanc Guérin Boyer Garnier Chevalier François Legrand Gauthier Garcia Perrin Robin "
    "Clément Morin Nicolas Henry Roussel Mathieu Gautier Masson Marchand Duval Denis Dumont Marie Lemaire"
)
GIVEN = {
    "female": _words(
        "Marie Nathalie Isabelle Sylvie Catherine Martine Christine Françoise Valérie Sandrine Élodie Hélène "
        "Aurélie Céline Chloé Inès Léa Manon Camille Zoé Fatima Aïcha Jeanne Louise"
    ),
    "male": _words(
        "Jean Michel Pierre Philippe Alain Nicolas Christophe Daniel Bernard Éric Stéphane David Frédéric "
        "Julien Thomas Hugo Loïc Noël Mehdi Karim Gaël Benoît Théo Raphaël"
    ),
}
TOWNS = (
    ("78000", "Versailles", "78646"),
    ("78190", "Trappes", "78621"),
    ("78500", "Sartrouville", "78586"),
    ("92000", "Nanterre", "92050"),
    ("92230", "Gennevilliers", "92036"),
    ("75019", "Paris", "75119"),
    ("93200", "Saint-Denis", "93066"),
    ("95100", "Argenteuil", "95018"),
)
STREETS = ("rue de la République", "avenue Jean-Jaurès", "rue des Écoles", "place du Marché", "rue Hugo")
MEASURES = (
    ("44261-6", "Patient Health Questionnaire 9 item (PHQ-9) total score [Reported]", "{score}", 0, 27, 0),
    (
        "70274-6",
        "Generalized anxiety disorder 7 item (GAD-7) total score [Reported.PHQ]",
        "{score}",
        0,
        21,
        0,
    ),
    ("8867-4", "Heart rate", "/min", 54, 104, 0),
    ("8310-5", "Body temperature", "Cel", 36, 38, 1),
    ("29463-7", "Body weight", "kg", 48, 110, 1),
    ("8480-6", "Systolic blood pressure", "mm[Hg]", 98, 158, 0),
)


def patient(number: int) -> Resource:
    """Patient `number`, without an id."""
    random = Random(f"{SEED}/patient/{number}")
    gender = random.choice(("female", "male"))
    born = date(1938, 1, 1) + timedelta(days=random.randrange(25_000))
    family, given = random.choice(FAMILIES), random.sample(GIVEN[gender], 2)
    postal_code, city, commune = random.choice(TOWNS)
    return {
        "resourceType": "Patient",
        "meta": {"tag": [TEST_DATA]},
        "identifier": [
            {
                "use": "official",
                "type": {"coding": [{"system": FR_IDENTIFIER_TYPES, "code": "INS-NIR-TEST"}]},
                "system": INS_TEST,
                "value": _national_number(gender, born, commune, number),
            },
            {
                "use": "usual",
                "type": {"coding": [{"system": IDENTIFIER_TYPES, "code": "PI"}]},
                **record_number(number),
            },
        ],
        "active": True,
        "name": [
            {"use": "official", "family": family.upper(), "given": [name.upper() for name in given]},
            {"use": "usual", "text": f"{given[0]} {family}", "family": family, "given": given[:1]},
        ],
        "telecom": [
            {"system": "phone", "value": _telephone(random), "use": "mobile"},
            {"system": "email", "value": f"patient{number}@example.org", "use": "home"},
        ],
        "gender": gender,
        "birthDate": born.isoformat(),
        "address": [
            {
                "use": "home",
                "line": [f"{random.randrange(1, 180)} {random.choice(STREETS)}"],
                "city": city,
                "postalCode": postal_code,
                "country": "FRA",
            }
        ],
        "generalPractitioner": [{"reference": f"Practitioner/mg-{random.randrange(84)}"}],
    }


def revised(resource: Mapping[str, Any], revision: int) -> Resource:
    """The patient with another mobile number and address, as a reception desk would correct them."""
    random = Random(f"{revision}")
    telecom = [{**resource["telecom"][0], "value": _telephone(random)}, *resource["telecom"][1:]]
    home = {**resource["address"][0], "line": [f"{random.randrange(1, 180)} {random.choice(STREETS)}"]}
    return {**resource, "telecom": telecom, "address": [home]}


def record_number(number: int) -> dict[str, str]:
    """The hospital's own identifier of patient `number`: system and value."""
    return {"system": HOSPITAL_RECORD, "value": f"{number:010}"}


def episode(number: int) -> dict[str, Resource]:
    """Twenty resources of one patient's care, keyed by the `urn:uuid` of references to them."""
    random = Random(f"{SEED}/episode/{number}")
    names = [uuid.UUID(int=random.getrandbits(128), version=4).urn for _ in range(20)]
    subject = {"reference": names[0]}
    started = FIRST_DAY + timedelta(days=random.randrange(500))
    visits = names[3:6]
    days = [started + timedelta(weeks=weeks) for weeks in (0, 2, 12)]
    observed = zip(range(13), cycle(MEASURES), cycle(zip(visits, days, strict=True)), strict=False)
    resources = [
        patient(number),
        _condition(subject, visits[0], started),
        _referral(subject, names[1], started),
        *(encounter(subject, names[2], names[1], day) for day in days),
        _statement(subject, names[1], started),
        *(observation(random, measure, subject, *visit) for _, measure, visit in observed),
    ]
    return dict(zip(names, resources, strict=True))


def serialised(resource: Mapping[str, Any]) -> bytes:
    """Compact JSON as a client would send it."""
    return json.dumps(resource, ensure_ascii=False, separators=(",", ":")).encode()


def _national_number(gender: str, born: date, commune: str, number: int) -> str:
    """A NIR: sex, year, month, commune of birth, order and key."""
    sex = "2" if gender == "female" else "1"
    body = f"{sex}{born:%y%m}{commune}{number % 1000:03}"
    return f"{body}{97 - int(body) % 97:02}"


def _telephone(random: Random) -> str:
    return f"+336398{random.randrange(100_000):05}"


def at(day: date, hour: int, minute: int = 30) -> str:
    """A FHIR dateTime on a winter day."""
    return datetime(day.year, day.month, day.day, hour, minute).isoformat() + "+01:00"


def tagged(resource_type: str, **elements: Any) -> Resource:
    """A resource tagged as test health data."""
    return {"resourceType": resource_type, "meta": {"tag": [TEST_DATA]}, **elements}


def coded(system: str, code: str, display: str) -> Resource:
    """A CodeableConcept with one code."""
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def _condition(subject: Resource, visit: str, day: date) -> Resource:
    statuses = "http://terminology.hl7.org/CodeSystem/condition-"
    return tagged(
        "Condition",
        clinicalStatus={"coding": [{"system": f"{statuses}clinical", "code": "active"}]},
        verificationStatus={"coding": [{"system": f"{statuses}ver-status", "code": "confirmed"}]},
        code=coded("http://hl7.org/fhir/sid/icd-10", "F32.1", "Épisode dépressif moyen"),
        subject=subject,
        encounter={"reference": visit},
        onsetDateTime=f"{day:%Y-%m}",
        recordedDate=day.isoformat(),
    )


def _referral(subject: Resource, condition: str, day: date) -> Resource:
    return tagged(
        "ServiceRequest",
        status="active",
        intent="order",
        priority="routine",
        code={"text": "Prise en charge en soins collaboratifs"},
        subject=subject,
        authoredOn=at(day - timedelta(days=6), 9),
        reasonReference=[{"reference": condition}],
        note=[
            {"text": "Humeur triste et anhédonie depuis deux mois ; la patiente ou le patient est d'accord."}
        ],
    )


def encounter(subject: Resource, referral: str, condition: str, day: date) -> Resource:
    """A consultation with the nurse; `referral` and `condition` are references."""
    actor = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}
    return tagged(
        "Encounter",
        status="finished",
        **{"class": actor},
        type=[{"text": "Consultation infirmière"}],
        subject=subject,
        basedOn=[{"reference": referral}],
        participant=[{"individual": {"display": "Infirmière en santé mentale"}}],
        period={"start": at(day, 10), "end": at(day, 11)},
        diagnosis=[{"condition": {"reference": condition}}],
    )


def _statement(subject: Resource, condition: str, day: date) -> Resource:
    return tagged(
        "MedicationStatement",
        status="active",
        medicationCodeableConcept=coded("http://www.whocc.no/atc", "N06AB06", "Sertraline"),
        subject=subject,
        effectivePeriod={"start": day.isoformat()},
        reasonReference=[{"reference": condition}],
        dosage=[{"text": "50 mg le matin"}],
    )


def observation(
    random: Random, measure: tuple[str, str, str, int, int, int], subject: Resource, visit: str, day: date
) -> Resource:
    """A value of one of `MEASURES`, taken during the visit, to which `visit` refers."""
    code, display, unit, low, high, digits = measure
    value = round(random.uniform(low, high), digits) if digits else random.randint(low, high)
    kind = "survey" if unit == "{score}" else "vital-signs"
    categories = "http://terminology.hl7.org/CodeSystem/observation-category"
    return tagged(
        "Observation",
        status="final",
        category=[{"coding": [{"system": categories, "code": kind}]}],
        code=coded(LOINC, code, display),
        subject=subject,
        encounter={"reference": visit},
        effectiveDateTime=at(day, 10),
        issued=at(day, 12),
        performer=[{"display": "Infirmière en santé mentale"}],
        valueQuantity={"value": value, "unit": unit, "system": UCUM, "code": unit},
    )
