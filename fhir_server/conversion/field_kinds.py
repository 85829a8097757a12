"""The kinds of a record's fields: their JSON Schema, and the conversion of a value to FHIR and back.

https://json-schema.org/draft/2020-12
https://hl7.org/fhir/R4/datatypes.html
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from fhir_server.conversion.paths import Fragment
from fhir_server.conversion.references import parse_identifier_reference, reference_by_identifier

Pool = Mapping[str, Mapping[str, Any]]
"""The available resources by reference, such as `Patient/12`."""
Coding = Mapping[str, Any]
Schema = Mapping[str, Any]

ABSENT: Schema = {"not": {}}
"""The JSON Schema of a field that must be absent."""
KEY_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9.\-]{0,63}$"
_KEY: Schema = {"type": "string", "pattern": KEY_PATTERN}
# What FHIR allows in a string, without spaces at either end.
LINE_PATTERN = r"^[^\s\x00-\x1f\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f])?$"
TEXT_PATTERN = r"^[^\s\x00-\x1f\x7f]([^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$"
DAY_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
MOMENT_PATTERN = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?"
    r"(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)$"
)


class Kind(Protocol):
    """A kind of field. `system` is the code system of its values, for the documentation."""

    @property
    def schema(self) -> Schema: ...

    @property
    def system(self) -> str: ...

    def write(self, value: Any) -> Fragment:
        """The FHIR element that states `value`."""
        ...

    def read(self, fragment: Fragment, pool: Pool) -> Any:
        """The value of a FHIR element; None when it has no value of this kind."""
        ...


@dataclass(frozen=True, slots=True)
class Plain:
    """A value with the same form in the record and in FHIR."""

    schema: Schema
    system: ClassVar[str] = ""

    def write(self, value: Any) -> Fragment:
        return value

    def read(self, fragment: Fragment, pool: Pool) -> Any:  # noqa: ARG002
        return fragment


def line(max_length: int = 200) -> Plain:
    """A text of one line."""
    return Plain({"type": "string", "pattern": LINE_PATTERN, "maxLength": max_length})


def text() -> Plain:
    """A text of up to 10,000 characters, which may have several lines."""
    return Plain({"type": "string", "pattern": TEXT_PATTERN, "maxLength": 10_000})


def day() -> Plain:
    """A date."""
    return Plain({"type": "string", "format": "date", "pattern": DAY_PATTERN})


def moment() -> Plain:
    """A date, a time and its offset from UTC."""
    return Plain({"type": "string", "format": "date-time", "pattern": MOMENT_PATTERN})


def flag() -> Plain:
    """True or false."""
    return Plain({"type": "boolean"})


def whole(minimum: int, maximum: int) -> Plain:
    """A whole number between two bounds, both included."""
    return Plain({"type": "integer", "minimum": minimum, "maximum": maximum})


@dataclass(frozen=True, slots=True)
class Word:
    """One of a few words, each of which stands for a FHIR code."""

    codes: Mapping[str, str]
    system: str = ""

    @property
    def schema(self) -> Schema:
        return {"type": "string", "enum": list(self.codes)}

    def write(self, value: str) -> Fragment:
        return self.codes[value]

    def read(self, fragment: Fragment, pool: Pool) -> str | None:  # noqa: ARG002
        return next((word for word, code in self.codes.items() if code == fragment), None)


@dataclass(frozen=True, slots=True)
class Coded:
    """One of a few words, each of which stands for a Coding, in a CodeableConcept if `concept`."""

    codings: Mapping[str, Coding]
    system: str
    concept: bool = True

    @property
    def schema(self) -> Schema:
        return {"type": "string", "enum": list(self.codings)}

    def write(self, value: str) -> Fragment:
        coding = dict(self.codings[value])
        return {"coding": [coding]} if self.concept else coding

    def read(self, fragment: Fragment, pool: Pool) -> str | None:  # noqa: ARG002
        codings = fragment.get("coding", []) if self.concept else [fragment]
        told = {(coding.get("system"), coding.get("code")) for coding in codings}
        words = self.codings.items()
        return next((word for word, coding in words if (coding.get("system"), coding["code"]) in told), None)


@dataclass(frozen=True, slots=True)
class OpenCode:
    """A Coding of a code system too large to list."""

    system: str
    pattern: str

    @property
    def schema(self) -> Schema:
        return {"type": "string", "pattern": self.pattern}

    def write(self, value: str) -> Fragment:
        return {"system": self.system, "code": value}

    def read(self, fragment: Fragment, pool: Pool) -> str | None:  # noqa: ARG002
        code: str | None = fragment.get("code") if fragment.get("system") == self.system else None
        return code


@dataclass(frozen=True, slots=True)
class IdentifierValue:
    """The value of an Identifier; `frame` is the rest of the Identifier, with its system."""

    frame: Mapping[str, Any]
    pattern: str = KEY_PATTERN

    @property
    def system(self) -> str:
        return str(self.frame["system"])

    @property
    def schema(self) -> Schema:
        return {"type": "string", "pattern": self.pattern}

    def write(self, value: str) -> Fragment:
        return {**self.frame, "value": value}

    def read(self, fragment: Fragment, pool: Pool) -> str | None:  # noqa: ARG002
        found: str | None = fragment.get("value") if fragment.get("system") == self.system else None
        return found


@dataclass(frozen=True, slots=True)
class Link:
    """A reference to the resource of another record, given as the identifier of that record.

    A resource without an identifier in `system` is given as its logical id.
    """

    type: str
    system: str
    schema: ClassVar[Schema] = _KEY

    def write(self, value: str) -> Fragment:
        return {"reference": reference_by_identifier(self.type, self.system, value)}

    def read(self, fragment: Fragment, pool: Pool) -> str | None:
        reference = fragment.get("reference", "")
        if found := parse_identifier_reference(reference):
            return found[3] if found[2] == self.system else None
        type, _, id = reference.partition("/")
        if type != self.type or not id:
            return None
        return value_in(pool.get(reference, {}), self.system) or id.partition("/")[0]


@dataclass(frozen=True, slots=True)
class LogicalReference:
    """A logical reference: only an identifier."""

    type: str
    system: str
    schema: ClassVar[Schema] = _KEY

    def write(self, value: str) -> Fragment:
        return {"type": self.type, "identifier": {"system": self.system, "value": value}}

    def read(self, fragment: Fragment, pool: Pool) -> str | None:  # noqa: ARG002
        return value_in(fragment, self.system)


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of values of one kind; `member` is the element inside each FHIR item that holds the value."""

    kind: Kind
    member: str = ""
    most: int = 20

    @property
    def system(self) -> str:
        return self.kind.system

    @property
    def schema(self) -> Schema:
        items = {"type": "array", "items": self.kind.schema, "minItems": 1, "maxItems": self.most}
        return {**items, "uniqueItems": True} if "enum" in self.kind.schema else items

    def write(self, value: list[Any]) -> Fragment:
        pieces = [self.kind.write(item) for item in value]
        return [{self.member: piece} for piece in pieces] if self.member else pieces

    def read(self, fragment: Fragment, pool: Pool) -> list[Any] | None:
        pieces = [item.get(self.member) for item in fragment] if self.member else fragment
        values = [self.kind.read(piece, pool) for piece in pieces if piece is not None]
        return [value for value in values if value is not None] or None


@dataclass(frozen=True, slots=True)
class Custom:
    """A kind defined by two functions, for what no other kind can express."""

    schema: Schema
    writes: Callable[[Any], Fragment]
    reads: Callable[[Fragment], Any]
    system: str = ""

    def write(self, value: Any) -> Fragment:
        return self.writes(value)

    def read(self, fragment: Fragment, pool: Pool) -> Any:  # noqa: ARG002
        return self.reads(fragment)


def value_in(resource: Mapping[str, Any], system: str) -> str | None:
    """The value of a resource's or reference's identifier in one system; None when it has none."""
    found = resource.get("identifier", [])
    identifiers = found if isinstance(found, list) else [found]
    return next(
        (identifier.get("value") for identifier in identifiers if identifier.get("system") == system), None
    )
