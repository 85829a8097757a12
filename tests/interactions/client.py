"""A client of the dispatcher: what an HTTP client can ask, without HTTP."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote
from uuid import uuid4
from zoneinfo import ZoneInfo

from fhir_server.codes.terminology import Terminology
from fhir_server.core import json
from fhir_server.core.outcome import operation_outcome
from fhir_server.core.page_tokens import PageTokens
from fhir_server.core.request import Conditions, FhirRequest, Preferences
from fhir_server.definitions.registry import Registry
from fhir_server.errors import FhirError, status_of
from fhir_server.extension import Engine, Software
from fhir_server.interactions.dispatch import Dispatcher
from fhir_server.interactions.engines import Engines
from fhir_server.operations.builtin import OPERATIONS
from fhir_server.store.clock import wall_clock
from fhir_server.store.port import Store
from fhir_server.validation.fhirpath.engine import CompiledFhirPath
from tests.interactions.in_force import in_force_before

BASE = "http://127.0.0.1:8080/fhir"
ZONE = ZoneInfo("Europe/Paris")


@dataclass(frozen=True)
class Answer:
    """A response as a client sees it; `content` is parsed."""

    status: int
    content: Any = None
    version: int | None = None
    location: str | None = None

    @property
    def id(self) -> str:
        return str(self.content["id"])

    @property
    def entries(self) -> list[Any]:
        found: list[Any] = self.content.get("entry", [])
        return found

    @property
    def ids(self) -> list[str]:
        return [entry["resource"]["id"] for entry in self.entries]

    @property
    def diagnostics(self) -> str:
        return " ".join(issue["diagnostics"] for issue in self.content["issue"])

    @property
    def expressions(self) -> list[str]:
        return [path for issue in self.content["issue"] for path in issue.get("expression", [])]

    def link(self, relation: str) -> str | None:
        links = {link["relation"]: link["url"] for link in self.content.get("link", [])}
        return links.get(relation)


@dataclass
class Client:
    """Sends requests to a dispatcher; errors become answers."""

    engine: Engine
    engines: Engines = field(init=False)
    dispatcher: Dispatcher = field(init=False)

    def __post_init__(self) -> None:
        with in_force_before(self.engine.store, self.engine.extractor):
            self.engines = Engines(self.engine)
        self.dispatcher = Dispatcher(self.engines)

    def send(self, method: str, url: str, content: Any = None, **how: Any) -> Answer:
        path, _, query = url.removeprefix(BASE).lstrip("/").partition("?")
        request = FhirRequest(
            method=method,
            path=tuple(unquote(part) for part in path.split("/") if part),
            base_url=BASE,
            query=tuple(parse_qsl(query, keep_blank_values=True)),
            content=json.parse(json.serialise(content)) if content is not None else None,
            content_type=how.pop("content_type", "application/fhir+json"),
            preferences=Preferences(how.pop("returns", None), how.pop("lenient", False)),
            language=how.pop("language", "en"),
            accept_language=how.pop("accept_language", ""),
            conditions=Conditions(**how),
        )
        try:
            response = self.dispatcher.dispatch(request)
        except FhirError as error:
            return Answer(status_of(error), operation_outcome(error.issues, request.language))
        body = json.parse(response.body) if response.body else None
        return Answer(response.status, body, response.version, response.location)

    def get(self, url: str, **how: Any) -> Answer:
        return self.send("GET", url, **how)

    def post(self, url: str, content: Any = None, **how: Any) -> Answer:
        return self.send("POST", url, content, **how)

    def put(self, url: str, content: Any, **how: Any) -> Answer:
        return self.send("PUT", url, content, **how)

    def patch(self, url: str, content: Any, **how: Any) -> Answer:
        how.setdefault("content_type", "application/json-patch+json")
        return self.send("PATCH", url, content, **how)

    def delete(self, url: str, **how: Any) -> Answer:
        return self.send("DELETE", url, **how)


ClientFactory = Callable[..., Client]


def engine_over(store: Store, registry: Registry, **parts: Any) -> Engine:
    """An engine of the parts given; the others are the same for most tests."""
    usual: dict[str, Any] = {
        "codes": Terminology(registry),
        "paths": CompiledFhirPath(registry),
        "tokens": PageTokens(store.secret),
        "zone": ZONE,
        "software": Software("test", "0", 0),
        "now": wall_clock,
        "new_id": lambda: str(uuid4()),
        "operations": OPERATIONS,
    }
    return Engine(store=store, registry=registry, **(usual | parts))


def patient(**members: Any) -> dict[str, Any]:
    """A small synthetic Patient."""
    return {"resourceType": "Patient", "name": [{"family": "Durand"}], **members}


def identified(value: str, **members: Any) -> dict[str, Any]:
    """A Patient with one identifier of system `urn:ids`."""
    return patient(identifier=[{"system": "urn:ids", "value": value}], **members)
