"""The demo cohort is reproducible, valid and complete, and covers every point of the pathway."""

from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.core import json
from mappings.sesame.check_digits import nir_key
from mappings.sesame.cohort import demo_cohort
from mappings.sesame.cohort.course import STAGES, Course, Stage, draw_answers, plan_course
from mappings.sesame.pathway.calendar import add_months
from tests.mappings.story import World
from tests.mappings.validity import assert_valid, is_marked_synthetic

COHORT = list(demo_cohort())


@pytest.fixture
def world() -> World:
    found = World()
    for bundle in COHORT:
        found.take(bundle)
    return found


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert json.serialise(list(demo_cohort(seed=7))) == json.serialise(list(demo_cohort(seed=7)))
    assert json.serialise(list(demo_cohort(seed=7))) != json.serialise(list(demo_cohort(seed=8)))


@pytest.mark.parametrize("bundle", COHORT, ids=lambda bundle: bundle["entry"][0]["resource"]["resourceType"])
def test_every_resource_is_sound_and_marked_synthetic(
    bundle: dict[str, list[dict[str, dict[str, str]]]],
) -> None:
    for entry in bundle["entry"]:
        assert_valid(entry["resource"])
        assert is_marked_synthetic(entry["resource"])


def test_the_bundles_can_be_sent_in_order_and_sent_again(world: World) -> None:
    before = dict(world.known)
    for bundle in COHORT:
        world.take(bundle)
    assert world.known == before


def test_twelve_patients_at_every_point_of_the_pathway(world: World) -> None:
    assert len(world.all("Patient")) == 12
    # A server rejects by itself what it cannot take on.
    reached = ["requested" if stage.reject_reason else stage.status for stage in STAGES]
    assert [task["status"] for task in world.all("Task")] == reached
    plans = world.all("CarePlan")
    assert sorted((plan["title"], plan["status"]) for plan in plans if plan["status"] == "active") == [
        ("SÉSAME classique, séquence 1", "active"),
        ("SÉSAME classique, séquence 2", "active"),
        ("SÉSAME classique, séquence 3", "active"),
        ("SÉSAME classique, séquence 4", "active"),
        ("SÉSAME léger, séquence 1", "active"),
    ]
    assert len(plans) == 1 + 2 + 3 + 4 + 1 + 2 + 1


def test_every_person_has_a_different_valid_number() -> None:
    numbers = [
        entry["resource"]["identifier"][0]["value"]
        for bundle in demo_cohort(patients=1000)
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] == "Patient"
    ]
    assert len(set(numbers)) == 1000
    assert all(nir_key(number[:13]) == number[13:] for number in numbers)


def test_the_cohort_follows_the_root_of_the_guide() -> None:
    root = "https://fhir.autre.example/r4"
    text = json.serialise(list(demo_cohort(root=root))).decode()
    assert "https://sesame.example" not in text
    assert f"{root}/StructureDefinition/sesame-careplan-classique" in text


@given(st.integers(), st.sampled_from(STAGES))
def test_sequences_never_overlap_and_last_three_months_at_most(seed: int, stage: Stage) -> None:
    course = plan_course(Random(seed), 1, stage)
    assert [sequence.rank for sequence in course.sequences] == list(range(1, stage.sequences + 1))
    for before, after in zip(course.sequences, course.sequences[1:], strict=False):
        assert before.end < after.start
    for sequence in course.sequences:
        assert sequence.end < add_months(sequence.start, 3)
        assert sequence.end < add_months(course.sequences[0].start, 3 * sequence.rank)
    assert_in_order(course)


def assert_in_order(course: Course) -> None:
    """Referral, assessment, first sequence, contacts."""
    if course.assessed_on:
        assert course.referred_on < course.assessed_on
    for contact in course.contacts:
        assert course.sequences[0].start < contact.day <= course.sequences[-1].end


@given(st.integers(), st.integers(0, 24))
def test_answers_add_up_and_spare_the_last_question(seed: int, total: int) -> None:
    answers = draw_answers(Random(seed), total, questions=9, spared=1)
    assert sum(answers) == total
    assert set(answers) <= {0, 1, 2, 3}
    assert answers[-1] == 0


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2025, 1, 31), 3, date(2025, 4, 30)),
        (date(2024, 11, 30), 3, date(2025, 2, 28)),
        (date(2023, 11, 29), 3, date(2024, 2, 29)),
        (date(2025, 9, 15), 3, date(2025, 12, 15)),
        (date(2025, 10, 15), 3, date(2026, 1, 15)),
        (date(2025, 2, 28), -3, date(2024, 11, 28)),
    ],
)
def test_adding_calendar_months(day: date, months: int, expected: date) -> None:
    assert add_months(day, months) == expected


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(-24, 24))
def test_adding_months_lands_in_the_right_month(day: date, months: int) -> None:
    found = add_months(day, months)
    assert (found.year * 12 + found.month) - (day.year * 12 + day.month) == months
    assert found.day == day.day or (found + timedelta(days=1)).day == 1
