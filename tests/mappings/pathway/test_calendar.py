"""Calendar arithmetic with months and days, up to the end of the calendar."""

from datetime import date

import pytest

from mappings.sesame.pathway.calendar import add_days, add_months, last_day
from tests.mappings.pathway.conftest import Pathway
from tests.mappings.pathway.plans import UNTIL_ASSESSED, begin, sent, tell
from tests.mappings.pathway.referrals import only


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        ("2024-01-31", 1, "2024-02-29"),
        ("2023-11-30", 3, "2024-02-29"),
        ("2025-01-13", 12, "2026-01-13"),
        ("2025-12-31", 1, "2026-01-31"),
        ("2025-01-31", -2, "2024-11-30"),
        ("9999-11-30", 1, "9999-12-30"),
        ("9999-12-01", 1, "9999-12-31"),
        ("9999-12-31", 12, "9999-12-31"),
    ],
)
def test_months_end_with_the_month_and_with_the_calendar(day: str, months: int, expected: str) -> None:
    assert add_months(date.fromisoformat(day), months).isoformat() == expected


def test_days_end_with_the_calendar() -> None:
    assert add_days(date(2024, 2, 28), 2) == date(2024, 3, 1)
    assert add_days(date(9999, 12, 30), 14) == date.max
    assert last_day(date(2025, 1, 13), 3) == date(2025, 4, 12)


def test_the_end_of_the_calendar_breaks_nothing(pathway: Pathway) -> None:
    client = pathway()
    tell(client, *UNTIL_ASSESSED)
    assert begin(client, 1, "9999-11-01", "9999-12-31").status == 422
    assert client.get("$sesame-dashboard?periodStart=0001&periodEnd=9999").status == 200
    plan = sent(begin(client, 1, "2025-01-13", "2025-04-12")).id
    start = {"name": "start", "valueDate": "9999-12-31"}
    asked = {"resourceType": "Parameters", "parameter": [start]}
    assert client.post(f"CarePlan/{plan}/$renew", asked).status == 422
    patient = only(client, "Patient") | {"birthDate": "9999"}
    assert client.put(f"Patient/{patient['id']}", patient).status == 200
    request = only(client, "ServiceRequest")
    assert client.put(f"ServiceRequest/{request['id']}", request).status < 500
