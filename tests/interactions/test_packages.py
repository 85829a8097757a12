"""Packages are installed all or none, and every process uses them at once."""

from pathlib import Path
from typing import Any

import pytest

from fhir_server.definitions.packages.archive import read_package
from fhir_server.definitions.packages.package import Package
from fhir_server.errors import MalformedContent, NotFound, Unprocessable
from fhir_server.interactions.conformance import installed
from fhir_server.interactions.packages import Installed, install, remove
from fhir_server.store.backends import open_store
from tests.definitions.packages.tgz import HERE, R4, Content, packed, value_set
from tests.interactions.client import Client, ClientFactory
from tests.interactions.definitions import URL, fond_of, parameter, reindexed
from tests.structures import line, structure

COLOURS = HERE + "ValueSet/colours"


@pytest.fixture
def package(tmp_path: Path) -> Any:
    """Makes packages out of members."""

    def make(members: dict[str, Content] | None = None, **how: Any) -> Package:
        return read_package(packed(tmp_path / f"{how.get('name', 'p')}.tgz", members, **how))

    return make


def codes(client: Client, canonical: str = COLOURS) -> set[str] | None:
    found = client.engines.current().registry.codes(canonical)
    return None if found is None else set(found.codes)


def profile(name: str, base: str, **stated: Any) -> dict[str, Any]:
    url, name_line = HERE + f"StructureDefinition/{name}", line("Patient.name", **stated)
    return structure(url, "Patient", name_line, base=base, id=name, version="1.0.0", name=name)


def test_what_a_package_brings_is_used_at_once(client: Client, package: Any) -> None:
    assert codes(client) is None
    done = install(client.engines, [package({"ValueSet-colours.json": value_set()})])
    assert [package.label for package in done.added] == ["example.guide#1.0.0"]
    assert codes(client) == {"red"}
    assert client.get("ValueSet/colours").status == 404, "a package's resources are no resources of the store"


def test_another_process_uses_it_with_its_next_request(
    tmp_path: Path, client_with: ClientFactory, package: Any
) -> None:
    uri = f"sqlite:///{tmp_path / 'shared.sqlite'}"
    stores = [open_store(uri) for _ in range(2)]
    first, second = (client_with(store=store) for store in stores)
    assert codes(second) is None
    install(first.engines, [package({"ValueSet-colours.json": value_set()})])
    assert codes(second) == {"red"}
    for store in stores:
        store.close()


def test_versions_stand_side_by_side(client: Client, package: Any) -> None:
    for version, code in (("1.10.0", "new"), ("1.9.0", "old")):
        members = {"ValueSet-colours.json": value_set(version=version, code=code)}
        install(client.engines, [package(members, version=version)])
    assert codes(client) == {"new"}
    assert codes(client, f"{COLOURS}|1.9.0") == {"old"}
    labels = [one.label for one in installed(client.engine.store)]
    assert labels == ["example.guide#1.10.0", "example.guide#1.9.0"]


def test_what_is_installed_already_is_left_as_it_is(client: Client, package: Any) -> None:
    install(client.engines, [package({"ValueSet-colours.json": value_set()})])
    before = client.engines.current()
    done = install(client.engines, [package({"ValueSet-colours.json": value_set(code="blue")})])
    assert (done.added, [one.label for one in done.known]) == ((), ["example.guide#1.0.0"])
    assert client.engines.current() is before
    assert codes(client) == {"red"}


def test_what_is_missing_is_named_and_nothing_is_installed(client: Client, package: Any) -> None:
    lone = package(name="lone")
    needing = package(name="needing", dependencies={"a.b": "1.0.0", "c.d": "2.0.x"})
    with pytest.raises(Unprocessable) as caught:
        install(client.engines, [lone, needing])
    said = [issue.text.render() for issue in caught.value.issues]
    assert [text.partition(",")[0] for text in said] == [
        "needing#1.0.0 needs a.b#1.0.0",
        "needing#1.0.0 needs c.d#2.0.x",
    ]
    assert installed(client.engine.store) == ()
    assert client.engine.store.documents("") == ()


def test_what_is_given_with_it_or_installed_is_not_missing(client: Client, package: Any) -> None:
    install(client.engines, [package(name="a.b")])
    needing = package(
        name="needing", dependencies={"a.b": "1.0.0", "c.d": "1.0.0", "hl7.fhir.r4.core": "4.0.1"}
    )
    done = install(client.engines, [needing, package(name="c.d")])
    assert len(done.added) == 2


def test_dependencies_can_be_done_without(client: Client, package: Any) -> None:
    done = install(client.engines, [package(dependencies={"a.b": "1.0.0"})], check_dependencies=False)
    assert len(done.added) == 1


def test_a_package_is_given_once(client: Client, package: Any) -> None:
    with pytest.raises(MalformedContent, match="given twice"):
        install(client.engines, [package(), package()])


def test_guides_and_clients_are_over_packages(client_with: ClientFactory, package: Any) -> None:
    registry = client_with().engine.registry.with_guides([value_set(version="0.1.0", code="guide")])
    client = client_with(registry=registry)
    install(client.engines, [package({"ValueSet-colours.json": value_set(version="9.0.0")})])
    assert codes(client) == {"guide"}
    assert codes(client, f"{COLOURS}|9.0.0") == {"red"}
    client.put("ValueSet/mine", value_set("mine", code="mine") | {"url": COLOURS, "id": "mine"})
    assert codes(client) == {"mine"}


def test_profiles_of_one_package_derive_from_those_of_another(client: Client, package: Any) -> None:
    base = profile("base", R4 + "Patient", min=1)
    derived = profile("derived", f"{base['url']}|1.0.0", max="1")
    install(client.engines, [package({"a.json": derived}, name="a"), package({"b.json": base}, name="b")])
    snapshot = client.engines.current().registry.snapshot(derived["url"])
    name = next(element for element in snapshot.elements if element["id"] == "Patient.name")
    assert (name["min"], name["max"]) == (1, "1")


def test_what_cannot_be_used_is_left_out_and_told(client: Client, package: Any) -> None:
    broken = value_set("broken") | {"compose": "everything"}
    clash = parameter(id="clash", url=HERE + "SearchParameter/clash", code="birthdate")
    done = install(
        client.engines,
        [package({"good.json": value_set(), "broken.json": broken, "clash.json": clash})],
    )
    [index] = done.added
    assert [row[3] for row in index.resources] == ["good.json"]
    assert set(index.left_out) == {"broken.json", "clash.json"}
    assert "ValueSet.compose" in index.left_out["broken.json"]
    assert codes(client) == {"red"}
    assert codes(client, HERE + "ValueSet/broken") is None


def test_search_parameters_of_packages_are_in_force_once_they_are_indexed(
    client: Client, package: Any
) -> None:
    client.post("Patient", fond_of("red", id=None) | {})
    install(client.engines, [package({"SearchParameter-favourite.json": parameter()})])
    engine = client.engines.current()
    assert engine.registry.search_parameter(URL) is not None
    assert engine.pending == {"Patient": frozenset({"favourite"})}
    reindexed(client)
    assert len(client.get("Patient?favourite=red").entries) == 1


def test_a_package_of_thousands_is_listed_and_not_read(client: Client, package: Any) -> None:
    members = {f"ValueSet-{number}.json": value_set(f"v{number}") for number in range(1_000)}
    done: Installed = install(client.engines, [package(members)])
    assert len(done.added[0].resources) == 1_000
    asked: list[str] = []
    store = client.engine.store
    read = store.document
    store.document = lambda name: asked.append(name) or read(name)  # type: ignore[method-assign, func-returns-value]
    registry = client.engines.current().registry
    assert registry.canonical(HERE + "ValueSet/v7") is not None
    label = "example.guide#1.0.0"
    assert asked == [f"package/{label}", f"package-content/{label}/ValueSet-7.json"]


def test_decimals_of_packages_keep_their_digits(client: Client, package: Any) -> None:
    body = b'{"resourceType":"ConceptMap","status":"draft","extension":[{"url":"urn:x","valueDecimal":1.50}]}'
    install(client.engines, [package({"ConceptMap-a.json": body})])
    [found] = client.engines.current().registry.resources("ConceptMap")
    assert bytes(found["extension"][0]["valueDecimal"]) == b"1.50"


def test_what_a_package_brought_is_gone_with_it(client: Client, package: Any) -> None:
    made = package({"ValueSet-colours.json": value_set(), "SearchParameter-fond.json": parameter()})
    install(client.engines, [made])
    assert codes(client) == {"red"}
    assert client.engines.current().registry.search_parameter(URL) is not None
    assert [one.label for one in remove(client.engines, ["example.guide"])] == ["example.guide#1.0.0"]
    assert codes(client) is None
    assert client.engines.current().registry.search_parameter(URL) is None
    assert installed(client.engines.current().store) == ()
    install(client.engines, [made])
    assert codes(client) == {"red"}


def test_what_is_still_needed_stays_unless_it_is_told_to_go(client: Client, package: Any) -> None:
    install(client.engines, [package(name="base"), package(name="over", dependencies={"base": "1.0.0"})])
    with pytest.raises(Unprocessable):
        remove(client.engines, ["base"])
    with pytest.raises(NotFound):
        remove(client.engines, ["over", "base#2.0.0"])
    assert len(installed(client.engines.current().store)) == 2
    remove(client.engines, ["base"], check_dependencies=False)
    assert [one.name for one in installed(client.engines.current().store)] == ["over"]
