"""Reads a call of $validate: Parameters, a bare resource with URL parameters, or a stored resource.

https://hl7.org/fhir/R4/resource-operation-validate.html
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fhir_server.core import json
from fhir_server.core.request import FhirRequest
from fhir_server.errors import InvalidRequest
from fhir_server.extension import Engine
from fhir_server.interactions.bundle_links import PRESENTATION
from fhir_server.interactions.read import living
from fhir_server.operations import messages as operation_messages
from fhir_server.operations.validate import messages

NAMES = ("resource", "mode", "profile")
MODES = ("create", "update", "delete", "profile")


@dataclass(frozen=True, slots=True)
class ValidateCall:
    """What to validate and how. `resource` is None in mode delete; `type` and `id` are those of the URL."""

    resource: Any
    profiles: tuple[str, ...]
    mode: str | None
    type: str | None
    id: str | None


def read_call(request: FhirRequest, engine: Engine) -> ValidateCall:
    """Read the call. Raises `InvalidRequest` for an invalid call, `NotFound` or `Gone` for a missing
    resource.
    """
    type, id = (*request.path[:-1], None, None)[:2]
    given = _Parameters(request)
    mode = given.mode()
    _check_mode(mode, given.profiles, type, id)
    resource = given.resource
    if resource is None and mode != "delete":
        resource = _stored(engine, type, id)
    return ValidateCall(resource, given.profiles, mode, type, id)


class _Parameters:
    """The parameters of a call, from the URL and from the body."""

    def __init__(self, request: FhirRequest) -> None:
        self.resource: Any = None
        pairs = [pair for pair in request.query if pair[0] not in PRESENTATION]
        if _is_call(request):
            pairs += self._of_body(request.content.get("parameter", []))
        else:
            self.resource = request.content
        for name, _ in pairs:
            if name not in NAMES[1:]:
                valid = ", ".join(NAMES)
                raise InvalidRequest.of(operation_messages.UNKNOWN_PARAMETER(name=name, valid=valid))
        self.profiles = tuple(value for name, value in pairs if name == "profile")
        self._modes = [value for name, value in pairs if name == "mode"]

    def mode(self) -> str | None:
        if len(self._modes) > 1:
            raise InvalidRequest.of(messages.GIVEN_TWICE(name="mode"))
        if self._modes and self._modes[0] not in MODES:
            raise InvalidRequest.of(messages.UNKNOWN_MODE(mode=self._modes[0]), "http.mode")
        return self._modes[0] if self._modes else None

    def _of_body(self, parameters: Any) -> Iterator[tuple[str, str]]:
        """The primitive parameters; the resource is set as an attribute."""
        for index, parameter in enumerate(parameters if isinstance(parameters, list) else ()):
            place = f"Parameters.parameter[{index}]"
            name = parameter.get("name") if isinstance(parameter, dict) else None
            if name == "resource":
                self._keep(parameter, place)
            elif name is not None:
                values = [value for key, value in parameter.items() if key.startswith("value")]
                if len(values) != 1 or not isinstance(values[0], str):
                    text = messages.BAD_PARAMETER(name=name, wanted=messages.A_TEXT())
                    raise InvalidRequest.of(text, place)
                yield str(name), values[0]

    def _keep(self, parameter: dict[str, Any], place: str) -> None:
        if self.resource is not None:
            raise InvalidRequest.of(messages.GIVEN_TWICE(name="resource"), place)
        if parameter.get("resource") is None:
            text = messages.BAD_PARAMETER(name="resource", wanted=messages.A_RESOURCE())
            raise InvalidRequest.of(text, place)
        self.resource = parameter["resource"]


def _is_call(request: FhirRequest) -> bool:
    """Whether the body holds the parameters of the call, rather than the resource to validate.

    A Parameters sent to [base]/Parameters/$validate is the resource, unless it has one of the call's
    parameters.
    """
    content = request.content
    if not isinstance(content, dict) or content.get("resourceType") != "Parameters":
        return False
    parameters = content.get("parameter")
    listed = parameters if isinstance(parameters, list) else ()
    names = {str(parameter.get("name")) for parameter in listed if isinstance(parameter, dict)}
    return request.path[0] != "Parameters" or not names.isdisjoint(NAMES)


def _check_mode(mode: str | None, profiles: tuple[str, ...], type: str | None, id: str | None) -> None:
    if mode in ("update", "delete") and id is None:
        raise InvalidRequest.of(messages.MODE_NEEDS_INSTANCE(mode=mode), "http.mode")
    if mode == "create" and type is None:
        raise InvalidRequest.of(messages.MODE_NEEDS_TYPE(mode=mode), "http.mode")
    if mode == "profile" and not profiles:
        raise InvalidRequest.of(messages.PROFILE_NEEDED(), "http.profile")


def _stored(engine: Engine, type: str | None, id: str | None) -> Any:
    """The stored resource in the URL."""
    if type is None or id is None:
        raise InvalidRequest.of(messages.NO_RESOURCE())
    return json.parse(living(engine.store.read(type, id), f"{type}/{id}").body)
