"""Which requests have an answer at all, and which change something."""

from typing import Any

import pytest

from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import MalformedContent, MethodNotAllowed, Unprocessable
from fhir_server.extension import Engine, Operation
from tests.interactions.client import BASE, Client, ClientFactory, patient
from tests.interactions.definitions import fond_of, parameter
from tests.structures import line, structure

NAMELESS = "https://example.org/fhir/StructureDefinition/nameless"


@pytest.mark.parametrize(
    ("method", "url", "status"),
    [
        ("PUT", "", 405),
        ("DELETE", "", 405),
        ("POST", "metadata", 405),
        ("POST", "Patient/1", 405),
        ("PUT", "Patient/1/_history/1", 405),
        ("DELETE", "Patient/1/_history/1", 405),
        ("PUT", "Patient/_search", 405),
        ("POST", "Patient/1/_history", 405),
        ("GET", "Patient/1/nothing", 404),
        ("GET", "Patient/1/_history/1/more", 404),
        ("GET", "nothing", 404),
        ("GET", "$nothing", 404),
        ("POST", "Patient/$nothing", 404),
        ("POST", "Patient/1/$nothing", 404),
        ("GET", "Resource/1", 404),
        ("GET", "DomainResource", 404),
        ("GET", "HumanName", 404),
        ("GET", "_history/x", 404),
    ],
)
def test_there_is_an_outcome_for_what_does_not_exist(
    client: Client, method: str, url: str, status: int
) -> None:
    answer = client.send(method, url)
    assert answer.status == status
    assert answer.content["resourceType"] == "OperationOutcome"


def test_the_allowed_methods_are_named(client: Client) -> None:
    assert "GET, PUT, PATCH, DELETE" in client.post("Patient/1", {}).diagnostics


@pytest.mark.parametrize(
    ("method", "path", "writes"),
    [
        ("GET", ("Patient",), False),
        ("HEAD", ("Patient", "1"), False),
        ("POST", ("Patient", "_search"), False),
        ("POST", ("_search",), False),
        ("POST", ("Patient", "$look"), False),
        ("POST", ("Patient", "$change"), True),
        ("POST", ("Patient",), True),
        ("POST", (), True),
        ("PATCH", ("Patient", "1"), True),
    ],
)
def test_what_may_change_the_store(
    client_with: ClientFactory, method: str, path: tuple[str, ...], writes: bool
) -> None:
    def nothing(_request: FhirRequest, _context: Engine) -> FhirResponse:
        return FhirResponse(200)

    levels = frozenset({"type"})
    look = Operation("look", "urn:look", levels, nothing)
    change = Operation("change", "urn:change", levels, nothing, affects_state=True)
    client = client_with(operations=(look, change))
    assert client.dispatcher.is_blocking(FhirRequest(method, path, BASE)) is writes


def test_an_operation_is_offered_where_it_says(client_with: ClientFactory) -> None:
    def greet(request: FhirRequest, _context: Engine) -> FhirResponse:
        return FhirResponse(200, body=b'"%s"' % request.path[0].encode())

    greeting = Operation("greet", "urn:greet", frozenset({"type"}), greet, frozenset({"Patient"}))
    client = client_with(operations=(greeting,))
    assert client.get("Patient/$greet").content == "Patient"
    assert client.get("Encounter/$greet").status == 404
    assert client.get("$greet").status == 404
    assert client.get("Patient/1/$greet").status == 404


def test_an_operation_is_asked_by_the_methods_it_names(client_with: ClientFactory) -> None:
    def act(_request: FhirRequest, _context: Engine) -> FhirResponse:
        return FhirResponse(200)

    acting = Operation("act", "urn:act", frozenset({"type"}), act, methods=("POST",), affects_state=True)
    client = client_with(operations=(acting,))
    assert client.post("Patient/$act").status == 200
    with pytest.raises(MethodNotAllowed) as caught:
        client.dispatcher.dispatch(FhirRequest("GET", ("Patient", "$act"), BASE))
    assert caught.value.allowed == ("POST",)
    assert "/Patient/$act" in str(caught.value)
    assert client.get("Patient/$act").status == 405


def posted(resource: dict[str, Any]) -> FhirRequest:
    return FhirRequest("POST", (resource["resourceType"],), BASE, content=resource)


def transaction(*resources: dict[str, Any]) -> FhirRequest:
    entries = [
        {"resource": resource, "request": {"method": "POST", "url": "Patient"}} for resource in resources
    ]
    content = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    return FhirRequest("POST", (), BASE, content=content)


@pytest.mark.parametrize("make", [posted, transaction])
def test_what_is_prepared_is_judged_and_not_yet_written(client: Client, make: Any) -> None:
    with pytest.raises(MalformedContent):
        client.dispatcher.prepare(make(patient(birthday="1990")))
    commit = client.dispatcher.prepare(make(patient()))
    assert client.engine.store.watermark() == 0
    assert commit().status in (200, 201)
    assert client.get("Patient").content["total"] == 1


def test_what_was_begun_before_a_parameter_came_is_found_by_it(client: Client) -> None:
    commit = client.dispatcher.prepare(posted(fond_of("blue")))
    client.post("SearchParameter", parameter())
    commit()
    assert len(client.get("Patient?favourite=blue").entries) == 1


@pytest.mark.parametrize("make", [posted, transaction])
def test_what_was_begun_before_a_profile_came_is_judged_by_it(client: Client, make: Any) -> None:
    commit = client.dispatcher.prepare(make(patient(meta={"profile": [NAMELESS]})))
    client.post("StructureDefinition", nameless())
    with pytest.raises(Unprocessable):
        commit()
    assert client.get("Patient").content["total"] == 0


def test_a_batch_is_done_entry_by_entry_once_it_is_its_turn(client: Client) -> None:
    batch = transaction(patient(), patient(birthday="1990"))
    batch.content["type"] = "batch"
    commit = client.dispatcher.prepare(batch)
    assert client.engine.store.watermark() == 0
    assert b'"status":"400' in (commit().body or b"")
    assert client.get("Patient").content["total"] == 1


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("Patient/$validat", "There is no operation $validat; did you mean $validate?"),
        ("$nothing-like-it", "There is no operation $nothing-like-it. The CapabilityStatement"),
        ("$everything", "but at: Encounter/[id]/$everything, Patient/$everything, Patient/[id]/$everything."),
        ("Patient/p/$reindex", "but at: $reindex."),
    ],
)
def test_an_operation_that_is_not_there_is_told_with_what_is(client: Client, path: str, said: str) -> None:
    answer = client.get(path)
    assert answer.status == 404
    assert said in answer.diagnostics


def nameless() -> dict[str, Any]:
    """A profile of patients without a name."""
    return structure(NAMELESS, "Patient", line("Patient.name", max="0"))
