"""Slices by every discriminator, their number and order, and what is asked of their members."""

from typing import Any

import pytest

from tests.structures import Json
from tests.validation.profiles.conftest import (
    BASE,
    ROOT,
    Problems,
    extension,
    patient,
    sliced,
    structure,
    telecoms,
    within,
)


def phones(rules: str = "open", **more: Any) -> Problems:
    """An email at most once, and at least one phone, which has a use."""
    path = "Patient.telecom"
    return Problems(
        structure(
            "phones",
            "Patient",
            *sliced(
                path,
                {"path": path, "sliceName": "phone", "min": 1, "max": "2"},
                within(path, "phone", "system", min=1, fixedCode="phone"),
                within(path, "phone", "value", maxLength=3),
                {"path": path, "sliceName": "email", "max": "1"},
                within(path, "email", "system", min=1, fixedCode="email"),
                by=("value", "system"),
                rules=rules,
                **more,
            ),
        )
    )


def test_slices_by_value_have_a_number_and_members_are_checked() -> None:
    problems = phones()
    assert problems(telecoms("phone", "email", "fax"), "phones") == []
    assert problems(telecoms("email"), "phones") == [("required", "Patient.telecom")]
    assert problems(patient(), "phones") == [("required", "Patient.telecom")]
    assert problems(telecoms("phone", "phone", "phone"), "phones") == [("structure", "Patient.telecom[2]")]
    assert problems(telecoms("email", "phone", "email"), "phones") == [("structure", "Patient.telecom[2]")]
    long = patient(telecom=[{"system": "phone", "value": "1234"}, {"system": "email", "value": "1234"}])
    assert problems(long, "phones") == [("too-long", "Patient.telecom[0].value")]


def test_closed_slicing_allows_no_other() -> None:
    problems = phones("closed")
    assert problems(telecoms("phone", "email"), "phones") == []
    assert problems(telecoms("phone", "fax"), "phones") == [("structure", "Patient.telecom[1]")]


def test_slicing_open_at_the_end() -> None:
    problems = phones("openAtEnd")
    assert problems(telecoms("email", "phone", "fax"), "phones") == []
    assert problems(telecoms("fax", "phone"), "phones") == [("structure", "Patient.telecom[1]")]


def test_values_of_ordered_slices_keep_their_order() -> None:
    problems = phones(ordered=True)
    assert problems(telecoms("phone", "fax", "email"), "phones") == []
    assert problems(telecoms("email", "phone"), "phones") == [("structure", "Patient.telecom[1]")]


def identifier_type(code: str) -> Json:
    return {"coding": [{"system": "urn:types", "code": code}]}


@pytest.mark.parametrize(
    ("by", "facts"),
    [
        (("pattern", "type"), [("type", {"patternCodeableConcept": identifier_type("NI")})]),
        (("value", "type"), [("type", {"patternCodeableConcept": identifier_type("NI")})]),
        (("value", "type.coding.code"), [("type", {"patternCodeableConcept": identifier_type("NI")})]),
        (("value", "type.coding.code"), [("type.coding.code", {"min": 1, "fixedCode": "NI"})]),
        (
            ("value", "type"),
            [("type.coding", {"min": 1}), ("type.coding.code", {"min": 1, "fixedCode": "NI"})],
        ),
        (("exists", "period"), [("period", {"min": 1})]),
        (("value", "use"), [("use", {"binding": {"strength": "required", "valueSet": f"{ROOT}official"}})]),
    ],
)
def test_the_discriminators_on_elements(by: tuple[str, str], facts: list[tuple[str, Json]]) -> None:
    path = "Patient.identifier"
    value_set = {
        "resourceType": "ValueSet",
        "url": f"{ROOT}official",
        "status": "active",
        "compose": {
            "include": [{"system": "http://hl7.org/fhir/identifier-use", "concept": [{"code": "official"}]}]
        },
    }
    problems = Problems(
        value_set,
        structure(
            "national",
            "Patient",
            *sliced(
                path,
                {"path": path, "sliceName": "ni", "min": 1},
                *(within(path, "ni", child, **fact) for child, fact in facts),
                within(path, "ni", "value", min=1),
                by=by,
            ),
        ),
    )
    ni = {"type": identifier_type("NI"), "period": {"start": "2024"}, "use": "official"}
    other = {"type": identifier_type("XX"), "use": "old", "value": "2"}
    assert problems(patient(identifier=[other, {**ni, "value": "1"}]), "national") == []
    assert problems(patient(identifier=[other, ni]), "national") == [
        ("required", "Patient.identifier[1].value")
    ]
    assert problems(patient(identifier=[other]), "national") == [("required", "Patient.identifier")]


def test_slices_by_the_type_of_a_choice() -> None:
    path = "Observation.value[x]"
    problems = Problems(
        structure(
            "typed",
            "Observation",
            {
                "path": path,
                "slicing": {"discriminator": [{"type": "type", "path": "$this"}], "rules": "open"},
            },
            {"path": path, "sliceName": "valueQuantity", "type": [{"code": "Quantity"}]},
            within(path, "valueQuantity", "code", min=1),
            {"path": path, "sliceName": "valueString", "type": [{"code": "string"}], "maxLength": 3},
        )
    )
    base = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
    assert problems(base | {"valueQuantity": {"value": 1, "code": "g", "system": "urn:s"}}, "typed") == []
    assert problems(base | {"valueQuantity": {"value": 1}}, "typed") == [
        ("required", "Observation.value.ofType(Quantity).code")
    ]
    assert problems(base | {"valueString": "long"}, "typed") == [
        ("too-long", "Observation.value.ofType(string)")
    ]
    assert problems(base | {"valueBoolean": True}, "typed") == []


def bundle(*entries: Json) -> Json:
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": entry} for entry in entries],
    }


def test_slices_by_the_type_and_the_profile_of_resources() -> None:
    path = "Bundle.entry"
    adult = structure("adult", "Patient", {"path": "Patient.birthDate", "min": 1})
    by_type = structure(
        "by-type",
        "Bundle",
        *sliced(
            path,
            {"path": path, "sliceName": "who", "min": 1, "max": "1"},
            within(path, "who", "resource", min=1, type=[{"code": "Patient", "profile": [ROOT + "adult"]}]),
            by=("type", "resource"),
            rules="closed",
        ),
    )
    by_profile = structure(
        "by-profile",
        "Bundle",
        *sliced(
            path,
            {"path": path, "sliceName": "who", "min": 1, "max": "1"},
            within(path, "who", "resource", min=1, type=[{"code": "Patient", "profile": [ROOT + "adult"]}]),
            by=("profile", "resource"),
        ),
    )
    problems = Problems(adult, by_type, by_profile)
    good, young = patient(birthDate="1970"), patient()
    assert problems(bundle(good), "by-type") == []
    assert problems(bundle(young), "by-type") == [("required", "Bundle.entry[0].resource.birthDate")]
    assert problems(bundle(good, {"resourceType": "Basic", "code": {"text": "x"}}), "by-type") == [
        ("structure", "Bundle.entry[1]")
    ]
    assert problems(bundle(young, good), "by-profile") == []
    assert problems(bundle(young), "by-profile") == [("required", "Bundle.entry")]


def test_slices_by_what_is_referred_to() -> None:
    path = "CarePlan.contributor"
    problems = Problems(
        structure(
            "authored",
            "CarePlan",
            *sliced(
                path,
                {
                    "path": path,
                    "sliceName": "nurse",
                    "min": 1,
                    "type": [{"code": "Reference", "targetProfile": [BASE + "Practitioner"]}],
                },
                within(path, "nurse", "display", min=1),
                by=("type", "resolve()"),
            ),
        )
    )
    base = {
        "resourceType": "CarePlan",
        "status": "active",
        "intent": "plan",
        "subject": {"reference": "Patient/1"},
    }

    def plan(*references: Json) -> Json:
        return base | {"contributor": list(references)}

    nurse = {"reference": "Practitioner/1", "display": "Nurse"}
    assert problems(plan({"reference": "Patient/1"}, nurse), "authored") == []
    assert problems(plan({"reference": "Patient/1"}), "authored") == [("required", "CarePlan.contributor")]
    assert problems(plan({"reference": "Practitioner/1"}), "authored") == [
        ("required", "CarePlan.contributor[0].display")
    ]


def test_slices_of_extensions_by_their_url() -> None:
    path = "Patient.extension"
    problems = Problems(
        extension("rank", "positiveInt"),
        structure(
            "ranked",
            "Patient",
            *sliced(
                path,
                {
                    "path": path,
                    "sliceName": "rank",
                    "min": 1,
                    "max": "1",
                    "type": [{"code": "Extension", "profile": [ROOT + "rank"]}],
                },
                by=("value", "url"),
            ),
        ),
    )
    rank = {"url": ROOT + "rank", "valuePositiveInt": 1}
    assert problems(patient(extension=[rank]), "ranked") == []
    assert problems(patient(extension=[{"url": "urn:other", "valueCode": "x"}]), "ranked") == [
        ("required", "Patient.extension")
    ]
    assert problems(patient(extension=[rank, rank]), "ranked") == [("structure", "Patient.extension[1]")]


def test_slices_by_the_value_of_an_extension() -> None:
    path = "Patient.name"
    problems = Problems(
        extension("kind", "code", context="HumanName"),
        structure(
            "kinds",
            "Patient",
            *sliced(
                path,
                {"path": path, "sliceName": "stage", "min": 1},
                {
                    "id": f"{path}:stage.extension",
                    "path": f"{path}.extension",
                    "slicing": {"discriminator": [{"type": "value", "path": "url"}], "rules": "open"},
                },
                {
                    "id": f"{path}:stage.extension:kind",
                    "path": f"{path}.extension",
                    "sliceName": "kind",
                    "min": 1,
                    "type": [{"code": "Extension", "profile": [ROOT + "kind"]}],
                },
                {
                    "id": f"{path}:stage.extension:kind.value[x]",
                    "path": f"{path}.extension.value[x]",
                    "fixedCode": "stage",
                },
                within(path, "stage", "text", min=1),
                by=("value", f"extension('{ROOT}kind').value"),
            ),
        ),
    )

    def named(kind: str, **more: Any) -> Json:
        return {"family": "x", "extension": [{"url": ROOT + "kind", "valueCode": kind}], **more}

    assert problems(patient(name=[named("birth"), named("stage", text="Zou")]), "kinds") == []
    assert problems(patient(name=[named("birth")]), "kinds") == [("required", "Patient.name")]
    assert problems(patient(name=[named("stage")]), "kinds") == [("required", "Patient.name[0].text")]


def test_slices_of_slices() -> None:
    path = "Patient.telecom"
    problems = Problems(
        structure(
            "twice",
            "Patient",
            {
                "path": path,
                "slicing": {"discriminator": [{"type": "value", "path": "system"}], "rules": "open"},
            },
            {
                "path": path,
                "sliceName": "phone",
                "slicing": {"discriminator": [{"type": "value", "path": "use"}], "rules": "open"},
            },
            within(path, "phone", "system", min=1, fixedCode="phone"),
            {"path": path, "sliceName": "phone/home", "min": 1, "max": "1"},
            within(path, "phone/home", "system", min=1, fixedCode="phone"),
            within(path, "phone/home", "use", min=1, fixedCode="home"),
        )
    )
    home = {"system": "phone", "use": "home", "value": "1"}
    assert problems(patient(telecom=[{"system": "email", "value": "x", "use": "home"}, home]), "twice") == []
    assert problems(patient(telecom=[{**home, "use": "work"}]), "twice") == [("required", "Patient.telecom")]
    for none in (patient(), telecoms("email")):
        assert problems(none, "twice") == [("required", "Patient.telecom")]
    assert problems(patient(telecom=[home, home]), "twice") == [("structure", "Patient.telecom[1]")]


def test_the_default_slice_takes_the_rest() -> None:
    path = "Patient.telecom"
    problems = Problems(
        structure(
            "rest",
            "Patient",
            *sliced(
                path,
                {"path": path, "sliceName": "phone"},
                within(path, "phone", "system", min=1, fixedCode="phone"),
                {"path": path, "sliceName": "@default"},
                within(path, "@default", "rank", min=1),
                by=("value", "system"),
                rules="closed",
            ),
        )
    )
    assert problems(telecoms("phone"), "rest") == []
    assert problems(telecoms("phone", "fax"), "rest") == [("required", "Patient.telecom[1].rank")]


def test_slices_by_the_type_of_a_choice_inside() -> None:
    path = "Observation.component"
    problems = Problems(
        structure(
            "measured",
            "Observation",
            *sliced(
                path,
                {"path": path, "sliceName": "amount", "min": 1},
                within(path, "amount", "value[x]", min=1, type=[{"code": "Quantity"}]),
                within(path, "amount", "interpretation", min=1),
                by=("type", "value"),
            ),
        )
    )
    high = [{"text": "high"}]

    def observation(*components: Json) -> Json:
        listed = [{"code": {"text": "x"}, **one} for one in components]
        return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "component": listed}

    amount: Json = {"valueQuantity": {"value": 1}}
    assert problems(observation({"valueString": "x"}, amount | {"interpretation": high}), "measured") == []
    assert problems(observation({"valueString": "x"}), "measured") == [("required", "Observation.component")]
    assert problems(observation(amount), "measured") == [
        ("required", "Observation.component[0].interpretation")
    ]


def pressure(*codes: str) -> Json:
    """An observation with one component, which has these codes of LOINC among others."""
    coding = [{"system": "http://example.org/appareil", "code": "x"}]
    coding += [{"system": "http://loinc.org", "code": code} for code in codes]
    component = {"code": {"coding": coding}, "valueString": "12"}
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "tension"},
        "component": [component],
    }


def test_one_coding_of_several_may_decide() -> None:
    """As in R4's own profile of blood pressures: the codings of a slice are sliced themselves."""
    path, coding = "Observation.component", "Observation.component:haute.code.coding"
    problems = Problems(
        structure(
            "tension",
            "Observation",
            *sliced(
                path,
                {"path": path, "sliceName": "haute", "min": 1, "max": "1"},
                by=("value", "code.coding.code"),
            ),
            {
                "id": coding,
                "path": f"{path}.code.coding",
                "slicing": {"discriminator": [{"type": "value", "path": "code"}], "rules": "open"},
            },
            {"id": f"{coding}:loinc", "path": f"{path}.code.coding", "sliceName": "loinc", "min": 1},
            {
                "id": f"{coding}:loinc.code",
                "path": f"{path}.code.coding.code",
                "min": 1,
                "fixedCode": "8480-6",
            },
        )
    )
    assert problems(pressure("8480-6"), "tension") == []
    assert problems(pressure("8462-4"), "tension") == [("required", path)]
