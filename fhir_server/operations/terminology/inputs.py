"""Reads the input parameters of a terminology operation, of the kinds that it declares.

https://hl7.org/fhir/R4/operations.html#request
"""

from collections.abc import Mapping
from typing import Any, Literal

from fhir_server.codes.resource_format import TYPES, format_error
from fhir_server.core.request import FhirRequest
from fhir_server.errors import InvalidRequest, MalformedContent
from fhir_server.interactions.bundle_links import PRESENTATION
from fhir_server.issues import Text
from fhir_server.operations.messages import UNKNOWN_PARAMETER
from fhir_server.operations.terminology import messages

Kind = Literal["text", "flag", "number", "coding", "concept", "resource", "parts"]
Kinds = Mapping[str, Kind]
Resource = dict[str, Any]

_KINDS: Mapping[Kind, Text] = {
    "text": messages.TEXT(),
    "flag": messages.FLAG(),
    "number": messages.NUMBER(),
    "coding": messages.CODING(),
    "concept": messages.CONCEPT(),
    "resource": messages.RESOURCE(types=" | ".join(TYPES)),
    "parts": messages.PARTS(),
}
SUBJECTS = ("code", "coding", "codeableConcept")
"""The parameters that may give the code to check."""

CODINGS_MAX = 500

_PRIVATE = "x-"
"""The prefix of parameters that are meant for other servers."""

_NUMBER_DIGITS_MAX = 9


class Inputs:
    """The values by parameter name, each checked to be of its parameter's kind.

    `bare` is the type of a resource that may itself be the body, and the parameter that it stands for.
    """

    def __init__(self, request: FhirRequest, kinds: Kinds, bare: tuple[str, str] | None = None) -> None:
        self._kinds = kinds
        self._values: dict[str, list[Any]] = {}
        for name, value in request.query:
            if name not in PRESENTATION:
                self._add(name, {"value": value}, f"http.{name}")
        for number, parameter in enumerate(_parameters(request.content, bare)):
            where = f"Parameters.parameter[{number}]"
            if not isinstance(parameter, dict) or not isinstance(parameter.get("name"), str):
                raise MalformedContent.of(messages.WRONG_KIND(name="?", kind=messages.TEXT()), where)
            self._add(parameter["name"], parameter, where)

    def _add(self, name: str, parameter: Mapping[str, Any], where: str) -> None:
        if name.startswith(_PRIVATE):
            return
        kind = self._kinds.get(name)
        if kind is None:
            raise InvalidRequest.of(UNKNOWN_PARAMETER(name=name, valid=", ".join(self._kinds)), where)
        value = _read(kind, parameter)
        if value is None:
            raise InvalidRequest.of(messages.WRONG_KIND(name=name, kind=_KINDS[kind]), where)
        if kind == "resource" and (reason := format_error(value)):
            text = messages.BAD_RESOURCE(type=value["resourceType"], reason=reason)
            raise InvalidRequest.of(text, where)
        self._values.setdefault(name, []).append(value)

    def all(self, name: str) -> list[Any]:
        """Every value of a parameter, in order."""
        return self._values.get(name, [])

    def _single(self, name: str) -> Any:
        values = self.all(name)
        if len(values) > 1:
            raise InvalidRequest.of(messages.ONCE(name=name), f"http.{name}")
        return values[0] if values else None

    def text(self, name: str) -> str | None:
        """The one value of a text parameter."""
        value: str | None = self._single(name)
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """The one value of a boolean parameter."""
        value = self._single(name)
        return default if value is None else bool(value)

    def number(self, name: str) -> int | None:
        """The one value of a number parameter."""
        value: int | None = self._single(name)
        return value

    def content(self, name: str) -> Resource | None:
        """The one value of a parameter that is a resource, a Coding or a CodeableConcept."""
        value: Resource | None = self._single(name)
        return value

    def has(self, name: str) -> bool:
        """Whether a parameter was given."""
        return name in self._values

    def coding(self) -> Resource:
        """The coding to check: `coding` completed by `system`, `code` and so on, or these alone.

        Raises `InvalidRequest` where the two contradict each other.
        """
        beside = {
            "system": self.text("system"),
            "version": self.text("systemVersion") or self.text("version"),
            "code": self.text("code"),
            "display": self.text("display"),
        }
        given = {name: value for name, value in beside.items() if value}
        coding = self.content("coding") or {}
        for name, value in given.items():
            if coding.get(name, value) != value:
                text = messages.SAID_TWICE(name=name, coding=coding[name], value=value)
                raise InvalidRequest.of(text, f"Coding.{name}")
        return {**given, **coding}

    def check_subject(self) -> None:
        """Raise `InvalidRequest` unless exactly one of `SUBJECTS` was given, with at most `CODINGS_MAX`
        codings.
        """
        given, names = [name for name in SUBJECTS if self.has(name)], ", ".join(SUBJECTS)
        if not given:
            raise InvalidRequest.of(messages.CODE_NEEDED(names=names), code="required")
        if len(given) > 1:
            raise InvalidRequest.of(messages.ONE_OF(names=names))
        codings = (self.content("codeableConcept") or {}).get("coding", ())
        if len(codings) > CODINGS_MAX:
            text = messages.TOO_MANY_CODINGS(count=len(codings), limit=CODINGS_MAX)
            raise InvalidRequest.of(text, code="too-costly")


def _parameters(content: Any, bare: tuple[str, str] | None) -> list[Any]:
    if content is None:
        return []
    type = content.get("resourceType") if isinstance(content, dict) else None
    if bare and type == bare[0]:
        return [{"name": bare[1], "resource": content}]
    parameters = content.get("parameter", []) if type == "Parameters" else None
    if not isinstance(parameters, list):
        alternative = messages.OR_RESOURCE(type=bare[0]) if bare else ""
        raise InvalidRequest.of(messages.BODY_NEEDED(or_resource=alternative))
    return parameters


def _read(kind: Kind, parameter: Mapping[str, Any]) -> Any:
    """The value of a parameter; None where it has another kind."""
    if kind == "resource":
        resource = parameter.get("resource")
        known = isinstance(resource, dict) and resource.get("resourceType") in TYPES
        return resource if known else None
    if kind == "parts":
        parts = parameter.get("part")
        return parts if isinstance(parts, list) and all(isinstance(part, dict) for part in parts) else None
    values = [value for name, value in parameter.items() if name.startswith("value")]
    if len(values) != 1:
        return None
    return _of_kind(kind, values[0])


def _of_kind(kind: Kind, value: Any) -> Any:
    match kind:
        case "coding":
            return value if _is_coding(value) else None
        case "concept":
            codings = value.get("coding", []) if isinstance(value, dict) else None
            return value if isinstance(codings, list) and all(map(_is_coding, codings)) else None
        case "flag":
            return {"true": True, "false": False}.get(str(value).lower())
        case "number":
            return _number(value)
        case _:
            return value if isinstance(value, str) and value else None


def _is_coding(value: Any) -> bool:
    texts = ("system", "version", "code", "display")
    return isinstance(value, dict) and all(isinstance(value.get(name, ""), str) for name in texts)


def _number(value: Any) -> int | None:
    text = str(value)
    usable = text.isascii() and text.isdecimal() and len(text) <= _NUMBER_DIGITS_MAX
    return int(text) if usable and not isinstance(value, bool) else None
