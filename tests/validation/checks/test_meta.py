"""Metadata that says something twice."""

from fhir_server.validation.checks.meta import MetaCheck
from tests.validation.checks.runner import Runner

SECRET = {"system": "http://example.org/secret", "code": "R"}


def test_what_is_but_a_part_is_told(run: Runner) -> None:
    """https://hl7.org/fhir/R4/search.html#summary"""
    part = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}
    for tags, found in (
        ([SECRET, part], [("warning", "subsetted", "Patient.meta.tag[1]")]),
        ([SECRET, {"code": "SUBSETTED"}, {"display": "subsetted"}], []),
    ):
        assert run.found(MetaCheck(), {"resourceType": "Patient", "meta": {"tag": tags}}) == found


def test_profiles_labels_and_tags_are_sets(run: Runner) -> None:
    shown = SECRET | {"display": "Restreint"}
    meta = {
        "profile": ["http://example.org/a", "http://example.org/b", "http://example.org/a"],
        "security": [SECRET, {"code": "R"}, {"display": "x"}, {"display": "x"}, shown],
        "tag": [SECRET, shown, shown],
    }
    assert run.found(MetaCheck(), {"resourceType": "Patient", "meta": meta}) == [
        ("warning", "meta-set", "Patient.meta.profile[2]"),
        ("warning", "security-set", "Patient.meta.security[4]"),
        ("warning", "meta-set", "Patient.meta.tag[1]"),
        ("warning", "meta-set", "Patient.meta.tag[2]"),
    ]
    assert run.found(MetaCheck(), {"resourceType": "Patient"}) == []
