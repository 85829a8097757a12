"""Query strings understood: what each becomes, and what is refused with which advice."""

from decimal import Decimal
from typing import Any

import pytest

from fhir_server.core.temporal import parse_instant, period_of
from fhir_server.definitions.registry import Registry
from fhir_server.errors import InvalidSearch
from fhir_server.issues import Issue
from fhir_server.search.ast import (
    AllOf,
    AnyOf,
    Chain,
    CompositeValue,
    DateValue,
    Has,
    Include,
    Match,
    MissingValue,
    NumberValue,
    OfTypeValue,
    QuantityValue,
    ReferenceValue,
    Sort,
    StringValue,
    TokenValue,
    UriValue,
)
from fhir_server.search.limits import PARAMETERS_MAX
from fhir_server.search.parse import ParsedSearch
from tests.search.universe import BASE_URL, NOW, PARIS, understand

DAY = period_of("2026-03-01", PARIS)
LOINC = "http://loinc.org"


def understood(registry: Registry, search: str, lenient: bool = False) -> ParsedSearch:
    type, _, query = search.partition("?")
    return understand(registry, [type] if type else [], query, lenient)


def issues(registry: Registry, search: str) -> tuple[Issue, ...]:
    with pytest.raises(InvalidSearch) as refusal:
        understood(registry, search)
    return refusal.value.issues


def number(prefix: Any, value: str, low: str, high: str) -> NumberValue:
    return NumberValue(prefix, Decimal(value), Decimal(low), Decimal(high))


@pytest.mark.parametrize(
    ("search", "clause"),
    [
        ("Patient?name=Zoé", Match("name", "string", (StringValue("zoe", "Zoé"),))),
        ("Patient?phonetic=Zoe", Match("name", "string", (StringValue("zoe", "Zoe"),))),
        ("Patient?name:exact=a,b", Match(
            "name", "string", (StringValue("a", "a"), StringValue("b", "b")), "exact")),
        ("Patient?name=a\\,b", Match("name", "string", (StringValue("a b", "a,b"), StringValue("ab", "ab")))),
        ("Patient?identifier=urn:x|1", Match("identifier", "token", (TokenValue("urn:x", "1"),))),
        ("Patient?identifier=|1", Match("identifier", "token", (TokenValue("", "1"),))),
        ("Patient?identifier=urn:x|", Match("identifier", "token", (TokenValue("urn:x", None),))),
        ("Patient?identifier=1", Match("identifier", "token", (TokenValue(None, "1"),))),
        ("Patient?identifier=a\\|b", Match("identifier", "token", (TokenValue(None, "a|b"),))),
        ("Patient?identifier:of-type=s|c|v", Match(
            "identifier:of-type", "token", (OfTypeValue("s", "c", "v"),))),
        ("Patient?gender:not=male", Match("gender", "token", (TokenValue(None, "male"),), "not")),
        ("Patient?gender:missing=true", Match("gender", "token", (MissingValue(True),), "missing")),
        ("Condition?code:text=Mal", Match(
            "code:text", "string", (StringValue("mal", "Mal"),), "contains")),
        ("Patient?birthdate=2026-03-01", Match("birthdate", "date", (DateValue("eq", *DAY),))),
        ("Patient?birthdate=ge2026-03-01", Match("birthdate", "date", (DateValue("ge", *DAY),))),
        ("Patient?organization=1", Match(
            "organization", "reference", (ReferenceValue("Organization", "1"),))),
        ("Patient?general-practitioner=1", Match(
            "general-practitioner", "reference", (ReferenceValue(None, "1"),))),
        ("Patient?general-practitioner:Practitioner=1", Match(
            "general-practitioner", "reference", (ReferenceValue("Practitioner", "1"),))),
        (f"Patient?organization={BASE_URL}/Organization/1/_history/2", Match(
            "organization", "reference", (ReferenceValue("Organization", "1", "2"),))),
        ("Patient?organization=http://x.example/Organization/1", Match(
            "organization", "reference", (ReferenceValue("", "http://x.example/Organization/1"),))),
        ("Patient?organization:identifier=s|v", Match(
            "organization:identifier", "token", (TokenValue("s", "v"),))),
        ("RiskAssessment?probability=gt0.8", Match(
            "probability", "number", (number("gt", "0.8", "0.75", "0.85"),))),
        ("RiskAssessment?probability=ap100", Match(
            "probability", "number", (number("ap", "100", "90", "110"),))),
        ("Observation?value-quantity=5.4||mg", Match(
            "value-quantity", "quantity",
            (QuantityValue(number("eq", "5.4", "5.35", "5.45"), None, "mg"),))),
        ("ValueSet?url=urn:oid:1.2", Match("url", "uri", (UriValue("urn:oid:1.2"),))),
        ("ValueSet?url=http://x|1", AllOf((
            Match("url", "uri", (UriValue("http://x"),)),
            Match("version:folded", "token", (TokenValue(None, "1"),))))),
        (f"Observation?code-value-quantity={LOINC}|1-8$lt60", Match(
            "code-value-quantity", "composite",
            (CompositeValue((TokenValue(LOINC, "1-8"),
                             QuantityValue(number("lt", "60", "59.5", "60.5"), None, None))),),
            component_types=("token", "quantity"))),
        ("Observation?patient.birthdate=2026-03-01", Chain(
            "patient", ("Patient",), Match("birthdate", "date", (DateValue("eq", *DAY),)))),
        ("Observation?subject.name=a", Chain(
            "subject", ("Patient", "Location"), Match("name", "string", (StringValue("a", "a"),)))),
        ("Observation?patient.organization:Organization.name:contains=a", Chain(
            "patient", ("Patient",), Chain(
                "organization", ("Organization",),
                Match("name", "string", (StringValue("a", "a"),), "contains")))),
        ("Patient?_has:Observation:patient:code=1,2", Has(
            "Observation", "patient",
            Match("code", "token", (TokenValue(None, "1"), TokenValue(None, "2"))))),
        ("Patient?_has:Observation:patient:_has:Provenance:target:agent=1", Has(
            "Observation", "patient", Has(
                "Provenance", "target", Match("agent", "reference", (ReferenceValue(None, "1"),))))),
        ("?_id=1", Match("_id", "token", (TokenValue(None, "1"),))),
    ],
)  # fmt: skip
def test_a_criterion_becomes_a_clause(registry: Registry, search: str, clause: object) -> None:
    parsed = understood(registry, search)
    assert parsed.query.where == (clause,)
    assert parsed.ignored == ()


def test_a_chain_splits_where_a_name_means_different_things(registry: Registry) -> None:
    (clause,) = understood(registry, "Provenance?target.version=1").query.where
    assert isinstance(clause, Chain)
    assert isinstance(clause.where, Match)
    assert clause.where.type == "token"
    assert {"ValueSet", "CapabilityStatement"} <= set(clause.types)
    (clause,) = understood(registry, "Provenance?target.location=1").query.where
    assert isinstance(clause, AnyOf)
    kinds = {
        part.where.type
        for part in clause.clauses
        if isinstance(part, Chain) and isinstance(part.where, Match)
    }
    assert kinds == {"reference", "token", "uri"}


def test_a_plus_sign_that_became_a_space_is_still_a_plus(registry: Registry) -> None:
    (clause,) = understood(registry, "Observation?date=2026-03-01T10:00:00+01:00").query.where
    moment = parse_instant("2026-03-01T09:00:00Z")
    assert clause == Match("date", "date", (DateValue("eq", moment, moment + 1_000_000),))


def test_ap_widens_a_date_by_a_tenth_of_its_distance_from_now(registry: Registry) -> None:
    (clause,) = understood(registry, "Patient?birthdate=ap2026-03-01").query.where
    tenth = (NOW - DAY[1]) // 10
    assert clause == Match("birthdate", "date", (DateValue("ap", DAY[0] - tenth, DAY[1] + tenth),))


def test_result_parameters_shape_the_query(registry: Registry) -> None:
    parsed = understood(
        registry,
        "Patient?_count=5&_sort=-birthdate,family,_id,-_lastUpdated&_total=none&_summary=data&_elements=name,id"
        "&_include=Patient:organization&_include:iterate=Patient:general-practitioner:Practitioner"
        "&_revinclude=Task:*&_format=json&_pretty=true&_contained=false",
    )
    assert parsed.query.where == ()
    assert (parsed.query.count, parsed.query.total) == (5, "none")
    assert parsed.query.sort == (
        Sort("birthdate", "date", True),
        Sort("family", "string"),
        Sort("_id", "token"),
        Sort("_lastUpdated", "date", True),
    )
    assert parsed.query.includes == (
        Include("Patient", "organization"),
        Include("Patient", "general-practitioner", "Practitioner", iterate=True),
        Include("Task", "*", reverse=True),
    )
    assert (parsed.summary, parsed.elements) == ("data", ("name", "id"))


def test_everything_that_a_match_refers_to_can_be_included(registry: Registry) -> None:
    assert understood(registry, "Patient?_include=*").query.includes == (Include("Patient", "*"),)
    assert understood(registry, "Patient?_include:iterate=*").query.includes == (
        Include("*", "*", iterate=True),
    )
    assert understood(registry, "Patient?_revinclude=*").query.includes == (Include("*", "*", reverse=True),)


def test_a_total_that_is_not_asked_for_is_bounded(registry: Registry) -> None:
    assert understood(registry, "Patient?name=a").query.total == "bounded"
    assert understood(registry, "Patient?name=a&_total=accurate").query.total == "accurate"


@pytest.mark.parametrize("query", ["_count=0", "_summary=count", "_summary=count&_count=7&_total=none"])
def test_a_count_asks_for_the_total_alone(registry: Registry, query: str) -> None:
    found = understood(registry, "Patient?" + query).query
    assert (found.count, found.total) == (0, "accurate")


@pytest.mark.parametrize("count", ["999999", "2147483647", "0" * 5_000 + "2000"])
def test_the_page_is_capped_and_the_self_link_says_so(registry: Registry, count: str) -> None:
    parsed = understood(registry, f"Patient?_count={count}&name=a&_pretty=true&gender=")
    assert parsed.query.count == 1_000
    assert parsed.self_parameters == (("_count", "1000"), ("name", "a"))


def test_the_self_link_is_understood_the_same_way(registry: Registry) -> None:
    first = understood(registry, "Patient?name=a\\,b&_sort=-family&_count=3&birthdate=gt2020")
    query = "&".join(f"{name}={value}" for name, value in first.self_parameters)
    assert understood(registry, "Patient?" + query).query == first.query


def test_types_are_searched_together(registry: Registry) -> None:
    query = understood(registry, "?_type=Patient,Practitioner&name=a&_id=1").query
    assert query.types == ("Patient", "Practitioner")
    assert len(query.where) == 2


def test_a_parameter_without_value_is_ignored_and_told(registry: Registry) -> None:
    parsed = understood(registry, "Patient?name=&gender=,&family=a")
    assert [clause.parameter for clause in parsed.query.where if isinstance(clause, Match)] == ["family"]
    assert [issue.severity for issue in parsed.ignored] == ["information", "information"]
    assert parsed.self_parameters == (("family", "a"),)


@pytest.mark.parametrize(
    ("search", "sentence"),
    [
        ("Patient?nmae=a", "Did you mean 'name'?"),
        ("Patient?Name=a", "Did you mean 'name'?"),
        ("Patient?birthDate=2020", "Did you mean 'birthdate'?"),
        ("Patient?_sorts=name", "Did you mean '_sort'?"),
        ("Patient?nmae=a", "Valid are: _id, _lastUpdated"),
        ("?name=a", "not a search parameter of every resource type"),
        ("?_type=Patient,Observation&name=a", "not a search parameter of Patient, Observation"),
        ("?_type=Pateint", "Did you mean 'Patient'?"),
        ("Patient?_type=Observation", "must be one of: Patient"),
        ("Patient?name:exakt=a", "Valid are: :missing, :exact, :contains, :text."),
        ("Patient?gender:in=http://x", "'http://x' of 'gender:in' is not known here"),
        ("Condition?code:in=http://hl7.org/fhir/ValueSet/condition-code", "or its codes cannot be listed"),
        ("Patient?gender:below=male", "must be a concept, system|code"),
        ("Patient?gender:above=http://x|male", "hierarchy of the code system 'http://x'"),
        ("Patient?gender:exact=male", "':exact' is no modifier of the token parameter 'gender'"),
        ("Patient?birthdate:exact=2020", "Valid are: :missing"),
        ("Patient?general-practitioner:above=Practitioner/1", "belongs to no hierarchy"),
        ("Patient?general-practitioner:below=1", "take Type/id"),
        ("QuestionnaireResponse?questionnaire:above=http://x|1", "only ':below' is defined"),
        ("Patient?organization:text=1", "':text' is no modifier of the reference parameter"),
        ("Patient?organization:Patient=1", "never refers to a Patient. It may refer to: Organization"),
        ("Patient?_totalMethod=guess", "must be one of: count, estimate"),
        ("ValueSet?url:below=urn:oid:1.2", "has no path with parts above and below"),
        ("ValueSet?url:exact=http://x", "Valid are: :missing, :above, :below, :contains."),
        ("Observation?code-value-quantity:missing=true", "takes no modifier"),
        ("Patient?gender:missing=maybe", "must be true or false"),
        ("Patient?birthdate=2020-13", "is no date"),
        ("Patient?birthdate=gt", "is no date"),
        ("Patient?birthdate=23 May 2009", "is no date"),
        ("RiskAssessment?probability=abc", "is no number"),
        ("RiskAssessment?probability=gt", "is no number"),
        ("Observation?value-quantity=5|mg", "is no quantity"),
        ("Observation?value-quantity=x||mg", "is no quantity"),
        ("Patient?identifier=a|b|c", "is no token"),
        ("Patient?identifier=|", "is no token"),
        ("Patient?identifier:of-type=a|b", "must be system|code|value"),
        ("Patient?organization=a b", "is no reference"),
        ("Observation?code-value-quantity=a", "must have 2 parts joined by $: code$value-quantity"),
        ("Patient?name=a\\b", "a backslash that escapes nothing"),
        ("Observation?code.name=a", "'code' is a token parameter of Observation; only a reference"),
        ("Observation?patient.nmae=a", "Did you mean 'name'?"),
        ("Observation?subject.nonsense=a", "no search parameter of any type that 'subject' refers to"),
        ("Observation?subject:Observation.code=a", "never refers to a Observation"),
        ("Observation?subject:Pateint.name=a", "is no resource type. Did you mean 'Patient'?"),
        ("Observation?patient.birthdate=x", "is no date"),
        ("Patient?_has:Observation:patient=a", "must be _has:Type:reference:parameter"),
        ("Patient?_has:Observation:code:status=a", "'code' is a token parameter of Observation"),
        ("Patient?_has:Patient:organization:name=a", "never refers to a Patient"),
        ("Patient?_count=-1", "must be a whole number"),
        ("Patient?_count=many", "must be a whole number"),
        ("Patient?_count=1&_count=2", "stands 2 times"),
        ("Patient?_sort=nmae", "Did you mean 'name'?"),
        ("Patient?_sort=organization", "cannot be sorted"),
        ("Patient?_sort=_list", "'_list' is not a search parameter of Patient. Valid are: _id"),
        ("Patient?_sort=" + ",".join(["name"] * 21), "has 21 values; at most 20"),
        ("Patient?_total=some", "must be one of: none, estimate, accurate"),
        ("Patient?_summary=some", "must be one of: true, text, data, count, false"),
        ("Patient?_elements=nam", "is no element of Patient. Did you mean 'name'?"),
        ("Patient?_include=organization", "must be Type:reference"),
        ("Patient?_include=Patient:name", "'name' is a string parameter of Patient; only a reference"),
        ("Patient?_include=Patient:organization:Patient", "never refers to a Patient"),
        ("Patient?_include:above=Patient:organization", "Valid are: :iterate"),
        ("Patient?_include=Patient:organization&_summary=text", "cannot go with _summary=text"),
        ("Patient?_contained=both", "can only be asked by a search"),
        ("Patient?_contained=true&_containedType=contained", "Only '_containedType=container' is valid"),
        ("Patient?_text=--", "holds no word to look for"),
        ("Patient?_text=(bone OR", "cannot be read at character 9"),
        ("Patient?_text=bone OR", "cannot be read at character 8"),
        ("Patient?_text=AND bone", "cannot be read at character 4"),
        ('Patient?_content="bone marrow"', "cannot be searched as a phrase"),
        ("Patient?_text:exact=a", "'_text' takes no modifier, but ':exact' was given"),
        ("Patient?_text=" + "(" * 20 + "a" + ")" * 20, "nested more than 16 levels deep"),
        ("Patient?_content=" + " ".join(map(str, range(300))), "more than 200 conditions"),
        ("Patient?_list=$current-allergies", "keeps no lists by function"),
        ("Patient?_list=Patient/1", "is no id of a List"),
        ("Patient?_query=mine", "There is no named query 'mine' here"),
        ("Location?near=1", "must be latitude|longitude|distance|units"),
        ("Location?near=91|2", "must be latitude|longitude|distance|units"),
        ("Location?near=1|2|3|kg", "units are UCUM lengths"),
        ("Location?near:exact=48|2", "':exact' is no modifier of the special parameter 'near'"),
        ("Location?_sort=near", "cannot be sorted"),
        ("Patient?near=1|2", "'near' is not a search parameter of Patient"),
        ("Patient?name=" + ",".join("a" * 1001), "has 1001 values; at most 1000"),
        ("Patient?" + "link:Patient." * 9 + "name=a", "more than 8 steps from resource to resource"),
        ("Provenance?" + "target." * 8 + "code=a", "more than 2000 ways. Name the types"),
        ("Patient?" + "&".join(["name=a"] * (PARAMETERS_MAX + 1)), "101 parameters; at most 100"),
        ("Patient?" + "&".join(["name=" + ",".join("a" * 900)] * 4), "more than 3000 values in all"),
        ("Provenance?target.code=" + ",".join("a" * 900), "more than 3000 values in all"),
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_refused_with_advice(
    registry: Registry, search: str, sentence: str
) -> None:
    found = issues(registry, search)
    assert any(sentence in issue.text.render("en") for issue in found), found
    assert all(issue.text.render("fr") != issue.text.render("en") for issue in found)


def test_every_problem_is_told_at_once_with_its_place(registry: Registry) -> None:
    found = issues(registry, "Patient?nmae=a&birthdate=x&family=ok&_sort=y")
    assert [issue.expression for issue in found] == [("http.nmae",), ("http.birthdate",), ("http._sort",)]
    assert [issue.code for issue in found] == ["not-supported", "invalid", "not-supported"]


def test_leniently_what_is_unknown_is_ignored_and_told(registry: Registry) -> None:
    search = "Patient?nmae=a&family=b&_containedType=contained&_sort=y&_sort=link"
    parsed = understood(registry, search, lenient=True)
    assert len(parsed.query.where) == 1
    assert [(i.severity, i.expression) for i in parsed.ignored] == [
        ("warning", ("http.nmae",)),
        ("warning", ("http._containedType",)),
        ("warning", ("http._sort",)),
        ("warning", ("http._sort",)),
    ]
    assert parsed.self_parameters == (("family", "b"),)
    assert "handling=lenient" in parsed.ignored[0].text.render("en")


@pytest.mark.parametrize(
    "search", ["Patient?birthdate=x", "Patient?name:exakt=a", "Patient?_count=x", "Patient?_query=mine"]
)
def test_even_leniently_what_is_wrong_is_refused(registry: Registry, search: str) -> None:
    with pytest.raises(InvalidSearch):
        understood(registry, search, lenient=True)
