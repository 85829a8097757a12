"""French identifiers and traits: the issues and their severities."""

import string
from collections.abc import Iterator
from typing import Any

import pytest

from fhir_server.core.fhirpath import FhirPath
from fhir_server.definitions.registry import Registry
from fhir_server.issues import Issue, Template
from fhir_server.validation.checks.check import CheckContext
from mappings.sesame.check_digits import luhn_digit, nir_key
from mappings.sesame.checks import messages
from mappings.sesame.checks.identity import INS_NIR_DEMO, NIA, IdentityCheck
from mappings.sesame.guide import read_guide
from mappings.sesame.identifiers import (
    FINESS,
    FR_TYPES,
    HL7_TYPES,
    INS_NIR_TEST,
    NIR,
    RPPS,
    SIRENE,
    finess,
    ins_nir_test,
    rpps,
    siren,
    social_security,
)
from mappings.sesame.resources.patient import BIRTH_PLACE, Traits, patient
from tests.mappings.story import resources

Resource = dict[str, Any]

GUIDE = read_guide()
BODY = "2850578646999"
GOOD = BODY + nir_key(BODY)
CORSICAN = "185052A004001" + nir_key("185052A004001")
TRAITS = Traits("DURAND", "Camille", "female", "1985-05-12", ("78646", "Versailles"))
STRICT = GUIDE.profile("sesame-patient-ins")
REGISTRY = Registry.r4()
NO_CODES: Any = None
"""This check asks for no value set."""


def issues(resource: Resource, *profiles: str) -> list[Issue]:
    context = CheckContext(REGISTRY, NO_CODES, FhirPath(), lambda _: None, profiles=frozenset(profiles))
    return list(IdentityCheck().check(resource, context))


def problems(resource: Resource, *profiles: str) -> list[tuple[str, str | None, str]]:
    return [(issue.severity, issue.key, issue.expression[0]) for issue in issues(resource, *profiles)]


def person(*identifiers: Resource, **changes: Any) -> Resource:
    return patient(GUIDE, identifiers=list(identifiers), traits=TRAITS) | changes


def identifier(system: str, value: str, type: str | None = None, use: str = "official") -> Resource:
    coding = {"system": HL7_TYPES if type == "NH" else FR_TYPES, "code": type}
    found: Resource = {"use": use, "system": system, "value": value}
    return found | ({"type": {"coding": [coding]}} if type else {})


def organisation(one: Resource) -> Resource:
    return {"resourceType": "Organization", "identifier": [one]}


def practitioner(one: Resource) -> Resource:
    return {"resourceType": "Practitioner", "identifier": [one]}


@pytest.mark.parametrize(
    "one",
    [
        identifier(NIR, GOOD, "INS-NIR"),
        identifier(NIR, CORSICAN, "INS-NIR"),
        identifier(NIR, GOOD, "NH"),
        identifier(NIR, BODY, "NH"),
        identifier(NIA, GOOD, "INS-NIA", "temp"),
        identifier(INS_NIR_TEST, BODY + "00", "INS-NIR-TEST"),
        identifier(INS_NIR_DEMO, "123456789012244", "INS-NIR-DEMO"),
        ins_nir_test(BODY + "00"),
        social_security(GOOD),
        {"system": "urn:local", "value": "anything"},
        {"value": "without system"},
    ],
)
def test_what_is_right_is_not_told(one: Resource) -> None:
    assert problems(person(one)) == []


@pytest.mark.parametrize(
    ("one", "key", "place"),
    [
        (identifier(NIR, BODY + "00", "INS-NIR"), "identifier-value", "value"),
        (identifier(NIR, "185052A004001" + "01", "INS-NIR"), "identifier-value", "value"),
        (identifier(NIR, "2 85 05 78 646 999 05", "INS-NIR"), "identifier-value", "value"),
        (identifier(NIA, BODY + "00", "INS-NIA", "temp"), "identifier-value", "value"),
        (identifier(NIR, GOOD), "identifier-type", "type"),
        (identifier(NIR, GOOD, "MADE-UP"), "identifier-type", "type"),
        (
            identifier(NIR, GOOD) | {"type": {"coding": [{"system": HL7_TYPES, "code": "PI"}]}},
            "identifier-type",
            "type",
        ),
        (identifier(NIR.removeprefix("urn:oid:"), GOOD, "INS-NIR"), "identifier-system", "system"),
        (identifier(NIR, GOOD, "INS-NIR-TEST"), "identifier-system", "system"),
        (identifier(INS_NIR_TEST, GOOD, "INS-NIR"), "identifier-system", "system"),
        (identifier(NIR, GOOD, "INS-NIR", "usual"), "identifier-use", "use"),
        (identifier(NIA, GOOD, "INS-NIA", "official"), "identifier-use", "use"),
    ],
)
def test_what_is_wrong_is_a_warning_and_an_error_when_strict(one: Resource, key: str, place: str) -> None:
    where = f"Patient.identifier[0].{place}"
    assert problems(person(one)) == [("warning", key, where)]
    assert problems(person(one), STRICT) == [("error", key, where)]
    assert problems(person(one), f"{STRICT}|0.1.0") == [("error", key, where)]


def test_what_is_missing_is_said_in_words() -> None:
    one = {name: value for name, value in identifier(NIR, GOOD, "INS-NIR").items() if name == "type"}
    told = {issue.key: issue.text.render("fr") for issue in issues(person(one))}
    assert told["identifier-system"].endswith("ici : aucun.")
    assert told["identifier-use"].endswith("ici : aucun.")


@pytest.mark.parametrize(
    ("number", "kind", "is_right"),
    [
        ("540002698", FINESS, True),
        ("754567860", FINESS, False),
        ("2A0000014", FINESS, True),
        ("54000269", FINESS, False),
        ("1000000000" + luhn_digit("1000000000"), RPPS, True),
        ("10102727017", RPPS, False),
        ("1010272701", RPPS, False),
        ("1010272701X", RPPS, False),
        ("１０００００００００８", RPPS, False),
        ("78012345" + luhn_digit("78012345"), SIRENE, True),
        ("7801234590001" + luhn_digit("7801234590001"), SIRENE, True),
        ("780123459", SIRENE, False),
        ("35600000000048", SIRENE, True),
    ],
)
def test_the_numbers_of_professionals_and_structures(number: str, kind: str, is_right: bool) -> None:
    make = {FINESS: finess, RPPS: rpps, SIRENE: siren}[kind]
    one = make(number) if len(number) != 14 else identifier(SIRENE, number, "SIRET")
    found = problems(practitioner(one) if kind == RPPS else organisation(one))
    assert [key for _, key, _ in found] == ([] if is_right else ["identifier-value"])


@pytest.mark.parametrize(
    ("number", "told"),
    [
        ("35600000000048", []),
        ("78012345" + luhn_digit("78012345"), []),
        ("78012345900012", ["SIRET"]),
        ("7801234567", ["SIREN"]),
    ],
)
def test_a_number_of_sirene_without_a_type_is_told_by_its_length(number: str, told: list[str]) -> None:
    texts = [issue.text.render("fr") for issue in issues(organisation({"system": SIRENE, "value": number}))]
    assert [name for text in texts for name in ("SIREN", "SIRET") if name in text] == told


def without(name: str) -> Iterator[Resource]:
    found = person(ins_nir_test(GOOD))
    if name == "birthPlace":
        found["extension"] = found["extension"][:1]
    elif name in ("family", "given"):
        found["name"] = [{part: value for part, value in found["name"][0].items() if part != name}]
    else:
        del found[name]
    yield found


@pytest.mark.parametrize("name", ["family", "given", "gender", "birthDate", "birthPlace"])
def test_an_ins_goes_with_its_five_traits(name: str) -> None:
    incomplete = next(without(name))
    assert problems(incomplete) == [("warning", "ins-traits", "Patient")]
    assert problems(incomplete, STRICT) == [("error", "ins-traits", "Patient")]
    assert ("birthPlace" if name == "birthPlace" else name) in issues(incomplete)[0].text.render("fr")


@pytest.mark.parametrize(
    "address", [{"city": "Versailles"}, {"extension": [{"url": "https://x/fr-core-address-insee-code"}]}]
)
def test_a_birth_place_is_one_by_its_code(address: Resource) -> None:
    """https://hl7.org/fhir/R4/extension-patient-birthplace.html"""
    place = {"url": BIRTH_PLACE, "valueAddress": address}
    assert problems(person(ins_nir_test(GOOD), extension=[place])) == [("warning", "ins-traits", "Patient")]


def test_of_several_names_one_bears_the_traits() -> None:
    found = person(ins_nir_test(GOOD))
    assert problems(found | {"name": [{"text": "Camille"}, *found["name"]]}) == []
    assert problems(found | {"name": [found["name"][0] | {"use": "nickname"}]}) != []


def test_traits_are_not_asked_for_without_an_ins() -> None:
    assert problems({"resourceType": "Patient", "identifier": [social_security(GOOD)]}) == []


def test_with_an_ins_the_gender_is_one_of_three() -> None:
    assert problems(person(ins_nir_test(GOOD), gender="other")) == [
        ("warning", "ins-traits", "Patient.gender")
    ]


def test_the_number_of_the_insured_is_a_nir_where_it_looks_like_one() -> None:
    def coverage(number: str) -> Resource:
        return {"resourceType": "Coverage", "subscriberId": number}

    for number in (GOOD, BODY, "K-17", "12345678901", "ABCDE0000000000"):
        assert problems(coverage(number)) == []
    assert problems(coverage(BODY + "00")) == [("warning", "identifier-value", "Coverage.subscriberId")]


def test_the_story_has_no_such_problem() -> None:
    for resource in resources():
        if resource["resourceType"] in IdentityCheck.types:
            assert problems(resource) == []


@pytest.mark.parametrize("name", [n for n, v in vars(messages).items() if isinstance(v, Template)])
def test_both_languages_say_the_same_values(name: str) -> None:
    template: Template = getattr(messages, name)
    placeholders = [
        {field for _, field, _, _ in string.Formatter().parse(sentence) if field}
        for sentence in (template.en, template.fr)
    ]
    assert placeholders[0] == placeholders[1]
