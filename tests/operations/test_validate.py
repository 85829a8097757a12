"""$validate: the issues found, the results of dry runs, and that nothing is stored."""

from collections.abc import Iterable
from typing import Any

import pytest

from fhir_server.codes.terminology import Terminology
from fhir_server.core.fhirpath import FhirPath
from fhir_server.definitions.registry import Registry
from fhir_server.extension import Change, View
from fhir_server.issues import Issue, Template
from fhir_server.store.port import Store
from fhir_server.validation.checks.builtin_checks import CHECKS
from fhir_server.validation.validator import Validator
from tests.interactions.bundles import entry
from tests.interactions.client import Answer, Client, ClientFactory, identified, patient
from tests.structures import line, structure

Resource = dict[str, Any]

PROFILE = "https://example.org/StructureDefinition/named"
NAMED = structure(PROFILE, "Patient", line("Patient.name", min=1))


@pytest.fixture(scope="session")
def registry() -> Registry:
    return Registry.r4().with_guides([NAMED])


@pytest.fixture(scope="session")
def validator(registry: Registry) -> Validator:
    return Validator(registry, FhirPath(), Terminology(registry), CHECKS)


def call(*parameters: Resource) -> Resource:
    return {"resourceType": "Parameters", "parameter": list(parameters)}


def of_resource(resource: Resource, **more: str) -> Resource:
    simple = [{"name": name, "valueString": value} for name, value in more.items()]
    return call({"name": "resource", "resource": resource}, *simple)


def said(answer: Answer) -> list[tuple[str, str]]:
    assert answer.status == 200
    return [(issue["severity"], issue.get("expression", [""])[0]) for issue in answer.content["issue"]]


def errors(answer: Answer) -> list[str]:
    return [place for severity, place in said(answer) if severity in ("error", "fatal")]


def told(answer: Answer) -> list[str]:
    assert answer.status == 200
    return [
        issue["details"]["text"] for issue in answer.content["issue"] if issue["severity"] == "information"
    ]


GOOD = patient(
    gender="female", text={"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'}
)
BAD = patient(gender="femelle")

# what is validated


@pytest.mark.parametrize("url", ["$validate", "Patient/$validate"])
@pytest.mark.parametrize("wrap", [lambda resource: resource, of_resource])
def test_a_valid_resource_is_said_to_be_valid(client: Client, url: str, wrap: Any) -> None:
    answer = client.post(url, wrap(GOOD))
    assert said(answer) == [("information", "Patient")]
    assert "No problem" in told(answer)[0]


@pytest.mark.parametrize("url", ["$validate", "Patient/$validate"])
def test_errors_come_with_200_and_their_place(client: Client, url: str) -> None:
    assert errors(client.post(url, of_resource(BAD))) == ["Patient.gender"]


def test_problems_are_told_in_the_language_asked_for(client: Client) -> None:
    assert told(client.post("$validate", GOOD, language="fr"))[0].startswith("Aucun problème")


def test_a_profile_is_asked_for_by_parameter_or_url(client: Client) -> None:
    nameless = {"resourceType": "Patient", "gender": "female"}
    assert errors(client.post("Patient/$validate", nameless)) == []
    assert errors(client.post("Patient/$validate", of_resource(nameless, profile=PROFILE))) == [
        "Patient.name"
    ]
    assert errors(client.post(f"Patient/$validate?profile={PROFILE}", nameless)) == ["Patient.name"]
    assert errors(client.post(f"$validate?profile={PROFILE}&mode=profile", nameless)) == ["Patient.name"]


def test_an_unknown_profile_is_an_error_of_the_outcome(client: Client) -> None:
    assert errors(client.post("$validate", of_resource(GOOD, profile="urn:nowhere"))) == ["Patient"]


def test_another_type_than_that_of_the_url(client: Client) -> None:
    basic = {"resourceType": "Basic", "code": {"text": "x"}}
    assert errors(client.post("Patient/$validate", basic)) == ["Patient.resourceType"]


def test_a_stored_resource_is_validated_where_it_is(client: Client) -> None:
    created = client.put("Patient/p", {"resourceType": "Patient", "id": "p", "active": True})
    assert created.status == 201
    assert errors(client.get("Patient/p/$validate")) == []
    assert errors(client.get(f"Patient/p/$validate?profile={PROFILE}")) == ["Patient.name"]
    assert errors(client.post("Patient/p/$validate")) == []
    assert errors(client.post("Patient/p/$validate", GOOD | {"id": "other"})) == ["Patient.id"]


def test_a_questionnaire_in_the_store_is_found(client: Client) -> None:
    url = "https://example.org/Questionnaire/q"
    form = {"resourceType": "Questionnaire", "url": url, "status": "active"}
    client.post("Questionnaire", form | {"item": [{"linkId": "a", "type": "string", "required": True}]})
    response = {"resourceType": "QuestionnaireResponse", "questionnaire": url, "status": "completed"}
    assert errors(client.post("$validate", response)) == ["QuestionnaireResponse"]
    elsewhere = client.post("$validate", response | {"questionnaire": f"{url}2"})
    assert ("warning", "QuestionnaireResponse.questionnaire") in said(elsewhere)


# calls that make no sense


@pytest.mark.parametrize(
    ("url", "body", "status"),
    [
        ("$validate", None, 400),
        ("Patient/$validate", None, 400),
        ("Patient/$validate", call(), 400),
        ("Patient/none/$validate", None, 404),
        ("Patient/$validate?mode=destroy", GOOD, 400),
        ("Patient/$validate?mode=update", GOOD, 400),
        ("Patient/$validate?mode=delete", GOOD, 400),
        ("$validate?mode=create", GOOD, 400),
        ("Patient/$validate?mode=profile", GOOD, 400),
        ("Patient/$validate?modus=create", GOOD, 400),
        ("Patient/$validate", call({"name": "resource"}), 400),
        (
            "Patient/$validate",
            call({"name": "resource", "resource": GOOD})
            | {"parameter": [{"name": "resource", "resource": GOOD}] * 2},
            400,
        ),
        ("Patient/$validate", of_resource(GOOD, unknown="x"), 400),
        ("Patient/$validate", call({"name": "mode", "valueInteger": 1}), 400),
        ("Patients/$validate", GOOD, 404),
    ],
)
def test_a_call_that_makes_no_sense_is_refused(client: Client, url: str, body: Any, status: int) -> None:
    answer = client.post(url, body)
    assert (answer.status, answer.content["resourceType"]) == (status, "OperationOutcome")


def test_parameters_can_themselves_be_validated(client: Client) -> None:
    mine = call({"name": "resource-like", "valueString": "x"})
    assert errors(client.post("Parameters/$validate", mine)) == []
    assert errors(client.post("Parameters/$validate", of_resource(mine))) == []
    assert errors(client.post("Parameters/$validate", {"resourceType": "Parameters", "parameter": 3})) != []


@pytest.mark.parametrize(
    "rubbish",
    [[], "x", 3, True, {}, {"resourceType": 3}, {"resourceType": "Nope"}, {"resourceType": "Bundle"}],
)
def test_rubbish_is_an_outcome_with_errors(client: Client, rubbish: Any) -> None:
    answer = client.post(
        "$validate", {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": rubbish}]}
    )
    assert errors(answer)


# modes


class NoDeletion:
    """A rule of a programme that counts on a resource."""

    name = "no-deletion"
    types = frozenset({"Patient"})

    def check(self, change: Change, _view: View) -> Iterable[Issue]:
        if change.after is None:
            text = Template(en="Kept.", fr="Conservé.")()
            yield Issue("error", "business-rule", text, ("Patient",), "kept")


def test_mode_create_tells_what_would_be_created(client: Client) -> None:
    assert "A new Patient would be created." in told(client.post("Patient/$validate?mode=create", GOOD))
    stored = client.post("Patient", identified("1")).id
    answer = client.post(
        "Patient/$validate?mode=create", identified("1"), if_none_exist="identifier=urn:ids|1"
    )
    assert f"Patient/{stored} exists already: it would be used, and nothing written." in told(answer)


def test_mode_update_tells_what_would_be_replaced(client: Client) -> None:
    client.put("Patient/p", GOOD | {"id": "p"})
    answer = client.post("Patient/p/$validate?mode=update", GOOD | {"id": "p"})
    assert "Patient/p would be replaced by version 2." in told(answer)
    assert "Patient/new would be created." in told(
        client.post("Patient/new/$validate?mode=update", GOOD | {"id": "new"})
    )
    stale = client.post("Patient/p/$validate?mode=update", GOOD | {"id": "p"}, if_match='W/"7"')
    assert errors(stale)
    assert "status 412" in told(stale)[-1]
    assert errors(client.post("Patient/p/$validate?mode=update", GOOD | {"id": "q"})) == ["Patient.id"] * 2
    assert client.get("Patient/p").version == 1


def test_mode_delete_tells_what_would_be_deleted(client: Client, client_with: ClientFactory) -> None:
    client.put("Patient/p", GOOD | {"id": "p"})
    assert told(client.post("Patient/p/$validate?mode=delete")) == ["What Patient/p names would be deleted."]
    assert told(client.get("Patient/q/$validate?mode=delete")) == [
        "There is no Patient/q, so nothing would be deleted."
    ]
    refused = client_with(rules=(NoDeletion(),)).post("Patient/p/$validate?mode=delete")
    assert errors(refused) == ["Patient"]
    assert "status 422" in told(refused)[-1]
    assert client.get("Patient/p").status == 200


# transactions and batches


def bundle(type: str, *entries: Resource) -> Resource:
    return {"resourceType": "Bundle", "type": type, "entry": list(entries)}


def happenings(answer: Answer) -> dict[str, str]:
    assert answer.status == 200
    return {
        issue["expression"][0]: issue["details"]["text"]
        for issue in answer.content["issue"]
        if issue["severity"] == "information" and issue["expression"][0].startswith("Bundle.entry[")
    }


def mixed(type: str) -> Resource:
    return bundle(
        type,
        entry("POST", "Patient", identified("new"), ifNoneExist="identifier=urn:ids|new"),
        entry("POST", "Patient", identified("old"), ifNoneExist="identifier=urn:ids|old"),
        entry("PUT", "Patient/p", GOOD | {"id": "p"}),
        entry("PUT", "Patient/q", GOOD | {"id": "q"}),
        entry("DELETE", "Patient/r"),
        entry("GET", "Patient?identifier=urn:ids|old"),
    )


@pytest.mark.parametrize("type", ["transaction", "batch"])
def test_a_bundle_is_rehearsed_entry_by_entry_and_stores_nothing(
    client: Client, store: Store, type: str
) -> None:
    old = client.post("Patient", identified("old")).id
    for id in ("p", "r"):
        client.put(f"Patient/{id}", GOOD | {"id": id})
    before = store.watermark(), store.count()
    answer = client.post("$validate", mixed(type))
    assert errors(answer) == []
    assert happenings(answer) == {
        "Bundle.entry[0]": "A new Patient would be created.",
        "Bundle.entry[1]": f"Patient/{old} exists already: it would be used, and nothing written.",
        "Bundle.entry[2]": "Patient/p would be replaced by version 2.",
        "Bundle.entry[3]": "Patient/q would be created.",
        "Bundle.entry[4]": "What Patient/r names would be deleted.",
        "Bundle.entry[5]": "Patient would be answered with 200.",
    }
    assert (store.watermark(), store.count()) == before
    assert store.check() == []


def test_what_was_rehearsed_can_be_done_afterwards(client: Client, store: Store) -> None:
    client.put("Patient/p", GOOD | {"id": "p"})
    client.put("Patient/r", GOOD | {"id": "r"})
    watermark = store.watermark()
    for _ in range(2):
        assert errors(client.post("Bundle/$validate", mixed("transaction"))) == []
    assert client.post("", mixed("transaction")).status == 200
    assert store.watermark() == watermark + 5
    assert store.check() == []


def test_a_transaction_that_would_be_refused_says_why_and_where(client: Client, store: Store) -> None:
    client.put("Patient/p", GOOD | {"id": "p"})
    before = store.watermark()
    refused = bundle(
        "transaction",
        entry("POST", "Patient", GOOD),
        entry("PUT", "Patient/p", GOOD | {"id": "p"}, ifMatch='W/"9"'),
    )
    answer = client.post("$validate", refused)
    assert any(place.startswith("Bundle.entry[1]") for place in errors(answer))
    assert "The transaction would be refused as a whole, with status 412." in told(answer)
    assert store.watermark() == before


def test_in_a_batch_each_entry_stands_alone(client: Client) -> None:
    answer = client.post(
        "$validate",
        bundle(
            "batch",
            entry("PUT", "Patient/p", GOOD | {"id": "p"}, ifMatch='W/"9"'),
            entry("POST", "Patient", GOOD),
        ),
    )
    assert happenings(answer) == {
        "Bundle.entry[0]": "The server would refuse this with status 412.",
        "Bundle.entry[1]": "A new Patient would be created.",
    }


def test_a_problem_inside_a_transaction_is_told_once(client: Client) -> None:
    answer = client.post("$validate", bundle("transaction", entry("POST", "Patient", BAD)))
    assert errors(answer) == ["Bundle.entry[0].resource.gender"]


def test_definitions_in_a_rehearsed_transaction_come_not_into_force(client: Client, store: Store) -> None:
    parameter = {
        "resourceType": "SearchParameter",
        "url": "https://example.org/SearchParameter/nick",
        "name": "Nick",
        "status": "active",
        "description": "x",
        "code": "nick",
        "base": ["Patient"],
        "type": "string",
        "expression": "Patient.name.text",
    }
    before = store.generation()
    assert (
        errors(client.post("$validate", bundle("transaction", entry("POST", "SearchParameter", parameter))))
        == []
    )
    assert store.generation() == before
    assert client.get("Patient?nick=x").status == 400


class OnePerFamily:
    """A rule that holds something for a resource as long as it lives."""

    name = "one-per-family"
    types = frozenset({"Patient"})

    def check(self, change: Change, view: View) -> Iterable[Issue]:
        if change.after is not None:
            family = change.after["name"][0]["family"]
            view.lock(f"family {family}")
            view.claim_unique(f"family {family}", f"Patient/{change.id}")
        return ()


def test_what_a_rehearsal_holds_it_lets_go(client_with: ClientFactory) -> None:
    client = client_with(rules=(OnePerFamily(),))
    for _ in range(2):
        assert errors(client.post("Patient/$validate?mode=create", GOOD)) == []
        assert errors(client.post("$validate", bundle("transaction", entry("POST", "Patient", GOOD)))) == []
    assert client.post("Patient", GOOD).status == 201
    taken = client.post("Patient/$validate?mode=create", GOOD)
    assert errors(taken) != []
    assert "status 409" in told(taken)[-1]


def test_a_rehearsal_among_writes_undoes_itself_alone(client: Client, store: Store) -> None:
    with store.group():
        before = client.post("Patient", identified("before")).id
        assert errors(client.post("$validate", mixed("transaction"))) == []
        after = client.post("Patient", identified("after")).id
    assert client.get("Patient?identifier=urn:ids|before,urn:ids|after,urn:ids|new").ids == [before, after]
    assert store.count() == {"Patient": 2}
    assert store.check() == []
