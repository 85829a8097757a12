"""What another terminology server knows counts; who may have to wait for it says so."""

from collections.abc import Mapping
from typing import Any

import pytest

from fhir_server.codes.terminology import Terminology
from fhir_server.core.request import FhirRequest
from fhir_server.definitions.registry import Registry
from tests.codes.world import RESOURCES, UNKNOWN, url
from tests.interactions.client import BASE, Client, ClientFactory
from tests.operations.terminology.conftest import said


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
        del value_set, system, version, definition
        return {"right": True, "wrong": False}.get(code)


@pytest.fixture
def helped(client_with: ClientFactory, registry: Registry) -> Client:
    own = registry.layered(RESOURCES)
    return client_with(registry=own, codes=Terminology(own, Helper()))


@pytest.mark.parametrize(("code", "result"), [("right", True), ("wrong", False), ("other", False)])
def test_its_verdict_is_the_result(helped: Client, code: str, result: bool) -> None:
    answer = helped.get(f"ValueSet/$validate-code?url={url('elsewhere')}&system={UNKNOWN}&code={code}")
    assert said(answer)["result"] is result
    assert ("issues" in said(answer)) is not result


def asks(path: str) -> FhirRequest:
    return FhirRequest("GET", tuple(path.split("/")), BASE)


def test_only_what_asks_it_may_have_to_wait(helped: Client, care: Client) -> None:
    for path, waits in (
        ("ValueSet/$validate-code", True),
        ("Patient/$validate", True),
        ("ValueSet/$expand", False),
    ):
        assert helped.dispatcher.may_wait(asks(path)) is waits
        assert care.dispatcher.may_wait(asks(path)) is False
