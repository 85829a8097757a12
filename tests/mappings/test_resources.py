"""The output of the builders that neither the story nor the cohort covers."""

import pytest

from mappings.sesame import identifiers
from mappings.sesame.resources.consent import consent
from mappings.sesame.resources.elements import synthetic
from mappings.sesame.resources.organization import organization
from mappings.sesame.resources.task import ReferralState, claim_acknowledgement, referral_task
from tests.mappings.validity import GUIDE, assert_valid, is_marked_synthetic

OWN = identifiers.identifier("urn:example", "1")
PATIENT, CLAIM, REFERRAL, ROLE = (
    {"reference": f"{type}/1"} for type in ("Patient", "Claim", "ServiceRequest", "PractitionerRole")
)


@pytest.mark.parametrize(
    ("purpose", "permit", "scope", "policy", "provision"),
    [
        ("team-care", True, "treatment", "OPTIN", "permit"),
        ("evaluation", True, "research", "OPTOUT", "permit"),
        ("evaluation", False, "research", "OPTOUT", "deny"),
        ("research", True, "research", "OPTIN", "permit"),
    ],
)
def test_each_purpose_of_consent_is_its_own(
    purpose: str, permit: bool, scope: str, policy: str, provision: str
) -> None:
    found = consent(GUIDE, identifier=OWN, purpose=purpose, patient=PATIENT, date="2025-01-06", permit=permit)
    assert_valid(found)
    assert found["scope"]["coding"][0]["code"] == scope
    assert found["policyRule"]["coding"][0]["code"] == policy
    assert found["provision"] == {"type": provision}


@pytest.mark.parametrize("state", ["received", "transmitted", "accepted", "rejected", "paid"])
def test_a_claim_is_acknowledged_by_a_task(state: str) -> None:
    found = claim_acknowledgement(
        GUIDE, identifier=OWN, claim=CLAIM, state=state, authored_on="2025-02-01T08:00:00+01:00"
    )
    assert_valid(found)
    assert found["focus"] == CLAIM
    assert found["businessStatus"]["coding"][0]["code"] == state


def test_an_unknown_state_is_an_error() -> None:
    with pytest.raises(KeyError):
        claim_acknowledgement(GUIDE, identifier=OWN, claim=CLAIM, state="lost", authored_on="2025-02-01")


def test_a_rejected_referral_says_why() -> None:
    found = referral_task(
        GUIDE,
        identifier=OWN,
        state=ReferralState("rejected", reject_reason="under-18"),
        referral=REFERRAL,
        patient=PATIENT,
        requester=ROLE,
        authored_on="2025-01-06T10:00:00+01:00",
        last_modified="2025-01-06T10:00:00+01:00",
    )
    assert_valid(found)
    assert found["statusReason"]["coding"][0]["display"] == "Patient mineur"


def test_a_server_numbers_the_referral_it_receives() -> None:
    assert identifiers.filler(GUIDE, "7") == {
        "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "FILL"}]},
        "system": GUIDE.naming_system("referral"),
        "value": "7",
    }


def test_marking_a_resource_keeps_all_it_says() -> None:
    plain = organization(identifier=OWN, name="Site", kind="prov")
    marked = synthetic(GUIDE, plain)
    assert is_marked_synthetic(marked)
    assert {name: value for name, value in marked.items() if name != "meta"} == plain
    assert "meta" not in plain
