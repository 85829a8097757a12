"""Runs the real interactions on a resource, a batch or a transaction without a commit.

https://hl7.org/fhir/R4/resource-operation-validate.html
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from msgspec.structs import replace

from fhir_server.core import json
from fhir_server.core.request import FhirRequest, FhirResponse, Preferences
from fhir_server.errors import FhirError, status_of
from fhir_server.extension import Engine
from fhir_server.interactions.bundle_entries import Entry, entry_of, located
from fhir_server.interactions.create import create
from fhir_server.interactions.delete import delete
from fhir_server.interactions.dispatch import READS, WRITES, entries_of, read_in_unit
from fhir_server.interactions.dry_run import dry_run_engine
from fhir_server.interactions.engines import Write, transact
from fhir_server.interactions.routes import interaction_of
from fhir_server.interactions.transaction import Transaction
from fhir_server.interactions.update import update
from fhir_server.issues import Issue, Text
from fhir_server.operations.validate import messages
from fhir_server.operations.validate.call import ValidateCall

MODES: Mapping[str, tuple[str, Write]] = {
    "create": ("POST", create),
    "update": ("PUT", update),
    "delete": ("DELETE", delete),
}
"""The HTTP method and the interaction of each mode that writes."""


def try_mode(call: ValidateCall, request: FhirRequest, engine: Engine) -> Iterator[Issue]:
    """The issues and the result of a dry run of the mode's create, update or delete."""
    mode, type = str(call.mode), str(call.type)
    method, write = MODES[mode]
    path = (type,) if mode == "create" or call.id is None else (type, call.id)
    tried = replace(
        request,
        method=method,
        path=path,
        query=(),
        content=call.resource,
        preferences=Preferences(returns="OperationOutcome"),
    )
    if mode == "delete" and not _lives(engine, type, str(call.id)):
        yield _information(messages.NOTHING_TO_DELETE(reference=f"{type}/{call.id}"), type)
        return
    try:
        answer = _written(write, tried, dry_run_engine(engine))
    except FhirError as error:
        yield from _refused(error, messages.WOULD_REFUSE(status=status_of(error)), type)
        return
    yield from answer.issues
    yield _information(_happening(tried, answer), type)


def try_bundle(bundle: dict[str, Any], request: FhirRequest, engine: Engine) -> Iterator[Issue]:
    """The issues and the results of a dry run of a batch or transaction, entry by entry."""
    outer = replace(request, method="POST", path=(), query=(), content=bundle)
    try:
        contents = entries_of(outer, engine)
    except FhirError as error:
        yield from _refused(error, messages.WOULD_REFUSE_ALL(status=status_of(error)), "Bundle")
        return
    if bundle["type"] == "batch":
        for index, content in enumerate(contents):
            yield from _try_alone(index, content, outer, dry_run_engine(engine))
    else:
        yield from _try_transaction(contents, outer, dry_run_engine(engine))


def _try_transaction(contents: list[dict[str, Any]], outer: FhirRequest, engine: Engine) -> Iterator[Issue]:
    try:
        transaction = Transaction(outer, contents, engine, partial(read_in_unit, engine))
        answer = transact(engine, transaction.work)
    except FhirError as error:
        yield from _refused(error, messages.WOULD_REFUSE_ALL(status=status_of(error)), "Bundle")
        return
    responses = json.parse(answer.body or b"{}").get("entry", [])
    yield _information(messages.WOULD_ACCEPT_ALL(count=len(contents)), "Bundle")
    for index, content in enumerate(contents):
        asked = entry_of(index, content, outer)
        yield _information(_outcome_in_words(asked.request, responses[index]["response"]), asked.location)


def _try_alone(index: int, content: dict[str, Any], outer: FhirRequest, engine: Engine) -> Iterator[Issue]:
    """One entry of a batch, on the present store."""
    place = f"Bundle.entry[{index}]"
    try:
        asked = entry_of(index, content, outer)
        yield from _try_entry(asked, engine)
    except FhirError as error:
        yield from _refused(error, messages.WOULD_REFUSE(status=status_of(error)), place)


def _try_entry(asked: Entry, engine: Engine) -> Iterator[Issue]:
    try:
        interaction = interaction_of(asked.request, engine.registry)
        if interaction in READS:
            answer = READS[interaction](asked.request, engine, engine.store)
        elif interaction in WRITES:
            answer = _written(WRITES[interaction], asked.request, engine)
        else:
            yield _information(messages.NOT_REHEARSED(), asked.location)
            return
    except FhirError as error:
        raise located(error, asked) from error
    yield _information(_happening(asked.request, answer), asked.location)


def _written(write: Write, request: FhirRequest, engine: Engine) -> FhirResponse:
    return transact(engine, write(request, engine))


def _happening(request: FhirRequest, answer: FhirResponse) -> Text:
    response = {"status": str(answer.status), "etag": f'W/"{answer.version}"'}
    location = answer.location or answer.content_location
    return _outcome_in_words(request, response | ({"location": location} if location else {}))


def _outcome_in_words(request: FhirRequest, response: dict[str, Any]) -> Text:
    """The message about what a request would do, from the response of its dry run."""
    status, method = response["status"][:3], request.method
    url = "/".join(request.path)
    if method == "DELETE":
        return messages.WOULD_DELETE(url=url)
    if method not in ("POST", "PUT", "PATCH") or request.path[-1:] == ("_search",):
        return messages.WOULD_READ(url=url, status=status)
    reference = "/".join(str(response.get("location", url)).partition("/_history/")[0].split("/")[-2:])
    if status == "201":
        of_client = method == "PUT" and len(request.path) == 2
        return (
            messages.WOULD_CREATE_AS(reference=url)
            if of_client
            else messages.WOULD_CREATE(type=request.path[0])
        )
    if method == "POST":
        return messages.WOULD_MATCH(reference=reference)
    return messages.WOULD_UPDATE(reference=reference, version=str(response.get("etag", "")).strip('W/"'))


def _refused(error: FhirError, text: Text, place: str) -> Sequence[Issue]:
    return (*error.issues, _information(text, place))


def _information(text: Text, place: str) -> Issue:
    return Issue("information", "informational", text, (place,))


def _lives(engine: Engine, type: str, id: str) -> bool:
    stored = engine.store.read(type, id)
    return stored is not None and not stored.deleted
