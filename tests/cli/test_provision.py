"""The writes to the store at start-up."""

from dataclasses import replace
from functools import partial
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


def guide_with(*codes: str) -> list[dict[str, Any]]:
    """A guide in which a resource has the last code of its code system, which comes after it."""
    url = "https://example.org/fhir/CodeSystem/parts"
    system = {
        "resourceType": "CodeSystem",
        "id": "parts",
        "url": url,
        "status": "active",
        "content": "complete",
    }
    part = {"coding": [{"system": url, "code": codes[-1]}]}
    return [
        {"resourceType": "Basic", "id": "part", "code": part},
        system | {"concept": [{"code": code} for code in codes]},
    ]


def test_a_newer_guide_takes_the_place_of_an_older_one() -> None:
    built = bootstrap.build(Settings.load({}, {"store": "memory:", "programmes": ""}))
    for guide in guide_with("a"), guide_with("a", "b"):
        server = replace(built, programmes=(Programme("coded", "1", partial(_given, guide), lambda _: []),))
        assert load_guides(server) == 2
    built.store.close()


def _given(guide: list[dict[str, Any]], _root: str | None) -> list[dict[str, Any]]:
    return guide
