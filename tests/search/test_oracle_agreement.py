"""Every backend finds what the oracle finds, for random queries on random resources."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import currently_in_test_context, event, given, note
from hypothesis import strategies as st

from fhir_server.definitions.registry import Registry
from fhir_server.search.extract import Extractor
from tests.search.oracle.questions.queries import Case, Plan, cases
from tests.search.oracle.questions.servers import Server, oracle
from tests.search.oracle.questions.universes import LAST_UPDATED

CLINICAL = ("Patient", "Observation", "Encounter", "Condition", "Practitioner", "Organization", "Group")

PLANS = {
    "string": Plan(("string",), ("Patient", "Practitioner", "Organization", "Observation", "Questionnaire")),
    "token": Plan(
        ("token",), ("Patient", "Observation", "Encounter", "Condition", "Group", "Questionnaire", "CarePlan")
    ),
    "reference": Plan(
        ("reference",),
        ("Patient", "Observation", "Encounter", "Condition", "CarePlan", "QuestionnaireResponse", "Group"),
    ),
    "date": Plan(("date",), ("Patient", "Observation", "Encounter", "ChargeItem", "Condition", "CarePlan")),
    "number": Plan(
        ("number", "quantity"), ("RiskAssessment", "Observation", "ChargeItem", "Encounter", "Condition")
    ),
    "uri": Plan(("uri",), ("Questionnaire", "CarePlan")),
    "composite": Plan(("composite",), ("Observation", "Questionnaire", "Group")),
    "chain": Plan(("string", "token", "date"), CLINICAL, depth=1),
    "long chain": Plan(("token", "reference"), CLINICAL, depth=3),
    "sort": Plan(("token",), ("Patient", "Observation", "Questionnaire", "ChargeItem"), sorted=True),
    "types": Plan(("string", "token", "date", "reference"), CLINICAL, together=True),
}


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
@given(data=st.data())
def test_every_backend_agrees_with_the_oracle(
    registry: Registry, extractor: Extractor, stores_folder: Path, plan: Plan, data: st.DataObject
) -> None:
    case = data.draw(cases(plan, registry.search_parameters, partial(oracle, registry)))
    with Server.open(registry, extractor, stores_folder) as server:
        server.put(*case.universe)
        compare(server, case)


def compare(server: Server, case: Case) -> None:
    """Ask every question of the case of every backend."""
    consulted = oracle(server.registry, case.universe)
    for types, query in case.searches:
        expected = consulted.search(types, query)
        if currently_in_test_context():
            note(f"{','.join(types)}?{query}")
            event("found" if expected else "nothing")
        for name, store in server.stores.items():
            result = store.search(server.query(types, query))
            assert [match.reference for match in result.matches] == expected, name
            assert result.total == len(expected), name


def stored(type: str, id: str, **elements: Any) -> dict[str, Any]:
    return {"resourceType": type, "id": id, "meta": {"lastUpdated": LAST_UPDATED[0]}, **elements}


def test_a_chain_looks_into_contained_resources(
    registry: Registry, extractor: Extractor, stores_folder: Path
) -> None:
    """https://hl7.org/fhir/R4/search.html#contained"""
    inner = {"resourceType": "Patient", "id": "inner", "name": [{"given": ["Peter"]}]}
    universe = [stored("Observation", "o", contained=[inner], subject={"reference": "#inner"})]
    with Server.open(registry, extractor, stores_folder) as server:
        server.put(*universe)
        compare(server, Case(universe, [(["Observation"], "subject.name=peter")]))


def test_a_parameter_of_several_types_that_is_another_name_in_one_alone(
    registry: Registry, extractor: Extractor, stores_folder: Path
) -> None:
    """Of a Patient `phonetic` looks at what `name` does, of an Organization not."""
    universe = [stored("Organization", "o", name="Hospital", alias=["Acme"])]
    with Server.open(registry, extractor, stores_folder) as server:
        server.put(*universe)
        compare(server, Case(universe, [([], "_type=Patient,Organization&phonetic=acme")]))


@pytest.fixture(scope="module")
def stores_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stores")
