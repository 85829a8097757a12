"""Measure/[id]/$evaluate-measure: the value of an indicator in a period; $sesame-dashboard: all of them.

https://hl7.org/fhir/R4/measure-operation-evaluate-measure.html
"""

from datetime import date
from functools import partial

from fhir_server.core import json
from fhir_server.core.bundle import bundle, entry
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import InvalidRequest, NotFound
from fhir_server.extension import Engine, Operation
from fhir_server.operations.parameters import single_parameters
from mappings.sesame.caseload.caseload import Caseload
from mappings.sesame.caseload.unreadable import unreadable_references, warning_entries
from mappings.sesame.guide import Guide
from mappings.sesame.measures.indicators import INDICATORS
from mappings.sesame.measures.objectives import objectives_in, read_objectives
from mappings.sesame.measures.report import objective_report, report
from mappings.sesame.measures.scope import Scope
from mappings.sesame.operations import messages
from mappings.sesame.operations.parameter_parsing import (
    parse_choice,
    parse_day,
    parse_department,
    parse_reference,
    today,
)
from mappings.sesame.pathway.calendar import last_day

SCOPED = ("periodStart", "periodEnd", "practitioner", "site", "department")
REPORT_TYPES = ("population", "subject-list")


def evaluate_measure(guide: Guide, caseload: Caseload) -> Operation:
    """The operation on one Measure."""
    return Operation(
        code="evaluate-measure",
        definition=guide.canonical("OperationDefinition", "evaluate-measure"),
        levels=frozenset({"type", "instance"}),
        handle=partial(_evaluate, guide, caseload),
        types=frozenset({"Measure"}),
        takes_long=True,
    )


def sesame_dashboard(guide: Guide, caseload: Caseload) -> Operation:
    """The operation on all Measures."""
    return Operation(
        code="sesame-dashboard",
        definition=guide.canonical("OperationDefinition", "sesame-dashboard"),
        levels=frozenset({"system"}),
        handle=partial(_dashboard, guide, caseload),
        takes_long=True,
    )


def _evaluate(guide: Guide, caseload: Caseload, request: FhirRequest, engine: Engine) -> FhirResponse:
    parameters = single_parameters(request, (*SCOPED, "measure", "reportType"))
    scope = _scope(parameters)
    measure = request.path[1] if len(request.path) == 3 else parameters.get("measure", "")
    measure = measure.partition("|")[0].removeprefix(guide.canonical("Measure", "")).removeprefix("Measure/")
    if measure not in INDICATORS:
        text = messages.NO_MEASURE(id=measure[:64], valid=", ".join(INDICATORS))
        raise NotFound.of(text, *(["http.measure"] if "measure" in parameters else []))
    by_subject = parse_choice("reportType", parameters.get("reportType"), REPORT_TYPES) == "subject-list"
    with caseload.caught_up(engine) as snapshot:
        made = report(guide, measure, snapshot, scope, today(engine).isoformat(), by_subject)
    return FhirResponse(200, body=json.serialise(made))


def _dashboard(guide: Guide, caseload: Caseload, request: FhirRequest, engine: Engine) -> FhirResponse:
    scope, made_on = _scope(single_parameters(request, SCOPED)), today(engine).isoformat()
    with caseload.caught_up(engine) as snapshot:
        reports = [report(guide, measure, snapshot, scope, made_on) for measure in INDICATORS]
        missing = unreadable_references(snapshot)
    # Objectives exist only for the whole programme.
    expected = objectives_in(read_objectives(), scope) if scope.is_whole_programme else []
    reports += [objective_report(guide, rows) for rows in expected]
    entries = [entry(resource=json.serialise(one)) for one in reports]
    return FhirResponse(
        200, body=bundle("collection", [*entries, *warning_entries(missing, request.language)])
    )


def _scope(parameters: dict[str, str]) -> Scope:
    """The scope of the request. Raises `InvalidRequest` without a valid period."""
    start, end = parameters.get("periodStart"), parameters.get("periodEnd")
    if start is None or end is None:
        missing = [f"http.{name}" for name in ("periodStart", "periodEnd") if name not in parameters]
        raise InvalidRequest.of(messages.PERIOD_NEEDED(), *missing)
    first, last = _first_day("periodStart", start), _last_day(end)
    if first > last:
        raise InvalidRequest.of(messages.PERIOD_BACKWARDS(start=first, end=last), "http.periodEnd")
    return Scope(
        start=first,
        end=last,
        site=parse_reference("site", parameters.get("site"), "Organization"),
        nurse=parse_reference("practitioner", parameters.get("practitioner"), "PractitionerRole"),
        department=parse_department(parameters.get("department")),
    )


def _first_day(name: str, text: str) -> date:
    """The first day of a year, a month or a day."""
    found = parse_day(name, text + {4: "-01-01", 7: "-01"}.get(len(text), ""))
    assert found is not None, "a text was given"
    return found


def _last_day(text: str) -> date:
    months = {4: 12, 7: 1}.get(len(text))
    first = _first_day("periodEnd", text)
    return last_day(first, months) if months else first
