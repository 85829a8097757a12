"""Which parameters have one value at most, as the definitions of the elements tell."""

import pytest

from fhir_server.definitions.registry import Registry
from fhir_server.search.cardinality import is_single_valued


@pytest.mark.parametrize(
    ("type", "code", "single"),
    [
        ("Patient", "birthdate", True),
        ("Observation", "date", True),
        ("Encounter", "date", True),
        ("Condition", "onset-date", True),
        ("Goal", "target-date", False),
        ("CarePlan", "activity-date", False),
        ("Practitioner", "name", False),
        ("Patient", "nothing", False),
    ],
)
def test_no_element_on_the_way_may_repeat(registry: Registry, type: str, code: str, single: bool) -> None:
    assert is_single_valued(registry, [type], code) is single


def test_of_several_types_all_must_be_so(registry: Registry) -> None:
    assert is_single_valued(registry, ["Observation", "Encounter"], "date")
    assert not is_single_valued(registry, ["Goal", "Patient"], "target-date")
