"""The pages beside the FHIR base."""

import asyncio
import json
import re

import httpx
import pytest

from fhir_server.api.openapi import SearchableType, document
from fhir_server.api.site import SiteOptions, site

PATIENT = SearchableType("Patient", {"birthdate": ("date", "The patient's date of birth")})


def get(path: str, failure: Exception | None = None, method: str = "GET") -> httpx.Response:
    def probe() -> None:
        if failure is not None:
            raise failure

    def described() -> bytes:
        return json.dumps(document("A FHIR server", "1.2.3", [PATIENT])).encode()

    async def ask() -> httpx.Response:
        pages = site(SiteOptions("A FHIR server", "1.2.3", described, probe))
        transport = httpx.ASGITransport(app=pages)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path)

    return asyncio.run(ask())


def test_the_welcome_page_leads_on() -> None:
    page = get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "/fhir/metadata" in page.text
    assert "/docs" in page.text


def test_the_docs_page_reads_the_description() -> None:
    assert "/openapi.json" in get("/docs").text


def test_the_docs_page_takes_nothing_from_elsewhere() -> None:
    page = get("/docs")
    files = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(files) == 3
    for file in files:
        assert get(file).status_code == 200, file
    assert page.headers["content-security-policy"].startswith("default-src 'self'")


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/health/live", "/health/ready"])
def test_head_is_answered_as_get(path: str) -> None:
    asked, head = get(path), get(path, method="HEAD")
    assert (head.status_code, head.headers) == (asked.status_code, asked.headers)


def test_health_tells_whether_the_store_can_be_used_and_not_why() -> None:
    assert get("/health/live").json() == {"status": "live"}
    assert get("/health/ready").json() == {"status": "ready"}
    broken = get("/health/ready", OSError("the disk at /secret is gone"))
    assert broken.status_code == 503
    assert "/secret" not in broken.text


def test_the_description_names_types_and_search_parameters() -> None:
    described = get("/openapi.json").json()
    assert described["openapi"].startswith("3.")
    assert described["info"] == {
        "title": "A FHIR server",
        "version": "1.2.3",
        "description": "FHIR R4 (4.0.1) REST API",
    }
    names = [parameter.get("name") for parameter in described["paths"]["/fhir/Patient"]["get"]["parameters"]]
    assert "birthdate" in names
    assert set(described["paths"]["/fhir/Patient/{id}"]) == {"get", "put", "patch", "delete"}


def test_every_reference_in_the_description_resolves() -> None:
    described = document("A FHIR server", "1.2.3", [PATIENT])
    references: list[str] = []

    def collect(node: object) -> None:
        if isinstance(node, dict):
            references.extend(value for key, value in node.items() if key == "$ref")
            for value in node.values():
                collect(value)
        elif isinstance(node, list):
            for value in node:
                collect(value)

    collect(described)
    assert references
    for reference in references:
        found: object = described
        for step in reference.removeprefix("#/").split("/"):
            assert isinstance(found, dict)
            found = found[step]
