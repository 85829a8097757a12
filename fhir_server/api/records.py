"""Routes of native records at `/{programme}/{record}`: POST one or many, GET one back.

A record is returned as plain JSON, an error as an OperationOutcome.
https://hl7.org/fhir/R4/operationoutcome.html
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response

from fhir_server.api import messages
from fhir_server.api.body import BodyLimits, read_body
from fhir_server.api.exchange import Exchange
from fhir_server.api.executors import Executor, submit_async
from fhir_server.api.render import CACHE, Reply
from fhir_server.api.site_responses import SiteResponses, nothing_found
from fhir_server.api.target import READ
from fhir_server.conversion.record_service import RecordService
from fhir_server.conversion.submission import Written
from fhir_server.core import json
from fhir_server.core.outcome import operation_outcome
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import ContentTooLarge, FhirError, MethodNotAllowed, UnknownType, status_of

Submit = Callable[[FhirRequest], FhirResponse]
RecordServices = Mapping[str, Mapping[str, RecordService]]
"""The services of each programme's records, by programme and record."""

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
WRITE = ("POST",)
JSON = b"application/json; charset=utf-8"
SCHEMA = b"application/schema+json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class RecordsOptions:
    """The options of the record routes, which share the executor with the FHIR base."""

    services: RecordServices
    executor: Executor
    limits: BodyLimits
    answers: SiteResponses
    records_max: int


def records(options: RecordsOptions) -> APIRouter:
    """The routes of the records."""
    router, routes = APIRouter(), _RecordRoutes(options)
    for path, allowed, answer in (
        ("/{programme}/{record}", WRITE, routes.post),
        ("/{programme}/{record}/schema", READ, routes.schema),
        ("/{programme}/{record}/{id}", READ, routes.get),
    ):
        others = [method for method in METHODS if method not in allowed]
        router.add_api_route(path, answer, methods=list(allowed), response_model=None)
        router.add_api_route(path, routes.refusing(allowed), methods=others, response_model=None)
    return router


class _RecordRoutes:
    def __init__(self, options: RecordsOptions) -> None:
        self._options = options
        self._respond = options.answers.respond

    async def post(self, request: Request, programme: str, record: str) -> Response:
        """Store one record, or each of an array."""

        async def answer(exchange: Exchange, asked: FhirRequest) -> Reply:
            service, limits = self._service_for(programme, record, exchange), self._options.limits
            body = await read_body("POST", (), exchange.headers, request.receive, limits)
            submit = _submitting(self._options.executor)
            if isinstance(body.content, list):
                return await asyncio.to_thread(self._write_all, service, body.content, asked, submit)
            written = await asyncio.to_thread(service.write, body.content, asked, submit)
            reply = _reply(written.status, _written_answer(written))
            reply.headers.append((b"location", f"/{programme}/{record}/{written.id}".encode()))
            return reply

        return await self._respond(request, answer)

    async def get(self, request: Request, programme: str, record: str, id: str) -> Response:
        async def answer(exchange: Exchange, asked: FhirRequest) -> Reply:
            service = self._service_for(programme, record, exchange)
            return _reply(200, await asyncio.to_thread(service.read, id, asked))

        return await self._respond(request, answer)

    async def schema(self, request: Request, programme: str, record: str) -> Response:
        async def answer(exchange: Exchange, _: FhirRequest) -> Reply:
            return _reply(200, self._service_for(programme, record, exchange).schema, SCHEMA)

        return await self._respond(request, answer)

    def refusing(self, allowed: tuple[str, ...]) -> Callable[[Request, str, str], Awaitable[Response]]:
        """A route that refuses all other methods: records are replaced by POST, and deleted by FHIR."""

        async def refuse(request: Request, programme: str, record: str) -> Response:
            async def answer(exchange: Exchange, _: FhirRequest) -> Reply:
                self._service_for(programme, record, exchange)
                exchange.allowed = allowed
                text = messages.METHOD_NOT_ALLOWED(method=exchange.method, allowed=", ".join(allowed))
                raise MethodNotAllowed.of(text)

            return await self._respond(request, answer)

        return refuse

    def _service_for(self, programme: str, record: str, exchange: Exchange) -> RecordService:
        known = self._options.services.get(programme)
        if known is None:
            raise nothing_found(exchange)
        if record not in known:
            raise UnknownType.of(messages.NO_RECORD_TYPE(record=record[:80], known=", ".join(known)))
        return known[record]

    def _write_all(
        self, service: RecordService, contents: list[Any], asked: FhirRequest, submit: Submit
    ) -> Reply:
        """Write each record independently: one that is refused stops no other."""
        limit = self._options.records_max
        if len(contents) > limit:
            raise ContentTooLarge.of(messages.TOO_MANY_RECORDS(count=len(contents), limit=limit))
        return _reply(200, [_item(service, content, asked, submit) for content in contents])


def _submitting(executor: Executor) -> Submit:
    """A function by which other threads submit writes to the executor and wait for the response."""
    loop = asyncio.get_running_loop()

    async def answer(request: FhirRequest) -> FhirResponse:
        return await submit_async(executor, request)

    return lambda request: asyncio.run_coroutine_threadsafe(answer(request), loop).result()


def _item(service: RecordService, content: Any, asked: FhirRequest, submit: Submit) -> dict[str, Any]:
    try:
        return _written_answer(service.write(content, asked, submit))
    except FhirError as error:
        outcome = operation_outcome(error.issues, asked.language)
        return {"status": status_of(error), "outcome": outcome}


def _written_answer(written: Written) -> dict[str, Any]:
    return {"id": written.id, "status": written.status, "resources": list(written.resources)}


def _reply(status: int, content: Any, content_type: bytes = JSON) -> Reply:
    return Reply(status, [CACHE, (b"content-type", content_type)], json.serialise(content))
