"""$evaluation-export: the pseudonymised data of an evaluation or of the research, with a manifest.

`output` is ndjson (resources), csv (a row per episode) or manifest: counts, reasons of exclusion, and the
SHA-256 of the other two files, which shows that the three belong together.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from hashlib import sha256

from fhir_server.core import json
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import BusinessRule
from fhir_server.extension import Engine, Operation, Resource
from fhir_server.operations.answers import answer_with
from fhir_server.operations.parameters import single_parameters
from mappings.sesame.caseload.caseload import Caseload, Snapshot
from mappings.sesame.caseload.messages import NOT_ALL_READ
from mappings.sesame.caseload.unreadable import unreadable_references
from mappings.sesame.export.eligibility import Exclusion, split_by_eligibility
from mappings.sesame.export.pseudonyms import PURPOSES, Pseudonyms
from mappings.sesame.export.resources import TYPES, Writer
from mappings.sesame.export.rows import COLUMNS, rows
from mappings.sesame.guide import Guide
from mappings.sesame.operations import messages
from mappings.sesame.operations.parameter_parsing import parse_choice, today
from mappings.sesame.tables import CSV, table

OUTPUTS = ("ndjson", "csv", "manifest")
NDJSON = "application/fhir+ndjson"


def evaluation_export(guide: Guide, caseload: Caseload, keys: Mapping[str, bytes]) -> Operation:
    """The operation, with the keys of the purposes that have one."""
    return Operation(
        code="evaluation-export",
        definition=guide.canonical("OperationDefinition", "evaluation-export"),
        levels=frozenset({"system"}),
        handle=partial(_export, guide, caseload, keys),
        takes_long=True,
    )


def _export(
    guide: Guide, caseload: Caseload, keys: Mapping[str, bytes], request: FhirRequest, engine: Engine
) -> FhirResponse:
    given = single_parameters(request, ("purpose", "output"))
    purpose = parse_choice("purpose", given.get("purpose"), PURPOSES)
    output = parse_choice("output", given.get("output"), OUTPUTS)
    if purpose not in keys:
        raise BusinessRule.of(messages.NO_KEY(purpose=purpose, option=f"{purpose}_key_file"))
    pseudonyms = Pseudonyms(keys[purpose], purpose)
    with caseload.caught_up(engine) as snapshot:
        for reference in unreadable_references(snapshot):
            raise BusinessRule.of(NOT_ALL_READ(reference=reference), reference)
        eligible, exclusions = split_by_eligibility(snapshot.patients, purpose, engine.zone)
        # Sorted by pseudonym: the order of the store would let two exports be joined line by line.
        patients = sorted(eligible, key=lambda patient: pseudonyms.of("Patient", patient))
        if output == "csv":
            return FhirResponse(200, body=_table(snapshot, patients, pseudonyms), media_type=CSV)
        writer = Writer(guide, pseudonyms)
        resources = [one for patient in patients for one in writer.resources(patient, eligible[patient])]
        resources.sort(key=lambda one: (TYPES.index(one["resourceType"]), one["id"]))
        lines = _lines(resources)
        if output == "ndjson":
            return FhirResponse(200, body=lines, media_type=NDJSON)
        digests = {"ndjson": lines, "csv": _table(snapshot, patients, pseudonyms)}
    made_on = today(engine).isoformat()
    return answer_with(_manifest(purpose, len(patients), exclusions, resources, digests, made_on))


def _table(snapshot: Snapshot, patients: list[str], pseudonyms: Pseudonyms) -> bytes:
    found = (
        row for patient in patients for row in rows(snapshot, patient, snapshot.patients[patient], pseudonyms)
    )
    return table(COLUMNS, found)


def _lines(resources: Iterable[Resource]) -> bytes:
    return b"".join(json.serialise(one) + b"\n" for one in resources)


def _manifest(
    purpose: str,
    exported: int,
    exclusions: Mapping[Exclusion, int],
    resources: list[Resource],
    files: Mapping[str, bytes],
    made_on: str,
) -> list[Resource]:
    counts = [sum(one["resourceType"] == type for one in resources) for type in TYPES]
    told: list[Resource] = [
        {"name": "purpose", "valueCode": purpose},
        {"name": "date", "valueDate": made_on},
        {"name": "patients", "valueUnsignedInt": exported + sum(exclusions.values())},
        {"name": "exported", "valueUnsignedInt": exported},
    ]
    told += [_counted("excluded", "reason", reason, count) for reason, count in exclusions.items()]
    told += [_counted("resources", "type", type, count) for type, count in zip(TYPES, counts, strict=True)]
    told += [
        {
            "name": "file",
            "part": [
                {"name": "output", "valueCode": output},
                {"name": "sha256", "valueString": sha256(content).hexdigest()},
            ],
        }
        for output, content in files.items()
    ]
    return told


def _counted(name: str, by: str, code: str, count: int) -> Resource:
    parts = [{"name": by, "valueCode": code}, {"name": "count", "valueUnsignedInt": count}]
    return {"name": name, "part": parts}
