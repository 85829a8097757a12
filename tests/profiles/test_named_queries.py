"""Each named query of the guide can be asked: its criteria are a search of its types."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fhir_server.search.ast import Clause, Match, ReferenceValue, Sort, TokenValue
from fhir_server.search.parse import ParsedSearch, parse
from tests.mappings.validity import REGISTRY
from tests.profiles.test_conformance import of

QUERIES = [found for found in of("OperationDefinition") if found["kind"] == "query"]
SAMPLES = {"reference": "Organization/a", "token": "a", "date": "2025", "string": "a"}


def asked(query: dict[str, Any]) -> ParsedSearch:
    values = [
        (parameter["name"], SAMPLES[parameter["searchType"]])
        for parameter in query["parameter"]
        if parameter["use"] == "in"
    ]
    (type,) = query["resource"]
    pairs = [("_query", query["code"]), *values]
    return parse((type,), pairs, registry=REGISTRY, zone=ZoneInfo("Europe/Paris"), now=0)


def match(clause: Clause) -> Match:
    assert isinstance(clause, Match)
    return clause


@pytest.mark.parametrize("query", QUERIES, ids=lambda found: found["id"])
def test_a_named_query_is_a_search_of_its_type(query: dict[str, Any]) -> None:
    assert len(asked(query).query.where) > 0


def test_open_referrals_wait_for_their_owner_the_oldest_first() -> None:
    (query,) = [found for found in QUERIES if found["code"] == "open-referrals"]
    code, status, owner, _patient = map(match, asked(query).query.where)
    assert code.values == (TokenValue("https://sesame.example/fhir/CodeSystem/sesame-task-code", "referral"),)
    unfinished = ("requested", "received", "accepted", "in-progress")
    assert status.values == tuple(TokenValue(None, code) for code in unfinished)
    assert owner.values == (ReferenceValue("Organization", "a"),)
    assert asked(query).query.sort == (Sort("authored-on", "date"),)
