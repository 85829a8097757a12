"""The CSV of claims, whose columns billing can configure."""

from typing import Any

import pytest

from tests.interactions.client import Client
from tests.mappings.pathway.list_responses import raw, table
from tests.mappings.pathway.plans import begin, change, claims, lacking, sent
from tests.mappings.validity import GUIDE

FEED = "Claim/$billing-feed?output=csv"
COLUMNS = GUIDE.canonical("ConceptMap", "claim-to-csv")


@pytest.fixture
def billed(assessed: Client) -> Client:
    """A sequence that was billed, and billed anew when its last day was corrected."""
    sent(begin(assessed, 1, "2025-01-13", "2025-04-12"))
    sent(change(assessed, "2025-0001-c1", period={"start": "2025-01-13", "end": "2025-04-11"}))
    return assessed


def own_columns(**columns: str) -> dict[str, Any]:
    return {
        "resourceType": "ConceptMap",
        "id": "billing-columns",
        "url": COLUMNS,
        "status": "active",
        "group": [
            {
                "element": [
                    {"code": path, "target": [{"code": name, "equivalence": "equivalent"}]}
                    for name, path in columns.items()
                ]
            }
        ],
    }


def test_a_row_says_what_the_claim_says(billed: Client) -> None:
    first, cancelled, second = table(billed, FEED)
    old, new = claims(billed)
    assert (first["numero"], first["statut"], first["prix"]) == ("2025-0001-c1-0", "active", "608.00")
    assert (first["forfait"], first["rang"], first["sequence"]) == ("classique", "1", "2025-0001-c1")
    assert (first["debut"], first["fin"]) == ("2025-01-13", "2025-04-12")
    assert first["nir"] == old["patient"]["identifier"]["value"]
    assert first["site"] == old["supportingInfo"][2]["valueReference"]["identifier"]["value"]
    assert first["organisme"] == old["insurer"]["reference"]
    assert (cancelled["numero"], cancelled["statut"]) == ("2025-0001-c1-0", "cancelled")
    assert (second["numero"], second["fin"]) == ("2025-0001-c1-1", "2025-04-11")
    assert second["remplace"] == f"Claim/{old['id']}"
    assert new["related"][0]["claim"]["reference"] == second["remplace"]


def test_the_columns_are_those_of_the_map_in_its_order(billed: Client) -> None:
    (stated,) = [resource for resource in GUIDE.resources if resource.get("url") == COLUMNS]
    names = [element["target"][0]["code"] for element in stated["group"][0]["element"]]
    assert list(table(billed, FEED)[0]) == names


def test_each_row_is_resumed_from(billed: Client) -> None:
    rows = table(billed, FEED)
    for place, row in enumerate(rows, start=1):
        rest = table(billed, f"{FEED}&after={row['curseur']}")
        assert [one["numero"] for one in rest] == [one["numero"] for one in rows[place:]]
    assert len(table(billed, f"{FEED}&_count=1")) == 1


def test_the_same_cursor_serves_the_bundle(billed: Client) -> None:
    after = table(billed, FEED)[1]["curseur"]
    entries = sent(billed.get(f"Claim/$billing-feed?after={after}")).entries
    assert [entry["resource"]["id"] for entry in entries if entry["search"]["mode"] == "match"] == [
        claims(billed)[1]["id"]
    ]


def test_billing_chooses_its_columns(billed: Client) -> None:
    paths = {"Montant": "Claim.total.value", "No": "Claim.identifier.value"}
    references = {"Assuré": "Claim.patient", "Couverture": "Claim.insurance.coverage"}
    nothing = {"Rien": "Claim.status.code"}
    sent(billed.put("ConceptMap/billing-columns", own_columns(**paths, **references, **nothing)))
    row, claim = table(billed, FEED)[0], claims(billed)[0]
    assert list(row.items()) == [
        ("Montant", "608.00"),
        ("No", "2025-0001-c1-0"),
        ("Assuré", claim["patient"]["identifier"]["value"]),
        ("Couverture", claim["insurance"][0]["coverage"]["reference"]),
        ("Rien", ""),
    ]
    assert billed.delete("ConceptMap/billing-columns").status in (200, 204)
    assert "curseur" in table(billed, FEED)[0]


@pytest.mark.parametrize(
    "path", ["Patient.name.family", "Claim", "Claim.item[0].net", "Claim.where(true)", ""]
)
def test_a_column_that_leads_nowhere_is_told(billed: Client, path: str) -> None:
    sent(billed.put("ConceptMap/billing-columns", own_columns(x=path or "x")))
    answer = billed.get(FEED)
    assert (answer.status, "where a column's value stands" in answer.diagnostics) == (422, True)


def test_a_map_without_columns_is_told(billed: Client) -> None:
    empty = lacking(own_columns(), "group")
    sent(billed.put("ConceptMap/billing-columns", empty))
    assert billed.get(FEED).status == 422


def test_two_columns_of_one_name_are_refused(billed: Client) -> None:
    columns = own_columns(Montant="Claim.total.value", No="Claim.identifier.value")
    columns["group"][0]["element"][1]["target"][0]["code"] = "Montant"
    sent(billed.put("ConceptMap/billing-columns", columns))
    answer = billed.get(FEED)
    assert (answer.status, "Montant to two columns" in answer.diagnostics) == (422, True)


def test_before_any_claim_there_is_a_header(client: Client) -> None:
    body = raw(client, FEED).body
    assert body is not None
    assert body.startswith(b"numero,statut,nir,")
    assert body.count(b"\r\n") == 1
    assert client.get("Claim/$billing-feed?output=xlsx").status == 400
