"""$meta, $meta-add and $meta-delete: the profiles, security labels and tags of a resource.

https://hl7.org/fhir/R4/resource-operation-meta.html
https://hl7.org/fhir/R4/resource-operation-meta-add.html
https://hl7.org/fhir/R4/resource-operation-meta-delete.html
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from fhir_server.core import json
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import InvalidRequest, MalformedContent
from fhir_server.extension import READING_OR_POST, Engine, Operation
from fhir_server.interactions.changeset import Changeset
from fhir_server.interactions.conditional_headers import check_write
from fhir_server.interactions.engines import transact
from fhir_server.interactions.input_validation import accept_resource
from fhir_server.interactions.read import living
from fhir_server.operations import messages
from fhir_server.operations.answers import answer_with_values
from fhir_server.operations.parameters import checked_parameters, require_parameters
from fhir_server.store.port import StoredResource, UnitOfWork

PARAMETER = "meta"
LISTS = ("profile", "security", "tag")
"""The lists that the operations change; the server or an update sets the other elements of Meta."""

Meta = dict[str, Any]
Change = Callable[[list[Any], list[Any]], list[Any]]
"""Takes a list of the resource's Meta and the requested items, and returns the new list."""


def meta(request: FhirRequest, engine: Engine) -> FhirResponse:
    """GET or POST [type]/[id]/$meta: the Meta of the resource."""
    checked_parameters(request, ())
    type, id = request.path[:2]
    return _answer(living(engine.store.read(type, id), f"{type}/{id}"))


def change(making: Change, request: FhirRequest, engine: Engine) -> FhirResponse:
    """POST [type]/[id]/$meta-add or -delete: the resulting Meta. Creates a version only if something
    changes.
    """
    asked = _asked(request.content, engine)
    return _answer(transact(engine, partial(_changed, making, asked, request, engine)))


def added(present: list[Any], asked: list[Any]) -> list[Any]:
    """The present items and the requested new ones."""
    known = set(map(_identity, present))
    return [*present, *(item for item in asked if _identity(item) not in known)]


def remaining(present: list[Any], asked: list[Any]) -> list[Any]:
    """The present items without the requested ones."""
    gone = set(map(_identity, asked))
    return [item for item in present if _identity(item) not in gone]


def _identity(item: Any) -> Any:
    """The key by which two tags or labels are equal, ignoring displays; a profile is its own key."""
    return (item.get("system"), item.get("code")) if isinstance(item, dict) else item


def _asked(content: Any, engine: Engine) -> Meta:
    if issues := engine.validator.structure(require_parameters(content)):
        raise MalformedContent(*issues)
    parameters = content.get("parameter", [])
    if [parameter["name"] for parameter in parameters] != [PARAMETER] or "valueMeta" not in parameters[0]:
        raise InvalidRequest.of(messages.META_NEEDED(), "Parameters.parameter")
    return dict(parameters[0]["valueMeta"])


def _changed(
    making: Change, asked: Meta, request: FhirRequest, engine: Engine, unit: UnitOfWork
) -> StoredResource:
    type, id = request.path[:2]
    current = living(unit.read(type, id), f"{type}/{id}")
    check_write(request.conditions, current)
    resource = json.parse(current.body)
    before = resource["meta"]
    lists = {name: making(before.get(name, []), asked.get(name, [])) for name in LISTS}
    after = {name: value for name, value in (before | lists).items() if value}
    if after == before:
        return current
    resource["meta"] = after
    changeset = Changeset(unit, engine, request.base_url)
    changed = accept_resource(resource, type, engine, reader=unit).resource
    stored = changeset.put(changed, id, "PUT", current)
    changeset.settle()
    return changeset.last_version(stored)


def _answer(stored: StoredResource) -> FhirResponse:
    found = json.parse(stored.body)["meta"]
    return answer_with_values(("return", "valueMeta", found))


def _operation(
    code: str, handle: Callable[[FhirRequest, Engine], FhirResponse], *, affects_state: bool
) -> Operation:
    return Operation(
        code=code,
        definition=f"http://hl7.org/fhir/OperationDefinition/Resource-{code}",
        levels=frozenset({"instance"}),
        handle=handle,
        affects_state=affects_state,
        methods=("POST",) if affects_state else READING_OR_POST,
    )


META = _operation("meta", meta, affects_state=False)
META_ADD = _operation("meta-add", partial(change, added), affects_state=True)
META_DELETE = _operation("meta-delete", partial(change, remaining), affects_state=True)
