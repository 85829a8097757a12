"""Times as intervals: every precision, every zone, changes of the clock, and invalid texts."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.core.temporal import (
    BEGINNING,
    DAY,
    END,
    MINUTE,
    SECOND,
    format_instant,
    parse_instant,
    period_of,
    period_of_period,
    period_of_timing,
)

PARIS = ZoneInfo("Europe/Paris")
NEW_YORK = ZoneInfo("America/New_York")
ZONES = st.sampled_from([PARIS, NEW_YORK, ZoneInfo("UTC"), ZoneInfo("Asia/Kathmandu")])
HOUR = 60 * MINUTE


def micros(moment: datetime) -> int:
    """The moment in UTC microseconds, by the calendar of the standard library."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


@given(
    st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2100, 1, 1)),
    st.integers(min_value=-14 * 60, max_value=14 * 60),
)
def test_a_full_time_with_an_offset_is_one_microsecond(moment: datetime, offset: int) -> None:
    sign, size = "-" if offset < 0 else "+", abs(offset)
    zone = timezone(timedelta(minutes=offset))
    text = moment.isoformat(timespec="microseconds") + f"{sign}{size // 60:02}:{size % 60:02}"
    low = micros(moment.replace(tzinfo=zone))
    assert period_of(text, PARIS) == (low, low + 1)
    assert parse_instant(text) == low


@given(st.dates(min_value=date(1, 1, 2), max_value=date(9999, 12, 30)), ZONES)
def test_a_day_runs_from_midnight_to_midnight_of_its_zone(day: date, zone: ZoneInfo) -> None:
    def midnight(of: date) -> int:
        return micros(datetime(of.year, of.month, of.day, tzinfo=zone))

    assert period_of(day.isoformat(), zone) == (midnight(day), midnight(day + timedelta(days=1)))


@given(st.integers(min_value=1, max_value=9998), st.integers(min_value=1, max_value=12), ZONES)
def test_months_tile_a_year_and_days_a_month(year: int, month: int, zone: ZoneInfo) -> None:
    first_day, last_day = f"{year:04}-{month:02}-01", date(year + month // 12, month % 12 + 1, 1)
    low, high = period_of(f"{year:04}-{month:02}", zone)
    assert low == period_of(first_day, zone)[0]
    assert high == period_of((last_day - timedelta(days=1)).isoformat(), zone)[1]
    whole = period_of(f"{year:04}", zone)
    assert whole[0] <= low < high <= whole[1]
    assert whole[0] == period_of(f"{year:04}-01", zone)[0]
    assert whole[1] == period_of(f"{year:04}-12", zone)[1]


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("2026-11-21T19:03Z", MINUTE),
        ("2026-11-21T19:03:00Z", SECOND),
        ("2026-11-21T19:03:00.1Z", 100_000),
        ("2026-11-21T19:03:00.123Z", 1_000),
        ("2026-11-21T19:03:00.123456Z", 1),
        ("2026-11-21T19:03:00.1234567890123456789Z", 1),
        ("2026-02", 28 * DAY),
        ("2024-02", 29 * DAY),
        ("2026", 365 * DAY),
    ],
)
def test_the_precision_written_is_the_time_covered(text: str, length: int) -> None:
    low, high = period_of(text, ZoneInfo("UTC"))
    assert high - low == length


def test_the_days_of_the_clock_change_have_23_and_25_hours() -> None:
    assert period_of("2026-03-29", PARIS)[1] - period_of("2026-03-29", PARIS)[0] == 23 * HOUR
    assert period_of("2026-10-25", PARIS)[1] - period_of("2026-10-25", PARIS)[0] == 25 * HOUR


def test_an_hour_that_comes_twice_is_its_first_coming() -> None:
    assert period_of("2026-10-25T02:30:00", PARIS)[0] == parse_instant("2026-10-25T00:30:00Z")


def test_a_skipped_hour_keeps_the_offset_before_the_jump() -> None:
    assert period_of("2026-03-29T02:30:00", PARIS)[0] == parse_instant("2026-03-29T01:30:00Z")


def test_a_leap_second_is_the_first_of_the_next_minute() -> None:
    assert parse_instant("2016-12-31T23:59:60Z") == parse_instant("2017-01-01T00:00:00Z")


def test_the_ends_of_the_calendar_are_within_the_open_ends() -> None:
    for zone in (PARIS, NEW_YORK):
        assert period_of("0001", zone)[0] > BEGINNING
        assert period_of("9999-12-31", zone)[1] < END
    assert BEGINNING > -(2**63)
    assert END < 2**63


@pytest.mark.parametrize(
    "text",
    [
        "",
        "26-11-21",
        "2026-13",
        "2026-00",
        "2026-02-30",
        "0000",
        "2026-11-21T24:00:00Z",
        "2026-11-21T19Z",
        "2026-11-21T19:60Z",
        "2026-11-21T19:03:61Z",
        "2026-11-21T19:03:00.Z",
        "2026-11-21T19:03:00+15:00",
        "2026-11-21 19:03:00Z",
        "2026-11-21T19:03:00z",
        "2026-11-21Z",
        "today",
        "２０２６",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        period_of(text, PARIS)


@pytest.mark.parametrize("text", ["2026-11-21", "2026-11-21T19:03Z", "2026-11-21T19:03:00"])
def test_an_instant_needs_its_seconds_and_zone(text: str) -> None:
    with pytest.raises(ValueError):
        parse_instant(text)


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1)))
def test_instants_are_written_with_milliseconds_and_read_back(moment: datetime) -> None:
    microseconds = micros(moment.replace(tzinfo=UTC))
    text = format_instant(microseconds)
    assert text == moment.isoformat(timespec="milliseconds") + "Z"
    assert parse_instant(text) == microseconds // 1000 * 1000


def test_a_period_lasts_to_the_end_of_its_last_moment() -> None:
    period = {"start": "2026-01-01", "end": "2026-03"}
    expected = (period_of("2026-01-01", PARIS)[0], period_of("2026-03-31", PARIS)[1])
    assert period_of_period(period, PARIS) == expected


def test_a_period_that_starts_within_its_last_moment_starts_where_it_says() -> None:
    period = {"start": "2013-10-27", "end": "2013"}
    expected = (period_of("2013-10-27", PARIS)[0], period_of("2013", PARIS)[1])
    assert period_of_period(period, PARIS) == expected


def test_a_missing_end_of_a_period_is_open() -> None:
    start = period_of("2026-01-01", PARIS)[0]
    assert period_of_period({"start": "2026-01-01"}, PARIS) == (start, END)
    assert period_of_period({"end": "2026-01-01"}, PARIS) == (BEGINNING, start + DAY)
    assert period_of_period({}, PARIS) == (BEGINNING, END)


def test_a_period_that_ends_before_it_starts_covers_the_time_between() -> None:
    backwards = {"start": "2026-03-01", "end": "2026-01-01"}
    low, high = period_of_period(backwards, PARIS)
    assert (low, high) == (period_of("2026-01-01", PARIS)[0], period_of("2026-03-01", PARIS)[1])


def test_a_timing_covers_its_outer_limits() -> None:
    timing = {
        "event": ["2026-02-01", None, "2026-01-01"],
        "repeat": {"boundsPeriod": {"start": "2026-01-15", "end": "2026-03-01"}, "frequency": 2},
    }
    expected = (period_of("2026-01-01", PARIS)[0], period_of("2026-03-01", PARIS)[1])
    assert period_of_timing(timing, PARIS) == expected


def test_a_timing_without_limits_covers_nothing_that_can_be_told() -> None:
    assert period_of_timing({"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}, PARIS) is None
