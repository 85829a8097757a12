"""$explain-search: the meaning of parameters, the number of matches, and why a resource is not
in the list.
"""

from typing import Any

import pytest

from tests.interactions.client import Answer, Client, patient
from tests.interactions.definitions import fond_of, parameter

PATIENTS = (
    {"id": "a", "name": [{"family": "Durand"}], "birthDate": "1980-05-12", "gender": "female"},
    {"id": "b", "name": [{"family": "Dupont"}], "birthDate": "1990-01-01"},
    {"id": "c", "name": [{"family": "Dupond"}], "gender": "male"},
)


@pytest.fixture
def filled(client: Client) -> Client:
    for members in PATIENTS:
        client.put(f"Patient/{members['id']}", patient(**members))
    observation = {"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "x"}}
    client.put("Observation/o", observation | {"subject": {"reference": "Patient/a"}})
    return client


def simple(part: dict[str, Any]) -> dict[str, Any]:
    """The simple parts of a parameter, by name."""
    return {
        one["name"]: value for one in part["part"] for key, value in one.items() if key.startswith("value")
    }


def named(answer: Answer, name: str) -> list[dict[str, Any]]:
    assert answer.status == 200, answer.content
    return [simple(parameter) for parameter in answer.content["parameter"] if parameter["name"] == name]


def value(answer: Answer, name: str) -> Any:
    (part,) = [parameter for parameter in answer.content["parameter"] if parameter["name"] == name]
    return next(value for key, value in part.items() if key.startswith("value"))


def meanings(client: Client, search: str, language: str = "en") -> list[str]:
    path, _, query = search.partition("?")
    answer = client.get(f"{path}/$explain-search?{query}".lstrip("/"), language=language)
    return [one["meaning"] for one in named(answer, "clause")]


def reason(client: Client, search: str, resource: str, **how: Any) -> str:
    path, _, query = search.partition("?")
    (told,) = named(client.get(f"{path}/$explain-search?{query}&resource={resource}", **how), "resource")
    assert told["reference"] == resource
    assert told["matches"] is False
    return str(told["reason"])


def test_each_clause_is_counted_alone_and_after_those_before(filled: Client) -> None:
    answer = filled.get("Patient/$explain-search?name=dup&gender=male&birthdate=gt1970")
    assert (value(answer, "searched"), value(answer, "matches")) == (3, 0)
    clauses = named(answer, "clause")
    assert [(c["parameter"], c["alone"], c["left"]) for c in clauses] == [
        ("name=dup", 2, 2),
        ("gender=male", 1, 1),
        ("birthdate=gt1970", 2, 0),
    ]
    assert {type(c["drives"]) for c in clauses} == {bool}
    assert [c["index"] for c in clauses] == [
        "the string index of Patient.name",
        "the token index of Patient.gender",
        "the date index of Patient.birthdate",
    ]
    assert [part for part in answer.content["parameter"] if part["name"] == "step"]


def test_the_counts_are_those_of_the_search(filled: Client) -> None:
    for query in (
        "name=dup",
        "gender:not=male",
        "_has:Observation:subject:status=final",
        "name:missing=true",
    ):
        total = filled.get(f"Patient?{query}&_summary=count").content["total"]
        assert value(filled.get(f"Patient/$explain-search?{query}"), "matches") == total


@pytest.mark.parametrize(
    ("search", "said"),
    [
        ("Patient?name=Dûp", "name starts with 'dup' (case, accents and punctuation do not count)"),
        ("Patient?name:exact=Dup", "name is exactly 'Dup', with case and accents"),
        ("Patient?name:contains=up", "name contains 'up'"),
        ("ValueSet?url:contains=acme", "url contains acme"),
        ("Patient?name=a,b", "name starts with 'a'"),
        ("Patient?name:missing=true", "name has no value"),
        ("Patient?gender=male", "gender has the code 'male', of whatever system"),
        ("Patient?identifier=urn:x|1", "identifier has the code '1' of the system urn:x"),
        ("Patient?identifier=|1", "without a system"),
        ("Patient?identifier=urn:x|", "any code of the system urn:x"),
        ("Patient?gender:not=male", "no value fits: gender has the code 'male'"),
        ("Patient?identifier:of-type=urn:t|MR|42", "identifier has the value '42' of the type urn:t|MR"),
        ("Observation?code:text=x", "the text of code contains 'x'"),
        ("Observation?subject:identifier=urn:x|1", "the identifier in subject has the code '1'"),
        ("Patient?birthdate=1980", "birthdate lies within the time from 1980-01-01T00:00:00+01:00 until"),
        ("Patient?birthdate=ge1980-06", "lies within the time from 1980-06-01T00:00:00+02:00"),
        ("Patient?birthdate=sa1980", "birthdate begins after the time"),
        ("Patient?birthdate=ge0001", "from 0001-01-01T00:09:21+00:09:21 until 0002-01-01T00:00:00+00:09:21"),
        (
            "Patient?death-date=9999-12-31T23:59Z",
            "from 9999-12-31T23:59:00+00:00 until 9999-12-31T23:59:59.999999",
        ),
        ("Patient?birthdate=eb1980", "birthdate ends before the time"),
        ("Observation?subject=Patient/a", "subject refers to Patient/a"),
        ("Observation?patient=a", "patient refers to Patient/a"),
        ("Observation?subject=a", "subject refers to a resource of whatever type with the id 'a'"),
        (
            "Observation?subject:Patient.name=du",
            "subject refers to a resource (Patient) of which it is true: name",
        ),
        (
            "Patient?_has:Observation:subject:status=final",
            "a resource (Observation) refers to it by subject, of which",
        ),
        ("RiskAssessment?probability=0.5", "probability is from 0.45 to less than 0.55"),
        ("RiskAssessment?probability=gt0.5", "probability is > 0.5"),
        ("Observation?value-quantity=5||mg", "in mg"),
        ("Observation?value-quantity=5", "in whatever unit"),
        ("ValueSet?url=http://x", "url is http://x"),
        ("ValueSet?url:below=http://x/y", "url begins with http://x/y/"),
        (
            "Observation?code-value-quantity=x$gt5",
            "in one and the same part of code-value-quantity: component 1",
        ),
        ("Patient?_id=a", "_id has the code 'a'"),
        ("Patient?_lastUpdated=gt2020", "_lastUpdated goes on after the time"),
        (
            'Patient?_filter=name eq "x" and (gender eq male or birthdate gt 2000)',
            "gender has the code 'male'",
        ),
        ("Patient?_text=cat", "its narrative has the word 'cat'"),
        ("Location?near=48.8|2.3|5|km", "near: within 5000.0 m of 48.8, 2.3"),
        (
            "Organization?partof:below=Organization/1",
            "partof refers to Organization/1 or to one that is part",
        ),
    ],
)
def test_a_clause_is_told_in_a_sentence(client: Client, search: str, said: str) -> None:
    (meaning,) = meanings(client, search)
    assert said in meaning
    (french,) = meanings(client, search, language="fr")
    assert french != meaning


def test_many_alternatives_are_counted(client: Client) -> None:
    (meaning,) = meanings(client, f"Patient?name={','.join(f'n{number}' for number in range(500))}")
    assert "'n0'" in meaning
    assert "one of 480 further values" in meaning


@pytest.mark.parametrize(
    ("search", "index"),
    [
        ("Patient?_id=1", "the resources' own _id"),
        (
            "Observation?subject:Patient.name=x",
            "the reference index of Observation.subject, and the string index of Patient.name",
        ),
        (
            "Patient?_has:Observation:subject:status=final",
            "the reference index of Observation.subject, and the token index of Observation.status",
        ),
        ("Patient?_filter=gender eq a or gender eq b", "the token index of Patient.gender"),
        ("?_type=Patient,Person&name=x", "the string index of Patient.name, Person.name"),
        ("?_tag=x", "the token index of _tag"),
    ],
)
def test_the_indexes_are_named(client: Client, search: str, index: str) -> None:
    path, _, query = search.partition("?")
    (clause,) = named(client.get(f"{path}/$explain-search?{query}".lstrip("/")), "clause")
    assert clause["index"] == index


@pytest.mark.parametrize(
    ("search", "resource", "said"),
    [
        ("Patient?name=dup", "Patient/a", ["because of name=dup", "name starts with", '"family":"Durand"']),
        ("Patient?name=du&gender=male", "Patient/a", ["because of gender=male", 'gender is "female" there']),
        ("Patient?gender=male", "Patient/b", ["gender has no value there"]),
        ("Patient?birthdate=lt1980", "Patient/a", ['birthdate is "1980-05-12" there']),
        ("Patient?_id=b", "Patient/a", ["_id is a there"]),
        (
            'Patient?_filter=name eq "x" and gender eq male',
            "Patient/c",
            ["name, as the index has it, is = 'x'"],
        ),
        ("Patient?_filter=gender eq x or gender eq y", "Patient/c", ["gender has the code 'x'", "'y'"]),
        ("Observation?subject:Patient.name=dup", "Observation/o", ["subject refers to Patient/a.", "Durand"]),
        ("Observation?performer:Patient.name=x", "Observation/o", ["performer refers to no Patient"]),
        ("Patient?_has:Observation:subject:status=amended", "Patient/a", ["Observation resources do refer"]),
        (
            "Patient?_has:Observation:subject:status=final",
            "Patient/b",
            ["no Observation refers to it by subject"],
        ),
        ("Observation?name=x", "Patient/a", ["not of the types that are searched (Observation)"]),
        ("Patient?name=x", "Patient/zzz", ["Patient/zzz does not exist"]),
    ],
)
def test_why_a_resource_is_not_among_the_matches(
    filled: Client, search: str, resource: str, said: list[str]
) -> None:
    told = reason(filled, search, resource)
    for part in said:
        assert part in told
    assert reason(filled, search, resource, language="fr") != told


def test_a_deleted_resource_is_told(filled: Client) -> None:
    filled.delete("Patient/c")
    assert "Patient/c was deleted" in reason(filled, "Patient?name=dup", "Patient/c")


def test_a_match_is_told_too(filled: Client) -> None:
    answer = filled.get("Patient/$explain-search?name=du&gender=female&resource=Patient/a")
    (told,) = named(answer, "resource")
    assert (told["matches"], told["reason"]) == (True, "Patient/a is among the matches.")
    assert [clause["satisfied"] for clause in named(answer, "clause")] == [True, True]


def test_every_clause_says_whether_the_resource_satisfies_it(filled: Client) -> None:
    answer = filled.get("Patient/$explain-search?name=dur&gender=male&resource=Patient/a")
    assert [clause["satisfied"] for clause in named(answer, "clause")] == [True, False]


def test_problems_are_told_beside_what_was_understood(filled: Client) -> None:
    query = "name=dup&naem=x&birthdate=yesterday&gender:exact=x&resource=Patient/b"
    answer = filled.get(f"Patient/$explain-search?{query}")
    assert [clause["parameter"] for clause in named(answer, "clause")] == ["name=dup"]
    problems = named(answer, "problem")
    assert [p["parameter"] for p in problems] == ["naem=x", "birthdate=yesterday", "gender:exact=x"]
    assert "Did you mean 'name'?" in problems[0]["text"]
    assert {p["severity"] for p in problems} == {"error"}
    (told,) = named(answer, "resource")
    assert "matches" not in told
    assert "before the problems are solved" in told["reason"]
    lenient = named(filled.get("Patient/$explain-search?naem=x", lenient=True), "problem")
    assert lenient[0]["severity"] == "warning"


def test_a_pending_index_is_told_and_not_counted(filled: Client) -> None:
    filled.post("SearchParameter", parameter())
    answer = filled.get("Patient/$explain-search?favourite=blue&name=dup")
    (problem,) = named(answer, "problem")
    assert "cannot be searched yet" in problem["text"]
    assert [clause["parameter"] for clause in named(answer, "clause")] == ["name=dup"]
    filled.put("Patient/d", fond_of("blue", id="d"))


def test_parameters_that_shape_the_answer_are_told(filled: Client) -> None:
    query = "_sort=-birthdate,name&_count=5&_include=Patient:organization&_revinclude=Observation:subject"
    results = named(filled.get(f"Patient/$explain-search?{query}"), "result")
    assert [result["meaning"] for result in results] == [
        "Sorted by -birthdate, name; what has no value comes last, and the oldest first among equals.",
        "Shapes the answer and finds nothing.",
        "With each page comes what its Patient resources refer to by organization.",
        "With each page come the Observation resources that refer to its matches by subject.",
    ]


def test_all_types_are_searched_where_none_is_named(filled: Client) -> None:
    answer = filled.get("$explain-search?_id=a")
    assert (value(answer, "searched"), value(answer, "matches")) == (4, 1)
    answer = filled.get("$explain-search?_type=Observation&_id=a&resource=Observation/o")
    assert (value(answer, "searched"), value(answer, "matches")) == (1, 0)


def test_the_search_may_stand_in_a_body(filled: Client) -> None:
    body = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "name", "valueString": "dup"},
            {"name": "resource", "valueString": "Patient/a"},
        ],
    }
    answer = filled.post("Patient/$explain-search", body)
    assert value(answer, "matches") == 2
    assert named(answer, "resource")[0]["matches"] is False


@pytest.mark.parametrize(
    "query",
    [
        "name=x&resource=a",
        "resource=Patient/",
        "resource=Patien/1",
        "_type=Nobody",
        "&".join(["name=x"] * 101),
    ],
)
def test_bad_requests_are_refused(client: Client, query: str) -> None:
    assert client.get(f"$explain-search?{query}").status == 400


def test_the_answer_is_a_valid_resource(filled: Client) -> None:
    answer = filled.get("Patient/$explain-search?name=dup&naem=x&_sort=name&resource=Patient/a")
    assert filled.engine.validator.validate(answer.content) == []


def test_a_canonical_leads_on_as_it_does_in_the_search(client: Client) -> None:
    """Both ways: a chain from the answers to their questionnaire, and `_has` back."""
    form = {"resourceType": "Questionnaire", "id": "q", "status": "active", "url": "https://example.org/q"}
    client.put("Questionnaire/q", form | {"title": "Sleep"})
    answers = {"resourceType": "QuestionnaireResponse", "id": "r", "status": "completed"}
    client.put("QuestionnaireResponse/r", answers | {"questionnaire": "https://example.org/q"})
    chain = "QuestionnaireResponse/$explain-search?questionnaire.title={}&resource=QuestionnaireResponse/r"
    answer = client.get(chain.format("sleep"))
    assert (value(answer, "matches"), named(answer, "resource")[0]["matches"]) == (1, True)
    assert [clause["satisfied"] for clause in named(answer, "clause")] == [True]
    told = named(client.get(chain.format("mood")), "resource")[0]
    assert told["matches"] is False
    assert "Questionnaire/q" in told["reason"]
    back = "_has:QuestionnaireResponse:questionnaire:status={}&resource=Questionnaire/q"
    back = f"Questionnaire/$explain-search?{back}"
    assert named(client.get(back.format("completed")), "resource")[0]["matches"] is True
    assert "refer" in named(client.get(back.format("amended")), "resource")[0]["reason"]


def test_what_is_wrong_with_parameters_beside_one_another_is_told(filled: Client) -> None:
    answer = filled.get("Patient/$explain-search?_count=1&_count=2&name=dup&naem=x&resource=Patient/b")
    problems = named(answer, "problem")
    assert [(problem["parameter"], problem["severity"]) for problem in problems] == [
        ("naem=x", "error"),
        ("_count", "error"),
    ]
    assert "stands 2 times" in problems[1]["text"]
    assert "matches" not in named(answer, "resource")[0]


def test_a_chain_to_what_is_not_there_finds_nothing(filled: Client) -> None:
    observation = filled.get("Observation/o").content | {"subject": {"reference": "Patient/nobody"}}
    assert filled.put("Observation/o", observation).status == 200
    told = reason(filled, "Observation?subject:Patient.name=durand", "Observation/o")
    assert "subject" in told
