"""PractitionerRole/[id]/$file-active: the nurse's caseload on a day, as a List and its details, or as CSV."""

from functools import partial

from fhir_server.core import json
from fhir_server.core.bundle import bundle, entry
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.extension import Engine, Operation, Resource
from fhir_server.operations.parameters import single_parameters
from mappings.sesame.caseload.caseload import Caseload
from mappings.sesame.caseload.episode_summary import EpisodeSummary, open_episodes
from mappings.sesame.caseload.unreadable import unreadable_references, warning_entries
from mappings.sesame.guide import Guide
from mappings.sesame.operations.list_rows import COLUMNS, parameter, row, unreadable_rows
from mappings.sesame.operations.parameter_parsing import day_or_today, parse_choice
from mappings.sesame.operations.store_records import addressed_resource
from mappings.sesame.policy import Policy
from mappings.sesame.tables import csv_response

OUTPUTS = ("json", "csv")


def file_active(guide: Guide, policy: Policy, caseload: Caseload) -> Operation:
    """The operation."""
    return Operation(
        code="file-active",
        definition=guide.canonical("OperationDefinition", "file-active"),
        levels=frozenset({"instance"}),
        handle=partial(_file_active, guide, policy, caseload),
        types=frozenset({"PractitionerRole"}),
        takes_long=True,
    )


def _file_active(
    guide: Guide, policy: Policy, caseload: Caseload, request: FhirRequest, engine: Engine
) -> FhirResponse:
    parameters = single_parameters(request, ("date", "output"))
    day = day_or_today(parameters.get("date"), engine)
    output = parse_choice("output", parameters.get("output"), OUTPUTS)
    nurse = addressed_resource(request, engine)["id"]
    with caseload.caught_up(engine) as snapshot:
        summaries, missing = open_episodes(snapshot, day, nurse), unreadable_references(snapshot)
    rows = [row(policy, summary, request.language) for summary in summaries]
    if output == "csv":
        return csv_response(COLUMNS, [*rows, *unreadable_rows(missing, request.language)])
    details = [parameter(summary, cells) for summary, cells in zip(summaries, rows, strict=True)]
    listed = _list(guide, nurse, day.isoformat(), summaries)
    # A Parameters resource without parameters would be invalid.
    resources = [listed, {"resourceType": "Parameters", "parameter": details}] if details else [listed]
    entries = [entry(resource=json.serialise(one)) for one in resources]
    return FhirResponse(
        200, body=bundle("collection", [*entries, *warning_entries(missing, request.language)])
    )


def _list(guide: Guide, nurse: str, day: str, summaries: list[EpisodeSummary]) -> Resource:
    found: Resource = {
        "resourceType": "List",
        "meta": {"profile": [guide.profile("sesame-list-file-active")]},
        "status": "current",
        "mode": "snapshot",
        "code": guide.concept("sesame-list-code", "file-active"),
        "date": day,
        "source": {"reference": f"PractitionerRole/{nurse}"},
    }
    if not summaries:
        reason = {"system": "http://terminology.hl7.org/CodeSystem/list-empty-reason", "code": "nilknown"}
        return found | {"emptyReason": {"coding": [reason]}}
    return found | {
        "entry": [
            {
                "item": {
                    "reference": f"EpisodeOfCare/{one.episode.id}",
                    "display": one.person.name if one.person else one.episode.number,
                }
            }
            for one in summaries
        ]
    }
