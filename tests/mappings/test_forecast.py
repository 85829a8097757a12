"""The forecast cohort fills every cell of the table that the opinion of 2023 gives."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.core import json
from mappings.sesame.check_digits import nir_key
from mappings.sesame.cohort import demo_cohort, forecast_cohort
from mappings.sesame.cohort.admissions import admissions
from mappings.sesame.cohort.bundles import make_context
from mappings.sesame.cohort.forecast import forecast_courses
from mappings.sesame.cohort.forecast_table import ForecastPeriod, read_forecast
from mappings.sesame.cohort.referral import referral_resources
from mappings.sesame.pathway.calendar import add_months
from tests.mappings.validity import GUIDE, assert_valid, is_marked_synthetic

FISS = (170_893, 874_774, 942_888, 628_471)
SMALL = [bundle for group in forecast_cohort(scale=0.01) for bundle in group]


def test_the_cells_are_those_that_were_published() -> None:
    periods = read_forecast()
    assert tuple(period.euros for period in periods) == FISS
    assert sum(FISS) == 2_617_026
    assert [period.leger * 245 + period.sequences * 608 for period in periods] == list(FISS)
    assert sum(period.leger for period in periods) == 378
    assert sum(period.classique for period in periods) == 2_532
    assert sum(period.sequences for period in periods) == 4_152


@pytest.mark.parametrize("scale", [0, 0.009, 1.01, -1, float("nan")])
def test_a_scale_out_of_bounds_is_refused(scale: float) -> None:
    with pytest.raises(ValueError, match="scale"):
        read_forecast(scale)


def period_of(periods: tuple[ForecastPeriod, ...], day: object) -> int:
    (place,) = [place for place, one in enumerate(periods) if one.start <= day <= one.end]  # type: ignore[operator]
    return place


@given(seed=st.integers(), percent=st.integers(1, 100))
def test_every_cell_is_filled_whatever_the_seed_and_the_scale(seed: int, percent: int) -> None:
    periods = read_forecast(percent / 100)
    entered: Counter[tuple[str, int]] = Counter()
    begun: Counter[tuple[str, int]] = Counter()
    for one in admissions(Random(seed), periods):
        assert one.sequences in ((1,) if one.track == "leger" else (1, 2, 3, 4))
        entered[one.track, period_of(periods, one.start)] += 1
        for rank in range(one.sequences):
            begun[one.track, period_of(periods, add_months(one.start, 3 * rank))] += 1
    for place, period in enumerate(periods):
        assert entered["leger", place] == begun["leger", place] == period.leger
        assert entered["classique", place] == period.classique
        assert begun["classique", place] == period.sequences


def test_what_cannot_be_filled_is_said() -> None:
    (first, *_) = read_forecast()
    too_many = ForecastPeriod(first.start, first.end, 0, 10, 21, 0)
    with pytest.raises(ValueError, match="no 1 renewals can begin from 2023-09-01"):
        admissions(Random(1), (too_many,))


def test_sequences_follow_each_other_day_by_day_within_a_year() -> None:
    for course in forecast_courses(scale=0.1):
        for before, after in zip(course.sequences, course.sequences[1:], strict=False):
            assert after.start == before.end + timedelta(days=1)
        first, last = course.sequences[0], course.sequences[-1]
        assert last.end < add_months(first.start, 12)
        assert course.referred_on < first.start


def test_the_same_seed_gives_the_same_bytes() -> None:
    again, other = forecast_cohort(scale=0.01), forecast_cohort(scale=0.01, seed=7)
    assert json.serialise([bundle for group in again for bundle in group]) == json.serialise(SMALL)
    assert json.serialise([bundle for group in other for bundle in group]) != json.serialise(SMALL)


def test_all_2910_patients_have_a_valid_number_of_their_own() -> None:
    context = make_context(GUIDE)
    people = [referral_resources(context, course)[0][0] for course in forecast_courses()]
    numbers = [person["identifier"][0]["value"] for person in people]
    assert len(numbers) == len(set(numbers)) == 2_910
    assert all(nir_key(number[:13]) == number[13:] for number in numbers)


def conditions(bundles: Iterable[dict[str, Any]]) -> set[str]:
    """The identifiers on which what patients have is created."""
    _, *of_patients = bundles
    return {entry["request"]["ifNoneExist"] for one in of_patients for entry in one["entry"]
            if "ifNoneExist" in entry["request"]}  # fmt: skip


def test_it_can_be_loaded_beside_the_demonstration() -> None:
    small = conditions(demo_cohort())
    assert len(small) > 100
    assert small.isdisjoint(conditions(SMALL))


def test_every_resource_is_sound_and_marked_synthetic() -> None:
    for bundle in SMALL[:12]:
        for entry in bundle["entry"]:
            assert_valid(entry["resource"])
            assert is_marked_synthetic(entry["resource"])
