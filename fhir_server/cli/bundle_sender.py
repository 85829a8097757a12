"""Sends groups of Bundles with several clients at once, to a server in this process or over HTTP.

https://hl7.org/fhir/R4/http.html#transaction
"""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

import httpx

from fhir_server.bootstrap import Server
from fhir_server.cli.errors import CommandError
from fhir_server.cli.requests import FHIR_JSON, write_request
from fhir_server.core import json
from fhir_server.errors import FhirError, status_of
from fhir_server.extension import Resource

HEADERS = {"Content-Type": FHIR_JSON, "Prefer": "return=minimal"}
TIMEOUT_SECONDS = 60.0
# A busy server, or a write conflict: the same request may succeed later.
RETRYABLE_STATUSES = frozenset({409, 429, 502, 503, 504})
# An entry with If-Match whose version is past: the Bundle was already processed.
VERSION_CONFLICT = 412
ATTEMPTS = 8
FIRST_PAUSE_SECONDS = 0.05

SendBundle = Callable[[Resource], None]
"""Sends one Bundle. Raises `CommandError` when it is refused."""


def send_groups(groups: Iterable[tuple[Resource, ...]], post: SendBundle, clients: int = 1) -> int:
    """Send the first group, then the others, `clients` at a time; returns the number of entries."""
    waiting = iter(groups)
    entries = _send(next(waiting, ()), post)
    with ThreadPoolExecutor(clients) as pool:
        under_way: set[Future[int]] = set()
        for group in waiting:
            under_way.add(pool.submit(_send, group, post))
            if len(under_way) > 2 * clients:
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                entries += sum(task.result() for task in done)
        return entries + sum(task.result() for task in under_way)


def _send(group: tuple[Resource, ...], post: SendBundle) -> int:
    for bundle in group:
        post(bundle)
    return sum(len(bundle["entry"]) for bundle in group)


def in_process_sender(server: Server) -> SendBundle:
    """A sender to a server in this process."""

    def post(bundle: Resource) -> None:
        try:
            server.dispatcher.dispatch(write_request(server.settings, bundle))
        except FhirError as error:
            if status_of(error) == VERSION_CONFLICT and _follows_a_version(bundle):
                return
            raise CommandError(f"a Bundle was refused: {error}") from error

    return post


def http_sender(client: httpx.Client, base: str) -> SendBundle:
    """A sender to the server at `base`, which retries a request that may succeed later."""

    def post(bundle: Resource) -> None:
        body, past = json.serialise(bundle), VERSION_CONFLICT if _follows_a_version(bundle) else None
        for attempt in range(ATTEMPTS):
            status, refusal = _sent(client, base, body)
            if refusal is None or status == past:
                return
            if status and status not in RETRYABLE_STATUSES:
                raise CommandError(f"{base} refused a Bundle: {status} {refusal}")
            time.sleep(FIRST_PAUSE_SECONDS * 2**attempt)
        raise CommandError(f"{base} did not take a Bundle: {refusal}")

    return post


def _sent(client: httpx.Client, base: str, body: bytes) -> tuple[int, str | None]:
    """The status of the response, 0 without one, and why the Bundle was refused.

    Raises `httpx.UnsupportedProtocol` when `base` is not an HTTP URL.
    """
    try:
        answer = client.post(base, content=body, headers=HEADERS)
    except httpx.UnsupportedProtocol:
        raise
    except httpx.TransportError as error:
        return 0, str(error) or type(error).__name__
    return answer.status_code, None if answer.is_success else answer.text[:1000]


def _follows_a_version(bundle: Resource) -> bool:
    return any("ifMatch" in entry["request"] for entry in bundle["entry"])
