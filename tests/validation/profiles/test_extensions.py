"""Extensions by their definition, their place, and what modifies."""

import json
from typing import Any

import pytest

from tests.validation.profiles.conftest import BASE, ROOT, Problems, extension, structure

Json = dict[str, Any]

WARD = {"url": "ward", "valueString": "A"}


def complex_extension() -> Json:
    path = "Extension.extension"
    return structure(
        "stay",
        "Extension",
        {"path": path, "slicing": {"discriminator": [{"type": "value", "path": "url"}], "rules": "open"}},
        {"path": path, "sliceName": "ward", "min": 1, "max": "1"},
        {"id": f"{path}:ward.url", "path": f"{path}.url", "fixedUri": "ward"},
        {"id": f"{path}:ward.value[x]", "path": f"{path}.value[x]", "min": 1, "type": [{"code": "string"}]},
        {"path": "Extension.url", "fixedUri": ROOT + "stay"},
        {"path": "Extension.value[x]", "max": "0"},
        context=[{"type": "element", "expression": "Patient"}],
    )


@pytest.fixture(scope="module")
def problems() -> Problems:
    return Problems(
        extension("rank", "positiveInt", maxValuePositiveInt=4),
        extension("on-name", "string", context="Patient.contact.name"),
        extension("on-birth-date", "string", context="Patient.birthDate"),
        extension("on-address", "string", context="Address.line"),
        extension("anywhere", "string", context="Element"),
        extension("on-stay", "string") | {"context": [{"type": "extension", "expression": ROOT + "stay"}]},
        extension("not-so", "boolean", modifier=True),
        complex_extension(),
    )


def patient(*extensions: Json, **changes: Any) -> Json:
    more = {"extension": list(extensions)} if extensions else {}
    return {"resourceType": "Patient", **more, **changes}


def test_a_known_extension_is_checked_by_its_definition(problems: Problems) -> None:
    assert problems(patient({"url": ROOT + "rank", "valuePositiveInt": 4})) == []
    assert problems(patient({"url": ROOT + "rank", "valuePositiveInt": 5})) == [
        ("value", "Patient.extension[0].value.ofType(positiveInt)")
    ]
    assert problems(patient({"url": ROOT + "rank", "valueString": "4"})) == [
        ("structure", "Patient.extension[0].value.ofType(string)")
    ]


def test_an_unknown_extension_is_mentioned_and_an_unknown_modifier_refused(problems: Problems) -> None:
    unknown = {"url": "http://example.org/nosuch", "valueString": "x"}
    assert problems(patient(unknown)) == []
    assert problems(patient(unknown), severities=("information",)) == [("not-found", "Patient.extension[0]")]
    modified = {"resourceType": "Patient", "modifierExtension": [unknown]}
    assert problems(modified) == [("not-found", "Patient.modifierExtension[0]")]


def test_the_url_of_an_extension_has_no_version(problems: Problems) -> None:
    """https://hl7.org/fhir/R4/extensibility.html#extension"""
    versioned = patient({"url": ROOT + "rank|1", "valuePositiveInt": 1})
    assert problems(versioned) == [("value", "Patient.extension[0].url")]
    assert problems.validator.errors(versioned) == []


def test_an_extension_of_r4_itself_is_known(problems: Problems) -> None:
    birth_place = {"url": BASE + "patient-birthPlace", "valueAddress": {"city": "Paris"}}
    assert problems(patient(birth_place)) == []
    assert problems(patient({"url": BASE + "patient-birthPlace", "valueString": "Paris"})) == [
        ("structure", "Patient.extension[0].value.ofType(string)")
    ]


@pytest.mark.parametrize("on", ["extension", "_code"])
def test_an_extension_stands_where_r4_says_and_where_r4_puts_it(problems: Problems, on: str) -> None:
    there = [{"url": BASE + "structuredefinition-fhir-type", "valueUrl": "string"}]
    type = {"code": "string", on: there if on == "extension" else {"extension": there}}
    element = {"id": "Patient.id", "path": "Patient.id", "type": [type]}
    assert problems(structure("typed", "Patient", element)) == []


def test_modifiers_and_others_do_not_change_places(problems: Problems) -> None:
    negation = {"url": ROOT + "not-so", "valueBoolean": True}
    assert problems(patient(modifierExtension=[negation])) == []
    assert problems(patient(negation)) == [("structure", "Patient.extension[0]")]
    rank = {"url": ROOT + "rank", "valuePositiveInt": 1}
    assert problems(patient(modifierExtension=[rank])) == [("structure", "Patient.modifierExtension[0]")]


def text(name: str) -> Json:
    return {"url": ROOT + name, "valueString": "x"}


@pytest.mark.parametrize(
    ("resource", "found"),
    [
        (patient(text("anywhere")), []),
        (patient(text("on-name")), [("structure", "Patient.extension[0]")]),
        (patient(contact=[{"name": {"text": "x", "extension": [text("on-name")]}}]), []),
        (
            patient(name=[{"text": "x", "extension": [text("on-name")]}]),
            [("structure", "Patient.name[0].extension[0]")],
        ),
        (patient(birthDate="1970", _birthDate={"extension": [text("on-birth-date")]}), []),
        (
            patient(gender="male", _gender={"extension": [text("on-birth-date")]}),
            [("structure", "Patient.gender.extension[0]")],
        ),
        (patient(address=[{"line": ["x"], "_line": [{"extension": [text("on-address")]}]}]), []),
        (patient({"url": ROOT + "stay", "extension": [WARD, text("on-stay")]}), []),
        (patient(text("on-stay")), [("structure", "Patient.extension[0]")]),
    ],
)
def test_an_extension_stands_where_its_definition_says(
    problems: Problems, resource: Json, found: list[tuple[str, str]]
) -> None:
    assert problems(resource) == found


@pytest.mark.parametrize(("context", "belongs"), [("Patient.name", True), ("Patient.contact.name", False)])
def test_a_place_is_one_in_the_resource_whatever_that_is_in(context: str, belongs: bool) -> None:
    problems = Problems(extension("inner", "string", context=context))
    named = patient(id="p", name=[{"text": "x", "extension": [text("inner")]}])
    entry = {"fullUrl": "urn:uuid:5e1c7a56-9d4e-4f0e-9c2a-6c8a3f1d2b4e", "resource": named}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [entry]}
    parameters = {"resourceType": "Parameters", "parameter": [{"name": "x", "resource": named}]}
    item = {"item": {"reference": "#p"}}
    around = {"resourceType": "List", "status": "current", "mode": "working", "entry": [item]}
    for resource in (named, bundle, parameters, {**around, "contained": [named]}):
        assert (problems(resource) == []) is belongs


@pytest.mark.parametrize(
    ("context", "belongs"),
    [("DomainResource.text", True), ("Patient.text", True), ("List.text", False), ("Resource.meta", False)],
)
def test_the_elements_of_a_type_are_those_that_it_inherits_too(context: str, belongs: bool) -> None:
    """https://hl7.org/fhir/R4/defining-extensions.html#context"""
    problems = Problems(extension("inner", "string", context=context))
    div = "<div xmlns='http://www.w3.org/1999/xhtml'>x</div>"
    told = {"status": "additional", "div": div, "extension": [text("inner")]}
    assert (problems(patient(text=told)) == []) is belongs


@pytest.mark.parametrize(
    ("context", "belongs"),
    [
        (f"{BASE}Patient#Patient.name", True),
        (f"{BASE}Patient#Patient.contact", False),
        (f"{BASE}Person#Person.name", False),
        (f"{ROOT}other#Patient.name:official", True),
    ],
)
def test_a_place_may_be_named_with_the_canonical_of_its_definition(context: str, belongs: bool) -> None:
    """`[url]#[elementid]`: https://hl7.org/fhir/R4/codesystem-extension-context-type.html"""
    problems = Problems(extension("inner", "string", context=context))
    named = patient(name=[{"text": "x", "extension": [text("inner")]}])
    assert (problems(named) == []) is belongs


@pytest.mark.parametrize(("type", "belongs"), [("CodeSystem", True), ("Basic", False)])
def test_what_has_a_canonical_is_a_canonical_resource(type: str, belongs: bool) -> None:
    problems = Problems(extension("inner", "string", context="CanonicalResource"))
    facts: dict[str, dict[str, Any]] = {
        "CodeSystem": {"status": "draft", "content": "complete"},
        "Basic": {"code": {"text": "x"}},
    }
    resource = {"resourceType": type, **facts[type], "extension": [text("inner")]}
    assert (problems(resource) == []) is belongs


@pytest.mark.parametrize(
    ("context", "around", "belongs"),
    [
        ("stay", {"url": ROOT + "stay", "extension": ["HERE"]}, True),
        ("stay", {"url": ROOT + "stay", "valueString": "x", "_valueString": {"extension": ["HERE"]}}, True),
        ("stay", {"url": ROOT + "stay", "extension": [{"url": "ward", "extension": ["HERE"]}]}, False),
        ("stay#ward", {"url": ROOT + "stay", "extension": [{"url": "ward", "extension": ["HERE"]}]}, True),
        ("stay#bed", {"url": ROOT + "stay", "extension": [{"url": "ward", "extension": ["HERE"]}]}, False),
        ("visit#ward", {"url": ROOT + "stay", "extension": [{"url": "ward", "extension": ["HERE"]}]}, False),
        ("stay#ward", {"url": ROOT + "stay", "extension": ["HERE"]}, False),
        ("stay", {"url": ROOT + "visit", "extension": ["HERE"]}, False),
    ],
)
def test_an_extension_of_another_stands_in_it_its_part_or_its_value(
    context: str, around: Json, belongs: bool
) -> None:
    contexts = [{"type": "extension", "expression": ROOT + context}]
    problems = Problems(extension("inner", "string") | {"context": contexts})
    inner = json.dumps({"url": ROOT + "inner", "valueString": "x"})
    outer = json.loads(json.dumps(around).replace('"HERE"', inner))
    assert (problems(patient(outer)) == []) is belongs


@pytest.mark.parametrize(
    ("context", "belongs"),
    [("Questionnaire.item", True), ("Questionnaire.item.item", True), ("Questionnaire", False)],
)
def test_an_element_inside_its_own_kind_has_the_place_of_both(context: str, belongs: bool) -> None:
    problems = Problems(extension("inner", "string", context=context))
    lowest = {"linkId": "3", "type": "display", "extension": [{"url": ROOT + "inner", "valueString": "x"}]}
    group = {"linkId": "2", "type": "group", "item": [lowest]}
    items = [{"linkId": "1", "type": "group", "item": [group]}]
    form = {"resourceType": "Questionnaire", "status": "draft", "item": items}
    assert (problems(form) == []) is belongs


def test_parts_of_a_complex_extension(problems: Problems) -> None:
    def stay(*parts: Json) -> Json:
        return patient({"url": ROOT + "stay", "extension": list(parts)})

    assert problems(stay({"url": "ward", "valueString": "A"})) == []
    assert problems(stay({"url": "ward", "valueInteger": 1})) == [
        ("structure", "Patient.extension[0].extension[0].value.ofType(integer)")
    ]
    assert ("structure", "Patient.extension[0].extension[0].url") in problems(
        stay({"url": "bed", "valueString": "1"})
    )
    assert ("required", "Patient.extension[0].extension") in problems(
        stay({"url": "bed", "valueString": "1"})
    )


def test_a_relative_url_is_for_parts_alone(problems: Problems) -> None:
    assert problems(patient({"url": "ward", "valueString": "A"})) == [("value", "Patient.extension[0].url")]


def test_rules_hold_inside_extensions(problems: Problems) -> None:
    period = {"url": "http://example.org/nosuch", "valuePeriod": {"start": "2024", "end": "2023"}}
    assert problems(patient(period)) == [("invariant", "Patient.extension[0].value.ofType(Period)")]


NAMES = {"type": "fhirpath", "expression": "Patient.name.where(use = 'official') | Patient.birthDate"}


@pytest.mark.parametrize(
    ("changes", "misplaced"),
    [
        ({"name": [{"use": "official", "extension": "here"}]}, ()),
        ({"_birthDate": {"extension": "here"}, "birthDate": "1970-01-01"}, ()),
        ({"name": [{"use": "usual", "extension": "here"}]}, ("Patient.name[0].extension[0]",)),
        ({"extension": "here"}, ("Patient.extension[0]",)),
    ],
)
@pytest.mark.parametrize(
    ("contexts", "counts"),
    [
        ([NAMES], True),
        ([{"type": "element", "expression": "Observation"}, NAMES], True),
        ([{"type": "element", "expression": "Element"}, NAMES], False),
        ([{"type": "fhirpath", "expression": "this is (no expression"}], False),
    ],
)
def test_a_context_that_is_an_expression(
    changes: Json, misplaced: tuple[str, ...], contexts: list[Json], counts: bool
) -> None:
    problems = Problems(extension("by-path", "string") | {"context": contexts})
    here = [{"url": ROOT + "by-path", "valueString": "x"}]

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: here if item == "here" else filled(item) for name, item in value.items()}
        return [filled(item) for item in value] if isinstance(value, list) else value

    found = problems(filled({"resourceType": "Patient", **changes}))
    assert found == [("structure", place) for place in misplaced if counts]


def test_a_profile_asks_for_an_extension_of_a_primitive() -> None:
    path = "Patient.name.given.extension"
    source = {"code": "Extension", "profile": [ROOT + "source"]}
    problems = Problems(
        extension("source", "string", context="HumanName.given"),
        structure("sourced", "Patient", {"path": path, "sliceName": "source", "min": 1, "type": [source]}),
        structure("bare", "Patient", {"path": path, "max": "0"}),
    )
    said = {"extension": [text("source")]}
    unsaid = {"extension": [{"url": "urn:other", "valueCode": "x"}]}

    def given(values: list[Any], beside: list[Any] | None = None) -> Json:
        return patient(name=[{"given": values, **({"_given": beside} if beside else {})}])

    assert problems(given(["A", "B"], [said, said]), "sourced") == []
    assert problems(given([None, "B"], [said, said]), "sourced") == []
    assert problems(patient(name=[{"family": "A"}]), "sourced") == []
    missing = [("required", f"Patient.name[0].given[{place}].extension") for place in (0, 1)]
    assert set(problems(given(["A", "B"]), "sourced")) == set(missing)
    assert set(problems(given(["A", "B"], [said, None]), "sourced")) == {missing[1]}
    assert set(problems(given(["A", "B"], [said, unsaid]), "sourced")) == {missing[1]}
    assert problems(given(["A", "B"]), "bare") == []
    assert problems(given(["A", "B"], [None, unsaid]), "bare") == [
        ("structure", "Patient.name[0].given[1].extension")
    ]


def test_a_profile_on_an_extension_narrows_what_it_holds() -> None:
    short = structure(
        "short-note", "Extension", {"path": "Extension.value[x]", "maxLength": 2}, base=ROOT + "note"
    )
    noted = {"code": "Extension", "profile": [ROOT + "short-note"]}
    problems = Problems(
        extension("note", "string"),
        short | {"context": [{"type": "element", "expression": "Patient"}]},
        structure("noted", "Patient", {"path": "Patient.extension", "sliceName": "note", "type": [noted]}),
    )

    def note(value: str) -> Json:
        return patient({"url": ROOT + "note", "valueString": value})

    assert problems(note("abc")) == []
    assert problems(note("ab"), "noted") == []
    assert problems(note("abc"), "noted") == [("too-long", "Patient.extension[0].value.ofType(string)")]


@pytest.mark.parametrize(
    ("invariant", "allowed"),
    [
        ("name.exists()", True),
        ("Patient.photo.exists()", False),
        ("%extension.value = 'x'", True),
        ("%extension.valueString = 'y'", False),
        ("%resource.active", True),
        ("this is (no expression", True),
    ],
)
def test_what_has_to_hold_where_an_extension_stands(invariant: str, allowed: bool) -> None:
    problems = Problems(extension("so", "string") | {"contextInvariant": ["true", invariant]})
    resource = patient(text("so"), name=[{"text": "x"}], active=True)
    assert problems(resource) == ([] if allowed else [("structure", "Patient.extension[0]")])
    assert problems.validator.errors(resource) == []
