"""Clients of a server that knows the small world of codes."""

from typing import Any

import pytest

from fhir_server.codes.terminology import Terminology
from fhir_server.definitions.registry import Registry
from fhir_server.definitions.value_sets import EXPANSION_PARAMETER
from tests.codes.sample_terminology import RESOURCES
from tests.interactions.client import Answer, Client, ClientFactory


@pytest.fixture
def knowing(client_with: ClientFactory, registry: Registry) -> ClientFactory:
    """Makes clients of servers whose guide has the resources."""

    def make(*resources: dict[str, Any]) -> Client:
        own = registry.with_guides(resources)
        return client_with(registry=own, codes=Terminology(own))

    return make


@pytest.fixture
def care(knowing: ClientFactory) -> Client:
    return knowing(*RESOURCES)


def parameters(**values: Any) -> dict[str, Any]:
    """A Parameters resource: texts, numbers, flags, resources; codings and concepts by their members."""
    return {
        "resourceType": "Parameters",
        "parameter": [part for item in values.items() for part in _parts(*item)],
    }


def _parts(name: str, value: Any) -> list[dict[str, Any]]:
    name = name.replace("_", "-") if name.startswith(("tx_", "system_", "check_", "force_")) else name
    values = value if isinstance(value, list) else [value]
    return [{"name": name, **_value(value)} for value in values]


def _value(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"valueBoolean": value}
        case int():
            return {"valueInteger": value}
        case {"resourceType": _}:
            return {"resource": value}
        case {"coding": _}:
            return {"valueCodeableConcept": value}
        case dict():
            return {"valueCoding": value}
        case _:
            return {"valueString": value}


def expanded_with(name: str, **value: Any) -> dict[str, Any]:
    """An extension of a composition."""
    parts = [{"url": "name", "valueCode": name}, {"url": "value", **value}]
    return {"url": EXPANSION_PARAMETER, "extension": parts}


def said(answer: Answer) -> dict[str, Any]:
    """The output parameters by name, each with its value."""
    assert answer.status == 200, answer.content
    found: dict[str, Any] = {}
    for one in answer.content["parameter"]:
        found[one["name"]] = next(value for name, value in one.items() if name != "name")
    return found


def kinds(answer: Answer) -> list[tuple[str, str]]:
    """The severity and the terminology kind of each issue."""
    outcome = said(answer).get("issues", {"issue": []})
    return [(issue["severity"], issue["details"]["coding"][0]["code"]) for issue in outcome["issue"]]
