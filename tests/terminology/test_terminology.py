"""Every code the guide, the story and the cohort use exists, and the lists say what the domain says."""

from collections.abc import Iterator
from typing import Any

import pytest

from fhir_server.definitions.registry import Registry
from mappings.sesame.cohort import demo_cohort
from mappings.sesame.guide import read_guide
from tests.mappings.story import resources

GUIDE = read_guide()
REGISTRY = Registry.r4().with_guides(GUIDE.resources)
# Systems whose content the project does not hold: only the codes the domain verified may be used.
ELSEWHERE = {
    "urn:iso:std:iso:3166": {"FR"},
    "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203": {
        *("INS-NIR", "INS-NIA", "INS-NIR-TEST", "INS-NIR-DEMO", "RPPS", "IDNPS", "FINEG", "SIREN"),
    },
    "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0445": {"VALI"},
    "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-identifier-type": {"VN"},
    "https://mos.esante.gouv.fr/NOS/TRE_G15-ProfessionSante/FHIR/TRE-G15-ProfessionSante": {"10", "60"},
    "https://mos.esante.gouv.fr/NOS/TRE_R38-SpecialiteOrdinale/FHIR/TRE-R38-SpecialiteOrdinale": {
        *("SM26", "SM53", "SM54"),
        "SM42",
    },
    "https://mos.esante.gouv.fr/NOS/TRE_R13-CommuneOM/FHIR/TRE-R13-CommuneOM": {"78646"},
}


def codings(value: Any) -> Iterator[tuple[str, str]]:
    """Every system and code below a value."""
    if isinstance(value, list):
        for item in value:
            yield from codings(item)
    elif isinstance(value, dict):
        if isinstance(value.get("system"), str) and isinstance(value.get("code"), str):
            yield value["system"], value["code"]
        for member in value.values():
            yield from codings(member)


def composed() -> Iterator[tuple[str, str]]:
    for found in GUIDE.resources:
        if found["resourceType"] == "ValueSet":
            for include in found["compose"]["include"]:
                yield from ((include["system"], concept["code"]) for concept in include.get("concept", []))


def exists(system: str, code: str) -> bool:
    if system in ELSEWHERE:
        return code in ELSEWHERE[system]
    known = REGISTRY.code_system(system)
    return known is not None and code in known.by_code


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(lambda: codings(list(GUIDE.resources)), id="guide"),
        pytest.param(composed, id="value sets"),
        pytest.param(lambda: codings(resources()), id="story"),
        pytest.param(lambda: codings(list(demo_cohort())), id="cohort"),
    ],
)
def test_every_code_that_is_used_exists(source: Any) -> None:
    used = set(source())
    assert used
    assert {coding for coding in used if not exists(*coding)} == set()


def codes(id: str) -> list[str]:
    system = REGISTRY.canonical(GUIDE.canonical("CodeSystem", id))
    assert system is not None
    assert system["count"] == len(system["concept"])
    return [concept["code"] for concept in system["concept"]]


@pytest.mark.parametrize(
    ("id", "expected"),
    [
        ("sesame-track", ["classique", "leger"]),
        ("sesame-forfait", ["classique", "leger"]),
        ("sesame-role", ["medecin-generaliste", "ide", "psychiatre"]),
        (
            "sesame-encounter-type",
            ["initial-assessment", "nurse-contact", "case-review", "clinical-meeting"],
        ),
        ("sesame-claim-state", ["received", "transmitted", "accepted", "rejected", "paid"]),
        (
            "sesame-referral-status",
            [
                *("contact-attempted", "first-appointment-booked", "assessed-leger", "assessed-classique"),
                "not-eligible",
            ],
        ),
        (
            "sesame-reject-reason",
            [
                *("under-18", "psychiatric-follow-up", "out-of-area", "no-indication", "emergency-redirect"),
                *("patient-declined", "unreachable"),
            ],
        ),
    ],
)
def test_code_systems_of_the_domain(id: str, expected: list[str]) -> None:
    assert codes(id) == expected


def code_systems() -> list[dict[str, Any]]:
    found = (resource for resource in GUIDE.resources if resource["resourceType"] == "CodeSystem")
    return [one for one in found if one["url"].startswith(GUIDE.root)]


@pytest.mark.parametrize("system", code_systems(), ids=lambda system: system["id"])
def test_a_code_system_is_complete_and_in_french(system: dict[str, Any]) -> None:
    found = codes(system["id"])
    assert len(found) == len(set(found))
    assert system["content"] == "complete"
    assert system["language"] == "fr"
    assert all(concept["display"] for concept in system["concept"])


@pytest.mark.parametrize("system", code_systems(), ids=lambda system: system["id"])
def test_the_value_set_of_a_whole_system_holds_all_its_codes(system: dict[str, Any]) -> None:
    if "valueSet" in system:
        members = REGISTRY.codes(system["valueSet"])
        assert members is not None
        assert {(system["url"], code) for code in codes(system["id"])} == {
            (member.system, member.code) for member in members.concepts
        }


def test_related_claims_are_prior_or_replaced() -> None:
    members = REGISTRY.codes(GUIDE.canonical("ValueSet", "sesame-claim-relationship"))
    assert members is not None
    assert {member.code for member in members.concepts} == {"prior", "replaces"}


def test_naming_systems_govern_the_identifiers_of_the_guide() -> None:
    found = [resource for resource in GUIDE.resources if resource["resourceType"] == "NamingSystem"]
    assert {resource["id"] for resource in found} == {
        *("referral", "practitioner-role", "episode", "care-plan", "claim", "record", "pseudonym"),
    }
    for resource in found:
        own = GUIDE.naming_system(resource["id"])
        preferred, *others = resource["uniqueId"]
        assert preferred == {"type": "uri", "value": own, "preferred": True}
        assert all(one["value"].startswith(f"{own}/") for one in others)
