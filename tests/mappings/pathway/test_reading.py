"""Reading dates and moments from resources."""

from datetime import date

import pytest

from mappings.sesame.pathway.reading import day


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-05-14", date(2025, 5, 14)),
        ("2025-01-31T23:30:00Z", date(2025, 2, 1)),
        ("2025-06-30T22:00:00Z", date(2025, 7, 1)),
        ("2025-06-30T23:59:59.999999999+02:00", date(2025, 6, 30)),
        ("2025-02-01T00:30:00+03:00", date(2025, 1, 31)),
        ("2016-12-31T23:59:60+01:00", date(2016, 12, 31)),
        ("9999-12-31T23:59:59Z", date(9999, 12, 31)),
        ("2025-05", None),
        ("tomorrow, 2025", None),
        (None, None),
        (20250514, None),
    ],
)
def test_a_day_is_that_of_paris(text: object, expected: date | None) -> None:
    assert day(text) == expected
