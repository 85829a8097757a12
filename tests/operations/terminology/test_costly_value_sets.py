"""Value sets that would take too long, or are nested too deeply."""

from typing import Any

import pytest

from tests.codes.sample_terminology import CARE, ROOT, code_system, filtered, listed, url, value_set
from tests.interactions.client import Client, ClientFactory
from tests.operations.terminology.conftest import parameters

CHAIN = f"{ROOT}/chain"
LEVELS = 1_200


def twice(name: str) -> list[dict[str, Any]]:
    """Parts that draw on the same value set twice."""
    return [{"valueSet": [url(name)]}, {"valueSet": [url(name)]}]


def drawing(deep: int, *base: dict[str, Any]) -> list[dict[str, Any]]:
    """Value sets that each draw on the one before, the first being of `base`."""
    further = [value_set(f"d{number}", *twice(f"d{number - 1}")) for number in range(1, deep)]
    return [value_set("d0", *base), *further]


def test_value_sets_that_draw_on_the_same_again_and_again_are_looked_at_once(knowing: ClientFactory) -> None:
    client = knowing(code_system(), *drawing(18, listed(CARE, "visit")))
    expansion = client.get(f"ValueSet/$expand?url={url('d17')}").content["expansion"]
    assert expansion["total"] == 1
    assert len(expansion["parameter"]) == len({str(parameter) for parameter in expansion["parameter"]})


def test_whether_a_code_is_in_them_is_asked_once_of_each(knowing: ClientFactory) -> None:
    client = knowing(*drawing(40, {"system": f"{ROOT}/unknown"}))
    answer = client.get(f"ValueSet/$validate-code?url={url('d39')}&system={ROOT}/unknown&code=x")
    assert answer.status == 200
    assert "unknown" in str(answer.content)


@pytest.mark.parametrize("operation", ["$expand?", "$validate-code?system=urn:x&code=x&"])
def test_what_would_take_for_ever_is_refused(knowing: ClientFactory, operation: str) -> None:
    client = knowing(code_system(), *drawing(40, {"system": CARE}))
    answer = client.get(f"ValueSet/{operation}url={url('d39')}")
    assert (answer.status, answer.content["issue"][0]["code"]) == (422, "too-costly")


def test_many_filters_on_a_large_system_are_refused(care: Client) -> None:
    large = code_system(f"{ROOT}/large", concept=[{"code": f"c{number}"} for number in range(6_000)])
    filters = [filtered("code", "regex", f".*{number}.*", large["url"]) for number in range(1_000)]
    body = parameters(tx_resource=large, valueSet=value_set("large", *filters))
    answer = care.post("ValueSet/$expand", body)
    assert (answer.status, answer.content["issue"][0]["code"]) == (422, "too-costly")


def test_entries_stand_within_one_another_only_so_deep(care: Client) -> None:
    below = [
        {"code": f"c{level}", "property": [{"code": "parent", "valueCode": f"c{level + 1}"}]}
        for level in range(LEVELS)
    ]
    chain = code_system(CHAIN, concept=[*below, {"code": f"c{LEVELS}"}])
    body = parameters(tx_resource=chain, valueSet=value_set("chain", {"system": CHAIN}), excludeNested=False)
    answer = care.post("ValueSet/$expand", body)
    assert answer.status == 200, answer.content
    found, depth, level = [], 0, answer.content["expansion"]["contains"]
    while level:
        depth += 1
        found += [one["code"] for one in level]
        level = [inner for one in level for inner in one.get("contains", ())]
    assert len(set(found)) == len(found) == LEVELS + 1
    assert 1 < depth <= 20
