"""A remote terminology server, asked about codes that are unknown here.

Its answers are cached for a while. After several failures it is not asked for some time, so that not every
write waits for it; until then membership is unknown. https://hl7.org/fhir/R4/terminology-service.html
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from hashlib import blake2b
from threading import Lock
from typing import Any

import httpx

from fhir_server.core import json
from fhir_server.errors import MalformedContent

FAILURES_MAX = 3
"""Consecutive failures after which requests pause."""

_HEADERS = {"Content-Type": "application/fhir+json", "Accept": "application/fhir+json"}
_ANSWER_MAX_BYTES = 1_048_576

Key = tuple[str, str | None, str, str | None, bytes]


class RemoteTerminology:
    """A terminology server at `url`. `now` is a monotonic clock in seconds."""

    def __init__(
        self,
        url: str,
        client: httpx.Client,
        now: Callable[[], float],
        *,
        pause_seconds: float = 60,
        cache_seconds: float = 3_600,
        cache_max: int = 10_000,
    ) -> None:
        self._url = url
        self._client = client
        self._now = now
        self._pause_seconds = pause_seconds
        self._cache_seconds = cache_seconds
        self._cache_max = cache_max
        self._cache: OrderedDict[Key, tuple[float, bool | None]] = OrderedDict()
        self._lock = Lock()
        self._failures = 0
        self._paused_until = 0.0

    def contains(
        self,
        value_set: str,
        system: str | None,
        code: str,
        version: str | None = None,
        definition: Mapping[str, Any] | None = None,
    ) -> bool | None:
        """Whether a code is in a value set, given by url or by `definition`; None if there is no answer."""
        key = (value_set, system, code, version, _digest(definition))
        with self._lock:
            cached = self._cache.get(key)
            now = self._now()
            if cached is not None and now - cached[0] < self._cache_seconds:
                return cached[1]
            if now < self._paused_until:
                return None
        try:
            verdict = self._request(value_set, system, code, version, definition)
        except httpx.HTTPError:
            self._note_failure()
            return None
        self._store(key, verdict)
        return verdict

    def _request(
        self,
        value_set: str,
        system: str | None,
        code: str,
        version: str | None,
        definition: Mapping[str, Any] | None,
    ) -> bool | None:
        given = {"system": ("valueUri", system), "systemVersion": ("valueString", version)}
        parameters: list[dict[str, Any]] = [{"name": "code", "valueCode": code}]
        parameters += [{"name": name, kind: value} for name, (kind, value) in given.items() if value]
        if system is None:
            parameters.append({"name": "inferSystem", "valueBoolean": True})
        subject = {"resource": definition} if definition else {"valueUri": value_set}
        parameters.append({"name": "valueSet" if definition else "url", **subject})
        body = json.serialise({"resourceType": "Parameters", "parameter": parameters})
        answer = self._client.post(f"{self._url}/ValueSet/$validate-code", content=body, headers=_HEADERS)
        if answer.is_server_error:
            answer.raise_for_status()
        return _verdict(answer) if answer.is_success else None

    def _note_failure(self) -> None:
        with self._lock:
            self._failures += 1
            if self._failures >= FAILURES_MAX:
                self._paused_until = self._now() + self._pause_seconds

    def _store(self, key: Key, verdict: bool | None) -> None:
        with self._lock:
            self._failures = 0
            self._cache[key] = (self._now(), verdict)
            self._cache.move_to_end(key)
            while len(self._cache) > self._cache_max:
                self._cache.popitem(last=False)


def _digest(definition: Mapping[str, Any] | None) -> bytes:
    """A cache key for a definition: a value set may have no url, or change without changing its url."""
    return blake2b(json.serialise(definition)).digest() if definition else b""


def _verdict(answer: httpx.Response) -> bool | None:
    """The server's result; None if the answer is invalid or says that system or value set are unknown."""
    if len(answer.content) > _ANSWER_MAX_BYTES:
        return None
    try:
        content = json.parse(answer.content)
        parameters = {parameter["name"]: parameter for parameter in content["parameter"]}
        result = parameters["result"]["valueBoolean"]
    except (MalformedContent, KeyError, TypeError):
        return None
    if result is False and ("x-unknown-system" in parameters or "x-caused-by-unknown-system" in parameters):
        return None
    return result if isinstance(result, bool) else None
