"""Idempotent transaction Bundles."""

from typing import Any

from mappings.sesame.transaction import create, full_url, inside, replace, stored, transaction

PLAN: dict[str, Any] = {"resourceType": "CarePlan", "identifier": [{"system": "urn:a", "value": "1"}]}
RESPONSE: dict[str, Any] = {
    "resourceType": "QuestionnaireResponse",
    "identifier": {"system": "urn:a", "value": "1"},
}


def test_a_creation_is_conditional_on_the_identifier() -> None:
    entry = create(PLAN)
    assert entry["request"] == {"method": "POST", "url": "CarePlan", "ifNoneExist": "identifier=urn:a|1"}
    assert entry["fullUrl"].startswith("urn:uuid:")
    assert entry["resource"] is PLAN


def test_a_replacement_names_what_it_replaces_by_the_identifier() -> None:
    assert replace(PLAN)["request"] == {"method": "PUT", "url": "CarePlan?identifier=urn:a|1"}


def test_references_inside_a_bundle_follow_the_full_url() -> None:
    assert inside(PLAN) == {"reference": create(PLAN)["fullUrl"]} == {"reference": replace(PLAN)["fullUrl"]}


def test_references_to_what_is_stored_are_conditional() -> None:
    assert stored(RESPONSE) == {"reference": "QuestionnaireResponse?identifier=urn:a|1"}


def test_one_identifier_on_two_types_gives_two_urls() -> None:
    assert full_url(PLAN) != full_url(RESPONSE)


def test_entries_keep_their_order() -> None:
    assert transaction(map(create, (RESPONSE, PLAN))) == {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [create(RESPONSE), create(PLAN)],
    }
