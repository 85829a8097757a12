"""$reindex: index stored resources for search parameters that were defined or changed later.

https://hl7.org/fhir/R4/searchparameter.html
"""

from collections.abc import Iterator
from typing import Any

from fhir_server.core import json
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import InvalidRequest
from fhir_server.extension import Engine, Operation
from fhir_server.jobs import reindex as jobs
from fhir_server.jobs.reindex import ReindexJob
from fhir_server.operations import messages
from fhir_server.operations.parameters import single_parameters

CODE = "reindex"
JOB, EVERYTHING = "job", "everything"

Part = dict[str, Any]


def reindex(request: FhirRequest, engine: Engine) -> FhirResponse:
    """POST $reindex[?everything=true]: 202 and the job, which begins at once in the background.

    GET $reindex[?job=ID]: 200, the progress of that job or the last one, and the pending parameters.
    """
    if request.method == "POST":
        parameters = single_parameters(request, (EVERYTHING,))
        job = jobs.request(engine.store, _truth(parameters.get(EVERYTHING, "false")))
        place = f"{request.base_url}/${CODE}?{JOB}={job.id}"
        return FhirResponse(202, body=_answer(job, engine), content_location=place)
    parameters = single_parameters(request, (JOB,))
    return FhirResponse(200, body=_answer(jobs.job(engine.store, parameters.get(JOB)), engine))


def _truth(value: str) -> bool:
    if value not in ("true", "false"):
        raise InvalidRequest.of(messages.BAD_BOOLEAN(name=EVERYTHING, value=value), f"http.{EVERYTHING}")
    return value == "true"


def _answer(job: ReindexJob | None, engine: Engine) -> bytes:
    return json.serialise({"resourceType": "Parameters", "parameter": list(_parts(job, engine))})


def _parts(job: ReindexJob | None, engine: Engine) -> Iterator[Part]:
    if job is None:
        yield {"name": "status", "valueCode": "none"}
    else:
        progress = job.progress
        yield {"name": JOB, "valueString": job.id}
        yield {"name": "status", "valueCode": _status(job)}
        yield {"name": "indexed", "valueUnsignedInt": progress.indexed}
        yield {"name": "total", "valueUnsignedInt": progress.total}
        if progress.error:
            yield {"name": "error", "valueString": progress.error}
    for type, codes in sorted(engine.pending.items()):
        yield {
            "name": "pending",
            "part": [_code("type", type), *(_code("parameter", code) for code in sorted(codes))],
        }


def _code(name: str, value: str) -> Part:
    return {"name": name, "valueCode": value}


def _status(job: ReindexJob) -> str:
    if job.done:
        return "failed" if job.progress.error else "completed"
    return "in-progress" if job.progress.generation else "accepted"


REINDEX = Operation(
    code=CODE,
    definition="urn:fhir-server:OperationDefinition:reindex",
    levels=frozenset({"system"}),
    handle=reindex,
    affects_state=True,
)
