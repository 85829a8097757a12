"""A server assembled from settings, without a socket."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from fhir_server import bootstrap, standalone
from fhir_server.core.request import FhirRequest
from fhir_server.definitions.registry import Registry
from fhir_server.errors import StoreUnavailable
from fhir_server.settings import SettingError, Settings

PLAIN = {"FHIR_SERVER_STORE": "memory:", "FHIR_SERVER_PROGRAMMES": ""}
PATIENT = {"resourceType": "Patient", "id": "p1"}
GROUP: dict[str, Any] = {
    "resourceType": "Group",
    "id": "g1",
    "type": "person",
    "actual": True,
    "member": [{"entity": {"reference": "http://127.0.0.1:8080/fhir/Patient/p1"}}],
}


def ask(url: str, headers: dict[str, str] | None = None, **settings: str) -> httpx.Response:
    """One GET over the whole application, whose store holds one patient."""
    environment = PLAIN | {f"FHIR_SERVER_{name.upper()}": value for name, value in settings.items()}

    async def get() -> httpx.Response:
        server = bootstrap.build(Settings.load(environment))
        put(server)
        application = bootstrap.application(server)
        transport = httpx.ASGITransport(app=application)
        async with httpx.AsyncClient(transport=transport) as client:
            response = await client.get(url, headers=headers)
        await application.stop()
        return response

    return asyncio.run(get())


def put(server: bootstrap.Server) -> None:
    for resource in (PATIENT, GROUP):
        path = resource["resourceType"], resource["id"]
        request = FhirRequest("PUT", path, "http://localhost/fhir", content=resource)
        assert server.dispatcher.dispatch(request).status == 201


def test_a_plain_server_needs_no_programme() -> None:
    response = ask("http://localhost/fhir/Patient/p1")
    assert response.status_code == 200
    assert response.json()["id"] == "p1"


@pytest.mark.parametrize(
    ("settings", "host", "status"),
    [
        ({}, "localhost:8080", 200),
        ({}, "127.0.0.1", 200),
        ({}, "[::1]:8080", 200),
        ({}, "rebound.example", 400),
        ({"base_url": "https://fhir.example/fhir"}, "fhir.example", 200),
        ({"allowed_hosts": "inner.example"}, "inner.example:8080", 200),
        ({"allowed_hosts": "inner.example"}, "localhost", 400),
        ({"allowed_hosts": "*"}, "anything.example", 200),
        ({"host": "0.0.0.0"}, "anything.example", 200),
    ],
)
def test_hosts_that_are_served(settings: dict[str, str], host: str, status: int) -> None:
    assert ask("http://localhost/fhir/Patient/p1", {"Host": host}, **settings).status_code == status


def test_who_cannot_write_beside_a_process_of_other_settings_is_not_ready(tmp_path: Path) -> None:
    kept = PLAIN | {"FHIR_SERVER_STORE": f"sqlite:///{tmp_path / 'store.sqlite'}"}
    old, new = (
        bootstrap.build(Settings.load(kept | {"FHIR_SERVER_TIME_ZONE": zone}))
        for zone in ("UTC", "America/New_York")
    )
    old.engines.probe()
    new.engines.adopt()
    new.engines.probe()
    with pytest.raises(StoreUnavailable, match="same version, guides and settings"):
        old.engines.probe()
    new.store.close()
    old.store.close()


def test_links_use_the_operators_base_url() -> None:
    response = ask("http://localhost/fhir/Patient", base_url="https://fhir.example/r4")
    assert response.json()["link"][0]["url"].startswith("https://fhir.example/r4/Patient")


@pytest.mark.parametrize(
    ("settings", "count"),
    [
        ({}, 1),
        ({"port": "8081"}, 0),
        ({"host": "0.0.0.0"}, 1),
        ({"base_url": "https://fhir.example/fhir"}, 0),
        ({"base_url": "http://127.0.0.1:8080/fhir"}, 1),
    ],
)
def test_a_reference_to_the_servers_own_address_is_local(settings: dict[str, Any], count: int) -> None:
    response = ask("http://localhost/fhir/Group?member=Patient/p1", **settings)
    assert response.json()["total"] == count


def test_settings_reach_the_engine() -> None:
    response = ask("http://localhost/fhir/Patient?_count=5", page_count_max="1", page_count_default="1")
    assert "_count=1" in response.json()["link"][0]["url"]


def test_pages_beside_the_base() -> None:
    assert ask("http://localhost/health/ready").json() == {"status": "ready"}
    described = ask("http://localhost/openapi.json").json()
    parameters = described["paths"]["/fhir/Observation"]["get"]["parameters"]
    assert "value-quantity" in [parameter.get("name") for parameter in parameters]


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.0.2.7", False),
        ("fhir.example", False),
    ],
)
def test_what_counts_as_loopback(host: str, loopback: bool) -> None:
    assert bootstrap.is_loopback(host) is loopback


@pytest.mark.parametrize("name", ["no.such.package", "json", "..", "fhir_server.settings"])
def test_a_programme_that_is_none_is_told(name: str) -> None:
    settings: Any = Settings.load({"FHIR_SERVER_PROGRAMMES": name})
    with pytest.raises(SettingError, match="FHIR_SERVER_PROGRAMMES"):
        standalone.programmes(settings)


def test_the_terminology_of_the_settings() -> None:
    registry = Registry.r4()
    alone = standalone.terminology(Settings.load({"FHIR_SERVER_EXPANSION_COUNT_MAX": "7"}), registry)
    assert alone.expansion_max == 7
    assert alone.ask_remote("urn:vs", "urn:system", "code") is None
    settings = Settings.load({"FHIR_SERVER_TERMINOLOGY_SERVER": "http://127.0.0.1:1/r4"})
    helped = standalone.terminology(settings, registry)
    assert helped.expansion_max == 1_500


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file"),
        ("{", "JSON"),
        ("[]", "expected an object of objects"),
        ('{"sesame": 1}', "expected an object of objects"),
        ('{"other": {}}', "no programme is named 'other'"),
    ],
)
def test_options_of_programmes_that_cannot_be_used_are_refused(
    tmp_path: Path, content: str | None, said: str
) -> None:
    file = tmp_path / "options.json"
    if content is not None:
        file.write_text(content)
    settings = Settings.load({"FHIR_SERVER_STORE": "memory:", "FHIR_SERVER_PROGRAMME_OPTIONS": str(file)})
    with pytest.raises(SettingError, match=said):
        bootstrap.build(settings)
