"""MongoDB finds what the oracle finds, with its indexes and without them."""

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_server.definitions.registry import Registry
from fhir_server.search.extract import Extractor
from fhir_server.store import backends
from tests.search.oracle.questions.queries import Plan, cases
from tests.search.oracle.questions.servers import BACKENDS, MONGODB, Server, oracle
from tests.search.test_oracle_agreement import PLANS, compare


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
@settings(max_examples=4)
@given(data=st.data())
def test_mongodb_agrees_with_the_oracle(
    registry: Registry,
    extractor: Extractor,
    tmp_path_factory: pytest.TempPathFactory,
    plan: Plan,
    data: st.DataObject,
) -> None:
    case = data.draw(cases(plan, registry.search_parameters, partial(oracle, registry)))
    with Server.open(registry, extractor, tmp_path_factory.getbasetemp(), MONGODB) as server:
        server.put(*case.universe)
        compare(server, case)


def test_no_backend_is_left_out() -> None:
    assert {*BACKENDS, *MONGODB} == {*backends.BACKENDS, "indexed"} - {"mongodb+srv"}
