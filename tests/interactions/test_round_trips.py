"""How often a request asks the database, which is what a store over a network costs."""

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import monitoring

from fhir_server.store.port import Store
from tests.interactions.bundles import entry, statuses, transact
from tests.interactions.client import Client, identified, patient
from tests.mongo.databases import emptied_store

COMMIT = "commitTransaction"


class Commands(monitoring.CommandListener):
    """The commands that were sent, by name."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.names.append(event.command_name)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...

    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...


@pytest.fixture(scope="module")
def listener() -> Commands:
    found = Commands()
    monitoring.register(found)
    return found


@pytest.fixture
def store(listener: Commands, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:  # noqa: ARG001
    monkeypatch.setattr("fhir_server.store.mongo.store.GENERATION_SECONDS", 3_600)
    opened = emptied_store()
    yield opened
    opened.close()


@pytest.fixture
def sent(client: Client, listener: Commands) -> list[str]:
    """What is sent from here on."""
    assert client.post("Patient", patient()).status == 201
    listener.names.clear()
    return listener.names


def test_a_read_asks_once(client: Client, sent: list[str]) -> None:
    id = client.get("Patient").ids[0]
    sent.clear()
    assert client.get(f"Patient/{id}").status == 200
    assert len(sent) == 1, sent


def test_a_create_asks_three_times_at_most_before_it_commits(client: Client, sent: list[str]) -> None:
    assert client.post("Patient", identified("1")).status == 201
    assert sent.pop() == COMMIT
    assert len(sent) <= 3, sent


def test_a_conditional_create_asks_once_more(client: Client, sent: list[str]) -> None:
    answer = client.post("Patient", identified("1"), if_none_exist="identifier=urn:ids|1")
    assert answer.status == 201
    assert sent.pop() == COMMIT
    assert len(sent) <= 4, sent


def test_an_update_asks_three_times_at_most_before_it_commits(client: Client, sent: list[str]) -> None:
    id = client.get("Patient").ids[0]
    sent.clear()
    assert client.put(f"Patient/{id}", {**patient(), "id": id}).status == 200
    assert sent.pop() == COMMIT
    assert len(sent) <= 3, sent


def test_a_search_asks_for_the_page_and_the_total(client: Client, sent: list[str]) -> None:
    for number in range(3):
        assert client.post("Patient", identified(str(number))).status == 201
    sent.clear()
    assert len(client.get("Patient?_count=2&_total=accurate").ids) == 2
    assert len(sent) <= 2, sent


def test_a_page_of_history_asks_five_times(client: Client, sent: list[str]) -> None:
    id = client.get("Patient").ids[0]
    assert client.put(f"Patient/{id}", {**patient(), "id": id}).status == 200
    sent.clear()
    assert len(client.get(f"Patient/{id}/_history").entries) == 2
    assert len(sent) <= 5, sent


def test_every_level_of_includes_asks_once(client: Client, sent: list[str]) -> None:
    id = client.get("Patient").ids[0]
    condition = {"resourceType": "Condition", "subject": {"reference": f"Patient/{id}"}}
    assert client.post("Condition", condition).status == 201
    sent.clear()
    found = client.get("Condition?_include=Condition:subject&_total=none")
    assert len(found.ids) == 2
    assert len(sent) <= 2, sent


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_transaction_of_20_asks_12_times_at_most(client: Client, sent: list[str], method: str) -> None:
    def one(number: int) -> dict[str, Any]:
        if method == "POST":
            return entry("POST", "Patient", identified(str(number)))
        return entry("PUT", f"Patient/p{number}", {**identified(str(number)), "id": f"p{number}"})

    assert transact(client, *map(one, range(20))).status == 200
    assert len(sent) <= 12, sent


def test_conditions_of_a_transaction_are_looked_up_together(client: Client, sent: list[str]) -> None:
    def created(number: int) -> dict[str, Any]:
        made = entry("POST", "Patient", identified(str(number)))
        made["request"]["ifNoneExist"] = f"identifier=urn:ids|{number}"
        return made

    def referring(number: int) -> dict[str, Any]:
        subject = {"reference": f"Patient?identifier=urn:ids|{number}"}
        return entry("POST", "Condition", {"resourceType": "Condition", "subject": subject})

    assert client.post("Patient", identified("0")).status == 201
    sent.clear()
    answer = transact(client, *map(created, range(10)), *map(referring, range(10)))
    assert statuses(answer) == ["200"] + 19 * ["201"]
    assert len(sent) <= 12, sent
    assert len(client.get("Condition?subject:Patient.identifier=urn:ids|9").ids) == 1
