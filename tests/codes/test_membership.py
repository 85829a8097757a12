"""Who is a member of a value set, and of whom that cannot be told."""

import pytest

from fhir_server.codes.terminology import Terminology
from tests.codes.conftest import TerminologyFactory
from tests.codes.sample_terminology import (
    CARE,
    FRAGMENT,
    LOOSE,
    RESOURCES,
    UNKNOWN,
    code_system,
    filtered,
    url,
    value_set,
)

HL7 = "http://hl7.org/fhir/ValueSet/"


@pytest.mark.parametrize(
    ("name", "system", "code", "verdict"),
    [
        ("all", CARE, "visit", True),
        ("all", CARE, "contact", True),
        ("all", CARE, "nothing", False),
        ("all", LOOSE, "visit", False),
        ("all", None, "visit", True),
        ("all", None, "nothing", False),
        ("visits", CARE, "home-visit", True),
        ("visits", CARE, "visit", True),
        ("visits", CARE, "call", False),
        ("remote", CARE, "call", True),
        ("listed", CARE, "visit", True),
        ("listed", CARE, "letter", False),
        ("loose", LOOSE, "ALPHA", True),
        ("loose", LOOSE, "gamma", False),
        ("part", FRAGMENT, "F32.1", True),
        ("part", FRAGMENT, "F99", None),
        ("part", CARE, "visit", False),
        ("elsewhere", UNKNOWN, "x", None),
        ("elsewhere", None, "x", None),
        ("elsewhere", CARE, "visit", False),
        ("elsewhere-listed", UNKNOWN, "x", True),
        ("elsewhere-listed", UNKNOWN, "y", False),
        ("both", CARE, "visit", True),
        ("both", CARE, "call", False),
        ("not-visits", CARE, "visit", False),
        ("not-visits", CARE, "call", True),
        ("ring-1", CARE, "visit", None),
        ("lost", CARE, "visit", None),
        ("broken", CARE, "visit", None),
        ("broken", CARE, "nothing", False),
        ("nowhere", CARE, "visit", None),
    ],
)
def test_a_code_is_in_a_value_set_or_not_or_that_is_unknown(
    terminology: Terminology, name: str, system: str | None, code: str, verdict: bool | None
) -> None:
    assert terminology.contains(url(name), system, code) is verdict


@pytest.mark.parametrize("others", [{"system": CARE}, {"system": UNKNOWN}], ids=["listed", "not listed"])
@pytest.mark.parametrize(("inactive", "verdict"), [(False, False), (True, True), (None, True)])
def test_inactive_codes_are_left_out_where_the_value_set_says_so(
    over: TerminologyFactory, others: dict[str, str], inactive: bool | None, verdict: bool
) -> None:
    """https://hl7.org/fhir/R4/valueset-definitions.html#ValueSet.compose.inactive"""
    compose = {"include": [{"system": CARE}, others]} | ({} if inactive is None else {"inactive": inactive})
    active = {**value_set("active"), "compose": compose}
    drawing = value_set("drawing", {"valueSet": [active["url"]]})
    terminology = over(*RESOURCES, active, drawing)
    for name in (active["url"], drawing["url"]):
        assert terminology.contains(name, CARE, "letter") is verdict
        assert terminology.contains(name, CARE, "visit") is True


@pytest.mark.parametrize(
    ("name", "code", "verdict"),
    [
        ("mimetypes", "application/fhir+json; fhirVersion=4.0", True),
        ("mimetypes", "text", False),
        ("all-languages", "fr-CA", True),
        ("all-languages", "français", False),
        ("currencies", "EUR", True),
        ("currencies", "EURO", False),
        ("ucum-units", "mm[Hg]", True),
        ("ucum-units", "10*3/uL", True),
        ("ucum-units", "dB", True),
        ("ucum-units", "KiBy", True),
        ("ucum-units", "mCel", True),
        ("ucum-units", "Ao", True),
        ("ucum-units", "[ft_us]", None),
        ("ucum-units", "milligramme", False),
        ("ucum-units", "mg/", False),
        ("ucum-units", "", False),
        ("iso3166-1-2", "FR", True),
        ("iso3166-1-2", "XX", False),
        ("iso3166-1-3", "FRA", None),
        ("timezones", "Europe/Paris", True),
        ("timezones", "Europe/Versailles", False),
        ("condition-code", "anything", None),
    ],
)
def test_the_value_sets_of_r4_that_cannot_be_listed(
    terminology: Terminology, name: str, code: str, verdict: bool | None
) -> None:
    assert terminology.contains(HL7 + name, None, code) is verdict


def test_the_value_sets_of_all_codes_that_no_resource_defines(terminology: Terminology) -> None:
    assert terminology.contains("http://unitsofmeasure.org/vs", None, "mg/dL") is True
    assert terminology.contains("http://unitsofmeasure.org/vs", None, "millimetre") is False
    assert terminology.contains("http://loinc.org/vs", "http://loinc.org", "x") is None


def test_the_version_of_the_code_system(over: TerminologyFactory) -> None:
    newer = code_system(version="2.0.0", concept=[{"code": "video"}])
    terminology = over(newer, *RESOURCES)
    assert terminology.contains(url("all"), CARE, "visit") is True
    assert terminology.contains(url("all"), CARE, "video") is False
    assert terminology.contains(url("all"), CARE, "video", version="2.0.0") is True
    assert terminology.contains(url("all"), CARE, "visit", version="3.0.0") is None


def test_a_filter_on_a_fragment_says_nothing_of_the_rest(over: TerminologyFactory) -> None:
    terminology = over(*RESOURCES, value_set("below", filtered("code", "regex", "F3.*", FRAGMENT)))
    assert terminology.contains(url("below"), FRAGMENT, "F32.1") is True
    assert terminology.contains(url("below"), FRAGMENT, "F40") is None


def test_a_pattern_that_would_run_away_is_never_run(over: TerminologyFactory) -> None:
    system = code_system(concept=[{"code": "a" * 60}])
    terminology = over(system, value_set("runaway", filtered("code", "regex", "(a+)+b")))
    assert terminology.contains(url("runaway"), CARE, "a" * 60) is None


def test_value_sets_that_draw_on_others_without_end(over: TerminologyFactory) -> None:
    chain = [value_set(f"chain-{n}", {"valueSet": [url(f"chain-{n + 1}")]}) for n in range(2_000)]
    terminology = over(*RESOURCES, *chain, value_set("near", {"valueSet": [url("all")]}))
    assert terminology.contains(url("chain-0"), CARE, "visit") is None
    assert terminology.contains(url("near"), CARE, "visit") is True


def test_a_value_set_that_is_an_expansion_alone(over: TerminologyFactory) -> None:
    nested = {"system": CARE, "code": "visit", "contains": [{"system": CARE, "code": "home-visit"}]}
    expanded = {**value_set("expanded"), "expansion": {"contains": [nested]}}
    del expanded["compose"]
    terminology = over(*RESOURCES, expanded)
    assert terminology.contains(url("expanded"), CARE, "home-visit") is True
    assert terminology.contains(url("expanded"), CARE, "call") is False


def test_all_codes_of_a_system_need_no_value_set_resource(over: TerminologyFactory) -> None:
    terminology = over(code_system(valueSet=url("implied")))
    assert terminology.contains(url("implied"), CARE, "visit") is True
    assert terminology.contains(CARE + "?fhir_vs", CARE, "visit") is True
    assert terminology.contains(CARE + "?fhir_vs=isa/visit", CARE, "call") is False


def test_the_value_sets_of_v3_are_also_of_r4s_version(over: TerminologyFactory) -> None:
    """R4's definitions bind them by it."""
    flavors = "http://terminology.hl7.org/ValueSet/v3-NullFlavor"
    known = over()
    assert known.contains(f"{flavors}|4.0.1", None, "UNK") is True
    assert known.contains(f"{flavors}|4.0.1", None, "perhaps") is False
    assert known.contains(f"{flavors}|4.0.2", None, "UNK") is None
