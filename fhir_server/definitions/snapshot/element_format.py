"""Format checks of ElementDefinitions before they are used.

https://hl7.org/fhir/R4/elementdefinition.html
"""

from collections.abc import Iterator
from typing import Any

from fhir_server.definitions.snapshot import messages
from fhir_server.issues import Template

FormatError = tuple[str, Template]

_PLAIN: dict[str, type] = {
    "id": str,
    "path": str,
    "sliceName": str,
    "sliceIsConstraining": bool,
    "min": int,
    "max": str,
    "contentReference": str,
    "mustSupport": bool,
    "isModifier": bool,
    "isSummary": bool,
    "maxLength": int,
}
_NESTED: dict[str, tuple[dict[str, type], tuple[str, ...]]] = {
    "type": ({"code": str}, ("code",)),
    "constraint": ({"key": str, "severity": str, "human": str, "expression": str}, ("key", "severity")),
    "discriminator": ({"type": str, "path": str}, ("type", "path")),
}
_LISTS = ("alias", "condition", "example", "extension", "mapping")
_LISTS_OF_TEXT = ("profile", "targetProfile")
_NAMES: dict[type, Template] = {
    str: messages.A_TEXT,
    bool: messages.A_BOOLEAN,
    int: messages.A_WHOLE_NUMBER,
    dict: messages.AN_OBJECT,
}


def format_errors(element: Any) -> Iterator[FormatError]:
    """The format errors of an ElementDefinition, as pairs of location inside it and what was
    expected there.
    """
    if not isinstance(element, dict):
        yield "", _NAMES[dict]
        return
    if "path" not in element:
        yield ".path", _NAMES[str]
    yield from _plain(element, _PLAIN, "")
    for name in _LISTS:
        if not isinstance(element.get(name, []), list):
            yield f".{name}", messages.A_LIST
    for name in ("type", "constraint"):
        yield from _rows(element, name, "")
    if "slicing" in element:
        yield from _slicing(element["slicing"])
    if "binding" in element:
        yield from _object(element["binding"], {"strength": str, "valueSet": str}, ("strength",), ".binding")


def _plain(holder: dict[str, Any], shape: dict[str, type], where: str) -> Iterator[FormatError]:
    for name, kind in shape.items():
        if name in holder and type(holder[name]) is not kind:
            yield f"{where}.{name}", _NAMES[kind]


def _object(value: Any, shape: dict[str, type], needed: tuple[str, ...], where: str) -> Iterator[FormatError]:
    if not isinstance(value, dict):
        yield where, _NAMES[dict]
        return
    yield from _plain(value, shape, where)
    for name in needed:
        if name not in value:
            yield f"{where}.{name}", _NAMES[shape[name]]
    for name in _LISTS_OF_TEXT:
        if name in value and not _is_list_of_text(value[name]):
            yield f"{where}.{name}", messages.CANONICALS
    if not isinstance(value.get("extension", []), list):
        yield f"{where}.extension", messages.A_LIST


def _rows(holder: dict[str, Any], name: str, where: str) -> Iterator[FormatError]:
    rows = holder.get(name, [])
    if not isinstance(rows, list):
        yield f"{where}.{name}", messages.A_LIST
        return
    shape, needed = _NESTED[name]
    for index, row in enumerate(rows):
        yield from _object(row, shape, needed, f"{where}.{name}[{index}]")


def _slicing(slicing: Any) -> Iterator[FormatError]:
    yield from _object(slicing, {"rules": str, "ordered": bool}, (), ".slicing")
    if isinstance(slicing, dict):
        yield from _rows(slicing, "discriminator", ".slicing")


def _is_list_of_text(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
