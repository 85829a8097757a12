"""The operations of a FHIRPath Patch, parsed from its Parameters.

https://hl7.org/fhir/R4/fhirpatch.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fhir_server.interactions import messages
from fhir_server.interactions.patching import refuse

_TYPES = ("add", "insert", "delete", "replace", "move")
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "add": ("name", "value"),
    "insert": ("index", "value"),
    "replace": ("value",),
    "move": ("source", "destination"),
}
"""The required parts of a type of operation, besides its path."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation; `value` is the part with the value to write."""

    type: str
    path: str
    name: str | None = None
    value: dict[str, Any] | None = None
    index: int | None = None
    source: int | None = None
    destination: int | None = None


def operation_of(index: int, parameter: Any) -> Operation:
    """Parse the operation of a parameter. Raises `InvalidRequest` if it is malformed."""
    if not _is_part(parameter) or parameter["name"] != "operation":
        refuse(index, messages.PATCH_NAMES_NEEDED())
    named = [part["name"] for part in parameter.get("part", ())]
    parts = {part["name"]: part for part in parameter.get("part", ())}
    if len(named) > len(parts):
        refuse(index, messages.PATCH_PART_TWICE())
    type, path = _plain(parts.get("type"), str), _plain(parts.get("path"), str)
    if type not in _TYPES or path is None:
        refuse(index, messages.PATCH_TYPE_NEEDED(valid=", ".join(_TYPES)))
    operation = Operation(
        type,
        path,
        name=_plain(parts.get("name"), str),
        value=_given(parts["value"]) if "value" in parts else None,
        index=_plain(parts.get("index"), int),
        source=_plain(parts.get("source"), int),
        destination=_plain(parts.get("destination"), int),
    )
    for member in _NEEDED.get(type, ()):
        if getattr(operation, member) is None:
            refuse(index, messages.PATCH_MISSING_PART(member=member))
    return operation


def _is_part(part: Any) -> bool:
    """Whether it is a part with a name, as are all its parts."""
    if not isinstance(part, dict) or not isinstance(part.get("name"), str):
        return False
    parts = part.get("part", [])
    return isinstance(parts, list) and all(map(_is_part, parts))


def typed(part: Mapping[str, Any]) -> tuple[str, Any, Any]:
    """A part's type suffix, value and `_value[x]`, such as ("Quantity", {...}, None); the suffix of a
    resource is empty.
    """
    if "resource" in part:
        return "", part["resource"], None
    names = (name.removeprefix("_") for name in part)
    name = next((name for name in names if name.startswith("value")), "value")
    return name.removeprefix("value"), part.get(name), part.get(f"_{name}")


def _plain(part: dict[str, Any] | None, kind: type) -> Any:
    """A part's value; None if it is of another type."""
    value = None if part is None else typed(part)[1]
    return value if type(value) is kind else None


def _given(part: dict[str, Any]) -> dict[str, Any] | None:
    """The part, if it has a value."""
    return part if "part" in part or typed(part)[1:] != (None, None) else None
