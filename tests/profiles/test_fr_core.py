"""The examples also keep to what FR Core 2.2.0 asks, as far as its profiles were read.

Its package is not part of the project: what follows is written from https://hl7.fr/ig/fhir/core
"""

from typing import Any

import pytest

from mappings.sesame.guide import read_guide
from tests.profiles.examples import Example, examples

FR_CORE = "https://hl7.fr/ig/fhir/core"
FR_TYPES = f"{FR_CORE}/CodeSystem/fr-core-cs-v2-0203"
HL7_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"
BIRTH_PLACE = "http://hl7.org/fhir/StructureDefinition/patient-birthPlace"
# Identifier type -> its system and its use, None where any will do.
IDENTIFIERS: dict[tuple[str, str], tuple[str | None, str | None]] = {
    (FR_TYPES, "INS-NIR"): ("urn:oid:1.2.250.1.213.1.4.8", "official"),
    (FR_TYPES, "INS-NIA"): ("urn:oid:1.2.250.1.213.1.4.9", "temp"),
    (FR_TYPES, "INS-NIR-TEST"): ("urn:oid:1.2.250.1.213.1.4.10", "official"),
    (FR_TYPES, "INS-NIR-DEMO"): ("urn:oid:1.2.250.1.213.1.4.11", "official"),
    (HL7_TYPES, "NH"): ("urn:oid:1.2.250.1.213.1.4.8", "official"),
    (HL7_TYPES, "PI"): (None, "usual"),
    (FR_TYPES, "RPPS"): ("https://rpps.esante.gouv.fr", None),
    (FR_TYPES, "IDNPS"): ("urn:oid:1.2.250.1.71.4.2.1", None),
    (FR_TYPES, "FINEG"): ("https://finess.esante.gouv.fr", None),
    (FR_TYPES, "SIREN"): ("https://sirene.fr", None),
    (FR_TYPES, "SIRET"): ("https://sirene.fr", None),
}
GUIDE = read_guide()


def of(*profiles: str) -> list[Example]:
    return [example for example in examples() if example.profile in profiles]


def extensions(holder: dict[str, Any], url: str) -> list[dict[str, Any]]:
    return [found for found in holder.get("extension", []) if found["url"] == url]


def type_of(identifier: dict[str, Any]) -> tuple[str, str]:
    (coding,) = identifier["type"]["coding"]
    return coding["system"], coding["code"]


@pytest.mark.parametrize("example", of("sesame-patient-ins"), ids=str)
def test_a_patient_with_an_ins_has_all_that_fr_core_patient_ins_asks(example: Example) -> None:
    patient = example.resource
    (reliability,) = extensions(patient, f"{FR_CORE}/StructureDefinition/fr-core-identity-reliability")
    (status,) = reliability["extension"]
    assert status["valueCoding"]["code"] == "VALI"
    (place,) = extensions(patient, BIRTH_PLACE)
    (insee,) = extensions(place["valueAddress"], f"{FR_CORE}/StructureDefinition/fr-core-address-insee-code")
    assert insee["valueCoding"]["code"]
    (name,) = [name for name in patient["name"] if name["use"] == "official"]
    assert name["family"]
    assert len(name["given"]) == 1
    assert extensions(name, f"{FR_CORE}/StructureDefinition/fr-core-patient-birth-list-given-name")
    assert patient["gender"] in ("male", "female", "unknown")
    assert patient["birthDate"]
    assert len([found for found in patient["identifier"] if found["use"] in ("official", "temp")]) == 1


@pytest.mark.parametrize("example", of("sesame-patient-ins"), ids=str)
def test_a_patient_with_an_ins_claims_both_profiles(example: Example) -> None:
    claimed = example.resource["meta"]["profile"]
    assert set(claimed) == {GUIDE.profile("sesame-patient"), GUIDE.profile("sesame-patient-ins")}


@pytest.mark.parametrize(
    "example",
    of(
        *("sesame-patient", "sesame-patient-ins", "sesame-practitioner-mg", "sesame-practitioner-ide"),
        *("sesame-practitioner-psychiatre", "sesame-organization-site", "sesame-organization-quartet"),
    ),
    ids=str,
)
def test_identifiers_have_the_systems_and_uses_of_their_types(example: Example) -> None:
    for identifier in example.resource["identifier"]:
        system, use = IDENTIFIERS[type_of(identifier)]
        assert identifier["system"] == (system or identifier["system"])
        assert identifier.get("use") == (use or identifier.get("use"))


@pytest.mark.parametrize(
    "example",
    of(
        *("sesame-encounter-contact", "sesame-encounter-initial-assessment", "sesame-encounter-case-review"),
    ),
    ids=str,
)
def test_an_encounter_has_what_fr_core_encounter_asks(example: Example) -> None:
    encounter = example.resource
    assert all(found["type"] and found["system"] and found["value"] for found in encounter["identifier"])
    assert encounter["class"]["system"]
    assert encounter["class"]["code"]
    assert len(encounter["type"]) <= 1
    assert encounter["period"]
    assert "account" not in encounter
    allowed = ("Practitioner/", "PractitionerRole/", "RelatedPerson/")
    for participant in encounter["participant"]:
        assert participant["individual"]["reference"].startswith(allowed)


@pytest.mark.parametrize("example", of("sesame-location"), ids=str)
def test_an_identified_location_says_who_identifies_it(example: Example) -> None:
    for identifier in example.resource["identifier"]:
        assert identifier["type"]
        assert identifier["system"]
        assert identifier["value"]
