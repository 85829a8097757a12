"""FHIRPath Patch: a Parameters resource whose operations name elements by FHIRPath.

https://hl7.org/fhir/R4/fhirpatch.html
"""

from typing import Any

from fhir_server.core.fhirpath import FhirPath, FhirPathError
from fhir_server.core.time_limit import TimeLimitExceeded, time_limit
from fhir_server.definitions.elements import Element
from fhir_server.definitions.registry import Registry
from fhir_server.errors import InvalidRequest, Unprocessable
from fhir_server.extension import Resource
from fhir_server.interactions import messages
from fhir_server.interactions.fhirpath_patch_operations import Operation, operation_of
from fhir_server.interactions.fhirpath_patch_paths import PatchPaths, inside, parted, value_at
from fhir_server.interactions.fhirpath_patch_values import PatchValues, pairs, put
from fhir_server.interactions.patching import NotApplicable
from fhir_server.interactions.places import Place, at
from fhir_server.issues import Text

SECONDS_MAX = 2.0
"""How long all operations of a patch may keep a processor busy: other writers wait meanwhile, and what looks
for what has no end of its own.
"""


class FhirPathPatch:
    """Applies patches with the help of the definitions, which tell lists from single elements."""

    def __init__(self, registry: Registry, paths: FhirPath) -> None:
        self._paths = paths
        self._places = PatchPaths(registry, paths)
        self._values = PatchValues(registry)

    def patched(self, resource: Resource, patch: Any) -> Resource:
        """`resource`, which is changed in place, after every operation of `patch`.

        Raises `InvalidRequest` for a patch that is malformed, `Unprocessable` for one that cannot be
        applied.
        """
        if not isinstance(patch, dict) or patch.get("resourceType") != "Parameters":
            raise InvalidRequest.of(messages.PATCH_NO_PARAMETERS())
        parameters = patch.get("parameter", [])
        with time_limit(SECONDS_MAX):
            self._apply_all(resource, parameters if isinstance(parameters, list) else [parameters])
        return resource

    def _apply_all(self, resource: Resource, parameters: list[Any]) -> None:
        for index, parameter in enumerate(parameters):
            operation = operation_of(index, parameter)
            try:
                self._paths.check(operation.path)
                self._apply(resource, operation)
            except (NotApplicable, FhirPathError, TimeLimitExceeded, RecursionError) as error:
                text = messages.PATCH_NOT_APPLICABLE(index=index, path=operation.path, reason=_reason(error))
                raise Unprocessable.of(text, operation.path) from error

    def _apply(self, resource: Resource, operation: Operation) -> None:
        if operation.type == "add":
            self._add(resource, operation)
        elif operation.type == "delete":
            self._delete(resource, operation)
        elif operation.type == "replace":
            self._replace(resource, operation)
        elif operation.type == "insert":
            self._insert(resource, operation)
        else:
            self._move(resource, operation)

    def _add(self, resource: Resource, operation: Operation) -> None:
        parent = self._single_place(resource, operation.path)
        element = self._child(resource, parent, operation.name or "")
        written = self._values.written(element, operation.value or {})
        target = _members_of(resource, parent)
        if not element.is_list and any(pairs(target, name) for name in element.json_names()):
            raise NotApplicable(messages.PATCH_EXISTS(name=element.name))
        items = [*pairs(target, written.name), (written.value, written.beside)]
        put(target, written.name, items, is_list=element.is_list)

    def _delete(self, resource: Resource, operation: Operation) -> None:
        place = self._place(resource, operation.path)
        if place is not None:
            _remove(resource, place)

    def _replace(self, resource: Resource, operation: Operation) -> None:
        place = self._place(resource, operation.path)
        if place is None:
            raise NotApplicable(messages.PATCH_NO_ELEMENT_THERE())
        parent, name, index = _split(place)
        target = at(resource, parent)
        written = self._values.written(self._child(resource, parent, name), operation.value or {})
        items = pairs(target, name)
        items[index or 0] = (written.value, written.beside)
        if written.name != name:
            put(target, name, [], is_list=False)
        put(target, written.name, items, is_list=index is not None)

    def _insert(self, resource: Resource, operation: Operation) -> None:
        target, element = self._list(resource, operation.path)
        written = self._values.written(element, operation.value or {})
        items = pairs(target, element.name)
        index = _within(operation.index, len(items), "index")
        items.insert(index, (written.value, written.beside))
        put(target, element.name, items, is_list=True)

    def _move(self, resource: Resource, operation: Operation) -> None:
        target, element = self._list(resource, operation.path)
        items = pairs(target, element.name)
        source = _within(operation.source, len(items) - 1, "source")
        destination = _within(operation.destination, len(items) - 1, "destination")
        items.insert(destination, items.pop(source))
        put(target, element.name, items, is_list=True)

    def _list(self, resource: Resource, path: str) -> tuple[dict[str, Any], Element]:
        """The object that has the list which `path` names, or may have it, and the element."""
        before, last = parted(path)
        if last is None or last.argument is not None or last.index is not None:
            raise NotApplicable(messages.PATCH_LIST_NEEDED())
        parent = self._single_place(resource, before or "$this")
        element = self._child(resource, parent, last.name)
        if not element.is_list:
            raise NotApplicable(messages.PATCH_NO_LIST(name=element.name))
        return _members_of(resource, parent), element

    def _place(self, resource: Resource, path: str) -> Place | None:
        """The place of the one element that `path` leads to, or None. Not that of the resource itself."""
        places = self._places.of(resource, path)
        if len(places) > 1:
            raise NotApplicable(messages.PATCH_SEVERAL_ELEMENTS(count=len(places)))
        if places == [()]:
            raise NotApplicable(messages.PATCH_WHOLE_RESOURCE())
        return places[0] if places else None

    def _single_place(self, resource: Resource, path: str) -> Place:
        """The place of the one element that `path` leads to, the resource itself included."""
        places = self._places.of(resource, path)
        if len(places) != 1:
            raise NotApplicable(messages.PATCH_SEVERAL_ELEMENTS(count=len(places)))
        return places[0]

    def _child(self, resource: Resource, parent: Place, name: str) -> Element:
        element = self._places.element(resource, parent, name)
        if element is None:
            raise NotApplicable(messages.PATCH_NO_SUCH_NAME(name=name))
        return element


def _reason(error: Exception) -> Text | Exception:
    """Why an operation cannot be applied."""
    if isinstance(error, NotApplicable):
        return error.text
    return messages.PATCH_TOO_DEEP() if isinstance(error, RecursionError) else error


def _split(place: Place) -> tuple[Place, str, int | None]:
    """The object that a place is in, the property, and which item of its list."""
    last = place[-1]
    if isinstance(last, int):
        return place[:-2], str(place[-2]), last
    return place[:-1], last, None


def _members_of(resource: Resource, place: Place) -> dict[str, Any]:
    """The object with the members of an element, made if it is a primitive that has none."""
    members = inside(resource, place)
    if members != place and value_at(resource, members) is None:
        parent, name, index = _split(place)
        items = pairs(at(resource, parent), name)
        items[index or 0] = (items[index or 0][0], {})
        put(at(resource, parent), name, items, is_list=index is not None)
    found: dict[str, Any] = at(resource, members)
    return found


def _remove(resource: Resource, place: Place) -> None:
    """Take an element away, and with it what that leaves empty."""
    parent, name, index = _split(place)
    target = at(resource, parent)
    items = pairs(target, name)
    del items[index or 0]
    put(target, name, items, is_list=index is not None)
    if parent and not target:
        _forget(resource, parent)


def _forget(resource: Resource, place: Place) -> None:
    """Take an empty object away; one beside a value leaves that."""
    parent, name, index = _split(place)
    if not name.startswith("_"):
        _remove(resource, place)
        return
    items = pairs(at(resource, parent), name[1:])
    value = items[index or 0][0]
    if value is None:
        _remove(resource, (*parent, name[1:], *place[len(parent) + 1 :]))
    else:
        items[index or 0] = (value, None)
        put(at(resource, parent), name[1:], items, is_list=index is not None)


def _within(value: int | None, highest: int, name: str) -> int:
    if value is None or not 0 <= value <= highest:
        raise NotApplicable(messages.PATCH_INDEX(name=name, highest=highest))
    return value
