"""What is an error to who asks for a verdict, and no reason to refuse a write."""

from base64 import b64encode
from typing import Any

import pytest

from fhir_server.codes.terminology import Terminology
from fhir_server.core.fhirpath import FhirPath
from fhir_server.definitions.registry import Registry
from fhir_server.validation.profiles.vital_signs import vital_sign_profiles
from fhir_server.validation.validator import Validator

Json = dict[str, Any]
Told = list[tuple[str, str | None, str]]


@pytest.fixture(scope="module")
def validator(registry: Registry) -> Validator:
    return Validator(registry, FhirPath(), Terminology(registry))


def told(validator: Validator, resource: Json) -> Told:
    """Severity, rule and place of what is more than a remark, narrative aside."""
    return [
        (one.severity, one.key, one.expression[0])
        for one in validator.validate(resource)
        if one.severity != "information" and one.key != "dom-6"
    ]


def parameter(**value: Any) -> Json:
    return {"resourceType": "Parameters", "parameter": [{"name": "x", **value}]}


def patient(**elements: Any) -> Json:
    return {"resourceType": "Patient", "id": "a", **elements}


def assert_no_write_is_refused(validator: Validator, resource: Json) -> None:
    assert validator.errors(resource) == []
    assert {one.severity for one in validator.conformance(resource)} <= {"warning", "information"}


UUID = "urn:uuid:0b7b8f0e-1c9d-4d53-9d7c-0d2c8b0e6a11"


@pytest.mark.parametrize("value", [f"{UUID}|2", "urn:oid:1.2.250.1", "http://oid:1", "urn:ietf:rfc:3986"])
def test_well_formed_uris(validator: Validator, value: str) -> None:
    assert told(validator, parameter(valueCanonical=value)) == []
    assert told(validator, parameter(valueUri=value)) == []


@pytest.mark.parametrize(
    "value",
    ["oid:1.2", "uuid:1", "urn:oid:1.02", "urn:oid:7.1", UUID.upper().replace("URN:UUID", "urn:uuid")],
)
@pytest.mark.parametrize("type", ["Uri", "Url", "Canonical"])
def test_an_oid_or_uuid_that_is_none(validator: Validator, type: str, value: str) -> None:
    resource = parameter(**{f"value{type}": value})
    place = f"Parameters.parameter[0].value.ofType({type.lower()})"
    assert told(validator, resource) == [("error", "uri-form", place)]
    assert_no_write_is_refused(validator, resource)


CODED = {"coding": [{"system": "urn:uuid:x", "code": "m"}]}


@pytest.mark.parametrize(
    ("elements", "place"),
    [
        ({"identifier": [{"system": "urn:oid:1.2.x"}]}, "Patient.identifier[0].system"),
        ({"photo": [{"url": "urn:uuid:x"}]}, "Patient.photo[0].url"),
        ({"communication": [{"language": CODED}]}, "Patient.communication[0].language.coding[0].system"),
    ],
)
def test_the_oid_of_a_system_is_one(validator: Validator, elements: Json, place: str) -> None:
    assert ("error", "uri-form", place) in told(validator, patient(**elements))
    assert_no_write_is_refused(validator, patient(**elements))


def test_a_canonical_is_absolute_or_leads_inside(validator: Validator) -> None:
    place = "Parameters.parameter[0].value.ofType(canonical)"
    assert told(validator, parameter(valueCanonical="#q")) == []
    assert told(validator, parameter(valueCanonical="phq|1")) == [("error", "canonical-absolute", place)]
    assert told(validator, parameter(valueUri="phq")) == []
    assert_no_write_is_refused(validator, parameter(valueCanonical="phq|1"))


def test_a_canonical_that_this_server_can_resolve_is_a_warning(validator: Validator) -> None:
    place = "Parameters.parameter[0].value.ofType(canonical)"
    assert told(validator, parameter(valueCanonical="Questionnaire/phq")) == [("warning", None, place)]


def test_a_definition_names_itself_absolutely(validator: Validator) -> None:
    code_system = {
        "resourceType": "CodeSystem",
        "url": "couleurs",
        "name": "Couleurs",
        "status": "draft",
        "content": "complete",
        "concept": [{"code": "bleu"}],
    }
    assert ("error", "canonical-absolute", "CodeSystem.url") in told(validator, code_system)


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ({"system": "http://example.org/dossier", "value": "1"}, []),
        ({"system": "dossier/local", "value": "1"}, [("error", "identifier-system", "system")]),
        ({"system": "urn:ietf:rfc:3986", "value": "12"}, [("error", "identifier-uri", "value")]),
        ({"system": "urn:ietf:rfc:3986", "value": UUID}, []),
        ({"system": "urn:ietf:rfc:3986"}, []),
    ],
)
def test_systems_and_values_of_identifiers(validator: Validator, identifier: Json, expected: Told) -> None:
    resource = patient(identifier=[identifier])
    found = [(how, key, f"Patient.identifier[0].{where}") for how, key, where in expected]
    assert told(validator, resource) == found
    assert_no_write_is_refused(validator, resource)


@pytest.mark.parametrize("system", ["local", "2.16.840.1.113883", "site/codes"])
def test_the_system_of_a_code_is_absolute(validator: Validator, system: str) -> None:
    resource = patient(meta={"tag": [{"system": system, "code": "x"}]})
    assert told(validator, resource) == [("error", "coding-system", "Patient.meta.tag[0].system")]
    assert_no_write_is_refused(validator, resource)


@pytest.mark.parametrize(
    ("start", "end"), [("2024", "2024-06"), ("2024-01-15T10:00:00+01:00", "2024-01-15"), ("2024-06", "2024")]
)
def test_a_period_whose_order_precision_hides_refuses_no_write(
    validator: Validator, start: str, end: str
) -> None:
    """R4 has a period end with all of its last day, month or year; FHIRPath compares no day with a month."""
    resource = patient(name=[{"text": "x", "period": {"start": start, "end": end}}])
    assert told(validator, resource) == [("error", "per-1", "Patient.name[0].period")]
    assert_no_write_is_refused(validator, resource)
    resource["name"][0]["period"] = {"start": "2024-07", "end": "2024-06-30"}
    assert [issue.key for issue in validator.errors(resource)] == ["per-1"]


@pytest.mark.parametrize("data", ["Ym9uam91cg==", "Ym9u am91\ncg=="])
def test_the_size_of_an_attachment_is_that_of_its_data(validator: Validator, data: str) -> None:
    photo = {"contentType": "text/plain", "data": data}
    assert told(validator, patient(photo=[{**photo, "size": len("bonjour")}])) == []
    resource = patient(photo=[{**photo, "size": 12}])
    assert told(validator, resource) == [("error", "attachment-size", "Patient.photo[0].size")]
    assert_no_write_is_refused(validator, resource)


def test_the_hash_of_an_attachment_is_that_of_its_data(validator: Validator) -> None:
    photo = {"contentType": "text/plain", "data": "YWJj"}
    # the SHA-1 of "abc", as FIPS 180 gives it
    digest = bytes.fromhex("a9993e364706816aba3e25717850c26c9cd0d89d")
    assert told(validator, patient(photo=[{**photo, "hash": b64encode(digest).decode()}])) == []
    resource = patient(photo=[{**photo, "hash": "YWJj"}])
    assert told(validator, resource) == [("error", "attachment-hash", "Patient.photo[0].hash")]
    assert_no_write_is_refused(validator, resource)


def test_the_size_of_what_is_elsewhere_is_not_known(validator: Validator) -> None:
    assert told(validator, patient(photo=[{"url": "http://example.org/p.png", "size": 12}])) == []


@pytest.mark.parametrize(
    ("elements", "place"),
    [
        ({"_birthDate": {"id": "b"}}, "Patient.birthDate"),
        ({"name": [{"given": ["A", None], "_given": [None, {"id": "g"}]}]}, "Patient.name[0].given[1]"),
        ({"name": [{"_given": [{"id": "g"}]}]}, "Patient.name[0].given[0]"),
    ],
)
def test_an_id_alone_is_no_element(validator: Validator, elements: Json, place: str) -> None:
    assert ("error", "ele-1", place) in told(validator, patient(**elements))
    assert validator.errors(patient(**elements))


@pytest.mark.parametrize(
    "elements",
    [
        {"birthDate": "1990-01-01", "_birthDate": {"id": "b"}},
        {"name": [{"given": ["A", "B"], "_given": [None, {"id": "g"}]}]},
    ],
)
def test_an_id_beside_a_value_is_well(validator: Validator, elements: Json) -> None:
    assert told(validator, patient(**elements)) == []


WHY = {
    "extension": [
        {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}
    ]
}


def test_where_a_code_is_required_no_reason_replaces_it(validator: Validator) -> None:
    resource = patient(_gender=WHY)
    assert told(validator, resource) == [("error", "code-given", "Patient.gender")]
    assert_no_write_is_refused(validator, resource)
    assert told(validator, patient(_birthDate=WHY, _language=WHY)) == []


UCUM = "http://unitsofmeasure.org"


def weight(**quantity: Any) -> Json:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "poids"},
        "valueQuantity": {"value": 1, **quantity},
    }


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        ({"system": UCUM, "code": "mg/dL"}, []),
        ({"system": UCUM, "code": "{gouttes}"}, []),
        ({"unit": "gouttes"}, []),
        ({"system": UCUM, "code": "mmHg"}, [("error", "unit", "code")]),
        ({"system": "unites", "code": "mg"}, [("error", "quantity-system", "system")]),
        ({"system": "http://example.org/unites", "code": "gouttes"}, []),
    ],
)
def test_units_of_quantities(validator: Validator, quantity: Json, expected: Told) -> None:
    found = [(how, key, f"Observation.value.ofType(Quantity).{where}") for how, key, where in expected]
    assert told(validator, weight(**quantity)) == found
    assert_no_write_is_refused(validator, weight(**quantity))


def test_nothing_is_around_a_resource_that_stands_for_itself(validator: Validator) -> None:
    outermost = patient(link=[{"other": {"reference": "#"}, "type": "seealso"}])
    assert told(validator, outermost) == [("error", "reference-self", "Patient.link[0].other.reference")]
    contained = {"resourceType": "RelatedPerson", "id": "r", "patient": {"reference": "#"}}
    assert told(validator, patient(contained=[contained])) == []


def test_a_system_without_code_is_looked_at_too(validator: Validator) -> None:
    resource = patient(maritalStatus={"coding": [{"system": "urn:oid:1.02"}]})
    place = "Patient.maritalStatus.coding[0].system"
    assert ("error", "uri-form", place) in told(validator, resource)


def test_a_value_set_is_no_code_system(validator: Validator) -> None:
    system = "http://hl7.org/fhir/ValueSet/administrative-gender"
    resource = patient(maritalStatus={"coding": [{"system": system, "code": "male"}]})
    place = "Patient.maritalStatus.coding[0].system"
    assert ("error", "system-value-set", place) in told(validator, resource)
    assert_no_write_is_refused(validator, resource)


def test_a_supplement_is_no_code_system() -> None:
    """https://hl7.org/fhir/R4/codesystem.html#supplements"""
    supplement = {
        "resourceType": "CodeSystem",
        "url": "http://example.org/CodeSystem/more",
        "status": "draft",
        "content": "supplement",
        "supplements": "http://hl7.org/fhir/administrative-gender",
    }
    registry = Registry.r4().with_guides([supplement])
    validator = Validator(registry, FhirPath(), Terminology(registry))
    resource = patient(maritalStatus={"coding": [{"system": supplement["url"], "code": "male"}]})
    place = "Patient.maritalStatus.coding[0].system"
    assert ("error", "coding-system", place) in told(validator, resource)
    assert_no_write_is_refused(validator, resource)


def test_a_canonical_leads_to_what_belongs_there(validator: Validator) -> None:
    gender = "http://hl7.org/fhir/ValueSet/administrative-gender"
    response = {"resourceType": "QuestionnaireResponse", "status": "completed", "questionnaire": gender}
    place = ("error", "canonical-type", "QuestionnaireResponse.questionnaire")
    assert told(validator, response) == [place]
    assert_no_write_is_refused(validator, response)
    elsewhere = response | {"questionnaire": "http://example.org/ValueSet/gender"}
    assert told(validator, elsewhere) == []
    assert (
        told(validator, patient(meta={"profile": ["http://hl7.org/fhir/StructureDefinition/Patient"]})) == []
    )


def test_a_url_that_several_definitions_share(registry: Registry) -> None:
    url = "http://example.org/suivi"
    shared = [{"resourceType": type, "url": url} for type in ("Questionnaire", "Measure")]
    over = registry.with_guides(shared)
    judge = Validator(over, FhirPath(), Terminology(over))
    response = {"resourceType": "QuestionnaireResponse", "status": "completed", "questionnaire": url}
    assert told(judge, response) == []


@pytest.mark.parametrize(
    ("system", "right"),
    [
        ("http://loinc.org/", "http://loinc.org."),
        ("https://loinc.org", "http://loinc.org."),
        ("http://snomed.info/sct/900000000000207008", "http://snomed.info/sct."),
        ("http://hl7.org/fhir/v2/0203", "http://terminology.hl7.org/CodeSystem/v2-0203."),
        ("http://hl7.org/fhir/v3/RoleCode/", "http://terminology.hl7.org/CodeSystem/v3-RoleCode."),
        (
            "http://hl7.org/fhir/condition-category",
            "http://terminology.hl7.org/CodeSystem/condition-category.",
        ),
        ("http://build.fhir.org/account-status", "page"),
        ("http://hl7.org/fhir/R4/codesystem-account-status.html", "page"),
    ],
)
def test_a_system_that_has_another_name(validator: Validator, system: str, right: str) -> None:
    resource = weight() | {"code": {"coding": [{"system": system, "code": "x"}]}}
    issue = next(one for one in validator.validate(resource) if one.key == "system-form")
    assert (issue.severity, issue.expression) == ("error", ("Observation.code.coding[0].system",))
    assert right in issue.text.render()
    assert_no_write_is_refused(validator, resource)


@pytest.mark.parametrize(
    "system",
    [
        "http://loinc.org",
        "http://snomed.info/sct",
        "http://hl7.org/fhir/sid/icd-10",
        "http://example.org/loinc/",
    ],
)
def test_systems_that_may_be_right(validator: Validator, system: str) -> None:
    resource = weight() | {"code": {"coding": [{"system": system, "code": "x"}]}}
    assert told(validator, resource) == []


def body_weight(code: str, **more: Any) -> Json:
    """A weight of nobody, which the profile of weights does not let pass."""
    system = "http://terminology.hl7.org/CodeSystem/observation-category"
    return weight(value=70, unit="kg", system=UCUM, code="kg") | {
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "category": [{"coding": [{"system": system, "code": "vital-signs"}]}],
        "effectiveDateTime": "2024-03-31",
        **more,
    }


def test_vital_signs_are_known_by_their_code(validator: Validator) -> None:
    """https://hl7.org/fhir/R4/observation-vitalsigns.html: who supports them shall conform to its profiles"""
    assert told(validator, body_weight("29463-7")) == [("error", "vital-sign", "Observation.subject")]
    assert_no_write_is_refused(validator, body_weight("29463-7"))
    assert told(validator, body_weight("3141-9")) == []
    claiming = body_weight(
        "29463-7", meta={"profile": ["http://hl7.org/fhir/StructureDefinition/bodyweight"]}
    )
    assert "vital-sign" not in {key for _, key, _ in told(validator, claiming)}


def test_a_vital_sign_coded_twice_is_held_to_its_profile_once() -> None:
    codings = [{"system": "http://loinc.org", "code": code} for code in ("29463-7", "8302-2", "29463-7")]
    found = vital_sign_profiles({"resourceType": "Observation", "code": {"coding": codings}})
    assert [canonical.rpartition("/")[2] for canonical in found] == ["bodyweight", "bodyheight"]


def test_what_is_measured_beside_a_vital_sign_has_its_own_unit(validator: Validator) -> None:
    flow = {"value": 2, "system": UCUM, "code": "L/min", "unit": "L/min"}
    saturation = body_weight(
        "2708-6",
        subject={"reference": "Patient/1"},
        valueQuantity={"value": 95, "system": UCUM, "code": "%", "unit": "%"},
        component=[{"code": {"text": "débit"}, "valueQuantity": flow}],
    )
    assert told(validator, saturation) == []
