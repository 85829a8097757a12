"""Compiles type definitions to nodes of structural checks; each property is compiled on first use.

https://hl7.org/fhir/R4/structuredefinition.html
"""

from collections.abc import Callable, Mapping
from typing import Any

from fhir_server.definitions.code_lists import CodeList
from fhir_server.definitions.elements import Element, TypeRef
from fhir_server.definitions.registry import Registry
from fhir_server.validation import messages
from fhir_server.validation.bindings import bound_code_check, bound_coding_check, bound_concept_check
from fhir_server.validation.contained_types import ContainedTypes
from fhir_server.validation.findings import Check, Finding, Findings
from fhir_server.validation.nodes import (
    ObjectNode,
    ObjectRule,
    Property,
    Required,
    choice_check,
    object_list_check,
)
from fhir_server.validation.primitive_lists import companion_list_check, primitive_list_check
from fhir_server.validation.primitives import primitive_check
from fhir_server.validation.references import ReferenceNode
from fhir_server.validation.resources import ResourceNode

BINDINGS: Mapping[str, Callable[[Check, CodeList], Check]] = {
    "code": bound_code_check,
    "Coding": bound_coding_check,
    "CodeableConcept": bound_concept_check,
}


class NodeCompiler:
    """The nodes of a registry's types: one node for each type, compiled on first use."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._types: dict[str, ObjectNode] = {}
        self._backbones: dict[str, ObjectNode] = {}
        self.resource = ResourceNode(registry.resource_types, self.type_node)

    def type_node(self, name: str) -> ObjectNode:
        """The node of a resource type or a complex type."""
        node = self._types.get(name)
        if node is None:
            definition = self._registry.type(name)
            node = ObjectNode(name, allows_id_only=name == "Element")
            properties: dict[str, Property] = {}
            if definition.kind == "resource":
                properties["resourceType"] = (_accept, ".resourceType")
            rules = (check_value_or_extensions,) if name == "Extension" else ()
            self._define(node, definition.elements, properties, rules)
            self._types[name] = node
        return node

    def _backbone_node(self, element: Element) -> ObjectNode:
        """The node of a backbone element, shared with the elements that refer to it by contentReference."""
        path = element.content_reference or element.path
        node = self._backbones.get(path)
        if node is None:
            node = ObjectNode(path)
            self._define(node, element.children, {}, ())
            self._backbones[path] = node
        return node

    def _define(
        self,
        node: ObjectNode,
        elements: Mapping[str, Element],
        properties: dict[str, Property],
        rules: tuple[ObjectRule, ...],
    ) -> None:
        for element in elements.values():
            for name, ref in element.json_names().items():
                self._add_property(properties, name, element, ref)
        choices = {
            element.name: tuple(element.json_names()) for element in elements.values() if element.choice
        }
        required = tuple(map(_required, (element for element in elements.values() if element.min)))
        node.define(properties, required, choices, rules)

    def _add_property(
        self, properties: dict[str, Property], name: str, element: Element, ref: TypeRef
    ) -> None:
        """Register the property `name`, and its companion if it is primitive, to be compiled on first use.

        Narratives have no companion: their id is an attribute of the div, and they take no extensions.
        """
        step = element.step(ref)
        _compile_on_first_use(properties, name, step, lambda: self._check(name, element, ref))
        if not self._is_primitive(ref) or ref.code == "xhtml":
            return
        if not element.xml_attribute and element.name != "id":
            _compile_on_first_use(properties, f"_{name}", step, lambda: self._companion_check(name, element))

    def _is_primitive(self, ref: TypeRef) -> bool:
        return self._registry.type(ref.code).kind == "primitive-type"

    def _check(self, name: str, element: Element, ref: TypeRef) -> Check:
        check = self._bound(self._value_check(element, ref), element, ref)
        if element.is_list:
            is_primitive = self._is_primitive(ref)
            check = primitive_list_check(name, check) if is_primitive else object_list_check(check)
        return _choice(check, name, element)

    def _value_check(self, element: Element, ref: TypeRef) -> Check:
        """The check of one value of the type, without its binding."""
        if element.children:
            return self._backbone_node(element).check
        if ref.code == "Resource":
            return self.resource.check_contained if element.name == "contained" else self.resource.check
        if ref.code == "Reference":
            is_type = self._registry.is_resource_type
            return ReferenceNode(self.type_node("Reference").check, ref.target_types, is_type).check
        if self._is_primitive(ref):
            return primitive_check(ref.code)
        return self.type_node(ref.code).check

    def _bound(self, check: Check, element: Element, ref: TypeRef) -> Check:
        """The check with the element's binding, if it is required and its codes can be listed."""
        binding = element.binding
        if binding is None or binding.strength != "required" or ref.code not in BINDINGS:
            return check
        code_list = self._registry.codes(binding.value_set)
        return check if code_list is None else BINDINGS[ref.code](check, code_list)

    def _companion_check(self, name: str, element: Element) -> Check:
        check: Check = self.type_node("Element").check
        if element.is_list:
            check = companion_list_check(name, check)
        return _choice(check, name, element)


def _accept(_value: Any, _holder: Any, _scope: Any) -> Findings:
    return None


def _choice(check: Check, name: str, element: Element) -> Check:
    if not element.choice:
        return check
    return choice_check(check, element.name, name, tuple(element.json_names()))


def _required(element: Element) -> Required:
    usual, *more = element.json_names()
    companions = (f"_{name}" for name in (usual, *more))
    return Required(element.name, usual, (*more, *companions))


def _compile_on_first_use(
    properties: dict[str, Property], name: str, step: str, compiled: Callable[[], Check]
) -> None:
    """Put a check under `name` that replaces itself with the compiled one at its first use."""

    def check(value: Any, holder: Any, contained_types: ContainedTypes) -> Findings:
        properties[name] = (compiled(), step)
        return properties[name][0](value, holder, contained_types)

    properties[name] = (check, step)


def check_value_or_extensions(extension: dict[str, Any]) -> Findings:
    """ext-1: an extension has a value or extensions, never both."""
    has_value = any(name.startswith(("value", "_value")) for name in extension)
    if has_value != ("extension" in extension):
        return None
    text = messages.EXTENSION_BOTH() if has_value else messages.EXTENSION_EMPTY()
    return [Finding("invariant", text, key="ext-1")]
