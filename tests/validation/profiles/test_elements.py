"""Cardinality, types, fixed and pattern values, limits, lengths, bindings and rules of elements."""

from typing import Any

import pytest

from fhir_server.core.json import number
from tests.validation.profiles.conftest import BASE, ROOT, Problems, structure

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "name": [{"family": "Durand", "given": ["Anne"]}],
    "gender": "female",
    "birthDate": "1970-01-01",
    "multipleBirthInteger": 2,
}


def patient(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in (PATIENT | changes).items() if value is not None}


@pytest.fixture(scope="module")
def problems() -> Problems:
    return Problems(
        structure(
            "strict",
            "Patient",
            {"path": "Patient.name", "min": 1, "max": "1", "mustSupport": True},
            {"path": "Patient.name.family", "min": 1, "maxLength": 8},
            {"path": "Patient.name.given", "min": 1, "max": "2"},
            {"path": "Patient.photo", "max": "0"},
            {"path": "Patient.gender", "fixedCode": "female"},
            {
                "path": "Patient.birthDate",
                "min": 1,
                "minValueDate": "1900-01-01",
                "maxValueDate": "2020-01-01",
            },
            {"path": "Patient.multipleBirth[x]", "type": [{"code": "integer"}], "maxValueInteger": 5},
            {"path": "Patient.maritalStatus", "mustSupport": True},
            {
                "path": "Patient.contact.relationship",
                "patternCodeableConcept": {"coding": [{"system": "urn:s", "code": "c"}]},
            },
        ),
        structure("younger", "Patient", {"path": "Patient.active", "min": 1}, base=ROOT + "strict"),
        structure(
            "amount",
            "Observation",
            {"path": "Observation.value[x]", "type": [{"code": "Quantity"}]},
            {"path": "Observation.value[x].value", "min": 1, "fixedDecimal": number("1.50")},
        ),
        structure(
            "ranged",
            "Observation",
            {
                "path": "Observation.value[x]",
                "type": [{"code": "Quantity"}],
                "minValueQuantity": {"value": 1, "system": "http://unitsofmeasure.org", "code": "g"},
            },
        ),
    )


def test_a_resource_that_satisfies_the_profile(problems: Problems) -> None:
    assert problems(patient(), "strict") == []
    assert problems(patient(active=True), "younger") == []


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"name": None}, ("required", "Patient.name")),
        ({"name": [*PATIENT["name"], *PATIENT["name"]]}, ("structure", "Patient.name")),
        ({"name": [{"given": ["Anne"]}]}, ("required", "Patient.name[0].family")),
        ({"name": [{"family": "Dumoulinet", "given": ["A"]}]}, ("too-long", "Patient.name[0].family")),
        ({"name": [{"family": "D", "given": ["A", "B", "C"]}]}, ("structure", "Patient.name[0].given")),
        ({"photo": [{"title": "x"}]}, ("structure", "Patient.photo")),
        ({"gender": "male"}, ("value", "Patient.gender")),
        ({"birthDate": None}, ("required", "Patient.birthDate")),
        ({"birthDate": "1899-12-31"}, ("value", "Patient.birthDate")),
        ({"birthDate": "2020-01-02"}, ("value", "Patient.birthDate")),
        ({"multipleBirthInteger": 6}, ("value", "Patient.multipleBirth.ofType(integer)")),
        (
            {"multipleBirthInteger": None, "multipleBirthBoolean": True},
            ("structure", "Patient.multipleBirth.ofType(boolean)"),
        ),
        (
            {"contact": [{"name": {"text": "x"}, "relationship": [{"text": "mother"}]}]},
            ("value", "Patient.contact[0].relationship[0]"),
        ),
    ],
)
def test_what_a_profile_refuses(problems: Problems, changes: Any, found: Any) -> None:
    assert problems(patient(**changes), "strict") == [found]
    assert found in problems(patient(**changes), "younger")


@pytest.mark.parametrize(
    ("side", "span", "date", "allowed"),
    [
        ("minValue", (150, "a"), "1700-01-01", False),
        ("minValue", (150, "a"), "2020-01-01", True),
        ("minValue", (1000, "d"), "1990", False),
        ("maxValue", (1, "mo"), "2999-01", False),
        ("maxValue", (2000, "a"), "2999-01", True),
        ("maxValue", (1, "mo"), "2020-01-01", True),
        ("maxValue", (1, "kg"), "2999-01-01", True),
    ],
)
def test_a_limit_of_dates_may_lie_so_far_from_now(
    side: str, span: tuple[int, str], date: str, allowed: bool
) -> None:
    limit = {"value": span[0], "system": "http://unitsofmeasure.org", "code": span[1]}
    problems = Problems(structure("near", "Patient", {"path": "Patient.birthDate", f"{side}Quantity": limit}))
    found = problems({"resourceType": "Patient", "birthDate": date}, "near")
    assert found == ([] if allowed else [("value", "Patient.birthDate")])


def test_a_fixed_value_has_no_extensions(problems: Problems) -> None:
    asked = {"extension": [{"url": "urn:unknown", "valueCode": "asked"}]}
    assert problems(patient(_gender={"id": "g"}), "strict") == []
    assert problems(patient(_gender=asked), "strict") == [("value", "Patient.gender")]


def test_a_value_that_is_only_an_extension_counts_as_given(problems: Problems) -> None:
    resource = patient(
        birthDate=None, _birthDate={"extension": [{"url": "urn:unknown", "valueCode": "asked"}]}
    )
    assert problems(resource, "strict") == []


def test_elements_to_be_supported_are_reported_and_not_enforced(problems: Problems) -> None:
    assert problems(patient(), "strict", severities=("information",)) == [("informational", "Patient")]
    told = problems.validator.validate(patient(), [ROOT + "strict"])[-1].text.render()
    assert "Patient.maritalStatus" in told
    assert "Patient.name" not in told


@pytest.mark.parametrize(("text", "fits"), [("1.5", True), ("1.50", True), ("15e-1", True), ("1.51", False)])
def test_decimals_are_compared_by_value(problems: Problems, text: str, fits: bool) -> None:
    resource = observation(valueQuantity={"value": number(text)})
    place = ("value", "Observation.value.ofType(Quantity).value")
    assert problems(resource, "amount") == ([] if fits else [place])


@pytest.mark.parametrize(("value", "fits"), [(1000, True), (999, False)])
def test_limits_of_quantities_are_compared_in_their_units(problems: Problems, value: int, fits: bool) -> None:
    resource = observation(
        valueQuantity={"value": value, "system": "http://unitsofmeasure.org", "code": "mg"}
    )
    place = ("value", "Observation.value.ofType(Quantity)")
    assert problems(resource, "ranged") == ([] if fits else [place])


def observation(**changes: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, **changes}


def test_a_claimed_profile_is_checked_and_an_unknown_one_is_said_to_be(problems: Problems) -> None:
    claimed = patient(gender="male", meta={"profile": [ROOT + "nosuch", ROOT + "strict"]})
    assert problems(claimed) == [("value", "Patient.gender")]
    assert problems(claimed, severities=("warning",))[-1] == ("not-found", "Patient.meta.profile[0]")


def test_a_profile_that_is_asked_for_must_be_known_and_of_the_type(problems: Problems) -> None:
    assert problems(patient(), "nosuch") == [("not-found", "Patient")]
    assert problems(patient(), "amount") == [("structure", "Patient")]


def test_a_faulty_profile_is_named_and_the_rest_is_checked() -> None:
    problems = Problems(
        structure("faulty", "Patient", {"path": "Patient.nosuch", "min": 1}),
        structure("circle", "Patient", base=ROOT + "circle"),
    )
    resource = patient(gender="x", meta={"profile": [ROOT + "faulty", ROOT + "circle"]})
    assert problems(resource) == [("code-invalid", "Patient.gender")]
    warnings = problems(resource, severities=("warning",))
    assert ("not-supported", "Patient.meta.profile[0]") in warnings
    assert ("not-supported", "Patient.meta.profile[1]") in warnings


def test_the_base_type_is_a_profile_that_asks_nothing_more(problems: Problems) -> None:
    resource = patient(meta={"profile": [BASE + "Patient"]})
    assert problems(resource) == []


def binding(strength: str, value_set: str) -> dict[str, Any]:
    return {"path": "Observation.method", "binding": {"strength": strength, "valueSet": value_set}}


@pytest.mark.parametrize(
    ("strength", "severity"), [("required", "error"), ("extensible", "warning"), ("preferred", "information")]
)
def test_a_code_outside_the_value_set(strength: str, severity: str) -> None:
    problems = Problems(
        structure("bound", "Observation", binding(strength, "http://hl7.org/fhir/ValueSet/contact-point-use"))
    )
    place = ("code-invalid", "Observation.method")
    outside = observation(method={"coding": [{"system": "urn:s", "code": "home"}]})
    assert problems(outside, "bound", severities=(severity,)).count(place) == 1
    both = [
        {"system": "urn:s", "code": "x"},
        {"system": "http://hl7.org/fhir/contact-point-use", "code": "home"},
    ]
    inside = observation(method={"coding": both})
    assert place not in problems(inside, "bound", severities=(severity,))
    told = problems(observation(method={"text": "x"}), "bound", severities=(severity,))
    assert (place in told) == (strength != "preferred")


def test_a_value_set_that_is_not_known_is_said_not_to_be_checked() -> None:
    problems = Problems(
        structure("bound", "Observation", binding("required", "http://example.org/ValueSet/no"))
    )
    resource = observation(method={"coding": [{"system": "urn:s", "code": "x"}]})
    assert problems(resource, "bound") == []
    assert ("not-supported", "Observation.method") in problems(resource, "bound", severities=("warning",))


def rule(key: str, expression: str, severity: str = "error", path: str = "Patient") -> dict[str, Any]:
    constraint = {"key": key, "severity": severity, "human": "So it is.", "expression": expression}
    return {"path": path, "constraint": [constraint]}


def test_rules_of_a_profile_by_their_severity_and_key() -> None:
    problems = Problems(
        structure(
            "ruled",
            "Patient",
            rule("r-1", "name.count() > 1"),
            rule("r-3", "family.length() < 4", path="Patient.name"),
            rule("r-4", "$this < @1960", path="Patient.birthDate"),
            rule("r-5", "%resource.gender = 'male'", "warning", path="Patient.multipleBirth[x]"),
        )
    )
    assert problems.keys(patient(), "ruled") == [
        ("r-1", "error"),
        ("r-3", "error"),
        ("r-4", "error"),
        ("r-5", "warning"),
    ]
    assert ("invariant", "Patient.name[0]") in problems(patient(), "ruled")


@pytest.mark.parametrize(
    ("expression", "changes", "holds"),
    [
        (f"conformsTo('{ROOT}named') and conformsTo('{BASE}Patient')", {}, True),
        (f"conformsTo('{ROOT}named')", {"name": None}, False),
        (f"conformsTo('{BASE}Person').not() and photo.conformsTo('{ROOT}named').empty()", {}, True),
        (f"conformsTo('{ROOT}asks') and %resource.conformsTo('{ROOT}asks')", {}, True),
        (f"name.all(conformsTo('{ROOT}full'))", {}, True),
        (f"name.all(conformsTo('{ROOT}full'))", {"name": [{"text": "A"}]}, False),
    ],
)
def test_a_rule_asks_for_a_profile(expression: str, changes: dict[str, Any], holds: bool) -> None:
    problems = Problems(
        structure("named", "Patient", {"path": "Patient.name", "min": 1}),
        structure("full", "HumanName", {"path": "HumanName.family", "min": 1}),
        structure("asks", "Patient", rule("r-1", expression)),
    )
    assert problems.keys(patient(**changes), "asks") == ([] if holds else [("r-1", "error")])


@pytest.mark.parametrize(
    "expression",
    ["name.(", "nosuch(1)", "conformsTo('urn:unknown')", "family + 1", "family.matches('(a+)+$')"],
)
def test_a_rule_that_cannot_be_evaluated_is_named_once_and_the_others_are_checked(expression: str) -> None:
    faulty = rule("r-1", expression, path="Patient.name")
    problems = Problems(structure("ruled", "Patient", faulty, rule("r-2", "false", path="Patient.gender")))
    names = [{"family": "A"}, {"family": "B"}]
    assert problems.keys(patient(name=names), "ruled") == [("r-1", "error"), ("r-2", "error")]
    assert "r-1" in problems.validator.validate(patient(), [ROOT + "ruled"])[-2].text.render("fr")


def test_the_profiles_that_base_types_name() -> None:
    low = {"value": 1, "comparator": "<", "system": "http://unitsofmeasure.org", "code": "g"}
    resource = observation(referenceRange=[{"low": low}])
    assert ("sqty-1", "error") in Problems().keys(resource)
    place = "Observation.referenceRange[0].low"
    assert Problems()(resource) == [("invariant", place), ("structure", f"{place}.comparator")]


@pytest.mark.parametrize(
    ("media_type", "fits"),
    [
        ("text/plain", True),
        ("application/fhir+json", True),
        ("application/fhir+json;canonicalization=http://hl7.org/fhir/canonicalization/json#static", True),
        ("text/plain; charset=utf-8 x", False),
        ("x y", False),
    ],
)
def test_required_codes_that_a_grammar_makes(media_type: str, fits: bool) -> None:
    resource = patient(photo=[{"contentType": media_type, "title": "x"}])
    assert Problems()(resource) == ([] if fits else [("code-invalid", "Patient.photo[0].contentType")])


STATUSES = "http://hl7.org/fhir/observation-status"


@pytest.mark.parametrize(
    ("system", "code", "found"),
    [
        (STATUSES, "final", []),
        (STATUSES, "finished", [("code-invalid", "Observation.code.coding[0].code")]),
        ("http://loinc.org", "any", []),
        ("http://unitsofmeasure.org", "mm[Hg]", []),
        ("http://unitsofmeasure.org", "mmHg", [("code-invalid", "Observation.code.coding[0].code")]),
        ("http://terminology.hl7.org/CodeSystem/v2-0203", "of-later-versions", []),
        ("observation-status", "final", [("code-invalid", "Observation.code.coding[0].system")]),
    ],
)
def test_codes_of_systems_that_are_known_with_all_their_codes(system: str, code: str, found: Any) -> None:
    assert Problems()(observation(code={"coding": [{"system": system, "code": code}]})) == found


@pytest.mark.parametrize(("code", "is_known"), [("bleu", True), ("Bleu", True), ("vert", False)])
def test_codes_of_a_system_where_case_is_no_matter(code: str, is_known: bool) -> None:
    system = {
        "resourceType": "CodeSystem",
        "url": "http://example.org/couleurs",
        "content": "complete",
        "caseSensitive": False,
        "concept": [{"code": "bleu"}],
    }
    coded = observation(code={"coding": [{"system": system["url"], "code": code}]})
    expected = [] if is_known else [("code-invalid", "Observation.code.coding[0].code")]
    assert Problems(system)(coded) == expected


def test_a_resource_of_another_type_than_the_profile_wants() -> None:
    wanted = {"id": "Bundle.entry.resource", "path": "Bundle.entry.resource", "type": [{"code": "Patient"}]}
    problems = Problems(structure("people", "Bundle", wanted))
    entries = [{"resource": patient()}, {"resource": observation()}]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    assert problems(bundle, "people") == [("structure", "Bundle.entry[1].resource")]


def test_rules_of_the_base_types() -> None:
    problems = Problems()
    resource = patient(
        contact=[{"gender": "male"}],
        name=[{"family": "x", "period": {"start": "2024-02", "end": "2024-01"}}],
        contained=[{"resourceType": "Organization", "id": "o", "meta": {"versionId": "1"}, "name": "x"}],
    )
    assert problems.keys(resource) == [
        ("dom-3", "error"),
        ("dom-4", "error"),
        ("per-1", "error"),
        ("pat-1", "error"),
    ]


def test_a_binding_is_about_coded_values_alone() -> None:
    value_set = "http://hl7.org/fhir/ValueSet/administrative-gender"
    binding = {"strength": "required", "valueSet": value_set}
    problems = Problems(
        structure("bound", "Observation", {"path": "Observation.value[x]", "binding": binding})
    )
    observation = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
    sampled = {"origin": {"value": 0}, "period": 10, "dimensions": 1, "data": "1 2 3"}
    assert problems(observation | {"valueSampledData": sampled}, "bound") == []
    assert problems(observation | {"valuePeriod": {"start": "2024"}}, "bound") == []
    place = "Observation.value.ofType(CodeableConcept)"
    assert problems(observation | {"valueCodeableConcept": {"text": "x"}}, "bound") == [
        ("code-invalid", place)
    ]


@pytest.mark.parametrize(
    ("system", "code", "fits"),
    [
        ("urn:ietf:bcp:47", "fr", True),
        ("urn:ietf:bcp:47", "fr-FR", True),
        ("urn:ietf:bcp:47", "english language", False),
        ("http://example.org/languages", "fr", False),
    ],
)
def test_no_code_leaves_the_maximum_of_an_open_binding(system: str, code: str, fits: bool) -> None:
    problems = Problems()
    language = {"coding": [{"system": system, "code": code}]}
    speaking = patient(communication=[{"language": language}])
    assert problems(speaking) == ([] if fits else [("code-invalid", "Patient.communication[0].language")])
    assert problems.validator.errors(speaking) == []
    assert problems(patient(communication=[{"language": {"text": "French"}}])) == []


def test_a_profile_may_contain_the_value_set_of_a_binding() -> None:
    concepts = [{"code": "a"}, {"code": "b"}]
    include = [{"system": "urn:s", "concept": concepts}]
    value_set = {
        "resourceType": "ValueSet",
        "id": "kinds",
        "status": "active",
        "compose": {"include": include},
    }
    path, bound = "Observation.category", {"strength": "required", "valueSet": "#kinds"}
    kind = {"path": path, "sliceName": "kind", "min": 1, "max": "1", "binding": bound}
    by_code = {"discriminator": [{"type": "value", "path": "$this"}], "rules": "open"}
    problems = Problems(
        structure("coded", "Observation", {"path": "Observation.code", "binding": bound})
        | {"contained": [value_set]},
        structure("derived", "Observation", {"path": "Observation.subject", "min": 0}, base=ROOT + "coded"),
        structure("of-kind", "Observation", {"path": path, "slicing": by_code}, kind)
        | {"contained": [value_set]},
    )

    def coded(code: str) -> dict[str, Any]:
        concept = {"coding": [{"system": "urn:s", "code": code}]}
        return observation(code=concept, category=[concept])

    for profile in ("coded", "derived", "of-kind"):
        assert problems(coded("b"), profile) == []
    for profile in ("coded", "derived"):
        assert problems(coded("c"), profile) == [("code-invalid", "Observation.code")]
    assert problems(coded("c"), "of-kind") == [("required", "Observation.category")]


@pytest.mark.parametrize(
    ("extension", "family", "found"),
    [
        ({"url": f"{BASE}regex", "valueString": "[A-Z][a-z]*"}, "Durand", []),
        ({"url": f"{BASE}regex", "valueString": "[A-Z][a-z]*"}, "Durand 2", ["value"]),
        ({"url": f"{BASE}regex", "valueString": "(not closed"}, "Durand", []),
        ({"url": f"{BASE}minLength", "valueInteger": 6}, "Durand", []),
        ({"url": f"{BASE}minLength", "valueInteger": 7}, "Durand", ["value"]),
    ],
)
def test_the_form_and_the_least_length_of_a_text(
    extension: dict[str, Any], family: str, found: list[str]
) -> None:
    problems = Problems(
        structure("formed", "Patient", {"path": "Patient.name.family", "extension": [extension]}),
        structure("derived", "Patient", {"path": "Patient.name.family", "min": 1}, base=ROOT + "formed"),
    )
    for profile in ("formed", "derived"):
        told = problems(patient(name=[{"family": family}]), profile)
        assert told == [(code, "Patient.name[0].family") for code in found]


@pytest.mark.parametrize(("image", "is_referred_to"), [("#photo", True), ("#other", False)])
def test_the_image_of_a_narrative_may_be_contained(image: str, is_referred_to: bool) -> None:
    """https://hl7.org/fhir/R4/narrative.html: its words hold, though dom-3 looks at elements alone"""
    div = f'<div xmlns="http://www.w3.org/1999/xhtml"><p>Carte <img alt="" src="{image}"/></p></div>'
    photo = {"resourceType": "Binary", "id": "photo", "contentType": "image/png", "data": "AAAA"}
    resource = patient(text={"status": "additional", "div": div}, contained=[photo])
    assert (("dom-3", "error") not in Problems().keys(resource)) is is_referred_to


@pytest.mark.parametrize(
    ("type", "facts", "right", "wrong"),
    [
        ("string", {"fixedString": "x"}, {"text": "x"}, {"text": "y"}),
        ("string", {"maxLength": 2}, {"text": "xx"}, {"text": "xxx"}),
        (
            "Coding",
            {"patternCoding": {"system": "http://example.org"}},
            {"coding": [{"system": "http://example.org", "code": "a"}]},
            {"coding": [{"system": "http://example.com", "code": "a"}]},
        ),
        (
            "Coding",
            {
                "binding": {
                    "strength": "required",
                    "valueSet": "http://hl7.org/fhir/ValueSet/observation-status",
                }
            },
            {"coding": [{"system": STATUSES, "code": "final"}]},
            {"coding": [{"system": "http://hl7.org/fhir/administrative-gender", "code": "male"}]},
        ),
    ],
)
def test_what_a_profile_on_a_type_asks_of_the_whole_value(
    type: str, facts: dict[str, Any], right: dict[str, Any], wrong: dict[str, Any]
) -> None:
    path = "Patient.maritalStatus." + ("text" if type == "string" else "coding")
    problems = Problems(
        structure("whole", type, {"path": type, **facts}),
        structure(
            "married", "Patient", {"path": path, "type": [{"code": type, "profile": [ROOT + "whole"]}]}
        ),
    )
    assert problems(patient(maritalStatus=right), "married") == []
    assert problems(patient(maritalStatus=wrong), "married") != []
