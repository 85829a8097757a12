"""$validate on the system, a type or an instance: always answers 200 with an OperationOutcome.

https://hl7.org/fhir/R4/resource-operation-validate.html
"""

from collections.abc import Iterable, Iterator
from typing import Any

from fhir_server.core import json
from fhir_server.core.outcome import operation_outcome
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.extension import Engine, Operation
from fhir_server.interactions.reference_resolver import resolver
from fhir_server.issues import Issue
from fhir_server.operations.validate import messages
from fhir_server.operations.validate.call import ValidateCall, read_call
from fhir_server.operations.validate.dry_run import MODES, try_bundle, try_mode

PROCESSED = ("transaction", "batch")


def validate(request: FhirRequest, engine: Engine) -> FhirResponse:
    """GET or POST $validate. Raises `InvalidRequest` only for invalid calls."""
    call = read_call(request, engine)
    with engine.validator.shared_budget():
        issues = _each_once(_issues_found(call, request, engine))
    outcome = operation_outcome((*_verdict(issues, call), *issues), request.language)
    return FhirResponse(200, body=json.serialise(outcome))


def _issues_found(call: ValidateCall, request: FhirRequest, engine: Engine) -> Iterator[Issue]:
    resource = call.resource
    if resource is not None:
        yield from _url_mismatches(call)
        resolve = resolver(engine.store, request.base_url)
        yield from engine.validator.validate(resource, call.profiles, resolve=resolve)
    if call.mode in MODES:
        yield from try_mode(call, request, engine)
    elif _is_processed(resource):
        yield from try_bundle(resource, request, engine)


def _url_mismatches(call: ValidateCall) -> Iterator[Issue]:
    """Issues for a resource whose type or id differs from the URL."""
    resource = call.resource
    type = resource.get("resourceType") if isinstance(resource, dict) else None
    if call.type is not None and isinstance(type, str) and type != call.type:
        text = messages.WRONG_TYPE(wanted=call.type, found=type)
        yield Issue("error", "invalid", text, (f"{call.type}.resourceType",))
    elif call.id is not None and isinstance(type, str) and resource.get("id") not in (None, call.id):
        text = messages.OTHER_ID(wanted=call.id, found=resource["id"])
        yield Issue("error", "invalid", text, (f"{type}.id",))


def _each_once(issues: Iterable[Issue]) -> list[Issue]:
    """The issues without repetitions: a dry run finds the issues of validation again."""
    kept: dict[tuple[Any, ...], Issue] = {}
    for issue in issues:
        kept.setdefault((issue.fails, issue.expression, issue.text.render()), issue)
    return list(kept.values())


def _verdict(issues: list[Issue], call: ValidateCall) -> Iterator[Issue]:
    """The first issue of an outcome without errors, which says that the resource is valid."""
    resource = call.resource
    if not isinstance(resource, dict) or any(issue.fails for issue in issues):
        return
    type, remarks = resource["resourceType"], sum(issue.severity == "warning" for issue in issues)
    text = messages.NO_ERROR(type=type, count=remarks) if remarks else messages.VALID(type=type)
    yield Issue("information", "informational", text, (type,))


def _is_processed(resource: Any) -> bool:
    if not isinstance(resource, dict) or resource.get("resourceType") != "Bundle":
        return False
    return resource.get("type") in PROCESSED


def _may_wait(request: FhirRequest) -> bool:
    """Whether the call needs a unit of work: a mode or a Bundle is run as a dry run."""
    content = request.content
    if any(name == "mode" for name, _ in request.query):
        return True
    return isinstance(content, dict) and content.get("resourceType") in ("Bundle", "Parameters")


VALIDATE = Operation(
    code="validate",
    definition="http://hl7.org/fhir/OperationDefinition/Resource-validate",
    levels=frozenset({"system", "type", "instance"}),
    handle=validate,
    is_dry_run=_may_wait,
    asks_codes=True,
)
