"""Profiles are checked by making their snapshots."""

from typing import Any

import pytest

from fhir_server.validation.checks.structure_definition import StructureDefinitionCheck
from tests.definitions.snapshot.profiles import HERE, line, profile
from tests.validation.checks.runner import Runner

CHECK = StructureDefinitionCheck()


def test_a_profile_that_narrows_is_sound(run: Runner) -> None:
    assert run.issues(CHECK, profile("Patient", line("Patient.name", min=1))) == []


def test_each_line_that_widens_is_an_error(run: Runner) -> None:
    issues = run.issues(
        CHECK, profile("Observation", line("Observation.status", min=0), line("Observation.stauts"))
    )
    assert [(one.severity, one.key, one.expression) for one in issues] == [
        ("error", "snapshot", ("StructureDefinition.differential.element[0].min",)),
        ("error", "snapshot", ("StructureDefinition.differential.element[1].path",)),
    ]


def test_what_has_to_be_mended_elsewhere_is_a_warning(run: Runner) -> None:
    [issue] = run.issues(CHECK, profile("Patient", base="unknown"))
    assert (issue.severity, issue.expression) == ("warning", ("StructureDefinition.baseDefinition",))


@pytest.mark.parametrize(
    "changed",
    [{"derivation": "specialization"}, {"derivation": None}, {"differential": None}, {"url": None}],
)
def test_what_is_no_profile_is_left_alone(run: Runner, changed: dict[str, Any]) -> None:
    definition = profile("Patient", line("Patient.nome")) | changed
    assert run.issues(CHECK, {name: value for name, value in definition.items() if value is not None}) == []


def test_a_profile_that_derives_from_itself_is_an_error(run: Runner) -> None:
    [issue] = run.issues(CHECK, profile("Patient", name="a", base="a"))
    assert issue.severity == "error"
    assert f"{HERE}a > {HERE}a" in issue.text.render()
