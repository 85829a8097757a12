"""MeasureReports of the guide's profile: of computed indicators, and of objectives.

https://hl7.org/fhir/R4/measurereport.html
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from fhir_server.core import json
from fhir_server.extension import Resource
from mappings.sesame.caseload.caseload import Snapshot
from mappings.sesame.guide import Guide
from mappings.sesame.measures.indicators import INDICATORS, Group, Subjects
from mappings.sesame.measures.objectives import SOURCES, Objective
from mappings.sesame.measures.scope import Scope
from mappings.sesame.resources.elements import concept, period, present, resource

POPULATION = "http://terminology.hl7.org/CodeSystem/measure-population"
UNITS: Mapping[str, str] = {"EUR": "urn:iso:std:iso:4217", "d": "http://unitsofmeasure.org"}
GROUP_SYSTEMS = {"sequences-facturees": "sesame-forfait", "inclusions": "sesame-track"}


def report(
    guide: Guide, measure: str, snapshot: Snapshot, scope: Scope, made_on: str, by_subject: bool = False
) -> Resource:
    """The value of a Measure of the guide in a scope; `by_subject` adds the list of each population."""
    groups = INDICATORS[measure](snapshot, scope)
    lists = list(_lists(groups)) if by_subject else []
    kind = "subject-list" if by_subject else "summary"
    return (
        _head(guide, measure, kind, made_on)
        | present(contained=lists)
        | {
            # `pending` means preliminary: the data are incomplete.
            "status": "pending" if snapshot.unreadable else "complete",
            "reporter": _reporter(snapshot),
            "period": period(scope.start.isoformat(), scope.end.isoformat()),
            "group": [_group(guide, group, place, by_subject) for place, group in enumerate(groups)],
        }
    )


def objective_report(guide: Guide, rows: list[Objective]) -> Resource:
    """The objectives that one document sets for one Measure in one period."""
    first = rows[0]
    dated, title = SOURCES[first.source]
    return _head(guide, first.measure, "summary", dated) | {
        "reporter": {"display": title},
        "period": period(first.start.isoformat(), first.end.isoformat()),
        "group": [_expected(guide, row) for row in rows],
    }


def _head(guide: Guide, measure: str, kind: str, made_on: str) -> Resource:
    return resource("MeasureReport", guide.profile("sesame-measurereport")) | {
        "status": "complete",
        "type": kind,
        "measure": guide.canonical("Measure", measure),
        "date": made_on,
    }


def _reporter(snapshot: Snapshot) -> Resource:
    """The association that runs the programme, if all episodes name the same one."""
    carriers = {one.carrier for facts in snapshot.patients.values() for one in facts.episodes.values()}
    carriers.discard(None)
    if len(carriers) == 1:
        return {"reference": f"Organization/{carriers.pop()}"}
    return {"display": "SÉSAME"}


def _group(guide: Guide, group: Group, place: int, by_subject: bool) -> Resource:
    populations = []
    for code, subjects in group.populations.items():
        found: Resource = {"code": concept(POPULATION, code), "count": len(subjects)}
        if by_subject and subjects:
            found["subjectResults"] = {"reference": f"#{_list_id(place, code)}"}
        populations.append(found)
    return present(
        code=guide.concept(*group.code) if group.code else None,
        population=populations,
        measureScore=_quantity(group.score, group.unit) if group.score is not None else None,
        stratifier=[{"stratum": list(_strata(group.strata))}] if group.strata else None,
    )


def _strata(strata: Mapping[str, int]) -> Iterator[Resource]:
    for value, count in strata.items():
        counted = {"code": concept(POPULATION, "initial-population"), "count": count}
        yield {"value": {"text": value}, "population": [counted]}


def _expected(guide: Guide, row: Objective) -> Resource:
    return present(
        code=guide.concept(GROUP_SYSTEMS[row.measure], row.group) if row.group else None,
        population=[{"code": concept(POPULATION, "initial-population"), "count": row.count}],
        measureScore=_quantity(Decimal(row.amount), "EUR") if row.amount is not None else None,
    )


def _quantity(score: Decimal, unit: str | None) -> Resource:
    value = json.parse(f"{score:f}".encode())
    return {"value": value} | ({"unit": unit, "system": UNITS[unit], "code": unit} if unit else {})


def _lists(groups: list[Group]) -> Iterator[Resource]:
    for place, group in enumerate(groups):
        for code, subjects in group.populations.items():
            if subjects:
                yield _list(_list_id(place, code), subjects)


def _list(id: str, subjects: Subjects) -> Resource:
    items = [{"item": {"reference": subject}} for subject in subjects]
    return {"resourceType": "List", "id": id, "status": "current", "mode": "snapshot", "entry": items}


def _list_id(place: int, code: str) -> str:
    return f"{code}-{place + 1}"
