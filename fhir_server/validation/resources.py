"""Structural checks of resources of any type: at the root, in Bundles and Parameters, and contained.

https://hl7.org/fhir/R4/resource.html
"""

from collections.abc import Callable, Collection
from typing import Any

from fhir_server.validation import messages
from fhir_server.validation.contained_types import ContainedTypes
from fhir_server.validation.findings import Finding, Findings, json_kind, shortened
from fhir_server.validation.nodes import ObjectNode
from fhir_server.validation.unknown_elements import suggestion


class ResourceNode:
    """Checks a resource by its resourceType."""

    __slots__ = ("_node_of", "_type_names")

    def __init__(self, type_names: Collection[str], node_of: Callable[[str], ObjectNode]) -> None:
        self._type_names = frozenset(type_names)
        self._node_of = node_of

    def check(self, value: Any, _holder: Any, _scope: Any) -> Findings:
        """Check a resource that is not contained, with the resources it contains."""
        return self._typed(value, ContainedTypes(value))

    def check_contained(self, value: Any, _: Any, contained_types: ContainedTypes) -> Findings:
        """Check a contained resource; its references resolve in the resource that contains it."""
        found = self._typed(value, contained_types)
        if type(value) is dict and "contained" in value:
            nested = Finding("invariant", messages.NESTED_CONTAINED(), ".contained", key="dom-2")
            return [*(found or ()), nested]
        return found

    def _typed(self, value: Any, contained_types: ContainedTypes) -> Findings:
        if type(value) is not dict:
            return [Finding("structure", messages.NOT_A_RESOURCE(found=json_kind(value)))]
        type_name = value.get("resourceType")
        if type(type_name) is not str:
            return [Finding("required", messages.RESOURCE_TYPE_MISSING())]
        if type_name not in self._type_names:
            hint = suggestion(shortened(type_name), self._type_names)
            return [
                Finding("not-supported", messages.RESOURCE_TYPE_UNKNOWN(type=shortened(type_name), hint=hint))
            ]
        return self._node_of(type_name).check(value, None, contained_types)
