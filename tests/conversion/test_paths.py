"""Paths read what they write, and keep other content."""

from typing import Any

import pytest

from fhir_server.conversion.paths import matches_pattern, path

LOOKS: dict[str, dict[str, Any]] = {
    "official": {"use": "official"},
    "ide": {"type": [{"coding": [{"code": "ide"}]}]},
}


@pytest.mark.parametrize(
    ("text", "resource"),
    [
        ("Patient.gender", {"gender": "x"}),
        ("Patient.name[official].family", {"name": [{"use": "official", "family": "x"}]}),
        ("Patient.name[official].given[0]", {"name": [{"use": "official", "given": ["x"]}]}),
        (
            "Encounter.item[linkId=a].item[linkId=b-c].x",
            {"item": [{"linkId": "a", "item": [{"linkId": "b-c", "x": "x"}]}]},
        ),
        ("Encounter.type[0].text", {"type": [{"text": "x"}]}),
        (
            "Encounter.participant[ide].individual",
            {"participant": [{"type": [{"coding": [{"code": "ide"}]}], "individual": "x"}]},
        ),
    ],
)
def test_what_is_written_is_read(text: str, resource: dict[str, Any]) -> None:
    way = path(text, LOOKS)
    written: dict[str, Any] = {}
    assert way.read(written) is None
    way.write(written, "x")
    assert written == resource
    assert way.read(written) == "x"


def test_an_item_is_found_by_its_pattern_at_any_index() -> None:
    nurse = {"type": [{"coding": [{"code": "ide", "display": "Infirmier"}]}], "individual": "x"}
    doctor = {"type": [{"coding": [{"code": "psychiatre"}]}], "individual": "y"}
    way = path("Encounter.participant[ide].individual", LOOKS)
    assert way.read({"participant": [doctor, nurse]}) == "x"
    assert way.read({"participant": [doctor]}) is None


def test_a_path_is_located_in_a_resource() -> None:
    names = {"name": [{"use": "usual"}, {"use": "official", "given": ["a", "b"]}], "gender": "x"}
    assert path("Patient.name[official].given[1]", LOOKS).located(names) == "name[1].given[1]"
    assert path("Patient.gender", LOOKS).located(names) == "gender"
    assert path("Patient.name[official].family", LOOKS).located(names) is None


def test_two_paths_share_an_item() -> None:
    resource: dict[str, Any] = {}
    path("Patient.name[official].family", LOOKS).write(resource, "a")
    path("Patient.name[official].given[0]", LOOKS).write(resource, "b")
    assert resource == {"name": [{"use": "official", "family": "a", "given": ["b"]}]}


def test_a_new_item_comes_last_and_is_not_read() -> None:
    way = path("QuestionnaireResponse.item[+]", {})
    resource = {"item": [{"linkId": "a"}]}
    way.write(resource, {"linkId": "b"})
    assert resource == {"item": [{"linkId": "a"}, {"linkId": "b"}]}
    assert way.read(resource) is None


def test_a_write_does_not_change_the_patterns() -> None:
    patterns = {"ide": {"type": [{"coding": [{"code": "ide"}]}]}}
    path("E.participant[ide].type[0].text", patterns).write({}, "x")
    assert patterns == {"ide": {"type": [{"coding": [{"code": "ide"}]}]}}


@pytest.mark.parametrize("text", ["Patient", "Patient.", "Patient.a..b", "Patient.a[", "Patient.a b"])
def test_what_is_no_path(text: str) -> None:
    with pytest.raises(ValueError, match="is no path"):
        path(text, {})


def test_a_name_without_a_pattern() -> None:
    with pytest.raises(KeyError):
        path("Patient.name[nobody].family", {})


@pytest.mark.parametrize(
    ("item", "pattern", "alike"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, True),
        ({"a": 1}, {"a": 1, "display": "z"}, True),
        ({"a": [1, 2]}, {"a": [2]}, True),
        ({"a": 1}, {"a": 2}, False),
        ({}, {"a": {"b": 1}}, False),
        ("text", {"a": 1}, False),
    ],
)
def test_an_item_matches_a_pattern_whose_members_it_has(item: Any, pattern: Any, alike: bool) -> None:
    assert matches_pattern(item, pattern) is alike
