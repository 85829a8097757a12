"""Another terminology server, which a transport stands in for."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from fhir_server.codes.remote import FAILURES_MAX, RemoteTerminology
from fhir_server.codes.terminology import Terminology
from fhir_server.core import json
from tests.codes.conftest import TerminologyFactory
from tests.codes.sample_terminology import CARE, RESOURCES, UNKNOWN, url

SNOMED = "http://snomed.info/sct"


@dataclass
class Elsewhere:
    """A server that notes what it is asked, and a clock that stands still until it is moved."""

    answer: Callable[[httpx.Request], httpx.Response]
    asked: list[Any] = field(default_factory=list)
    seconds: float = 0.0

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(json.parse(request.content))
        return self.answer(request)

    def terminology(self, **limits: Any) -> RemoteTerminology:
        client = httpx.Client(transport=httpx.MockTransport(self.handle))
        return RemoteTerminology("https://tx.example.org/r4", client, lambda: self.seconds, **limits)


def verdict(result: bool, *more: dict[str, Any]) -> httpx.Response:
    parameters = [{"name": "result", "valueBoolean": result}, *more]
    return httpx.Response(200, json={"resourceType": "Parameters", "parameter": parameters})


def fails(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no route")


@pytest.mark.parametrize("result", [True, False])
def test_what_it_says_counts_where_nothing_is_known_here(over: TerminologyFactory, result: bool) -> None:
    elsewhere = Elsewhere(lambda _: verdict(result))
    terminology = over(*RESOURCES, remote=elsewhere.terminology())
    assert terminology.contains(url("elsewhere"), UNKNOWN, "x") is result
    (question,) = elsewhere.asked
    names = {parameter["name"]: parameter for parameter in question["parameter"]}
    assert names["code"]["valueCode"] == "x"
    assert names["system"]["valueUri"] == UNKNOWN
    assert names["valueSet"]["resource"]["url"] == url("elsewhere")


def test_a_value_set_that_is_not_known_here_is_named(over: TerminologyFactory) -> None:
    elsewhere = Elsewhere(lambda _: verdict(True))
    terminology = over(remote=elsewhere.terminology())
    assert terminology.contains(url("nowhere"), None, "x", version=None) is True
    names = {parameter["name"]: parameter for parameter in elsewhere.asked[0]["parameter"]}
    assert names["url"]["valueUri"] == url("nowhere")
    assert names["inferSystem"]["valueBoolean"] is True


def test_it_is_not_asked_about_what_is_known_here(over: TerminologyFactory) -> None:
    elsewhere = Elsewhere(fails)
    terminology = over(*RESOURCES, remote=elsewhere.terminology())
    assert terminology.contains(url("all"), CARE, "visit") is True
    assert terminology.contains(url("all"), CARE, "nothing") is False
    assert elsewhere.asked == []


@pytest.mark.parametrize(
    "answer",
    [
        fails,
        lambda _: httpx.Response(500),
        lambda _: httpx.Response(404, json={"resourceType": "OperationOutcome"}),
        lambda _: httpx.Response(200, content=b"<html>"),
        lambda _: httpx.Response(200, json=[]),
        lambda _: httpx.Response(200, json={"parameter": [{"name": "result", "valueBoolean": "yes"}]}),
        lambda _: httpx.Response(200, content=b" " * 2_000_000),
        lambda _: verdict(False, {"name": "x-unknown-system", "valueCanonical": SNOMED}),
    ],
)
def test_no_answer_is_no_guess(over: TerminologyFactory, answer: Callable[[Any], httpx.Response]) -> None:
    terminology = over(*RESOURCES, remote=Elsewhere(answer).terminology())
    assert terminology.contains(url("elsewhere"), UNKNOWN, "x") is None


def test_answers_are_kept_for_a_while() -> None:
    elsewhere = Elsewhere(lambda _: verdict(True))
    remote = elsewhere.terminology(cache_seconds=60, cache_max=2)
    for code in ("a", "a", "b", "a"):
        assert remote.contains("urn:vs", SNOMED, code) is True
    assert len(elsewhere.asked) == 2
    elsewhere.seconds = 61
    remote.contains("urn:vs", SNOMED, "a")
    assert len(elsewhere.asked) == 3
    remote.contains("urn:vs", SNOMED, "c")
    remote.contains("urn:vs", SNOMED, "b")
    assert len(elsewhere.asked) == 5


def test_answers_are_those_of_one_definition() -> None:
    elsewhere = Elsewhere(lambda request: verdict(b"urn:good" in request.content))
    remote = elsewhere.terminology()
    for system in ("urn:good", "urn:bad", "urn:good"):
        definition = {"resourceType": "ValueSet", "compose": {"include": [{"system": system}]}}
        assert remote.contains("", "urn:x", "a", definition=definition) is (system == "urn:good")
    assert len(elsewhere.asked) == 2


def test_a_server_that_fails_is_left_alone() -> None:
    elsewhere = Elsewhere(fails)
    remote = elsewhere.terminology(pause_seconds=30)
    for number in range(10):
        assert remote.contains("urn:vs", SNOMED, str(number)) is None
    assert len(elsewhere.asked) == FAILURES_MAX
    elsewhere.seconds, elsewhere.answer = 31, lambda _: verdict(True)
    assert remote.contains("urn:vs", SNOMED, "1") is True
    assert remote.contains("urn:vs", SNOMED, "2") is True


def test_a_server_that_does_not_know_is_asked_on() -> None:
    elsewhere = Elsewhere(lambda _: httpx.Response(422))
    remote = elsewhere.terminology()
    for number in range(10):
        assert remote.contains("urn:vs", SNOMED, str(number)) is None
    assert len(elsewhere.asked) == 10


def test_another_registry_has_the_same_remote(over: TerminologyFactory) -> None:
    first = over(remote=Elsewhere(lambda _: verdict(True)).terminology())
    second: Terminology = first.with_registry(first.registry.with_guides(RESOURCES))
    assert second.contains(url("elsewhere"), UNKNOWN, "x") is True
