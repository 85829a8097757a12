"""patch and conditional patch, by JSON Patch or FHIRPath Patch.

https://hl7.org/fhir/R4/http.html#patch
"""

from time import thread_time
from typing import Any

from fhir_server.core import json
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import InvalidRequest, MalformedContent, Unprocessable, UnsupportedMediaType
from fhir_server.extension import Engine, Resource
from fhir_server.interactions import messages
from fhir_server.interactions.changeset import Changeset
from fhir_server.interactions.conditional_headers import check_write
from fhir_server.interactions.criteria import Criteria, find_single_match
from fhir_server.interactions.engines import Work
from fhir_server.interactions.fhirpath_patch import FhirPathPatch
from fhir_server.interactions.input_validation import AcceptedResource, accept_resource
from fhir_server.interactions.json_patch import json_patched
from fhir_server.interactions.read import living
from fhir_server.interactions.write_response import wants_outcome, write_response
from fhir_server.store.port import StoredResource, UnitOfWork

JSON_PATCH = "application/json-patch+json"
FHIR_JSON = ("application/fhir+json", "application/json")


def patch(request: FhirRequest, engine: Engine) -> Work:
    """PATCH [type]/[id]: 200 with the next version."""
    type, id = request.path
    check_media_type(request)
    return lambda unit: _write(unit, request, engine, unit.read(type, id), f"{type}/{id}")


def conditional_patch(request: FhirRequest, engine: Engine) -> Work:
    """PATCH [type]?criteria: patches the one match."""
    check_media_type(request)
    wanted = Criteria(request.path[0], request.query, "patch")

    def work(unit: UnitOfWork) -> FhirResponse:
        current = find_single_match(unit, engine, wanted, request.base_url)
        return _write(unit, request, engine, current, f"{wanted.type}?{wanted}")

    return work


def patched(
    request: FhirRequest, current: StoredResource | None, reference: str, engine: Engine, unit: UnitOfWork
) -> AcceptedResource:
    """The current resource after the patch, checked. Raises what the request, or its result, deserves."""
    current = living(current, reference)
    check_write(request.conditions, current)
    content = request.content
    if content is None:
        raise InvalidRequest.of(messages.BODY_NEEDED(type="Parameters"))
    before = json.parse(current.body)
    if request.content_type == JSON_PATCH:
        after = json_patched(before, content)
    else:
        _check_parameters(content, engine)
        after = _fhirpath_patched(before, content, engine)
    if not isinstance(after, dict) or (after.get("resourceType"), after.get("id")) != (
        current.type,
        current.id,
    ):
        raise Unprocessable.of(messages.PATCH_CHANGES_IDENTITY())
    return accept_resource(after, current.type, engine, with_warnings=wants_outcome(request), reader=unit)


def _fhirpath_patched(before: Resource, content: Any, engine: Engine) -> Resource:
    """The resource after a FHIRPath Patch. Its time counts in the budget of the Bundle that it is in: raises
    `Unprocessable` where that is used up.
    """
    with engine.validator.shared_budget() as budget:
        if budget.left < 0:
            raise Unprocessable.of(messages.FHIRPATH_TOO_COSTLY(), code="too-costly")
        began = thread_time()
        try:
            return FhirPathPatch(engine.registry, engine.paths).patched(before, content)
        finally:
            budget.count_time(thread_time() - began)


def _check_parameters(content: Any, engine: Engine) -> None:
    """Raises `MalformedContent` for Parameters that are not sound."""
    if isinstance(content, dict) and content.get("resourceType") == "Parameters":
        issues = engine.validator.structure(_as_defined(content))
        # What it refers to by #id is contained in the resource, if not in the patch.
        of_patch = [issue for issue in issues if issue.key != "ref-1"]
        if of_patch:
            raise MalformedContent(*of_patch)


def _as_defined(part: Any) -> Any:
    """Parameters, or a part of them, as R4 allows them: it has no valueExtension, which clients write all the
    same. What that holds is checked in the resource.
    """
    if not isinstance(part, dict):
        return part
    defined = dict(part)
    for name in ("parameter", "part"):
        if isinstance(part.get(name), list):
            defined[name] = [_as_defined(inner) for inner in part[name]]
    if isinstance(defined.pop("valueExtension", None), dict):
        defined["valueString"] = "an Extension"
    return defined


def check_media_type(request: FhirRequest) -> None:
    """Raises `UnsupportedMediaType` for a patch that is neither of the two kinds; one that is missing is of
    none.
    """
    if request.content is not None and request.content_type not in (JSON_PATCH, *FHIR_JSON):
        raise UnsupportedMediaType.of(messages.PATCH_MEDIA_TYPE(given=request.content_type))


def _write(
    unit: UnitOfWork,
    request: FhirRequest,
    engine: Engine,
    current: StoredResource | None,
    reference: str,
) -> FhirResponse:
    after = patched(request, current, reference, engine, unit)
    changeset = Changeset(unit, engine, request.base_url)
    stored = changeset.put(after.resource, after.resource["id"], "PATCH", current)
    issues = (*after.warnings, *changeset.settle())
    return write_response(request, changeset.last_version(stored), 200, issues)
