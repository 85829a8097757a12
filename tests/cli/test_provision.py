"""What is written to the store before the server serves."""

from dataclasses import replace
from typing import Any

from fhir_server import bootstrap
from fhir_server.cli.provision import load_guides
from fhir_server.programme import Programme
from fhir_server.settings import Settings


def three(_root: str | None) -> list[dict[str, Any]]:
    return [{"resourceType": "Basic", "id": f"b{n}", "code": {"text": "A part"}} for n in range(3)]


def test_a_guide_may_be_larger_than_the_bundles_of_clients() -> None:
    given = {"store": "memory:", "programmes": "", "bundle_entries_max": "2"}
    built = bootstrap.build(Settings.load({}, given))
    server = replace(built, programmes=(Programme("small", "1", three, lambda _: []),))
    assert [load_guides(server), load_guides(server)] == [3, 0]
    assert server.store.read("Basic", "b2") is not None
    server.store.close()
