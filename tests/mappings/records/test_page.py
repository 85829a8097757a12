"""Every example of docs/records.md is accepted by a server, in the order of the page, and read back."""

import json
import re
from typing import Any

from fhir_server.conversion.csv_rows import rows
from mappings.sesame.records.table import tables
from scripts.document_records import PAGE, examples
from tests.mappings.records.conftest import Client
from tests.mappings.validity import GUIDE

TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLES = examples()
WRITTEN_BY_THE_SERVER = "facture"


def others(name: str) -> list[dict[str, Any]]:
    """The further records of a kind that the page gives, because its examples name them."""
    block = re.search(r"```json\n(\[.*?)```", TEXT, re.DOTALL)
    assert block
    return [one[name] for one in json.loads(block[1]) if name in one]


def test_every_example_is_taken_and_given_back(client: Client) -> None:
    for name, example in EXAMPLES.items():
        if name != WRITTEN_BY_THE_SERVER:
            for record in (example, *others(name)):
                answer = client.post(name, record)
                assert answer.status_code == (200 if name == "sortie" else 201), answer.text
                assert client.post(name, record).json()["resources"] == answer.json()["resources"]
        assert client.get(f"/sesame/{name}/{example['identifiant']}") == example
    refused = client.post(WRITTEN_BY_THE_SERVER, EXAMPLES[WRITTEN_BY_THE_SERVER] | {"identifiant": "X"})
    assert refused.status_code == 422
    assert refused.json()["issue"][0]["code"] == "business-rule"
    assert refused.json()["issue"][0]["expression"] == ["/"]
    late = client.post("sequence", EXAMPLES["sequence"] | {"debut": "2025-01-12", "fin": "2025-04-10"})
    assert late.json()["issue"][0]["expression"] == ["/debut"]
    bare = {name: value for name, value in EXAMPLES["sequence"].items() if name != "evaluation"}
    assert client.post("sequence", bare).json()["issue"][0]["expression"] == ["/evaluation"]


def test_the_requests_of_the_page(client: Client) -> None:
    block = re.search(r"```http\n(.*?)```", TEXT, re.DOTALL)
    assert block
    for line in block[1].splitlines():
        method, url, _, status = line.split()
        body = EXAMPLES[url.rpartition("/")[2]] if method == "POST" else None
        assert client.send(method, url, body).status_code == int(status), line


def test_the_file_of_the_page(client: Client) -> None:
    block = re.search(r"```csv\n(.*?)```", TEXT, re.DOTALL)
    assert block
    table = next(one for one in tables(GUIDE) if one.name == "patient")
    records = [row.record for row in rows(block[1].splitlines(keepends=True), table.schema())]
    answers = client.post("patient", records).json()
    assert [one["status"] for one in answers] == [201, 201]
    assert client.get("/sesame/patient/20")["adresse"] == {"lignes": ["Bâtiment B", "2 rue des Lilas"]}
