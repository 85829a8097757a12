"""Answers of another terminology server are used; operations that may wait for it declare so."""

from collections.abc import Mapping
from typing import Any

import pytest

from fhir_server.codes.terminology import Terminology
from fhir_server.core.request import FhirRequest
from fhir_server.definitions.registry import Registry
from tests.codes.sample_terminology import CARE, RESOURCES, UNKNOWN, url, value_set
from tests.interactions.client import BASE, Client, ClientFactory
from tests.operations.terminology.conftest import parameters, said


class Helper:
    """Knows one code, and that another is wrong."""

    def contains(
        self,
        value_set: str,
        system: str | None,
        code: str,
        version: str | None = None,
        definition: Mapping[str, Any] | None = None,
    ) -> bool | None:
        del value_set, system, version
        sent = (definition or {}).get("name") == "sent"
        return {"right": True, "wrong": False}.get(code, sent or None)


@pytest.fixture
def helped(client_with: ClientFactory, registry: Registry) -> Client:
    own = registry.with_guides(RESOURCES)
    return client_with(registry=own, codes=Terminology(own, Helper()))


@pytest.mark.parametrize(("code", "result"), [("right", True), ("wrong", False), ("other", False)])
def test_its_verdict_is_the_result(helped: Client, code: str, result: bool) -> None:
    answer = helped.get(f"ValueSet/$validate-code?url={url('elsewhere')}&system={UNKNOWN}&code={code}")
    assert said(answer)["result"] is result
    assert ("issues" in said(answer)) is not result


@pytest.mark.parametrize(("code", "result"), [("right", True), ("wrong", False), ("other", False)])
def test_it_is_asked_about_the_codings_of_a_concept(helped: Client, code: str, result: bool) -> None:
    codings = [{"system": UNKNOWN, "code": code}, {"system": CARE, "code": "visit"}]
    body = parameters(url=url("elsewhere"), codeableConcept={"coding": codings})
    assert said(helped.post("ValueSet/$validate-code", body))["result"] is result


def test_it_is_asked_about_the_value_set_that_is_sent(helped: Client) -> None:
    own = {**value_set("elsewhere", {"system": UNKNOWN}), "name": "sent"}
    body = parameters(valueSet=own, system=UNKNOWN, code="other")
    assert said(helped.post("ValueSet/$validate-code", body))["result"] is True


def asks(path: str) -> FhirRequest:
    return FhirRequest("GET", tuple(path.split("/")), BASE)


def test_only_what_asks_it_may_have_to_wait(helped: Client, care: Client) -> None:
    for path, waits in (
        ("ValueSet/$validate-code", True),
        ("Patient/$validate", True),
        ("ValueSet/$expand", False),
    ):
        assert helped.dispatcher.may_block(asks(path)) is waits
        assert care.dispatcher.may_block(asks(path)) is False
