"""Each profile accepts its valid examples and refuses what breaks any of its rules."""

from typing import Any

import pytest

from tests.mappings.sound import GUIDE, assert_sound, broken_rules
from tests.profiles import stated
from tests.profiles.examples import Example, Refusal, examples, refusals

EXAMPLES, REFUSALS = examples(), refusals()
PROFILES = {
    found["id"]: found
    for found in GUIDE.resources
    if found["resourceType"] == "StructureDefinition" and found["kind"] == "resource"
}


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_has_a_valid_example(profile: str) -> None:
    assert [example for example in EXAMPLES if example.profile == profile]


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_every_rule_of_a_profile_has_an_invalid_example(profile: dict[str, Any]) -> None:
    refused = {refusal.refused for refusal in REFUSALS if refusal.example.profile == profile["id"]}
    assert (stated.keys(profile) | stated.breakable(profile)) - refused == set()


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_a_valid_example_is_sound_and_claims_its_profile(example: Example) -> None:
    assert example.resource["id"] == example.name
    assert GUIDE.profile(example.profile) in example.resource["meta"]["profile"]
    assert_sound(example.resource)


@pytest.mark.parametrize("refusal", [found for found in REFUSALS if found.names_a_rule], ids=str)
def test_a_rule_refuses_what_breaks_it(refusal: Refusal) -> None:
    assert refusal.refused in broken_rules(refusal.resource)


def test_no_example_belongs_to_a_profile_that_does_not_exist() -> None:
    assert {example.profile for example in EXAMPLES} == set(PROFILES)
