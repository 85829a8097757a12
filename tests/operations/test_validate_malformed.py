"""Whatever $validate is sent, it answers with an OperationOutcome and stores nothing."""

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.interactions.client import Client
from tests.mappings.story import steps

NAMES = st.sampled_from([
    "resourceType", "id", "meta", "type", "entry", "resource", "request", "method", "url",
    "fullUrl", "item", "linkId", "answer", "text", "div", "contained", "extension", "valueString",
    "reference", "identifier", "status", "questionnaire", "parameter", "name",
])  # fmt: skip
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(
        ["Bundle", "Patient", "Questionnaire", "QuestionnaireResponse", "transaction", "document", "#"]
    )
)
VALUES = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(NAMES, below, max_size=5),
    max_leaves=25,
)
URLS = st.sampled_from(
    [
        "$validate",
        "Patient/$validate",
        "Bundle/$validate",
        "Patient/$validate?mode=create",
        "Patient/p/$validate",
        "Patient/p/$validate?mode=update",
        "Patient/p/$validate?mode=delete",
        "$validate?profile=x",
    ]
)
REFERRAL = steps()["01-referral"]


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every member and item below a value, as its holder and key."""
    found = []
    waiting = [value]
    while waiting:
        holder = waiting.pop()
        keys = holder if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else ()
        for key in keys:
            found.append((holder, key))
            waiting.append(holder[key])
    return found


def assert_answers(client: Client, url: str, content: Any) -> None:
    before = client.engine.store.watermark()
    answer = client.post(url, content)
    assert answer.status < 500
    assert answer.content["resourceType"] == "OperationOutcome"
    assert client.engine.store.watermark() == before


@pytest.mark.parametrize("store", ["memory"], indirect=True)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(url=URLS, content=VALUES, wrapped=st.booleans())
def test_any_json_is_answered_and_never_with_a_500(
    client: Client, url: str, content: Any, wrapped: bool
) -> None:
    parameter = {"name": "resource", "resource": content}
    asked = {"resourceType": "Parameters", "parameter": [parameter]} if wrapped else content
    assert_answers(client, url, asked)


@pytest.mark.parametrize("store", ["memory"], indirect=True)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_referral_with_something_wrong_in_it(client: Client, data: st.DataObject) -> None:
    mutant = copy.deepcopy(REFERRAL)
    for _ in range(data.draw(st.integers(1, 3))):
        holder, key = data.draw(st.sampled_from(places(mutant)))
        holder[key] = data.draw(VALUES)
    assert_answers(client, "$validate", mutant)


@pytest.mark.parametrize(
    "parameter", [1, [1], {"valueCode": "create"}, {"name": "mode", "valueCode": 1}, {"name": "mode"}]
)
@pytest.mark.parametrize("store", ["memory"], indirect=True)
def test_a_parameter_that_is_none_is_told(client: Client, parameter: Any) -> None:
    resource = {"name": "resource", "resource": {"resourceType": "Patient"}}
    assert_answers(client, "$validate", {"resourceType": "Parameters", "parameter": [parameter, resource]})


@pytest.mark.parametrize("store", ["memory"], indirect=True)
def test_a_parameter_has_one_value(client: Client) -> None:
    twice = {"name": "mode", "valueCode": "create", "valueString": "create"}
    resource = {"name": "resource", "resource": {"resourceType": "Patient"}}
    answer = client.post("$validate", {"resourceType": "Parameters", "parameter": [twice, resource]})
    assert answer.status == 400
