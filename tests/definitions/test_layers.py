"""Layers of resources that are read when they are asked for."""

from typing import Any

from fhir_server.definitions.layers import CACHE_MAX, Entry, LazyLayer
from fhir_server.definitions.registry import Registry

URL = "https://example.org/ValueSet/a"


def entry(version: str, url: str = URL, type: str = "ValueSet") -> Entry:
    return Entry(type, url, version, f"{type}/{url}/{version}")


class Shelf:
    """Holds what entries stand for, and remembers what was read."""

    def __init__(self) -> None:
        self.asked: list[Entry] = []
        self.gone: set[Entry] = set()

    def __call__(self, entry: Entry) -> dict[str, Any] | None:
        self.asked.append(entry)
        resource = {
            "resourceType": entry.type,
            "url": entry.url,
            "version": entry.version,
            "status": "active",
        }
        return None if entry in self.gone else resource


def test_a_bare_url_means_the_newest_version_and_nothing_else_is_read() -> None:
    shelf = Shelf()
    layer = LazyLayer((entry("1.10.0"), entry("1.9.0"), entry("2.0.0-rc1")), shelf)
    found = layer.find(URL)
    assert found is not None
    assert found["version"] == "2.0.0-rc1"
    assert [one.version for one in shelf.asked] == ["2.0.0-rc1"]
    older = layer.find(f"{URL}|1.9.0", "ValueSet")
    assert older is not None
    assert older["version"] == "1.9.0"
    assert layer.find(f"{URL}|3.0.0") is None
    assert layer.find(URL, "CodeSystem") is None
    assert layer.find("") is None


def test_what_was_read_is_kept_within_bounds() -> None:
    shelf = Shelf()
    many = tuple(entry("1.0.0", f"{URL}{number}") for number in range(CACHE_MAX + 10))
    layer = LazyLayer(many, shelf)
    for one in (*many, many[-1]):
        assert layer.find(one.url) is not None
    assert len(shelf.asked) == len(many)
    layer.find(many[0].url)
    assert len(shelf.asked) == len(many) + 1


def test_what_is_gone_is_asked_for_again() -> None:
    shelf = Shelf()
    layer = LazyLayer((entry("1.0.0"), entry("2.0.0")), shelf)
    shelf.gone.add(entry("2.0.0"))
    assert (layer.find(URL) or {})["version"] == "1.0.0"
    shelf.gone.clear()
    assert (layer.find(URL) or {})["version"] == "2.0.0"


def test_only_types_of_which_all_are_needed_are_read_as_a_whole() -> None:
    shelf = Shelf()
    layer = LazyLayer((entry("1"), entry("1", type="ConceptMap")), shelf)
    assert [resource["resourceType"] for resource in layer.of_type("ConceptMap")] == ["ConceptMap"]
    assert list(layer.of_type("ValueSet")) == []
    assert len(shelf.asked) == 1


def test_search_parameters_are_read_once() -> None:
    shelf = Shelf()
    layer = LazyLayer((entry("1", type="SearchParameter"), entry("2", type="SearchParameter")), shelf)
    for _ in range(3):
        assert len(list(layer.of_type("SearchParameter"))) == 2
    assert len(shelf.asked) == 2


def test_a_later_layer_wins() -> None:
    def named(name: str) -> dict[str, Any]:
        return {"resourceType": "ValueSet", "url": URL, "status": "active", "name": name}

    def layer(name: str) -> LazyLayer:
        return LazyLayer((entry(""),), lambda _: named(name))

    def found(registry: Registry) -> str:
        return str((registry.canonical(URL, "ValueSet") or {}).get("name"))

    registry = Registry.r4().with_packages(layer("package"))
    assert found(registry) == "package"
    registry = registry.with_guides([named("guide")])
    assert found(registry) == "guide"
    registry = registry.with_stored((), layer("client"))
    assert found(registry) == "client"
    assert found(registry.with_stored([named("at hand")])) == "at hand"
    assert found(registry.with_packages(layer("other"))) == "client"
