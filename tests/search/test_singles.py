"""Which parameters have one value at most, as the definitions of the elements tell."""

import pytest

from fhir_server.definitions.registry import Registry
from fhir_server.search.singles import are_single


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
    assert are_single(registry, [type], code) is single


def test_of_several_types_all_must_be_so(registry: Registry) -> None:
    assert are_single(registry, ["Observation", "Encounter"], "date")
    assert not are_single(registry, ["Goal", "Patient"], "target-date")
