"""$reindex: starts the job, and reports its progress."""

from typing import Any

import pytest

from fhir_server.core.request import FhirRequest
from tests.interactions.client import BASE, Answer, Client
from tests.interactions.definitions import fond_of, parameter, reindexed


def values(answer: Answer) -> dict[str, Any]:
    """The simple parameters of an answer."""
    return {
        part["name"]: value
        for part in answer.content["parameter"]
        for key, value in part.items()
        if key.startswith("value")
    }


def pending(answer: Answer) -> list[list[str]]:
    parts = [part["part"] for part in answer.content["parameter"] if part["name"] == "pending"]
    return [[one["valueCode"] for one in part] for part in parts]


def test_before_any_job_it_says_what_is_pending(client: Client) -> None:
    assert values(client.get("$reindex")) == {"status": "none"}
    client.post("Patient", fond_of("blue"))
    client.post("SearchParameter", parameter())
    answer = client.get("$reindex")
    assert answer.status == 200
    assert pending(answer) == [["Patient", "favourite"]]


def test_the_work_is_accepted_and_followed(client: Client) -> None:
    client.post("Patient", fond_of("blue"))
    client.post("SearchParameter", parameter())
    accepted = client.post("$reindex")
    assert accepted.status == 202
    assert values(accepted) == {"job": "reindex-1", "status": "accepted", "indexed": 0, "total": 0}
    assert client.post("$reindex").content == accepted.content
    reindexed(client)
    done = client.get("$reindex?job=reindex-1")
    assert values(done) == {"job": "reindex-1", "status": "completed", "indexed": 1, "total": 1}
    assert pending(done) == []


def test_the_answer_says_where_to_look(client: Client) -> None:
    response = client.dispatcher.dispatch(FhirRequest("POST", ("$reindex",), BASE))
    assert response.content_location == f"{BASE}/$reindex?job=reindex-1"


def test_everything_may_be_asked_for(client: Client) -> None:
    client.post("Patient", fond_of("blue"))
    body = {"resourceType": "Parameters", "parameter": [{"name": "everything", "valueBoolean": True}]}
    assert client.post("$reindex", body).status == 202
    assert reindexed(client)[-1].indexed == 1
    assert client.post("$reindex?everything=true").status == 202
    assert reindexed(client)[-1].indexed == 1


def test_it_writes_and_so_waits_its_turn(client: Client) -> None:
    assert client.dispatcher.is_blocking(FhirRequest("POST", ("$reindex",), BASE))
    assert not client.dispatcher.is_blocking(FhirRequest("GET", ("$reindex",), BASE))


@pytest.mark.parametrize(
    ("method", "url", "status"),
    [
        ("POST", "$reindex?everything=yes", 400),
        ("POST", "$reindex?all=true", 400),
        ("GET", "$reindex?job=reindex-7", 404),
        ("GET", "$reindex?everything=true", 400),
        ("POST", "Patient/$reindex", 404),
    ],
)
def test_bad_requests_are_refused(client: Client, method: str, url: str, status: int) -> None:
    assert client.send(method, url).status == status


def test_a_request_for_everything_waits_for_the_job_at_hand(client: Client) -> None:
    client.post("$reindex")
    refused = client.post("$reindex?everything=true")
    assert refused.status == 409
    assert "reindex-1" in refused.diagnostics


@pytest.mark.parametrize("parameters", [None, 1, "everything", {"name": "everything", "valueBoolean": True}])
def test_parameters_that_are_no_list_are_refused(client: Client, parameters: Any) -> None:
    answer = client.post("$reindex", {"resourceType": "Parameters", "parameter": parameters})
    assert answer.status == 400
    assert answer.content["issue"][0]["expression"] == ["Parameters.parameter"]
