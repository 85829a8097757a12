"""The rules of base types beyond structure: invariants, open bindings, extensions, nested resources.

https://hl7.org/fhir/R4/validation.html
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from fhir_server.definitions.elements import Element, TypeRef
from fhir_server.definitions.registry import Registry
from fhir_server.validation.checks.check import Codes
from fhir_server.validation.fhirpath.static_types import UNKNOWN, StaticType, Types
from fhir_server.validation.findings import Finding, Findings, prefixed
from fhir_server.validation.invariants.compiler import CompiledInvariant, Focus, InvariantCompiler
from fhir_server.validation.profiles.bindings import CODED, binding_checks, maximum_check
from fhir_server.validation.profiles.canonicals import canonical_type_checks
from fhir_server.validation.profiles.codings import coding_check
from fhir_server.validation.profiles.compiled_profiles import CompiledProfiles
from fhir_server.validation.profiles.context import ValidationContext, joined
from fhir_server.validation.profiles.datatype_checks import (
    CHECKED_WITH_THEIR_TYPE,
    URIS,
    canonical_check,
    type_checks,
    uri_check,
)
from fhir_server.validation.profiles.extensions import ExtensionList
from fhir_server.validation.profiles.invariants import check_invariants
from fhir_server.validation.profiles.primitive_extensions import companion_check
from fhir_server.validation.profiles.references import agreement_check, target_check
from fhir_server.validation.profiles.value_checks import PropertyCheck, ValueCheck

_SHORT_NAMES_TOO = frozenset({"CapabilityStatement.format"})
"""Elements that also take codes outside their binding: a format may be `json` or `xml`, not only a media
type.
"""
_CANONICAL = frozenset({"CanonicalResource", "MetadataResource"})
"""Names that extension contexts use for all types with a canonical URL, taken from later versions of FHIR."""


class BaseNode:
    """Checks one object and its properties by the invariants and rules of its type.

    `define` is separate from the constructor because types refer to each other.
    """

    __slots__ = ("_invariants", "_properties", "_trigger_properties", "_usual_invariants")

    def __init__(self) -> None:
        self.define((), {})

    def define(self, invariants: tuple[CompiledInvariant, ...], properties: dict[str, PropertyCheck]) -> None:
        """Set the invariants of the object, and the checks of the properties that need one."""
        self._invariants = invariants
        self._usual_invariants = tuple(
            invariant for invariant in invariants if invariant.required_property is None
        )
        self._trigger_properties = frozenset(
            invariant.required_property for invariant in invariants if invariant.required_property is not None
        )
        self._properties = properties

    def check(self, value: Any, context: ValidationContext) -> Findings:
        if type(value) is not dict:
            return None
        found: list[Finding] | None = None
        invariants = self._usual_invariants
        if self._trigger_properties and not self._trigger_properties.isdisjoint(value):
            invariants = self._invariants
        if invariants:
            found = check_invariants(invariants, value, context)
        properties = self._properties
        for name in value:
            if name in properties and (more := properties[name](value[name], value, context)) is not None:
                found = joined(found, more)
        return found


class BaseCompiler:
    """The nodes of a registry's types, each compiled on first use."""

    def __init__(
        self,
        registry: Registry,
        types: Types,
        invariants: InvariantCompiler,
        codes: Codes,
        compiled_profiles: CompiledProfiles,
        errors_only: bool,
    ) -> None:
        self._registry = registry
        self._types = types
        self._invariant_compiler = invariants
        self._codes = codes
        self._compiled_profiles = compiled_profiles
        self._errors_only = errors_only
        self._check_coding = coding_check(registry, errors_only)
        self._canonical_check_of = canonical_type_checks(registry)
        self._type_checks = {} if errors_only else type_checks(registry)
        self._nodes: dict[str, BaseNode] = {}
        self._backbones: dict[tuple[str, StaticType], BaseNode] = {}

    def type_node(self, name: str) -> BaseNode:
        """The node of a resource type or complex type."""
        node = self._nodes.get(name)
        if node is None:
            node = self._nodes[name] = BaseNode()
            definition = self._registry.type(name)
            static_type = self._types.of_type(name)
            resource = static_type if definition.kind == "resource" else UNKNOWN
            places = self._types.bases(name)
            if definition.kind == "resource" and "url" in definition.elements:
                places |= _CANONICAL
            focus = Focus(static_type, name, resource)
            invariants = self._invariant_compiler.compile_all(definition.invariants, focus)
            node.define(invariants, self._properties(definition.elements, places, focus))
        return node

    def _backbone(self, element: Element, resource: StaticType) -> BaseNode:
        path = element.content_reference or element.path
        node = self._backbones.get((path, resource))
        if node is None:
            node = self._backbones[path, resource] = BaseNode()
            places = frozenset((path, "BackboneElement", "Element"))
            focus = Focus(self._types.of_element(element, ()), path, resource)
            origin = element.siblings.get(element.content_reference or "", element)
            invariants = self._invariant_compiler.compile_all(origin.invariants, focus)
            node.define(invariants, self._properties(element.children, places, focus))
        return node

    def _properties(
        self, elements: Mapping[str, Element], places: frozenset[str], owner: Focus
    ) -> dict[str, PropertyCheck]:
        properties: dict[str, PropertyCheck] = {}
        resource = owner.resource
        for element in elements.values():
            for name, ref in element.json_names().items():
                if element.name in ("extension", "modifierExtension"):
                    properties[name] = self._extensions(places, owner, element.is_modifier)
                elif not element.children and self._types.is_primitive(ref.code):
                    if (check := self._primitive(element, ref, resource)) is not None:
                        properties[name] = check
                    path = f"{owner.path}.{element.name}"
                    properties[f"_{name}"] = self._companion(name, element, ref, path)
                else:
                    _compile_on_first_use(properties, name, partial(self._complex, element, ref, resource))
        return properties

    def _extensions(self, places: frozenset[str], focus: Focus | None, is_modifier: bool) -> PropertyCheck:
        def check_base(value: Any, context: ValidationContext) -> Findings:
            return self.type_node("Extension").check(value, context)

        return ExtensionList(
            self._compiled_profiles, check_base, places, focus, is_modifier, self._errors_only
        ).check

    def _companion(self, name: str, element: Element, ref: TypeRef, path: str) -> PropertyCheck:
        """The check of the companion `_name` of a primitive: its extensions, and that it is not empty."""
        names = {path, f"{path}[x]"} if element.choice else {path}
        check = self._extensions(self._types.bases(ref.code) | names, None, is_modifier=False)
        step = element.step(ref)

        def check_one(value: Any, context: ValidationContext) -> Findings:
            return check(value["extension"], value, context) if "extension" in value else None

        required = None if self._errors_only else _required_value_set(element, ref)
        return companion_check(name, step, _each(check_one, step), required)

    def _primitive(self, element: Element, ref: TypeRef, resource: StaticType) -> PropertyCheck | None:
        """The check of primitive values; None if there are no rules beyond structure."""
        checks = self._bindings(element, ref)
        if not self._errors_only and ref.code in URIS and element.path not in CHECKED_WITH_THEIR_TYPE:
            checks.append(canonical_check if self._is_canonical(element, ref) else uri_check)
            if ref.target_types and "Resource" not in ref.target_types:
                checks.append(self._canonical_check_of(ref.target_types))
        focus = Focus(self._types.of_element(element, (ref,)), ref.code, resource)
        invariants = self._invariant_compiler.compile_all(element.invariants, focus)
        if not checks and not invariants:
            return None
        return _each(_all(checks, invariants), element.step(ref), primitive=True)

    def _is_canonical(self, element: Element, ref: TypeRef) -> bool:
        """Whether a URI is a canonical reference, or the canonical url of a resource."""
        owner, _, name = element.path.partition(".")
        return ref.code == "canonical" or (name == "url" and self._registry.is_resource_type(owner))

    def _complex(self, element: Element, ref: TypeRef, resource: StaticType) -> PropertyCheck:
        step = element.step(ref)
        if ref.code == "Resource":
            return _each(_contained if element.name == "contained" else _entry, step)
        if element.children:
            return _each(self._backbone(element, resource).check, step)
        node = self.type_node(ref.code)
        checks: list[ValueCheck] = [node.check, *self._bindings(element, ref)]
        if ref.code == "Coding":
            checks.append(self._check_coding)
        if ref.code in self._type_checks:
            checks.append(self._type_checks[ref.code])
        checks += [self._compiled_profiles.check(url) for url in ref.profiles]
        if ref.code == "Reference" and not self._errors_only:
            checks.append(agreement_check)
        if ref.code == "Reference" and ref.target_types and "Resource" not in ref.target_types:
            checks.append(_urn_targets_only(target_check((), frozenset(ref.target_types), lambda *_: None)))
        focus = Focus(self._types.of_element(element, (ref,)), ref.code, resource)
        invariants = self._invariant_compiler.compile_all(element.invariants, focus)
        if len(checks) == 1 and not invariants:
            return _each(node.check, step)
        return _each(_all(checks, invariants), step)

    def _bindings(self, element: Element, ref: TypeRef) -> list[ValueCheck]:
        """The checks of a binding, unless the structural validation does them: for required bindings to codes
        that can be listed.
        """
        binding = element.binding
        if binding is None or ref.code not in CODED or element.path in _SHORT_NAMES_TOO:
            return []
        if binding.strength == "required" and self._registry.codes(binding.value_set) is not None:
            return []
        checks = binding_checks(self._codes, binding.strength, binding.value_set, None, self._errors_only)
        if binding.max_value_set and not self._errors_only:
            checks.append(maximum_check(self._codes, binding.max_value_set))
        return checks


def _compile_on_first_use(
    properties: dict[str, PropertyCheck], name: str, compiled: Callable[[], PropertyCheck]
) -> None:
    """Put a check under `name` that replaces itself with the compiled one at its first use."""

    def check(value: Any, holder: dict[str, Any], context: ValidationContext) -> Findings:
        properties[name] = compiled()
        return properties[name](value, holder, context)

    properties[name] = check


def _required_value_set(element: Element, ref: TypeRef) -> str | None:
    """The value set of an element's required binding, if its type is `code`."""
    binding = element.binding
    is_required = ref.code == "code" and binding is not None and binding.strength == "required"
    return binding.value_set if binding is not None and is_required else None


def _all(checks: Iterable[ValueCheck], invariants: tuple[CompiledInvariant, ...]) -> ValueCheck:
    in_order = tuple(checks)

    def check(value: Any, context: ValidationContext) -> Findings:
        found: list[Finding] | None = None
        for check_value in in_order:
            if (more := check_value(value, context)) is not None:
                found = joined(found, more)
        if invariants:
            found = joined(found, check_invariants(invariants, value, context))
        return found

    return check


def _each(check_one: ValueCheck, step: str, primitive: bool = False) -> PropertyCheck:
    """The check of a property's value, or of each item of its array."""

    def check(value: Any, _: dict[str, Any], context: ValidationContext) -> Findings:
        if type(value) is not list:
            if value is None or not (primitive or type(value) is dict):
                return None
            found = check_one(value, context)
            return None if found is None else prefixed(found, step)
        every: list[Finding] | None = None
        for index, item in enumerate(value):
            if item is not None and (primitive or type(item) is dict):
                found = check_one(item, context)
                if found is not None:
                    every = joined(every, prefixed(found, f"{step}[{index}]"))
        return every

    return check


def _contained(value: Any, context: ValidationContext) -> Findings:
    return context.state.nested.contained(value, context)


def _entry(value: Any, context: ValidationContext) -> Findings:
    return context.state.nested.entry(value, context)


def _urn_targets_only(check_target: ValueCheck) -> ValueCheck:
    """Check only urn references, whose text does not tell the target's type; the structural validation checks
    the others.
    """

    def check(value: Any, context: ValidationContext) -> Findings:
        text = value.get("reference")
        if type(text) is str and text.startswith("urn:") and context.bundle is not None:
            return check_target(value, context)
        return None

    return check
