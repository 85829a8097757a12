"""The order of moments is that of time, however they are written."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.validation.fhirpath.date_times import compare_date_times

ZONES = st.integers(-14 * 4, 14 * 4).map(lambda quarters: timezone(timedelta(minutes=15 * quarters)))
MOMENTS = st.datetimes(datetime(1900, 1, 2), datetime(2100, 1, 1), timezones=ZONES | st.just(UTC))


def written(moment: datetime) -> str:
    return moment.replace(microsecond=0).isoformat()


@given(MOMENTS, MOMENTS, st.booleans())
def test_the_order_of_seconds_is_that_of_time(one: datetime, other: datetime, in_one_zone: bool) -> None:
    if in_one_zone:
        other = other.astimezone(one.tzinfo)
    first, second = one.replace(microsecond=0), other.replace(microsecond=0)
    assert compare_date_times(written(one), written(other)) == (first > second) - (first < second)


@pytest.mark.parametrize(
    ("one", "other", "order"),
    [
        ("2024-01-31", "2024-02-01", -1),
        ("2024-02-01", "2024-02-01", 0),
        ("2024-02", "2024-02-01", None),
        ("2024-02-01T09:30+01:00", "2024-02-01T09:30-01:00", -1),
        ("2024-02-01T09:30:00.5Z", "2024-02-01T09:30:00.7Z", -1),
        ("2024-02-01T09:30:00Z", "2024-02-01T09:30:00", None),
        ("2024-02-01T09:30:00+02:00", "2024-02-02T09:30", -1),
        ("2024-02-01T12", "2024-01-31T21:00:00Z", 1),
        ("no moment", "na moment", None),
        ("ab-cd-ef-x", "gh-ij-kl-x", None),
    ],
)
def test_what_is_less_precise_may_have_no_order(one: str, other: str, order: int | None) -> None:
    assert compare_date_times(one, other) == order
