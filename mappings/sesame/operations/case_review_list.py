"""PractitionerRole/$case-review-list: the patients to discuss at the weekly case review, ranked, with
reasons.

At instance level, the path names the nurse or the psychiatrist; a parameter may name the other one.
"""

from datetime import date
from functools import partial

from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.extension import Engine, Operation, Resource
from fhir_server.issues import Language
from fhir_server.operations.answers import answer_with
from fhir_server.operations.parameters import single_parameters
from mappings.sesame.caseload.agenda import Item, Thresholds, agenda
from mappings.sesame.caseload.caseload import Caseload
from mappings.sesame.caseload.episode_summary import open_episodes
from mappings.sesame.caseload.unreadable import unreadable_references
from mappings.sesame.guide import Guide
from mappings.sesame.operations.file_active import OUTPUTS
from mappings.sesame.operations.list_rows import COLUMNS, parameter, row, unreadable_rows
from mappings.sesame.operations.parameter_parsing import (
    day_or_today,
    parse_choice,
    parse_number,
    parse_reference,
)
from mappings.sesame.operations.store_records import addressed_resource
from mappings.sesame.pathway.reading import has_code
from mappings.sesame.policy import Policy
from mappings.sesame.tables import Cell, csv_response

THRESHOLDS = {
    "not-improved-days": "not_improved_days",
    "review-days": "review_days",
    "contact-days": "contact_days",
    "elevated-score": "elevated_score",
}
"""The policy setting that is the default of each threshold, by the name of its parameter."""

AGENDA_COLUMNS = ("ordre", "motifs", "motifs_texte", *COLUMNS)


def case_review_list(guide: Guide, policy: Policy, caseload: Caseload) -> Operation:
    """The operation."""
    return Operation(
        code="case-review-list",
        definition=guide.canonical("OperationDefinition", "case-review-list"),
        levels=frozenset({"type", "instance"}),
        handle=partial(_case_review_list, guide, policy, caseload),
        types=frozenset({"PractitionerRole"}),
        takes_long=True,
    )


def _case_review_list(
    guide: Guide, policy: Policy, caseload: Caseload, request: FhirRequest, engine: Engine
) -> FhirResponse:
    given = single_parameters(request, ("date", "output", "nurse", "psychiatrist", *THRESHOLDS))
    day = day_or_today(given.get("date"), engine)
    output = parse_choice("output", given.get("output"), OUTPUTS)
    thresholds = _thresholds(policy, given)
    pair = _pair(guide, given, request, engine)
    with caseload.caught_up(engine) as snapshot:
        items, missing = (
            agenda(open_episodes(snapshot, day, *pair), thresholds),
            unreadable_references(snapshot),
        )
    rows = [_row(policy, item, place, request.language) for place, item in enumerate(items, start=1)]
    if output == "csv":
        return csv_response(AGENDA_COLUMNS, [*rows, *unreadable_rows(missing, request.language)])
    found = [
        parameter(item.summary, cells, _parts(item, place, request.language))
        for place, (item, cells) in enumerate(zip(items, rows, strict=True), start=1)
    ]
    return answer_with([*_head(day, len(items), missing, thresholds), *found])


def _thresholds(policy: Policy, given: dict[str, str]) -> Thresholds:
    values = {
        field: parse_number(name, given.get(name), getattr(policy, field))
        for name, field in THRESHOLDS.items()
    }
    return Thresholds(**values)


def _pair(
    guide: Guide, given: dict[str, str], request: FhirRequest, engine: Engine
) -> tuple[str | None, str | None]:
    """The ids of the nurse and the psychiatrist whose patients are listed; None for any."""
    nurse = parse_reference("nurse", given.get("nurse"), "PractitionerRole")
    psychiatrist = parse_reference("psychiatrist", given.get("psychiatrist"), "PractitionerRole")
    if len(request.path) == 2:
        return nurse, psychiatrist
    role = addressed_resource(request, engine)
    system = guide.canonical("CodeSystem", "sesame-role")
    if has_code(role.get("code", []), system, "psychiatre"):
        return nurse, role["id"]
    return role["id"], psychiatrist


def _head(day: date, total: int, missing: list[str], thresholds: Thresholds) -> list[Resource]:
    """The parameters about the list as a whole."""
    return [
        {"name": "date", "valueDate": day.isoformat()},
        {"name": "total", "valueUnsignedInt": total},
        *({"name": "unread", "valueReference": {"reference": reference}} for reference in missing),
        *(
            {"name": name, "valueUnsignedInt": getattr(thresholds, field)}
            for name, field in THRESHOLDS.items()
        ),
    ]


def _row(policy: Policy, item: Item, place: int, language: Language) -> dict[str, Cell]:
    reasons: dict[str, Cell] = {
        "ordre": place,
        "motifs": " ".join(reason.code for reason in item.reasons),
        "motifs_texte": " ".join(reason.text.render(language) for reason in item.reasons),
    }
    return reasons | row(policy, item.summary, language)


def _parts(item: Item, place: int, language: Language) -> list[Resource]:
    reasons = [
        {
            "name": "reason",
            "part": [
                {"name": "code", "valueCode": reason.code},
                {"name": "text", "valueString": reason.text.render(language)},
            ],
        }
        for reason in item.reasons
    ]
    return [{"name": "order", "valuePositiveInt": place}, *reasons]
