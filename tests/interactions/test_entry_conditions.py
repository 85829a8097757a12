"""Conditions of a transaction's entries that name other entries. https://hl7.org/fhir/R4/http.html#trules"""

from typing import Any

import pytest

from tests.interactions.bundles import encounter, entry, identity, statuses, transact
from tests.interactions.client import Client, identified

ENCOUNTER = "urn:uuid:e"
PERSON = "urn:uuid:p"
SOUGHT = f"subject={PERSON}&status=planned"
ENCOUNTERS = [
    entry("POST", "Encounter", encounter(PERSON), ENCOUNTER, ifNoneExist=SOUGHT),
    entry("PUT", f"Encounter?{SOUGHT}", encounter(PERSON), ENCOUNTER),
    entry("PUT", f"Encounter?status=planned&patient=Patient/other,{PERSON}", encounter(PERSON), ENCOUNTER),
]
PEOPLE = [
    entry("POST", "Patient", identified("a"), PERSON, ifNoneExist="identifier=urn:ids|a"),
    entry("PUT", "Patient?identifier=urn:ids|a", identified("a"), PERSON),
]


@pytest.mark.parametrize("first", ENCOUNTERS)
@pytest.mark.parametrize("second", PEOPLE)
def test_what_refers_to_another_entry_is_found_when_it_is_sent_again(
    client: Client, first: Any, second: Any
) -> None:
    listed = {"resourceType": "List", "status": "current", "mode": "working"}
    third = entry("PUT", f"List?encounter={ENCOUNTER}", listed | {"encounter": {"reference": ENCOUNTER}})
    once = transact(client, third, first, second)
    again = transact(client, second, first, third)
    assert statuses(once) == ["201", "201", "201"]
    assert statuses(again) == ["200", "200", "200"]
    assert [identity(again, place) for place in (2, 1, 0)] == [identity(once, place) for place in range(3)]


def test_a_patch_may_seek_it_too(client: Client) -> None:
    transact(client, ENCOUNTERS[0], PEOPLE[0])
    change = {"name": "type", "valueCode": "replace"}, {"name": "path", "valueString": "Encounter.status"}
    parts = [*change, {"name": "value", "valueCode": "arrived"}]
    patch = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}
    answer = transact(client, entry("PATCH", f"Encounter?{SOUGHT}", patch), PEOPLE[0])
    assert statuses(answer) == ["200", "200"]
    assert client.get(identity(answer, 0)).content["status"] == "arrived"


def test_an_identifier_may_look_like_an_entry(client: Client) -> None:
    sought = entry("POST", "Patient", identified(PERSON), PERSON, ifNoneExist=f"identifier={PERSON}")
    assert statuses(transact(client, sought)) == ["201"]
    assert statuses(transact(client, sought)) == ["200"]


@pytest.mark.parametrize(
    ("entries", "status", "place"),
    [
        ([PEOPLE[0], entry("DELETE", f"Encounter?subject={PERSON}")], 400, "Bundle.entry[1].request.url"),
        (
            [entry("PUT", f"Encounter?part-of={ENCOUNTER}", encounter(PERSON), ENCOUNTER), PEOPLE[0]],
            400,
            "Bundle.entry[0].request.url",
        ),
        ([PEOPLE[0], entry("DELETE", f"Zoo?subject={PERSON}")], 404, "Bundle.entry[1]"),
    ],
    ids=["deleted first", "itself", "of no type"],
)
def test_what_is_not_known_in_time_is_refused(
    client: Client, entries: list[Any], status: int, place: str
) -> None:
    answer = transact(client, *entries)
    assert (answer.status, answer.expressions) == (status, [place])
    assert client.get("_history").entries == []
