"""What is read in several steps is of one state of the store: a transaction is seen as a whole or not at all.

https://hl7.org/fhir/R4/http.html#transaction
"""

import threading
from pkgutil import resolve_name
from typing import Any

import pytest

from tests.interactions.bundles import encounter, entry
from tests.interactions.client import Client, patient
from tests.mongo.server import skip_without_snapshots

WAIT_SECONDS = 0.3
"""How long a transaction is waited for, which a store may keep waiting until all is read."""


def written_together() -> dict[str, Any]:
    doctor = {"individual": {"reference": "Practitioner/c"}}
    observation = {
        "resourceType": "Observation",
        "id": "e",
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": "Patient/a"},
    }
    entries = [
        entry("PUT", "Patient/a", patient(id="a")),
        entry("PUT", "Encounter/b", encounter("Patient/a") | {"id": "b", "participant": [doctor]}),
        entry("PUT", "Practitioner/c", {"resourceType": "Practitioner", "id": "c"}),
        entry("PUT", "Observation/e", observation),
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


LIST = {
    "resourceType": "List",
    "id": "d",
    "status": "current",
    "mode": "working",
    "entry": [{"item": {"reference": reference}} for reference in ("Patient/a", "Practitioner/c")],
}


@pytest.mark.parametrize(
    ("step", "url"),
    [
        ("fhir_server.interactions.search:included", "Encounter?_include=Encounter:subject"),
        ("fhir_server.interactions.search:included", "Patient?_revinclude=Encounter:subject"),
        ("fhir_server.operations.everything:parse_reference", "Patient/a/$everything"),
        (
            "fhir_server.operations.lastn:included",
            "Observation/$lastn?patient=a&_include=Observation:subject",
        ),
        ("fhir_server.interactions.list_history:replace", "_history?_list=d"),
    ],
    ids=["include", "revinclude", "everything", "lastn", "list"],
)
def test_a_transaction_is_seen_whole_or_not_at_all(
    client: Client, monkeypatch: pytest.MonkeyPatch, step: str, url: str
) -> None:
    """One is committed after the first step of reading, where the store lets it."""
    skip_without_snapshots(client.engine.store)
    client.post("", written_together())
    client.put("List/d", LIST)
    while client.engine.store.do_deferred_work():
        pass
    writer = threading.Thread(target=client.post, args=("", written_together()))
    original = resolve_name(step)

    def interrupted(*arguments: Any, **named: Any) -> Any:
        if writer.ident is None:
            writer.start()
            writer.join(WAIT_SECONDS)
        return original(*arguments, **named)

    monkeypatch.setattr(step.replace(":", "."), interrupted)
    found = client.get(url).entries
    writer.join()
    newest: dict[str, int] = {}
    for one in found:
        version = int(one["resource"]["meta"]["versionId"])
        newest[one["fullUrl"]] = max(version, newest.get(one["fullUrl"], 0))
    assert len(newest) > 1
    assert set(newest.values()) == {1}
    assert client.get("Patient/a").version == 2
