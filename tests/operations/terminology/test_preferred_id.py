"""https://hl7.org/fhir/R4/namingsystem-operation-preferred-id.html"""

import pytest

from tests.interactions.client import Client
from tests.operations.terminology.conftest import said

OID, URI = "1.2.250.1.213.1.4.8", "https://example.org/ids/record"


@pytest.fixture
def named(client: Client) -> Client:
    ids = [
        {"type": "uri", "value": f"{URI}/old"},
        {"type": "uri", "value": URI, "preferred": True},
        {"type": "oid", "value": OID},
    ]
    system = {"resourceType": "NamingSystem", "id": "record", "name": "Record", "status": "active"}
    dated = {"kind": "identifier", "date": "2026-01-01", "uniqueId": ids}
    assert client.put("NamingSystem/record", system | dated).status == 201
    return client


@pytest.mark.parametrize(
    ("id", "type", "result"),
    [(OID, "uri", URI), (f"urn:oid:{OID}", "uri", URI), (URI, "oid", OID), (f"{URI}/old", "uri", URI)],
)
def test_the_identifier_that_is_preferred(named: Client, id: str, type: str, result: str) -> None:
    assert said(named.get(f"NamingSystem/$preferred-id?id={id}&type={type}")) == {"result": result}


@pytest.mark.parametrize(
    ("query", "status"),
    [
        (f"id={OID}&type=uuid", 404),
        ("id=9.9&type=uri", 404),
        (f"id={OID}", 400),
        (f"id={OID}&type=url", 400),
    ],
)
def test_what_is_refused(named: Client, query: str, status: int) -> None:
    assert named.get(f"NamingSystem/$preferred-id?{query}").status == status


@pytest.mark.parametrize(("status", "answered"), [("active", 422), ("retired", 200)])
def test_naming_systems_that_do_not_agree(named: Client, status: str, answered: int) -> None:
    ids = [{"type": "uri", "value": URI}, {"type": "oid", "value": "1.2.3"}]
    other = {"resourceType": "NamingSystem", "id": "other", "name": "Other", "status": status}
    dated = {"kind": "identifier", "date": "2026-01-01", "uniqueId": ids}
    assert named.put("NamingSystem/other", other | dated).status == 201
    assert named.get(f"NamingSystem/$preferred-id?id={URI}&type=oid").status == answered
    assert named.get(f"NamingSystem/$preferred-id?id={URI}&type=uri").status == 200
