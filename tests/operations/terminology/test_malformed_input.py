"""Any input to a terminology operation gets a result or an error that says what is wrong."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir_server.definitions.value_sets import EXPANSION_PARAMETER
from fhir_server.store.clock import wall_clock
from fhir_server.store.memory import MemoryStore
from fhir_server.store.port import Store
from tests.codes.sample_terminology import CARE, code_system, url, value_set
from tests.interactions.client import Client
from tests.operations.terminology.conftest import parameters

JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.sampled_from(["", "|", "#", "http://x|1|2", "(a+)+", "[", "en;q=x", "*", "é" * 300, CARE]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(
        st.sampled_from(["code", "system", "value", "valueCode", "url"]), st.integers(), max_size=2
    ),
)
SUPPLEMENT = code_system(f"{CARE}/more", content="supplement", supplements=CARE, concept=[{"code": "visit"}])
MAP = {
    "resourceType": "ConceptMap",
    "url": f"{CARE}/map",
    "group": [
        {
            "source": CARE,
            "target": CARE,
            "element": [
                {
                    "code": "visit",
                    "target": [
                        {"code": "call", "dependsOn": [{"property": "p", "value": "v"}], "product": [{}]}
                    ],
                }
            ],
            "unmapped": {"mode": "other-map", "url": f"{CARE}/map"},
        }
    ],
}
MARKED = {
    "code": "visit",
    "designation": [{"language": "fr", "value": "x", "extension": [{"url": "y", "valueCode": "z"}]}],
    "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/valueset-label", "valueString": "a."}],
}
CONTAINED = {**value_set("inner", {"system": CARE}), "id": "inner"}
INLINE = value_set(
    "inline",
    {"system": CARE, "filter": [{"property": "place", "op": "regex", "value": "o.*"}]},
    {"system": CARE, "concept": [MARKED]},
    {"valueSet": ["#inner"]},
    exclude=[{"valueSet": [url("visits")]}],
    contained=[CONTAINED],
)
INLINE["compose"]["extension"] = [
    {
        "url": EXPANSION_PARAMETER,
        "extension": [{"url": "name", "valueCode": name}, {"url": "value", "valueString": value}],
    }
    for name, value in (("displayLanguage", "de"), ("versionsMatch", "false"))
]
CODING = {"system": CARE, "version": "1.0.0", "code": "visit", "display": "Visit"}
SENT = {"tx_resource": [code_system(), SUPPLEMENT, MAP], "displayLanguage": "fr,*;q=0"}
REQUESTS: list[tuple[str, dict[str, Any]]] = [
    ("ValueSet/$expand", parameters(**SENT, valueSet=INLINE, property="place", count=2, offset=1)),
    ("ValueSet/$expand", INLINE),
    ("ValueSet/$validate-code", parameters(**SENT, valueSet=INLINE, coding=CODING)),
    ("ValueSet/$validate-code", parameters(url=url("mixed"), codeableConcept={"coding": [CODING, CODING]})),
    ("CodeSystem/$validate-code", parameters(codeSystem=code_system(), coding=CODING)),
    ("CodeSystem/$lookup", parameters(**SENT, coding=CODING, property=["parent", "place"])),
    ("CodeSystem/$subsumes", parameters(codingA=CODING, codingB=CODING, system_version=f"{CARE}|1.x")),
    ("ConceptMap/$translate", parameters(**SENT, conceptMap=MAP, coding=CODING, reverse=True)),
    ("ConceptMap/$translate", parameters(**SENT, code="visit", system=CARE, targetsystem=CARE)),
]


@st.composite
def spoiled(draw: st.DrawFn, content: Any) -> Any:
    """The content with junk in some places, or with some left out."""
    if draw(st.integers(0, 30)) == 0:
        return draw(JUNK)
    if isinstance(content, dict):
        kept = {name: value for name, value in content.items() if draw(st.integers(0, 60))}
        return {name: draw(spoiled(value)) for name, value in kept.items()}
    if isinstance(content, list):
        return [draw(spoiled(value)) for value in content]
    return content


@pytest.fixture
def store() -> Store:
    """What is stored makes no difference here."""
    return MemoryStore(wall_clock)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.data())
def test_no_request_is_too_strange(care: Client, data: st.DataObject) -> None:
    path, body = data.draw(st.sampled_from(REQUESTS))
    assert care.post(path, data.draw(spoiled(body))).status < 500


@pytest.mark.parametrize("contained", [1, [1], [{"resourceType": {}}], [{"resourceType": []}], [{}]])
@pytest.mark.parametrize("brought", [code_system(), MAP, value_set("inner", {"system": CARE})])
def test_nor_what_a_resource_that_it_brings_contains(
    care: Client, brought: dict[str, Any], contained: Any
) -> None:
    sent = parameters(tx_resource={**brought, "contained": contained}, url=url("mixed"), coding=CODING)
    assert care.post("ValueSet/$validate-code", sent).status in (200, 400)


@pytest.mark.parametrize(("path", "body"), REQUESTS)
def test_unspoiled_they_are_answered(care: Client, path: str, body: dict[str, Any]) -> None:
    assert care.post(path, body).status == 200
