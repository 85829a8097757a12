"""Elements, cardinality, choices, nulls and extensions."""

from collections.abc import Callable
from typing import Any

import pytest

from fhir_server.issues import Issue

Validate = Callable[[Any], list[Issue]]
Problems = Callable[[Any], list[tuple[str, str]]]


def patient(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **elements}


def observation(**elements: Any) -> dict[str, Any]:
    code = {"text": "PHQ-9"}
    return {"resourceType": "Observation", "status": "final", "code": code, **elements}


def only(issues: list[Issue]) -> Issue:
    assert len(issues) == 1, issues
    return issues[0]


def text(validate: Validate, resource: Any) -> str:
    return only(validate(resource)).text.render()


@pytest.mark.parametrize("resource", [None, [], "Patient", 1, True])
def test_what_is_no_object_is_no_resource(problems: Problems, resource: Any) -> None:
    assert problems(resource) == [("structure", "Resource")]


def test_a_resource_says_its_type(problems: Problems, validate: Validate) -> None:
    assert problems({"active": True}) == [("required", "Resource")]
    assert problems({"resourceType": 1}) == [("required", "Resource")]
    assert problems({"resourceType": "Pateint"}) == [("not-supported", "Pateint")]
    assert problems({"resourceType": "DomainResource"}) == [("not-supported", "DomainResource")]
    assert "'Patient'" in text(validate, {"resourceType": "Pateint"})


def test_a_resource_may_be_empty_where_nothing_is_required(problems: Problems) -> None:
    assert problems(patient()) == []
    assert problems(patient(id="1", active=False)) == []


@pytest.mark.parametrize(
    ("resource", "place", "words"),
    [
        (patient(brithDate="1990-01-01"), "Patient.brithDate", "Did you mean 'birthDate'?"),
        (
            patient(name=[{"familly": "A"}]),
            "Patient.name[0].familly",
            "'familly' is not an element of HumanName",
        ),
        (patient(zzz=1), "Patient.zzz", "'zzz' is not an element of Patient."),
        (
            patient(contact=[{"nam": {}}]),
            "Patient.contact[0].nam",
            "of Patient.contact. Did you mean 'name'?",
        ),
        (patient(fhir_comments=["x"]), "Patient.fhir_comments", "not part of R4's JSON"),
        (patient(_name=[{"id": "x"}]), "Patient.name", "'name' has nothing beside it"),
        (patient(_id={"id": "x"}), "Patient.id", "'_id' is not allowed"),
        (patient(**{"a b`\\": 1}), "Patient.`a b\\`\\\\`", "is not an element of Patient"),
        (
            observation(value="x"),
            "Observation.value",
            "'valueQuantity', 'valueCodeableConcept', 'valueString'",
        ),
        (
            observation(valueAddress={}),
            "Observation.valueAddress",
            "'valueAddress' is not allowed in Observation",
        ),
    ],
)
def test_an_unknown_element_is_named_with_what_was_likely_meant(
    validate: Validate, resource: dict[str, Any], place: str, words: str
) -> None:
    issue = only(validate(resource))
    assert (issue.severity, issue.code, issue.expression) == ("error", "structure", (place,))
    assert words in issue.text.render()


@pytest.mark.parametrize(
    ("resource", "place"),
    [
        ({"resourceType": "Observation", "code": {"text": "x"}}, "Observation.status"),
        (patient(link=[{"type": "refer"}]), "Patient.link[0].other"),
        (patient(communication=[{"preferred": True}]), "Patient.communication[0].language"),
        (
            {
                "resourceType": "MedicationRequest",
                "status": "active",
                "intent": "order",
                "subject": {"reference": "Patient/1"},
            },
            "MedicationRequest.medication",
        ),
        (patient(extension=[{"valueString": "x"}]), "Patient.extension[0].url"),
    ],
)
def test_a_required_element_that_is_missing(problems: Problems, resource: dict[str, Any], place: str) -> None:
    assert problems(resource) == [("required", place)]


def test_a_required_primitive_may_have_an_extension_in_place_of_its_value(problems: Problems) -> None:
    unknown = {"extension": [{"url": "http://example.org/why", "valueCode": "unknown"}]}
    resource = {"resourceType": "Observation", "_status": unknown, "code": {"text": "x"}}
    assert problems(resource) == []


@pytest.mark.parametrize(
    ("resource", "place", "words"),
    [
        (patient(name={"family": "A"}), "Patient.name", "must be an array even for one value"),
        (patient(name=[{"given": "A"}]), "Patient.name[0].given", "must be an array even for one value"),
        (patient(birthDate=["1990"]), "Patient.birthDate", "does not repeat"),
        (patient(maritalStatus=[{"text": "x"}]), "Patient.maritalStatus", "does not repeat"),
        (patient(name=[]), "Patient.name", "is an empty array"),
        (patient(name=[{"given": []}]), "Patient.name[0].given", "is an empty array"),
        (patient(name=[{}]), "Patient.name[0]", "is empty"),
        (patient(maritalStatus={}), "Patient.maritalStatus", "is empty"),
        (patient(maritalStatus={"id": "x"}), "Patient.maritalStatus", "is empty"),
        (patient(_birthDate={}), "Patient.birthDate", "is empty"),
        (patient(language=""), "Patient.language", "is an empty string"),
        (patient(birthDate=None), "Patient.birthDate", "is null"),
        (patient(maritalStatus=None), "Patient.maritalStatus", "is null"),
        (patient(name=None), "Patient.name", "is null"),
        (patient(name=[None]), "Patient.name[0]", "is null"),
        (patient(active="true"), "Patient.active", "'Patient.active' must be true or false, not a string"),
        (patient(birthDate=1990), "Patient.birthDate", "must be a string, not a number"),
        (patient(maritalStatus="married"), "Patient.maritalStatus", "must be an object, not a string"),
        (patient(name=["Curie"]), "Patient.name[0]", "must be an object, not a string"),
        (patient(text=True), "Patient.text", "must be an object, not true or false"),
    ],
)
def test_the_shape_of_json(validate: Validate, resource: dict[str, Any], place: str, words: str) -> None:
    issue = only(validate(resource))
    assert (issue.code, issue.expression) == ("structure", (place,))
    assert words in issue.text.render()
    assert issue.text.render("fr") != issue.text.render("en")


def test_a_choice_is_given_once(validate: Validate) -> None:
    issue = only(validate(observation(valueString="x", valueInteger=1)))
    assert issue.expression == ("Observation.value.ofType(string)",)
    assert "'valueString', 'valueInteger'" in issue.text.render()


def test_a_companion_belongs_to_the_choice_of_its_type(problems: Problems) -> None:
    companion = {"extension": [{"url": "http://example.org/x", "valueCode": "x"}]}
    assert problems(observation(valueString="x", _valueString=companion)) == []
    assert problems(observation(_valueString=companion)) == []
    twice = [("structure", "Observation.value.ofType(integer)")]
    assert problems(observation(valueInteger=1, _valueString=companion)) == twice


def test_the_value_of_a_choice_is_checked(problems: Problems) -> None:
    quantity = {"value": "12"}
    assert problems(observation(valueQuantity=quantity)) == [
        ("structure", "Observation.value.ofType(Quantity).value")
    ]


EXTENSION = {"extension": [{"url": "http://example.org/x", "valueCode": "x"}]}


@pytest.mark.parametrize(
    "name",
    [
        {"given": ["A", None], "_given": [None, EXTENSION]},
        {"given": ["A", "B"], "_given": [{"id": "g1"}, None]},
        {"given": ["A"], "_given": [{"id": "g1"}, None, None]},
        {"given": ["A"], "_given": [None, None]},
        {"_given": [EXTENSION]},
        {"family": "A", "_family": {"id": "f1"}},
        {"_family": EXTENSION},
    ],
)
def test_primitives_and_their_companions(problems: Problems, name: dict[str, Any]) -> None:
    assert problems(patient(name=[name])) == []


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ({"given": ["A", None]}, "given[1]"),
        ({"given": ["A", None], "_given": [EXTENSION, None]}, "given[1]"),
        ({"given": ["A"], "_given": [None, EXTENSION]}, "given"),
        ({"given": ["A"], "_given": EXTENSION}, "given"),
        ({"given": ["A"], "_given": []}, "given"),
        ({"_given": [EXTENSION, None]}, "given[1]"),
        ({"_family": "A"}, "family"),
        ({"_family": {"value": "A"}}, "family.value"),
        ({"family": "A", "_family": None}, "family"),
        ({"_given": [{"extension": [{"url": "http://x"}]}]}, "given[0].extension[0]"),
    ],
)
def test_companions_that_do_not_fit(problems: Problems, name: dict[str, Any], place: str) -> None:
    assert [where for _, where in problems(patient(name=[name]))] == [f"Patient.name[0].{place}"]


def test_nothing_stands_beside_the_div_of_a_narrative(problems: Problems) -> None:
    div = "<div xmlns='http://www.w3.org/1999/xhtml'>x</div>"
    found = problems(patient(text={"status": "generated", "div": div, "_div": EXTENSION}))
    assert found == [("structure", "Patient.text.div")]


@pytest.mark.parametrize(
    ("extension", "place"),
    [
        ({"url": "http://x"}, ""),
        ({"url": "http://x", "valueCode": "x", "extension": [{"url": "y", "valueCode": "z"}]}, ""),
        ({"url": "http://x", "extension": [{"url": "y"}]}, ".extension[0]"),
    ],
)
def test_an_extension_has_a_value_or_extensions(
    validate: Validate, extension: dict[str, Any], place: str
) -> None:
    issue = only(validate(patient(modifierExtension=[extension])))
    assert (issue.code, issue.key) == ("invariant", "ext-1")
    assert issue.expression == (f"Patient.modifierExtension[0]{place}",)


def test_a_complex_extension_is_sound(problems: Problems) -> None:
    inner = [{"url": "a", "valueDecimal": 1}, {"url": "b", "_valueDate": EXTENSION}]
    assert problems(patient(extension=[{"url": "http://x", "extension": inner}])) == []


def test_contained_resources_are_checked_and_not_nested(problems: Problems) -> None:
    organization = {"resourceType": "Organization", "id": "o", "nam": "x"}
    assert problems(patient(contained=[organization])) == [("structure", "Patient.contained[0].nam")]
    assert problems(patient(contained=[{"id": "o"}])) == [("required", "Patient.contained[0]")]
    nested = patient(id="p", contained=[{"resourceType": "Basic", "code": {"text": "x"}}])
    assert problems(patient(contained=[nested])) == [("invariant", "Patient.contained[0].contained")]


def test_resources_in_bundles_and_parameters_are_checked(problems: Problems) -> None:
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": patient(activ=True)}]}
    assert problems(bundle) == [("structure", "Bundle.entry[0].resource.activ")]
    part = {"name": "x", "part": [{"name": "y", "resource": bundle}]}
    assert problems({"resourceType": "Parameters", "parameter": [part]}) == [
        ("structure", "Parameters.parameter[0].part[0].resource.entry[0].resource.activ")
    ]


def test_the_content_of_another_element_is_checked_like_it(problems: Problems) -> None:
    item = {"linkId": "1", "type": "group", "item": [{"linkId": "2", "type": "string", "txt": "?"}]}
    questionnaire = {"resourceType": "Questionnaire", "status": "draft", "item": [item]}
    assert problems(questionnaire) == [("structure", "Questionnaire.item[0].item[0].txt")]


def test_all_problems_are_reported_at_once(problems: Problems) -> None:
    resource = patient(active="yes", birthDate="soon", name=[{"family": 1}, {"given": [2, "x", 3]}])
    assert [where for _, where in problems(resource)] == [
        "Patient.active",
        "Patient.birthDate",
        "Patient.name[0].family",
        "Patient.name[1].given[0]",
        "Patient.name[1].given[2]",
    ]


def test_checking_stops_after_a_hundred_problems(validate: Validate) -> None:
    names = [{"familly": "x", "gven": ["y"]} for _ in range(5_000)]
    issues = validate(patient(name=names))
    assert len(issues) == 101
    assert issues[-1].severity == "information"
    assert "100" in issues[-1].text.render()
