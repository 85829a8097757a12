"""What clients store of profiles and code lists is used from its commit on, by every process."""

from pathlib import Path
from typing import Any

import pytest

from fhir_server.errors import SnapshotError
from fhir_server.store.backends import open_store
from tests.interactions.bundles import batch, entry, statuses, transact
from tests.interactions.client import Client, ClientFactory, patient
from tests.structures import line, structure

URL = "https://example.org/fhir/StructureDefinition/named"
R4 = "http://hl7.org/fhir/StructureDefinition/"


def profile(min: int = 1, **members: Any) -> dict[str, Any]:
    """A profile of Patient that asks for a name."""
    return structure(URL, "Patient", line("Patient.name", min=min)) | {"id": "named"} | members


def name_min(client: Client, canonical: str = URL) -> int | None:
    """How many names the profile asks for, None where there is no such profile."""
    registry = client.engines.current().registry
    if registry.structure(canonical) is None:
        return None
    found = registry.snapshot(canonical).elements
    return next(int(element["min"]) for element in found if element["id"] == "Patient.name")


def test_a_profile_is_known_from_its_commit_until_its_deletion(client: Client) -> None:
    assert name_min(client) is None
    assert client.put("StructureDefinition/named", profile()).status == 201
    assert name_min(client) == 1
    assert client.put("StructureDefinition/named", profile(min=2)).status == 200
    assert name_min(client) == 2
    assert client.delete("StructureDefinition/named").status == 204
    assert name_min(client) is None


def test_what_a_client_stores_is_over_the_guides(client_with: ClientFactory) -> None:
    registry = client_with().engine.registry.with_guides([profile(version="1.0.0")])
    client = client_with(registry=registry)
    client.put("StructureDefinition/named", profile(min=2, version="0.9.0"))
    assert name_min(client) == 2
    assert name_min(client, f"{URL}|1.0.0") == 1
    assert name_min(client, f"{URL}|0.9.0") == 2
    assert name_min(client, f"{URL}|2.0.0") is None


def test_the_newest_of_several_versions_is_meant(client: Client) -> None:
    for id, version, min in (("a", "1.10.0", 3), ("b", "1.9.0", 2), ("c", "1.10.0-rc1", 1)):
        client.put(f"StructureDefinition/{id}", profile(min, id=id, version=version))
    assert name_min(client) == 3
    assert name_min(client, f"{URL}|1.9.0") == 2


def test_what_the_guides_hold_already_changes_nothing(client_with: ClientFactory) -> None:
    registry = client_with().engine.registry.with_guides([profile()])
    client = client_with(registry=registry)
    before = client.engines.current()
    client.put("StructureDefinition/named", profile())
    assert client.engines.current() is before
    client.put("StructureDefinition/named", profile(min=2))
    assert client.engines.current() is not before
    assert name_min(client) == 2


def test_writes_that_define_nothing_change_no_engine(client: Client) -> None:
    client.put("StructureDefinition/named", profile())
    before = client.engines.current()
    client.post("Patient", patient())
    assert client.engines.current() is before


def test_a_unit_that_fails_defines_nothing(client: Client) -> None:
    entries = [
        entry("PUT", "StructureDefinition/named", profile()),
        entry("PUT", "Patient/a", patient(id="a"), ifMatch='W/"7"'),
    ]
    answer = transact(client, *entries)
    assert answer.status == 412
    assert name_min(client) is None


def test_code_lists_and_maps_are_known_too(client: Client) -> None:
    url = "https://example.org/fhir/"
    system = {
        "resourceType": "CodeSystem",
        "id": "colours",
        "url": url + "CodeSystem/colours",
        "status": "active",
        "content": "complete",
        "concept": [{"code": "red"}],
    }
    compose = {"include": [{"system": system["url"]}]}
    values = {"resourceType": "ValueSet", "id": "v", "url": url + "ValueSet/v", "status": "active"}
    client.put("CodeSystem/colours", system)
    client.put("ValueSet/v", {**values, "compose": compose})
    client.put("ConceptMap/m", {"resourceType": "ConceptMap", "id": "m", "status": "draft"})
    naming = {"name": "N", "kind": "identifier", "date": "2024", "status": "active"}
    unique = [{"type": "uri", "value": "https://example.org/n"}]
    answer = client.put(
        "NamingSystem/n", {"resourceType": "NamingSystem", "id": "n", "uniqueId": unique, **naming}
    )
    assert answer.status == 201
    registry = client.engines.current().registry
    listed = registry.codes(values["url"])
    assert listed is not None
    assert listed.codes == {"red"}
    assert [resource["id"] for resource in registry.resources("ConceptMap")] == ["m"]
    assert [resource["id"] for resource in registry.resources("NamingSystem")] == ["n"]
    client.put("CodeSystem/colours", {**system, "concept": [{"code": "blue"}]})
    listed = client.engines.current().registry.codes(values["url"])
    assert listed is not None
    assert listed.codes == {"blue"}


def test_another_process_sees_it_with_its_next_request(tmp_path: Path, client_with: ClientFactory) -> None:
    uri = f"sqlite:///{tmp_path / 'shared.sqlite'}"
    stores = [open_store(uri) for _ in range(2)]
    first, second = (client_with(store=store) for store in stores)
    assert name_min(second) is None
    first.put("StructureDefinition/named", profile())
    assert name_min(second) == 1
    for store in stores:
        store.close()


def test_within_a_group_what_is_not_committed_yet_is_known_to_the_next_unit(client: Client) -> None:
    with client.engine.store.group():
        for id, min in (("a", 1), ("b", 2), ("c", 3)):
            answer = client.put(f"StructureDefinition/{id}", profile(min, id=id, url=URL + id))
            assert answer.status == 201
        client.post("Patient", patient())
        engine = client.engines.latest()
        assert [engine.registry.structure(URL + id) is not None for id in "abc"] == [True] * 3
    assert name_min(client, URL + "c") == 3


def test_within_a_group_what_is_not_committed_yet_refuses_and_lets_pass(client: Client) -> None:
    nameless = {"resourceType": "Patient", "id": "a", "meta": {"profile": [URL]}}
    unname = [{"op": "remove", "path": "/name"}]
    with client.engine.store.group():
        client.put("StructureDefinition/named", profile())
        assert client.put("Patient/a", nameless).status == 422
        assert client.put("Patient/a", nameless | {"name": [{"text": "A"}]}).status == 201
        assert client.patch("Patient/a", unname).status == 422
        client.put("StructureDefinition/named", profile(min=0))
        assert client.put("Patient/b", nameless | {"id": "b"}).status == 201
        assert client.patch("Patient/a", unname).status == 200


def test_a_batch_searches_by_what_it_has_defined(client: Client) -> None:
    entries = [
        entry("PUT", "StructureDefinition/named", profile()),
        entry("GET", "Patient?name=durand"),
        entry("GET", f"StructureDefinition?url={URL}"),
    ]
    client.post("Patient", patient())
    with client.engine.store.group():
        answer = batch(client, *entries)
    assert statuses(answer) == ["201", "200", "200"]
    assert [one["resource"]["total"] for one in answer.entries[1:]] == [1, 1]


def test_memory_holds_the_list_and_not_the_resources(client: Client) -> None:
    sets = ({"resourceType": "ValueSet", "id": f"v{number}", "status": "draft"} for number in range(300))
    answer = transact(client, *(entry("PUT", f"ValueSet/{one['id']}", one) for one in sets))
    assert answer.status == 200
    layer = client.engines.current().registry.clients
    assert len(layer.entries) == 300
    assert len(layer.pending) == 256
    client.delete("ValueSet/v0")
    assert len(client.engines.current().registry.clients.entries) == 299


def test_a_profile_that_widens_is_refused_with_its_faulty_line(client: Client) -> None:
    lines = {"element": [{"id": "Patient.nome", "path": "Patient.nome"}]}
    answer = client.put("StructureDefinition/named", profile(differential=lines))
    assert answer.status == 422
    assert "StructureDefinition.differential.element[0].path" in answer.expressions
    assert name_min(client) is None


def test_a_circle_cannot_be_closed(client: Client) -> None:
    assert (
        client.put("StructureDefinition/a", profile(id="a", url=URL + "a", baseDefinition=URL + "b")).status
        == 201
    )
    closing = profile(id="b", url=URL + "b", baseDefinition=URL + "a")
    answer = client.put("StructureDefinition/b", closing)
    assert answer.status == 422
    assert f"{URL}b > {URL}a > {URL}b" in answer.diagnostics


def test_a_profile_may_come_before_what_it_derives_from(client: Client) -> None:
    derived = profile(id="derived", url=URL + "derived", baseDefinition=URL)
    assert client.put("StructureDefinition/derived", derived).status == 201
    with pytest.raises(SnapshotError, match="not known to this server"):
        name_min(client, URL + "derived")
    client.put("StructureDefinition/named", profile())
    assert name_min(client, URL + "derived") == 1
