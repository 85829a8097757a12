"""Lookup of the operation that a request asks for.

https://hl7.org/fhir/R4/operations.html
"""

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches

from fhir_server.core.request import FhirRequest
from fhir_server.errors import MethodNotAllowed, UnknownType
from fhir_server.extension import Operation
from fhir_server.interactions import messages

PLACES = {"system": "{name}", "type": "{type}/{name}", "instance": "{type}/[id]/{name}"}
"""The path of an operation below the FHIR base, by its level."""


class OperationLookup:
    """The operations by their names."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._by_name = _by_name(operations)

    def named(self, request: FhirRequest) -> Sequence[Operation]:
        """The operations of the name that the path ends in, wherever they stand."""
        return self._by_name.get(request.path[-1], ())

    def asked(self, request: FhirRequest) -> Operation:
        """The operation that stands at the path. Raises `UnknownType`, which tells where it stands, or the
        nearest name, and `MethodNotAllowed`.
        """
        level = ("system", "type", "instance")[len(request.path) - 1]
        named = self.named(request)
        for operation in named:
            if _stands(operation, level, request):
                _check_method(operation, request)
                return operation
        name = request.path[-1]
        if named:
            places = ", ".join(place for operation in named for place in _places(operation, name))
            raise UnknownType.of(messages.OPERATION_ELSEWHERE(name=name, places=places))
        near = get_close_matches(name, self._by_name, n=1)
        hint = messages.NEAREST(name=near[0]) if near else "."
        raise UnknownType.of(messages.UNKNOWN_OPERATION(name=name, hint=hint))


def _by_name(operations: Iterable[Operation]) -> dict[str, list[Operation]]:
    found: dict[str, list[Operation]] = {}
    for operation in operations:
        found.setdefault(f"${operation.code}", []).append(operation)
    return found


def _stands(operation: Operation, level: str, request: FhirRequest) -> bool:
    on_type = level == "system" or not operation.types or request.path[0] in operation.types
    return level in operation.levels and on_type


def _check_method(operation: Operation, request: FhirRequest) -> None:
    if request.method in operation.methods:
        return
    path, allowed = f"/{'/'.join(request.path)}", ", ".join(operation.methods)
    text = messages.METHOD_NOT_ALLOWED(method=request.method, path=path, allowed=allowed)
    error = MethodNotAllowed.of(text)
    error.allowed = operation.methods
    raise error


def _places(operation: Operation, name: str) -> Iterator[str]:
    for level, place in PLACES.items():
        if level in operation.levels:
            types = sorted(operation.types) if level != "system" else ()
            yield from (place.format(type=type, name=name) for type in types or ("[type]",))
