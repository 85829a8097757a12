"""The matches of the guide's own search parameters in the story."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fhir_server.core.temporal import period_of_period
from fhir_server.search.extract import Extractor
from tests.mappings.story import resources
from tests.mappings.validity import GUIDE, REGISTRY
from tests.profiles.examples import examples

PARIS = ZoneInfo("Europe/Paris")
EXTRACTOR = Extractor(REGISTRY, PARIS)
EXAMPLES = {example.name: example.resource for example in examples()}


def found(kind: str, resource: dict[str, Any], parameter: str) -> list[Any]:
    """The entries of one kind that a parameter gives for a resource."""
    entries = EXTRACTOR.entries(resource | {"id": "1"})
    return [entry for entry in getattr(entries, kind) if entry.parameter == parameter]


BILLS = [EXAMPLES["facture-1"], EXAMPLES["facture-2"]]


@pytest.mark.parametrize(
    ("plans_or_claims", "ranks"), [(resources("CarePlan"), [1, 1, 2, 2]), (BILLS, [1, 2])]
)
def test_the_rank_of_a_sequence_is_a_number(plans_or_claims: list[Any], ranks: list[int]) -> None:
    low_to_high = {
        rank: found("numbers", resource, "sequence-rank")
        for rank, resource in zip(ranks, plans_or_claims, strict=True)
    }
    assert all(len(entries) == 1 and entries[0].low == entries[0].high for entries in low_to_high.values())
    assert low_to_high[1][0].low < low_to_high[2][0].low


@pytest.mark.parametrize(
    ("plans_or_claims", "parameter", "code_system"),
    [(resources("CarePlan"), "track", "sesame-track"), (BILLS, "forfait", "sesame-forfait")],
)
def test_track_and_forfait_are_tokens(plans_or_claims: list[Any], parameter: str, code_system: str) -> None:
    for resource in plans_or_claims:
        (entry,) = found("tokens", resource, parameter)
        assert (entry.system, entry.code) == (GUIDE.canonical("CodeSystem", code_system), "classique")


def test_the_service_date_is_the_period_of_the_sequence() -> None:
    for claim in BILLS:
        (entry,) = found("dates", claim, "service-date")
        span = period_of_period(claim["billablePeriod"], PARIS)
        assert (entry.low, entry.high) == span


@pytest.mark.parametrize(
    ("example", "parameter", "code_system", "codes"),
    [
        ("parcours-camille", "exit-reason", "sesame-exit-reason", ["goals-reached"]),
        ("parcours-ouvert", "exit-reason", "sesame-exit-reason", []),
        ("accuse", "billing-state", "sesame-claim-state", ["received"]),
        ("suivi-camille", "billing-state", "sesame-claim-state", []),
        ("reponse", "outcome", "sesame-outcome", ["response"]),
        ("reponse-sans-objet", "outcome", "sesame-outcome", []),
        ("score-phq9-final", "outcome", "sesame-outcome", []),
    ],
)
def test_what_the_examples_are_found_by(
    example: str, parameter: str, code_system: str, codes: list[str]
) -> None:
    system = GUIDE.canonical("CodeSystem", code_system)
    entries = found("tokens", EXAMPLES[example], parameter)
    assert [(entry.system, entry.code) for entry in entries] == [(system, code) for code in codes]
