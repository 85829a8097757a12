"""Expressions, compiled for the types that they start from, on small data."""

from typing import Any

import pytest

from fhir_server.core.fhirpath import FhirPath, FhirPathError
from fhir_server.core.json import number
from fhir_server.definitions.registry import Registry
from fhir_server.validation.fhirpath.compiled import Scope, TooManySteps
from fhir_server.validation.fhirpath.static_types import Types
from fhir_server.validation.invariants.compiler import Focus, InvariantCompiler

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p",
    "birthDate": "1970-03-31",
    "_birthDate": {"extension": [{"url": "urn:time", "valueDateTime": "1970-03-31T10:00:00Z"}]},
    "_gender": {"extension": [{"url": "urn:unknown", "valueCode": "unknown"}]},
    "active": True,
    "deceasedBoolean": False,
    "multipleBirthInteger": 2,
    "name": [
        {"use": "official", "family": "Durand", "given": ["Anne", "Marie"]},
        {"use": "nickname", "given": ["Nan"], "_given": [{"id": "g"}]},
    ],
    "contained": [{"resourceType": "Organization", "id": "o", "name": "Cabinet"}],
    "managingOrganization": {"reference": "#o"},
    "telecom": [{"system": "phone", "value": "1", "rank": 1}],
}
OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "valueQuantity": {
        "value": number("1.50"),
        "system": "http://unitsofmeasure.org",
        "code": "g",
        "unit": "gramme",
    },
    "referenceRange": [{"low": {"value": 1500, "system": "http://unitsofmeasure.org", "code": "mg"}}],
    "effectivePeriod": {"start": "2024-01-31", "end": "2024-04-29"},
    "hasMember": [{"display": "Body weight"}],
    "interpretation": [{"text": "Rather  high"}, {"text": "rather high"}],
    "focus": [
        {
            "extension": [
                {"url": "urn:a", "valueDateTime": "2024"},
                {"url": "urn:b", "valueDate": "2024-05-01"},
                {"url": "urn:c", "valueDateTime": "2024-06-01T08:00:00+02:00"},
                {"url": "urn:d", "valueInstant": "2024-06-01T06:00:00Z"},
                {"url": "urn:e", "valueString": "anne"},
                {"url": "urn:f", "valueString": "bob"},
            ]
        }
    ],
    "derivedFrom": [
        {
            "extension": [
                {
                    "url": "urn:age",
                    "valueQuantity": {"value": 2, "system": "http://unitsofmeasure.org", "code": "a"},
                }
            ]
        }
    ],
    "component": [{"valueString": "a"}, {"valueInteger": 3}, {"valueCodeableConcept": {"text": "t"}}],
}


@pytest.fixture(scope="module")
def rules() -> InvariantCompiler:
    return InvariantCompiler(Types(Registry.r4()), FhirPath())


def holds(rules: InvariantCompiler, expression: str, resource: dict[str, Any]) -> bool:
    shape = Types(Registry.r4()).of_type(resource["resourceType"])
    found = {"#o": PATIENT["contained"][0]}
    scope = Scope(
        resource, resource, found.get, lambda _url, _system, code: {"a": True, "b": False}.get(code)
    )
    return rules.holds(expression, Focus(shape, resource["resourceType"], shape))(resource, scope)


@pytest.mark.parametrize(
    "expression",
    [
        "name.exists()",
        "Patient.name.count() = 2",
        "photo.empty()",
        "name.given.count() = 3",
        "name.given.first() = 'Anne'",
        "name.given.last() = 'Nan'",
        "name.given[1] = 'Marie'",
        "name.given.tail().count() = 2",
        "name.skip(1).given.hasValue()",
        "name.take(1).use = 'official'",
        "name.where(use = 'nickname').family.empty()",
        "name.all(given.exists())",
        "name.exists(use = 'official')",
        "name.select(given.first() & '!').first() = 'Anne!'",
        "name.family.startsWith('Du') and name.family.endsWith('nd') and name.family.contains('ran')",
        "name.family.matches('^[A-Z]') and name.family.matches('ran')",
        "name.family.length() = 6 and name.family.upper() = 'DURAND' and name.family.indexOf('r') = 2",
        "name.family.substring(2) = 'rand' and name.family.substring(2, 1) = 'r'",
        "name.family.replace('D', 'd') = 'durand' and name.family.replaceMatches('[aeiou]', '') = 'Drnd'",
        "name.given.join(',') = 'Anne,Marie,Nan'",
        "name.given.isDistinct() and name.given.distinct().count() = 3",
        "('a' | 'b' | 'a').count() = 2 and 'a' in ('a' | 'b') and ('a' | 'b') contains 'b'",
        "name.given.combine('Anne').count() = 4",
        "name.given.intersect('Anne' | 'x') = 'Anne'",
        "name.use.subsetOf('official' | 'nickname')",
        "active and active = true and deceased.not()",
        "deceased is Boolean and (deceased is dateTime).not() and deceased.ofType(boolean) = false",
        "multipleBirth.ofType(integer) > 1 and (multipleBirth as integer) >= 2",
        "birthDate < @1970-04 and birthDate = @1970-03-31 and birthDate != @1971",
        "birthDate + 1 month = @1970-04-30 and birthDate - 1 year = @1969-03-31",
        "birthDate + 2 days = @1970-04-02",
        "birthDate.extension('urn:time').value is dateTime",
        "gender.exists() and gender.hasValue().not() and gender.extension.exists()",
        "iif(active, 1, 2) = 1 and iif(photo.exists(), 1).empty()",
        "1 + 2 * 3 = 7 and 7 div 2 = 3 and 7 mod 2 = 1 and 1 / 2 = 0.5 and -1 < 0",
        "(1 | 2 | 3).aggregate($this + $total, 0) = 6",
        "'1'.toInteger() = 1 and '1.5'.toDecimal() = 1.5 and 1.toString() = '1'",
        "{}.empty() and ({} = 1).empty() and (true or {}) and ({} implies true) and (true xor false)",
        "contained.ofType(Organization).name = 'Cabinet' and contained.all($this is Organization)",
        "managingOrganization.resolve().is(Organization) and managingOrganization.resolve().name = 'Cabinet'",
        "descendants().ofType(ContactPoint).all(rank = 1) and descendants().ofType(HumanName).count() = 2",
        "descendants().ofType(date).count() = 1 and children().exists()",
        "%resource.id = 'p' and %rootResource.id = 'p' and %context.id = 'p' and $this.id = 'p'",
        "%ucum = 'http://unitsofmeasure.org' and %`vs-name` = 'http://hl7.org/fhir/ValueSet/name'",
        "name.trace('names').exists() // and a remark",
        "'a'.memberOf('urn:vs') and 'b'.memberOf('urn:vs').not() and 'c'.memberOf('urn:vs').empty()",
        "(true | false).anyTrue() and (true | false).allTrue().not()",
        "repeat(contained).name = 'Cabinet'",
        "name.given ~ ('Marie' | 'Anne' | 'Nan')",
        "'A  b' ~ 'a B' and 1.0 ~ 1.04 and 'a' !~ 'b'",
        "name[0].given.where($index = 1) = 'Marie'",
        "name.where(given.where($index = 1).exists() and $index = 0).count() = 1 and name.exists($index = 1)",
        "birthDate < today() and birthDate <= now() and now() = now() and @T00:00 <= timeOfDay()",
        "('a' | 'b').exclude('a') = 'b' and ('a' | 'b').supersetOf('a') and 'a,b'.split(',').count() = 2",
        "'ab'.toChars().join() = 'ab' and name.first().family.single() = 'Durand'",
        "name.family.replaceMatches('(?<first>^D)(u)', '$2${first}') = 'uDrand'",
        "deceasedBoolean.exists() and multipleBirthInteger = 2",
        "birthDate.getValue() = @1970-03-31 and gender.getValue().empty()",
        "@T23:00:00 + 2 hours = @T01:00:00",
        "@1975 + 365 days = @1976 and @2024-01-31 + 1 'd' = @2024-02-01",
        "(birthDate + 1 day).toString() = '1970-04-01' and (@T08 + 90 minutes).toString() = '09'",
        "(@2024-01-31T23:30 + 45 minutes).toString() = '2024-02-01T00:15'",
        "@2024-05-01T08 + 1 hour = @2024-05-01T09 and @2024 + 1 'year' = @2025",
        "(@2024-01-31T23:59:59.50Z + 1 second).toString() = '2024-02-01T00:00:00.50Z'",
        "(@2024-05-01T08:00Z = @2024-05-01T08:00).empty() and @2024-05-01T08:00Z < @2024-05-03T08:00",
        "birthDate ~ @1970-03-31 and @2024-05-01T08:00:00 ~ @2024-05-01T08:00:00.0 and birthDate !~ @1970",
        "(birthDate = 7).not() and birthDate != 7",
        "('a' | 'a').combine('b').repeat('c') = 'c' and repeat(name | contact).count() = 2",
        "birthDate.extension('urn:' & 'time').exists() and birthDate.extension({}).empty()",
        "1 is System.Integer and '1'.is(System.Integer).not() and @2024 is System.Date and 1 is FHIR.integer",
        "name.family.substring(2, {}) = 'rand' and name.family.substring({}, 1).empty()",
        "name.family.replaceMatches('', 'x') = 'Durand' and '\\uD83E\\uDDB6'.length() = 1",
        "(1 'kg' | 1000 'g').count() = 1 and (5 'mg').hasValue().not() and 5.hasValue()",
        "(1.combine(1).combine(2) ~ 1.combine(2).combine(2)).not() and 1.combine(2) ~ 2.combine(1)",
        "name.skip({}).empty() and name[{}].empty() and (true | 1 | 2.50).join(',') = 'true,1,2.50'",
        "(name.family | gender | active).join('-') = 'Durand-true'",
        "name.first() ~ name.first() and (name.first() ~ name.last()).not()",
        "name.where(use = 'old').given.join(',').empty() and {}.join().empty() and ''.join() = ''",
        "@2020.toInteger().empty() and @T10.convertsToQuantity().not() and @2020.convertsToDecimal().not()",
        "@2020.toString() = '2020' and @2020.convertsToDateTime() and '2020'.toInteger() = 2020",
    ],
)
def test_what_holds_of_the_patient(rules: InvariantCompiler, expression: str) -> None:
    assert holds(rules, expression, PATIENT)


@pytest.mark.parametrize(
    "expression",
    [
        "value.exists() and value.ofType(Quantity).value = 1.5 and value.ofType(string).empty()",
        "value.value = 1.50 and (value as Quantity).unit = 'gramme'",
        "referenceRange.low = referenceRange.low",
        "value.ofType(Quantity) <= referenceRange.low and value.ofType(Quantity) >= referenceRange.low",
        "effective.end < effective.start + 3 months",
        "effective.start <= effective.end",
        "component.value.ofType(string) = 'a' and component.value.ofType(integer) = 3",
        "component.where(value is CodeableConcept).value.text = 't'",
        "component.value.count() = 3",
        "value = 1500 'mg' and value != 1 'g' and (value = 1.5 's').empty() and value > 1 'g'",
        "value in (1500 'mg' | 2 'g') and value ~ 1500 'mg' and value !~ 3 'g'",
        "hasMember.display ~ 'body  WEIGHT' and hasMember ~ hasMember.where(display.exists())",
        "interpretation.first() ~ interpretation.last() and interpretation.first() != interpretation.last()",
        "(focus.extension[0].value < focus.extension[1].value).empty() and focus.extension[2].value != 1",
        "focus.extension[1].value < focus.extension[2].value",
        "focus.extension[2].value = focus.extension[3].value",
        "focus.extension[4].value < focus.extension[5].value",
        "focus.extension[4].value != focus.extension[5].value",
        "derivedFrom.extension.value = 2 years and derivedFrom.extension.value < 30 months",
    ],
)
def test_what_holds_of_the_observation(rules: InvariantCompiler, expression: str) -> None:
    assert holds(rules, expression, OBSERVATION)


@pytest.mark.parametrize(
    "expression",
    [
        "4.0 'g' = 4000 'mg' and 4 'g' != 4040 'mg' and 4 'g' ~ 4040 'mg' and (1 'cm' = 1 's').empty()",
        "7 days = 1 week and 7 days = 1 'wk' and 6 days < 1 week and 12 months = 1 year",
        "(1 year = 1 'a').empty() and 1 year ~ 1 'a' and 1 second = 1 's'",
        "10 'mg' + 1 'g' = 1010 'mg' and 1 'g' - 10 'mg' = 0.99 'g' and -(5 'mg') < 0 'mg'",
        "2.0 'cm' * 2.0 'm' = 0.040 'm2' and 4.0 'g' / 2.0 'm' = 2 'g/m' and 3 'm' * 2 = 6 'm'",
        "1 'wk'.toString() = '1 \\'wk\\'' and '1 \\'wk\\''.toQuantity() = 7 days",
    ],
)
def test_quantities_are_compared_and_calculated_with_in_their_units(
    rules: InvariantCompiler, expression: str
) -> None:
    assert holds(rules, expression, PATIENT)


@pytest.mark.parametrize(
    "expression",
    [
        "(-5.5).abs() = 5.5 and (5 'mg').abs() = 5 'mg' and 1.1.ceiling() = 2 and (-2.1).floor() = -3",
        "(-1.56).truncate() = -1 and 2.5.round() = 3 and 3.14159.round(3) = 3.142 and 81.sqrt() = 9",
        "2.power(3) = 8 and 16.log(2).round(10) = 4 and 0.exp() = 1 and 1.ln() = 0",
        "(-1).sqrt().empty() and (-1).power(0.5).empty() and 0.ln().empty()",
    ],
)
def test_functions_on_numbers(rules: InvariantCompiler, expression: str) -> None:
    assert holds(rules, expression, PATIENT)


@pytest.mark.parametrize(
    ("type", "converted", "others"),
    [
        ("Boolean", ["true", "'Y'", "1", "'0.0'"], ["2", "'foo'", "@2020"]),
        ("Integer", ["1", "'-12'", "true"], ["1.0", "'1.0'", "'1_0'", "'2147483648'"]),
        ("Decimal", ["1", "'+1.50'", "false"], ["'1.a'", "'1e3'", "'NaN'"]),
        ("Date", ["'2015'", "'2015-02'", "@2015-02-04T10:00:00Z"], ["'2015-13'", "'2015-02-30'", "1"]),
        (
            "DateTime",
            ["'2015'", "'2015-02-04T14'", "'2015-02-04T14:34:28Z'"],
            ["'2015-02-04T25:00:00Z'", "'x'"],
        ),
        ("Time", ["'14:34:28'", "'14:34'"], ["'25:00'", "'x'"]),
        ("Quantity", ["1", "'1.5'", "'2 weeks'"], ["'1 wk'", "'x'"]),
        ("String", ["1", "true", "'x'", "@2015"], ["%resource"]),
    ],
)
def test_values_convert_to_a_type_or_do_not(
    rules: InvariantCompiler, type: str, converted: list[str], others: list[str]
) -> None:
    for value in converted:
        expression = f"{value}.convertsTo{type}() and {value}.to{type}().exists()"
        assert holds(rules, expression, PATIENT), value
    for value in others:
        expression = f"{value}.convertsTo{type}().not() and {value}.to{type}().empty()"
        assert holds(rules, expression, PATIENT), value


@pytest.mark.parametrize(
    "expression",
    [
        "{}",
        "photo",
        "birthDate > @1970-03-31T10:00:00Z",
        "photo.url = 'x'",
        "name.family.matches('^r')",
        "Organization.name.exists()",
        "name.use.where(nosuch.exists()).exists()",
    ],
)
def test_what_is_empty_or_false_does_not_hold(rules: InvariantCompiler, expression: str) -> None:
    assert not holds(rules, expression, PATIENT)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("name.exists(", "unexpected the end at column 13"),
        ("name..given", "unexpected . at column 6"),
        ("name /* or", "nothing known begins at column 6"),
        ("name ?", "column 6"),
        ("name.nosuch(1, 2, 3)", "nosuch"),
        ("name[" + "9" * 5_000 + "].exists()", "a number of more than"),
        ("name.ofType(HumanNam)", "HumanNam is no type"),
        ("birthDate < @2024-02-30", "no date or time"),
        ("@T25:00 > @T01:00", "no date or time"),
        ("(" * 100 + "1" + ")" * 100, "nested deeper"),
        ("name" + ".given" * 5_000, "characters"),
    ],
)
def test_what_cannot_be_read_says_where(rules: InvariantCompiler, expression: str, reason: str) -> None:
    with pytest.raises(FhirPathError, match=reason.replace("(", r"\(").replace(".", r"\.")):
        holds(rules, expression, PATIENT)


@pytest.mark.parametrize(
    "expression",
    [
        "name.given = 1 + 'x'",
        "name.given + 1",
        "name.given.startsWith('A')",
        "active.startsWith('t')",
        "name.single().exists()",
        "('a' | 'b').not()",
        "iif(1 | 2, true, true)",
        "name.iif(true, true)",
        "name is HumanName",
        "name.given.allTrue()",
        "birthDate < 7",
        "birthDate < @T08:00",
        "active > false",
        "name['x'].exists()",
        "name.family > 3",
        "birthDate + 1 'mo' > @1970",
        "birthDate - 1 'cm' > @1970",
        "@T08:00 + 1 year > @T01:00",
        "'x'.sqrt() = 1",
        "1.round(99) = 1",
    ],
)
def test_what_fails_on_the_data_is_an_error(rules: InvariantCompiler, expression: str) -> None:
    with pytest.raises(FhirPathError):
        holds(rules, expression, PATIENT)


@pytest.mark.parametrize(
    "expression",
    [
        "name.all(%resource.name.all(%resource.name.all(given.exists())))",
        "name.all(%resource.name = %resource.name.skip(0))",
        "descendants().repeat(%resource.name).exists()",
        "name.all(%resource.name ~ %resource.name)",
    ],
)
def test_an_expression_that_runs_away_is_stopped(rules: InvariantCompiler, expression: str) -> None:
    many = {**PATIENT, "name": [{"given": [str(index)]} for index in range(1_100)]}
    with pytest.raises(TooManySteps):
        holds(rules, expression, many)


@pytest.mark.parametrize(
    "expression",
    [
        "telecom.all(%resource.telecom.tail().exists())",
        "telecom.all(%resource.telecom.extension('urn:x').empty())",
        "telecom.all(%resource.name.given.exists())",
    ],
)
def test_what_is_looked_at_again_for_each_of_many_items_counts(
    rules: InvariantCompiler, expression: str
) -> None:
    given = {"given": ["a"] * 20_000, "_given": [{"id": "first"}]}
    many = {**PATIENT, "name": [given], "telecom": [{"value": str(index)} for index in range(20_000)]}
    with pytest.raises(TooManySteps):
        holds(rules, expression, many)


def test_many_items_are_told_apart_in_few_steps(rules: InvariantCompiler) -> None:
    many = {**PATIENT, "name": [{"given": [str(index % 2_000)]} for index in range(3_000)]}
    assert holds(rules, "(name | name).count() = 2000 and name.intersect(name).count() = 2000", many)
    assert holds(
        rules, "name.isDistinct().not() and name.subsetOf(name) and name.exclude(name).empty()", many
    )


@pytest.mark.parametrize(
    "expression",
    [
        "id.matches('\\\\s*x$')",
        "id.matches('a*a*a*b')",
        "id.replaceMatches(' *b', '').exists()",
        "id.toChars().aggregate($total & $total, 'aaaaaaaaaaaaaaaa').exists()",
        "id.toChars().aggregate($total + $total, 'aaaaaaaaaaaaaaaa').exists()",
        "id.toChars().aggregate($total.combine($total), 'a').exists()",
        "id.repeat($this & 'a').exists()",
        "id.repeat($this & $this).exists()",
        "id.replace('', 'bbbbbbbbbb').replace('b', 'cccccccccc').replace('c', 'dddddddddd').exists()",
        "id.toChars().join(%resource.id).exists()",
    ],
)
def test_what_would_fill_the_memory_or_the_day_is_stopped(rules: InvariantCompiler, expression: str) -> None:
    with pytest.raises(FhirPathError, match=r"may take long|more than"):
        holds(rules, expression, {"resourceType": "Patient", "id": " " * 24_000})


def test_numbers_of_absurd_magnitude_have_no_results(rules: InvariantCompiler) -> None:
    vast = {**OBSERVATION, "valueQuantity": {"value": number("1e99999999")}}
    expression = "value.value.ceiling().empty() and (value.value div 1).empty()"
    assert holds(rules, expression, vast)
    squared = "(1 | 2 | 3 | 4 | 5 | 6 | 7 | 8).aggregate($total * $total, 1000).empty()"
    assert holds(rules, squared, vast)


def test_what_is_left_to_the_library_takes_a_while_and_no_longer(
    rules: InvariantCompiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fhir_server.validation.fhirpath.library_time.LIBRARY_SECONDS_MAX", 0.05)
    many = {**PATIENT, "telecom": [{"value": str(index)} for index in range(5_000)]}
    with pytest.raises(FhirPathError, match="longer than"):
        holds(rules, "telecom.all(%resource.telecom.tail().type().exists())", many)


def test_patterns_that_take_a_while_come_to_an_end_together(
    rules: InvariantCompiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fhir_server.validation.fhirpath.compiled.STEPS_PER_SECOND", 10_000_000)
    names = {**PATIENT, "name": [{"family": "x" * 700} for _ in range(100)]}
    with pytest.raises(TooManySteps):
        holds(rules, "name.family.all(matches('^(x*)(x*)(x*)z$').not())", names)


def test_an_endless_repetition_is_stopped_by_the_library_too() -> None:
    many = {"resourceType": "Patient", "name": [{"given": ["a"]}] * 40}
    with pytest.raises(FhirPathError, match="steps"):
        FhirPath().evaluate("name.all(%resource.name.all(%resource.name.all(given ~ 'a')))", many)
