"""References to types and profiles, in Bundles and contained, and resources inside others."""

from typing import Any

import pytest

from fhir_server.validation.validator import Validator
from tests.validation.profiles.conftest import BASE, ROOT, Problems, structure

Json = dict[str, Any]


def referring(*profiles: str, **facts: Any) -> tuple[Json, ...]:
    return (
        structure("adult", "Patient", {"path": "Patient.birthDate", "min": 1}),
        structure(
            "seen",
            "Encounter",
            {
                "path": "Encounter.subject",
                "type": [{"code": "Reference", "targetProfile": list(profiles), **facts}],
            },
        ),
    )


@pytest.fixture(scope="module")
def problems() -> Problems:
    return Problems(*referring(ROOT + "adult"))


def encounter(reference: str, **changes: Any) -> Json:
    kind = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}
    base = {"resourceType": "Encounter", "status": "planned", "class": kind}
    return base | {"subject": {"reference": reference}} | changes


def bundle(*entries: tuple[str, Json]) -> Json:
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": url, "resource": resource} for url, resource in entries],
    }


def patient(**changes: Any) -> Json:
    return {"resourceType": "Patient", **changes}


def test_the_type_of_the_target(problems: Problems) -> None:
    assert problems(encounter("Patient/1"), "seen") == []
    assert problems(encounter("Group/1"), "seen") == [("value", "Encounter.subject.reference")]
    assert problems(encounter("Group/1")) == []


def test_a_contained_target_must_satisfy_the_profile(problems: Problems) -> None:
    good, bad = patient(id="p", birthDate="1970"), patient(id="p", active=True)
    assert problems(encounter("#p", contained=[good]), "seen") == []
    assert problems(encounter("#p", contained=[bad]), "seen") == [
        ("structure", "Encounter.subject.reference")
    ]


def test_a_target_in_the_same_bundle_must_satisfy_the_profile(problems: Problems) -> None:
    for url, reference in (
        ("urn:uuid:5e1c7a56-9d4e-4f0e-9c2a-6c8a3f1d2b4e", "urn:uuid:5e1c7a56-9d4e-4f0e-9c2a-6c8a3f1d2b4e"),
        ("http://example.org/fhir/Patient/7", "Patient/7"),
    ):
        for target, fits in (
            (patient(id="7", birthDate="1970"), True),
            (patient(id="7", active=True), False),
        ):
            seen = encounter(reference, meta={"profile": [ROOT + "seen"]})
            found = problems(bundle((url, target), ("http://example.org/fhir/Encounter/1", seen)))
            place = ("structure", "Bundle.entry[1].resource.subject.reference")
            assert [one for one in found if one == place] == ([] if fits else [place])


def test_a_target_that_can_be_resolved_elsewhere(problems: Problems) -> None:
    validator: Validator = problems.validator
    store = {"Patient/1": patient(active=True), "Patient/2": patient(birthDate="1970")}
    for reference, count in (("Patient/1", 1), ("Patient/2", 0), ("Patient/3", 0)):
        issues = validator.validate(encounter(reference), [ROOT + "seen"], resolve=store.get)
        assert sum(issue.severity == "error" for issue in issues) == count


def test_any_of_several_target_profiles_will_do() -> None:
    problems = Problems(*referring(ROOT + "adult", BASE + "Group"))
    group = {"resourceType": "Group", "id": "g", "type": "person", "actual": False}
    assert problems(encounter("#g", contained=[group]), "seen") == []


def test_the_type_of_a_target_that_only_the_bundle_tells(problems: Problems) -> None:
    url = "urn:uuid:5e1c7a56-9d4e-4f0e-9c2a-6c8a3f1d2b4e"
    device = {"resourceType": "Device", "id": "d"}
    found = problems(bundle((url, device), ("urn:uuid:5e1c7a56-9d4e-4f0e-9c2a-6c8a3f1d2b4f", encounter(url))))
    assert ("value", "Bundle.entry[1].resource.subject.reference") in found


@pytest.mark.parametrize(("stated", "agrees"), [("Patient", True), ("Group", False), ("patient", False)])
@pytest.mark.parametrize(
    "url", ["urn:uuid:5e1c7a56-9d4e-4f0e-9c2a-6c8a3f1d2b4e", "http://example.org/anne"], ids=["urn", "url"]
)
def test_the_type_that_is_stated_is_that_of_the_entry(
    problems: Problems, url: str, stated: str, agrees: bool
) -> None:
    visit = encounter(url, subject={"reference": url, "type": stated})
    whole = bundle((url, patient()), ("urn:uuid:5e1c7a56-9d4e-4f0e-9c2a-6c8a3f1d2b4f", visit))
    place = "Bundle.entry[1].resource.subject.type"
    assert problems(whole) == ([] if agrees else [("value", place)])
    assert problems.validator.errors(whole) == []


@pytest.mark.parametrize(("mode", "fits"), [("contained", True), ("referenced", False), ("bundled", False)])
def test_where_the_target_must_stand(mode: str, fits: bool) -> None:
    problems = Problems(*referring(BASE + "Patient", aggregation=[mode]))
    found = problems(encounter("#p", contained=[patient(id="p", active=True)]), "seen")
    assert found == ([] if fits else [("value", "Encounter.subject.reference")])
    assert (problems(encounter("Patient/1"), "seen") == []) == (mode == "referenced")


def test_profiles_that_refer_to_each_other_come_to_an_end() -> None:
    url = "urn:uuid:5e1c7a56-9d4e-4f0e-9c2a-6c8a3f1d2b4e"
    problems = Problems(
        structure(
            "linked",
            "Patient",
            {
                "path": "Patient.link.other",
                "type": [{"code": "Reference", "targetProfile": [ROOT + "linked"]}],
            },
        )
    )
    twin = patient(
        link=[{"other": {"reference": url}, "type": "seealso"}], meta={"profile": [ROOT + "linked"]}
    )
    assert problems(bundle((url, twin))) == []


def linked(number: int, *to: int, **more: Any) -> tuple[str, Json]:
    links = [{"other": {"reference": f"Patient/{one}"}, "type": "seealso"} for one in to]
    return f"http://example.org/Patient/{number}", patient(id=str(number), link=links, **more)


def test_a_target_that_many_references_lead_to_is_judged_once() -> None:
    """Each of these profiles asks two things of two references: four times as many at each step."""
    deep = 15
    profiles = [
        structure(
            f"p{number}",
            "Patient",
            {
                "path": "Patient.link.other",
                "type": [{"code": "Reference", "targetProfile": [ROOT + f"p{number + 1}", ROOT + "named"]}],
            },
            {"path": "Patient.name", "max": "1"},
        )
        for number in range(deep)
    ]
    named = structure("named", "Patient", {"path": "Patient.name", "min": 1})
    problems = Problems(
        *profiles, structure(f"p{deep}", "Patient", {"path": "Patient.name", "min": 1}), named
    )
    chain = [linked(number, number + 1, number + 1) for number in range(1, deep)]
    first = linked(0, 1, 1, meta={"profile": [ROOT + "p0"]})
    found = problems(bundle(first, *chain, (f"http://example.org/Patient/{deep}", patient(id=str(deep)))))
    assert {place for _, place in found} == {
        f"Bundle.entry[0].resource.link[{index}].other.reference" for index in (0, 1)
    }


def test_a_long_way_of_references_is_not_followed_to_its_end() -> None:
    targets = [{"code": "Reference", "targetProfile": [ROOT + "linked"]}]
    problems = Problems(structure("linked", "Patient", {"path": "Patient.link.other", "type": targets}))
    chain = [linked(number, number + 1) for number in range(1, 600)]
    assert problems(bundle(linked(0, 1, meta={"profile": [ROOT + "linked"]}), *chain)) == []


def test_resources_inside_others_are_checked_by_what_they_claim(problems: Problems) -> None:
    claiming = patient(id="p", active=True, meta={"profile": [ROOT + "adult"]})
    assert problems(encounter("#p", contained=[claiming])) == [
        ("required", "Encounter.contained[0].birthDate")
    ]
    in_bundle = problems(bundle(("http://example.org/Patient/p", claiming)))
    assert in_bundle == [("required", "Bundle.entry[0].resource.birthDate")]
    parameters = {"resourceType": "Parameters", "parameter": [{"name": "x", "resource": claiming}]}
    assert problems(parameters) == [("required", "Parameters.parameter[0].resource.birthDate")]


def test_rules_know_the_resource_and_the_root() -> None:
    same = "%resource.id = 'p' and %rootResource.id = 'e'"
    rules = [{"key": "r-1", "severity": "error", "human": "x", "expression": same}]
    problems = Problems(structure("inner", "Patient", {"path": "Patient.name", "constraint": rules}))
    inner = patient(id="p", name=[{"text": "x"}], meta={"profile": [ROOT + "inner"]})
    assert problems(encounter("#p", id="e", contained=[inner])) == []
    assert problems(encounter("#p", id="f", contained=[inner])) == [
        ("invariant", "Encounter.contained[0].name[0]")
    ]


def ruled(type: str, expression: str, *path: str) -> Problems:
    """A profile with one rule, on an element of a contained Patient or of the type itself."""
    rule = {"key": "r-1", "severity": "error", "human": "x", "expression": expression}
    lines: dict[str, Json] = {f"{type}.contained": {"type": [{"code": "Patient"}]}}
    lines.setdefault(".".join((type, *path)), {})["constraint"] = [rule]
    return Problems(structure("ruled", type, *({"path": path, **line} for path, line in lines.items())))


@pytest.mark.parametrize(
    ("path", "context", "resource"),
    [
        (("contained",), "Patient", "Encounter"),
        (("contained", "name"), "HumanName", "Patient"),
        (("subject",), "Reference", "Encounter"),
    ],
)
def test_what_rules_on_contained_resources_know_around_them(
    path: tuple[str, ...], context: str, resource: str
) -> None:
    """https://hl7.org/fhir/R4/fhirpath.html#variables"""
    types = {"context": context, "resource": resource, "rootResource": "Encounter"}
    rule = " and ".join(f"%{name}.type().name = '{type}'" for name, type in types.items())
    problems = ruled("Encounter", rule, *path)
    assert problems(encounter("#p", contained=[patient(id="p", name=[{"text": "x"}])]), "ruled") == []


def test_what_is_asked_inside_an_entry_is_asked_of_its_resource() -> None:
    seen = {
        "path": "Bundle.entry.resource.subject",
        "type": [{"code": "Reference", "targetProfile": [ROOT + "adult"]}],
    }
    resource = {"path": "Bundle.entry.resource", "type": [{"code": "Encounter"}]}
    adult, _ = referring()
    problems = Problems(adult, structure("visits", "Bundle", resource, seen))
    visits = [encounter("#p", contained=[patient(id="p", **more)]) for more in ({"birthDate": "1970"}, {})]
    whole = bundle(*((f"urn:uuid:5e1c7a56-9d4e-4f0e-9c2a-6c8a3f1d2b4{i}", e) for i, e in enumerate(visits)))
    assert problems(whole, "visits") == [("structure", "Bundle.entry[1].resource.subject.reference")]


@pytest.mark.parametrize(
    ("reference", "leads_to"),
    [
        ("urn:uuid:5e1c7a56-9d4e-4f0e-9c2a-6c8a3f1d2b4e", "e"),
        ("http://example.org/fhir/Patient/7", "7"),
        ("Patient/7", "7"),
        ("#p", "p"),
    ],
)
def test_a_rule_on_a_bundle_follows_the_references_of_its_entries(reference: str, leads_to: str) -> None:
    """https://hl7.org/fhir/R4/bundle.html#references"""
    rule = f"entry.resource.ofType(Encounter).all(subject.resolve().id = '{leads_to}')"
    rules = {"key": "r-1", "severity": "error", "human": "x", "expression": rule}
    problems = Problems(structure("ruled", "Bundle", {"path": "Bundle", "constraint": [rules]}))
    inside: Json = {"contained": [patient(id="p")]} if reference == "#p" else {}
    visit = encounter(reference, id="1", **inside)
    whole = bundle(
        ("urn:uuid:5e1c7a56-9d4e-4f0e-9c2a-6c8a3f1d2b4e", patient(id="e")),
        ("http://example.org/fhir/Patient/7", patient(id="7")),
        ("http://example.org/fhir/Encounter/1", visit),
    )
    assert problems(whole, "ruled") == []
