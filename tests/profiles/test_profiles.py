"""Each profile accepts its valid examples and refuses violations of each of its rules."""

import re
from typing import Any

import pytest

from fhir_server.issues import Issue
from tests.mappings.validity import GUIDE, VALIDATOR, assert_valid
from tests.profiles import breakable_elements
from tests.profiles.examples import Example, Refusal, examples, refusals

EXAMPLES, REFUSALS = examples(), refusals()
PROFILES = {
    found["id"]: found
    for found in GUIDE.resources
    if found["resourceType"] == "StructureDefinition" and found["kind"] == "resource"
}
SEVERITIES = {
    rule["key"]: rule["severity"]
    for profile in PROFILES.values()
    for element in profile["differential"]["element"]
    for rule in element.get("constraint", ())
}
KNOWN_WARNINGS = {"cle-inexacte": {"identifier-value"}}


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_has_a_valid_example(profile: str) -> None:
    assert [example for example in EXAMPLES if example.profile == profile]


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_every_rule_of_a_profile_has_an_invalid_example(profile: dict[str, Any]) -> None:
    refused = {refusal.refused for refusal in REFUSALS if refusal.example.profile == profile["id"]}
    assert (breakable_elements.keys(profile) | breakable_elements.breakable(profile)) - refused == set()


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_a_valid_example_is_sound_and_claims_its_profile(example: Example) -> None:
    assert example.resource["id"] == example.name
    assert GUIDE.profile(example.profile) in example.resource["meta"]["profile"]
    assert_valid(example.resource)


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_a_valid_example_is_warned_of_nothing_but_what_r4_leaves_open(example: Example) -> None:
    """A resource may do without narrative, and an extensible binding may be left for codes of our own."""
    keys = {issue.key for issue in VALIDATOR.validate(example.resource) if issue.code != "code-invalid"}
    assert keys - {"dom-6", None} == KNOWN_WARNINGS.get(example.name, set())


@pytest.mark.parametrize("refusal", REFUSALS, ids=str)
def test_what_breaks_a_profile_is_refused_by_name_and_at_its_place(refusal: Refusal) -> None:
    issues = [issue for issue in VALIDATOR.validate(refusal.resource) if _refuses(issue, refusal)]
    assert issues


def _refuses(issue: Issue, refusal: Refusal) -> bool:
    if issue.severity not in ("fatal", SEVERITIES.get(refusal.refused, "error")):
        return False
    if refusal.names_a_rule:
        return issue.key == refusal.refused
    places = [re.sub(r"\.ofType\(\w+\)|\[\d+\]", "", place) for place in issue.expression]
    return any(f"{place}.".startswith(f"{refusal.path}.") for place in places)


def test_no_example_belongs_to_a_profile_that_does_not_exist() -> None:
    assert {example.profile for example in EXAMPLES} == set(PROFILES)
