"""Codings and value sets that name versions: which is taken, and what is said where they differ.

The expectations are those of HL7's tests for terminology services (suite `version`).
"""

from typing import Any

import pytest

from tests.codes.sample_terminology import ROOT, code_system, value_set
from tests.interactions.client import Client, ClientFactory
from tests.operations.terminology.conftest import kinds, parameters, said

SYSTEM = f"{ROOT}/CodeSystem/editions"
KNOWN = [
    code_system(SYSTEM, version=version, concept=[{"code": "a", "display": f"A of {version}"}])
    for version in ("1.0.0", "1.2.0")
]
MISMATCH, MISSING, UNFIT = ("error", "vs-invalid"), ("error", "not-found"), ("error", "version-error")
DEFAULT = ("warning", "vs-invalid")


@pytest.fixture
def editions(knowing: ClientFactory) -> Client:
    return knowing(*KNOWN)


def include(version: str) -> dict[str, Any]:
    return {"system": SYSTEM, **({"version": version} if version else {})}


@pytest.mark.parametrize(
    ("given", "pinned", "asked", "shown", "found", "missing"),
    [
        ("", "", "", "1.2.0", [], None),
        ("", "1.0.0", "", "1.0.0", [], None),
        ("", "1.x.x", "", "1.2.0", [], None),
        ("1.0.0", "1.0.0", "", "1.0.0", [], None),
        ("1.0.0", "1.2.0", "", "1.2.0", [MISMATCH], None),
        ("1.0.0", "", "", "1.2.0", [MISMATCH], None),
        ("2.4.0", "", "", "1.2.0", [DEFAULT, MISSING], "2.4.0"),
        ("2.4.0", "1.0.0", "", "1.0.0", [MISMATCH, MISSING], "2.4.0"),
        ("", "1", "", "1.2.0", [MISSING], "1"),
        ("1.0.0", "1", "", "1.0.0", [MISMATCH, MISSING], "1"),
        ("", "", "system", "1.0.0", [], None),
        ("2.4.0", "", "system", "1.0.0", [MISMATCH, MISSING], "2.4.0"),
        ("1.0.0", "1.2.0", "system", "1.2.0", [MISMATCH], None),
        ("", "1", "system", "1.0.0", [MISSING], "1"),
        ("", "1", "check", "1.0.0", [MISSING], "1"),
        ("", "1.x.x", "check", "1.2.0", [UNFIT], None),
        ("1.0.0", "1.2.0", "check", "1.2.0", [MISMATCH, UNFIT], None),
        ("2.4.0", "", "check", "1.0.0", [MISMATCH, MISSING], "2.4.0"),
        ("", "1.2.0", "force", "1.0.0", [], None),
        ("1.0.0", "1.2.0", "force", "1.0.0", [], None),
        ("2.4.0", "1.0.0", "force", "1.0.0", [MISMATCH, MISSING], "2.4.0"),
    ],
)
@pytest.mark.parametrize("as_concept", [False, True])
def test_the_version_of_a_coding_and_that_of_the_value_set(
    editions: Client,
    given: str,
    pinned: str,
    asked: str,
    shown: str,
    found: list[tuple[str, str]],
    missing: str | None,
    as_concept: bool,
) -> None:
    coding = {"system": SYSTEM, "code": "a", **({"version": given} if given else {})}
    subject = {"codeableConcept": {"coding": [coding]}} if as_concept else {"coding": coding}
    wish = {f"{asked}_system_version".removeprefix("system_"): f"{SYSTEM}|1.0.x"} if asked else {}
    body = parameters(valueSet=value_set("held", include(pinned)), **subject, **wish)
    answer = said(response := editions.post("ValueSet/$validate-code", body))
    assert kinds(response) == found if found else "issues" not in answer
    assert answer["result"] is not any(severity == "error" for severity, _ in found)
    cause = f"{SYSTEM}|{missing}" if missing else None
    assert answer.get("x-caused-by-unknown-system") == cause
    if not as_concept or pinned != "1":
        assert (answer["version"], answer["display"]) == (shown, f"A of {shown}")


def test_several_versions_in_one_value_set(knowing: ClientFactory) -> None:
    older, newer = (
        code_system(SYSTEM, version=version, concept=[{"code": "a"}, {"code": "b"}])
        for version in ("1.0.0", "1.2.0")
    )
    parts = (
        {**include("1.0.0"), "concept": [{"code": "a"}]},
        {**include("1.2.0"), "concept": [{"code": "b"}]},
    )
    client = knowing(older, newer)
    for code, version in (("a", "1.0.0"), ("b", "1.2.0")):
        body = parameters(valueSet=value_set("mixed", *parts), coding={"system": SYSTEM, "code": code})
        answer = said(client.post("ValueSet/$validate-code", body))
        assert (answer["result"], answer["version"]) == (True, version)


def test_the_version_of_a_value_set_where_none_is_named(knowing: ClientFactory) -> None:
    older, newer = (
        {**value_set("held", {**include(version), "concept": [{"code": "a"}]}), "version": version}
        for version in ("1.0.0", "1.2.0")
    )
    client = knowing(*KNOWN, older, newer)
    wish = {"name": "default-valueset-version", "valueCanonical": f"{older['url']}|1.0.0"}
    for subject in ({"url": older["url"]}, {"valueSet": value_set("outer", {"valueSet": [older["url"]]})}):
        for wishes, version in (([], "1.2.0"), ([wish], "1.0.0")):
            body = parameters(**subject, coding={"system": SYSTEM, "code": "a"})
            body["parameter"] += [*wishes, {"name": "uuid", "valueUuid": "urn:uuid:1"}]
            assert said(client.post("ValueSet/$validate-code", body))["version"] == version
    wrong = {"name": "default-valueset-version", "valueCanonical": f"{older['url']}|3.0.0"}
    body = parameters(valueSet=value_set("outer", {"valueSet": [older["url"]]}))
    body["parameter"].append(wrong)
    refused = client.post("ValueSet/$expand", body)
    assert refused.status == 404
    assert "|3.0.0" in refused.content["issue"][0]["details"]["text"]


@pytest.mark.parametrize(
    ("coding", "found", "shown"),
    [
        ({"code": "a", "version": "1.0.0"}, [], ("1.0.0", "A of 1.0.0")),
        ({"code": "a"}, [], ("1.2.0", "A of 1.2.0")),
        ({"code": "a", "display": "A of 1.0.0"}, [], ("1.0.0", "A of 1.0.0")),
        ({"code": "a", "display": "B"}, [("error", "invalid-display")], ("1.2.0", "A of 1.2.0")),
        ({"code": "b"}, [], ("1.0.0", "B")),
        (
            {"code": "b", "version": "1.2.0"},
            [("error", "not-in-vs"), ("error", "invalid-code")],
            ("1.2.0", None),
        ),
    ],
)
def test_a_value_set_of_two_versions_holds_a_coding_to_the_one_it_means(
    knowing: ClientFactory, coding: dict[str, Any], found: list[Any], shown: tuple[str, str | None]
) -> None:
    older = {**KNOWN[0], "concept": [*KNOWN[0]["concept"], {"code": "b", "display": "B"}]}
    both = value_set("both", include("1.0.0"), include("1.2.0"))
    body = parameters(valueSet=both, coding={"system": SYSTEM, **coding})
    response = knowing(older, KNOWN[1]).post("ValueSet/$validate-code", body)
    answer = said(response)
    assert answer["result"] is not bool(found)
    assert sorted(kinds(response) if found else []) == sorted(found)
    assert (answer["version"], answer.get("display")) == shown
