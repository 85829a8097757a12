"""JSON Patch on parsed JSON with exact numbers.

https://www.rfc-editor.org/rfc/rfc6902
https://hl7.org/fhir/R4/http.html#patch
"""

import re
from dataclasses import dataclass
from typing import Any

from fhir_server.core import json
from fhir_server.errors import InvalidRequest, Unprocessable
from fhir_server.interactions import messages
from fhir_server.interactions.patching import NotApplicable, own_copy, refuse

_MEMBERS = {
    "add": ("value",),
    "remove": (),
    "replace": ("value",),
    "move": ("from",),
    "copy": ("from",),
    "test": ("value",),
}

_POINTER = re.compile(r"(?:/(?:[^~/]|~[01])*)*")

COPIED_BYTES_MAX = 16_777_216
"""The total size of copies in one patch: each may copy all before it and so double the document."""

INDEX_DIGITS_MAX = 9
"""More digits than the index of any array; Python does not parse numbers of thousands of digits."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A location in a document: a container and the last step of the pointer, `-` for an array's end."""

    container: Any
    step: str

    def get(self) -> Any:
        if isinstance(self.container, list):
            return self.container[self.index(len(self.container) - 1)]
        if isinstance(self.container, dict) and self.step in self.container:
            return self.container[self.step]
        raise NotApplicable(messages.PATCH_NO_MEMBER(name=self.step[:80]))

    def add(self, value: Any) -> None:
        if isinstance(self.container, list):
            end = len(self.container)
            self.container.insert(end if self.step == "-" else self.index(end), value)
        elif isinstance(self.container, dict):
            self.container[self.step] = value
        else:
            raise NotApplicable(messages.PATCH_NO_PARENT())

    def replace(self, value: Any) -> None:
        self.get()
        self.container[self._key] = value

    def remove(self) -> Any:
        value = self.get()
        del self.container[self._key]
        return value

    @property
    def _key(self) -> int | str:
        return int(self.step) if isinstance(self.container, list) else self.step

    def index(self, highest: int) -> int:
        plain = self.step.isascii() and self.step.isdecimal() and (self.step == "0" or self.step[0] != "0")
        if not plain or len(self.step) > INDEX_DIGITS_MAX or int(self.step) > highest:
            raise NotApplicable(messages.PATCH_NO_INDEX(step=self.step[:80]))
        return int(self.step)


class _Emptied:
    """The arrays and objects from which a patch took the last member. It may put others there later on; those
    that are left empty go, as FHIR's JSON has none. https://hl7.org/fhir/R4/json.html#primitive
    """

    def __init__(self) -> None:
        self._by_id: dict[int, Any] = {}

    def take(self, place: _Place) -> Any:
        """Remove and return the value at a place."""
        value = place.remove()
        self._note(place.container)
        return value

    def drop_from(self, node: Any) -> None:
        """Remove from `node`, at any depth, what was left empty, and what becomes empty by that."""
        found = [node] if self._by_id else []
        for container in found:
            found.extend(child for _, child in _members(container) if isinstance(child, (dict, list)))
        for container in reversed(found):
            for step, child in reversed(_members(container)):
                if id(child) in self._by_id and not child:
                    del container[step]
                    self._note(container)

    def _note(self, container: Any) -> None:
        if not container:
            self._by_id[id(container)] = container


def json_patched(document: Any, patch: Any) -> Any:
    """`document`, which is changed in place, after every operation of `patch`.

    Raises `InvalidRequest` for a patch that is malformed, `Unprocessable` for one that cannot be applied or
    whose test fails.
    """
    if not isinstance(patch, list):
        raise InvalidRequest.of(messages.PATCH_NOT_A_LIST())
    holder: dict[str, Any] = {"": document}
    copied, emptied = 0, _Emptied()
    for index, operation in enumerate(patch):
        _check(index, operation)
        try:
            copied += _apply(holder, operation, index, emptied)
            if copied > COPIED_BYTES_MAX:
                raise NotApplicable(messages.PATCH_COPIES_TOO_MUCH())
        except NotApplicable as error:
            text = messages.PATCH_NOT_APPLICABLE(index=index, path=operation["path"], reason=error.text)
            raise Unprocessable.of(text) from error
    emptied.drop_from(holder)
    return holder.get("")


def _check(index: int, operation: Any) -> None:
    name = operation.get("op") if isinstance(operation, dict) else None
    if not isinstance(name, str) or name not in _MEMBERS:
        refuse(index, messages.PATCH_OP_NEEDED(valid=", ".join(_MEMBERS)))
    for member in ("path", *_MEMBERS[name]):
        if member not in operation:
            refuse(index, messages.PATCH_MISSING(member=member))
        if member != "value" and not _is_pointer(operation[member]):
            refuse(index, messages.PATCH_POINTER_NEEDED(member=member))


def _is_pointer(text: Any) -> bool:
    return isinstance(text, str) and _POINTER.fullmatch(text) is not None


def _apply(holder: dict[str, Any], operation: dict[str, Any], index: int, emptied: _Emptied) -> int:
    """Apply one operation. Returns the number of bytes that it copied within the document."""
    path, value = operation["path"], own_copy(operation.get("value"))
    match operation["op"]:
        case "add":
            _free_place(holder, path).add(value)
        case "remove":
            emptied.take(_place(holder, path))
        case "replace":
            _place(holder, path).replace(value)
        case "move":
            _move(holder, operation, emptied)
        case "test":
            _test(_place(holder, path), value, path, index)
        case "copy":
            return _copy(holder, operation)
    return 0


def _copy(holder: dict[str, Any], operation: dict[str, Any]) -> int:
    written = json.serialise(_place(holder, operation["from"]).get())
    _free_place(holder, operation["path"]).add(json.parse(written))
    return len(written)


def _move(holder: dict[str, Any], operation: dict[str, Any], emptied: _Emptied) -> None:
    if operation["path"].startswith(operation["from"] + "/"):
        raise NotApplicable(messages.PATCH_INTO_ITSELF())
    value = emptied.take(_place(holder, operation["from"]))
    _free_place(holder, operation["path"]).add(value)


def _test(place: _Place, value: Any, path: str, index: int) -> None:
    if not _same(place.get(), value):
        raise Unprocessable.of(messages.PATCH_TEST_FAILED(path=path, index=index))


def _place(holder: dict[str, Any], pointer: str) -> _Place:
    container: Any = holder
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")]
    for step in steps[:-1]:
        container = _Place(container, step).get()
    return _Place(container, steps[-1])


def _free_place(holder: dict[str, Any], pointer: str) -> _Place:
    """The place to add a value. FHIR's JSON has no empty arrays: the first item creates its array."""
    array, _, step = pointer.rpartition("/")
    if array and step in ("-", "0"):
        parent = _place(holder, array)
        if isinstance(parent.container, dict):
            parent.container.setdefault(parent.step, [])
    return _place(holder, pointer)


def _members(container: dict[str, Any] | list[Any]) -> list[tuple[Any, Any]]:
    return list(container.items() if isinstance(container, dict) else enumerate(container))


def _same(one: Any, other: Any) -> bool:
    """Equality of RFC 6902: numbers by value, objects regardless of the order of members."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if json.is_number(one) and json.is_number(other):
        return json.decimal(one) == json.decimal(other)
    return type(one) is type(other) and bool(one == other)
