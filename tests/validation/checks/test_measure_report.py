"""MeasureReports of something else than their Measure measures."""

from typing import Any

import pytest

from fhir_server.validation.checks.measure_report import MeasureReportCheck
from tests.validation.checks.runner import Found, Runner

Json = dict[str, Any]

URL = "http://example.org/Measure/soins"


def coded(code: str, **more: Any) -> Json:
    return {"code": {"coding": [{"system": "urn:s", "code": code}]}, **more}


BEGUN = coded("debut", population=[coded("initial"), coded("denominator")])
ENDED = coded("fin", population=[coded("initial"), {"code": {"text": "sortis"}}])


def problems(run: Runner, *groups: Json, of: tuple[Json, ...] = (BEGUN, ENDED), **more: Any) -> Found:
    run.known[URL] = {"resourceType": "Measure", "url": URL, "group": list(of)}
    report = {"resourceType": "MeasureReport", "type": "summary", "measure": URL, "group": list(groups)}
    return run.found(MeasureReportCheck(), report | more)


def test_a_report_of_the_groups_and_populations_of_its_measure(run: Runner) -> None:
    begun = coded("debut", population=[coded("denominator", count=3)], measureScore={"value": 1})
    ended = coded("fin", population=[{"code": {"text": "sortis"}}, {"count": 2}])
    assert problems(run, begun, ended) == []
    assert problems(run, {"population": [coded("initial")]}, of=(BEGUN,)) == []


@pytest.mark.parametrize(
    ("group", "place"),
    [
        (coded("zzz"), ""),
        ({"population": [coded("initial")]}, ""),
        (coded("fin", population=[coded("initial"), coded("denominator")]), ".population[1].code"),
        (coded("fin", population=[{"code": {"text": "entrés"}}]), ".population[0].code"),
        (coded("fin", population=[{"subjectResults": {"display": "x"}}]), ".population[0].subjectResults"),
    ],
)
def test_what_the_measure_does_not_measure(run: Runner, group: Json, place: str) -> None:
    assert problems(run, coded("debut"), group) == [
        ("warning", "measure-report", f"MeasureReport.group[1]{place}")
    ]


def test_a_list_of_subjects_names_them(run: Runner) -> None:
    listed = coded("fin", population=[{"subjectResults": {"display": "x"}}])
    assert problems(run, listed, type="subject-list") == []


def test_a_measure_that_is_not_known_is_not_compared(run: Runner) -> None:
    report = {"resourceType": "MeasureReport", "measure": "http://example.org/unknown", "group": [coded("x")]}
    assert run.found(MeasureReportCheck(), report) == []
