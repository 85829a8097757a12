"""Compiles the snapshot of a profile to nodes, without the rules that the base type already has.

https://hl7.org/fhir/R4/profiling.html
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

from fhir_server.definitions.elements import STRUCTURES, Binding, Element, Invariant, TypeRef
from fhir_server.definitions.registry import Registry
from fhir_server.definitions.snapshot.snapshot import ElementDefinition, Snapshot
from fhir_server.definitions.snapshot.tree import Node as Branch
from fhir_server.definitions.snapshot.tree import build_tree
from fhir_server.validation.fhirpath.static_types import UNKNOWN, Types
from fhir_server.validation.findings import Finding, Findings, quoted_list
from fhir_server.validation.invariants.compiler import CompiledInvariant, Focus, InvariantCompiler
from fhir_server.validation.profiles import messages
from fhir_server.validation.profiles.bindings import CODED, binding_checks, maximum_value_set
from fhir_server.validation.profiles.contained_value_sets import with_contained_value_sets
from fhir_server.validation.profiles.context import ValidationContext, has_no_errors
from fhir_server.validation.profiles.discriminators import (
    DiscriminatorTest,
    Sources,
    Unconstrained,
    Undecidable,
    discriminator_test,
    undiscriminated_test,
)
from fhir_server.validation.profiles.nodes import ElementNode, ElementValue, ItemNode, Property
from fhir_server.validation.profiles.references import Mismatch, aggregation_check, target_check
from fhir_server.validation.profiles.slicing import DEFAULT, Slice, Slicing
from fhir_server.validation.profiles.value_checks import ValueCheck, value_checks

_ANY = frozenset({"Resource", "DomainResource"})
_EXTENSIONS = ("extension", "modifierExtension")

ProfileCheck = Callable[[str], ValueCheck]
"""The check of a value against a profile, by its canonical."""


@dataclass(frozen=True, slots=True, eq=False)
class CompilerDependencies:
    """What the compiler depends on: definitions, the compiler of invariants, and other profiles."""

    registry: Registry
    types: Types
    invariant_compiler: InvariantCompiler
    sources: Sources
    check_profile: ProfileCheck
    mismatch: Mismatch
    errors_only: bool


class ProfileCompiler:
    """Compiles one snapshot to the node of its root."""

    def __init__(self, snapshot: Snapshot, dependencies: CompilerDependencies) -> None:
        self._snapshot = snapshot
        self._dependencies = dependencies
        self._types = dependencies.types
        self._registry = dependencies.registry
        codes = with_contained_value_sets(dependencies.sources.codes, dependencies.registry, snapshot.url)
        self._sources = replace(dependencies.sources, codes=codes)
        self._resource = self._types.of_type(snapshot.type) if snapshot.kind == "resource" else UNKNOWN

    def compile(self) -> ItemNode:
        """The node of the root element."""
        root = build_tree(self._snapshot.elements)
        try:
            definition = self._registry.type(self._snapshot.type)
        except KeyError:
            return ItemNode()
        focus = Focus(self._types.of_type(definition.name), definition.name, self._resource)
        known = {invariant.key for invariant in definition.invariants}
        checks = (*value_checks(root.facts), *self._bindings(root.facts, definition.binding, definition.name))
        invariants = self._invariants(root.facts, known, focus)
        return ItemNode(checks, invariants, tuple(self._elements(root, definition.elements)))

    def _elements(self, holder: Branch, known: Mapping[str, Element]) -> Iterator[ElementNode]:
        for branch in holder.children or ():
            element = known.get(branch.name.removesuffix("[x]"))
            if element is not None and (node := self._element(branch, element)) is not None:
                yield node

    def _element(self, branch: Branch, element: Element) -> ElementNode | None:
        """The node of one element with its slices; None if it adds nothing to the base."""
        items = self._items(branch, element)
        slicing = self._slicing(branch, element)
        least, most = _cardinality(branch.facts)
        allowed = _type_codes(branch.facts)
        properties = tuple(self._properties(element, allowed))
        narrowed = any(not known.allowed for known in properties)
        must_support = bool(branch.facts.get("mustSupport")) and not self._dependencies.errors_only
        fewer = most is not None and (element.max is None or most < element.max)
        if not (items or slicing or narrowed or must_support or fewer or least > element.min):
            return None
        return ElementNode(
            name=element.name,
            path=element.path,
            profile=self._snapshot.url,
            properties=properties,
            min=least if least > element.min else 0,
            max=most if fewer else None,
            must_support=must_support,
            items=items,
            slicing=slicing,
        )

    def _properties(self, element: Element, allowed: frozenset[str]) -> Iterator[Property]:
        for name, ref in element.json_names().items():
            usable = not element.choice or not allowed or ref.code in allowed
            yield Property(name, ref.code, element.step(ref), f"_{name}", usable)

    # rules for one value

    def _items(self, branch: Branch, element: Element) -> dict[str, ItemNode]:
        """The rules for a value of the element, by the name of its type."""
        codes = _type_codes(branch.facts)
        items: dict[str, ItemNode] = {}
        for ref in element.json_names().values():
            known = not element.choice or not codes or ref.code in codes
            if known and (item := self._item(branch, element, ref)) is not None:
                items[ref.code] = item
        return items

    def _item(self, branch: Branch, element: Element, ref: TypeRef) -> ItemNode | None:
        facts = branch.facts
        inner = self._inner_type(facts, ref)
        definition = self._registry.type(inner)
        static_type = self._types.of_element(element, (TypeRef(inner),))
        focus = Focus(static_type, element.path if element.children else inner, self._resource)
        checks = (
            *value_checks(facts),
            *self._bindings(facts, element.binding, ref.code),
            *self._type_checks(facts, element, ref),
        )
        known = {invariant.key for invariant in (*element.invariants, *definition.invariants)}
        invariants = self._invariants(facts, known, focus)
        is_resource = ref.code == "Resource"
        compiler = self._within(inner) if is_resource else self
        elements = tuple(compiler._elements(branch, element.children or definition.elements))
        return (
            ItemNode(checks, invariants, elements, is_resource) if checks or invariants or elements else None
        )

    def _within(self, type: str) -> "ProfileCompiler":
        """The compiler for a resource of this type nested in the one of the profile."""
        compiler = copy(self)
        compiler._resource = self._types.of_type(type)
        return compiler

    def _inner_type(self, facts: ElementDefinition, ref: TypeRef) -> str:
        """The type of a value: that of the base, or the only resource type that the profile allows."""
        codes = _type_codes(facts)
        if ref.code == "Resource" and len(codes) == 1:
            (code,) = codes
            return code if self._registry.is_resource_type(code) else ref.code
        return ref.code

    def _invariants(
        self, facts: ElementDefinition, known: set[str], focus: Focus
    ) -> tuple[CompiledInvariant, ...]:
        invariants = (
            Invariant(rule["key"], rule.get("severity", "error"), rule.get("human", ""), rule["expression"])
            for rule in facts.get("constraint", ())
            if rule["key"] not in known and "expression" in rule
        )
        return self._dependencies.invariant_compiler.compile_all(invariants, focus)

    def _bindings(self, facts: ElementDefinition, base: Binding | None, type: str) -> Iterable[ValueCheck]:
        """The checks of the binding of a value of this type, unless the base has the same binding."""
        binding = facts.get("binding")
        if not binding or type not in CODED:
            return ()
        strength, value_set = binding.get("strength", "example"), binding.get("valueSet")
        if base is not None and (base.strength, base.value_set) == (strength, value_set):
            return ()
        maximum, dependencies = maximum_value_set(binding), self._dependencies
        return binding_checks(self._sources.codes, strength, value_set, maximum, dependencies.errors_only)

    def _type_checks(self, facts: ElementDefinition, element: Element, ref: TypeRef) -> Iterator[ValueCheck]:
        """The checks of the profiles, target profiles and aggregation of an element's type."""
        types = [type for type in facts.get("type", ()) if ref.code in ("Resource", type["code"])]
        profiled = [type for type in types if type.get("profile")]
        if element.name in _EXTENSIONS:
            # extensions are validated by the definition that their url names, in any element
            profiled = [type for type in profiled if any(map(self._is_of_other_url, type["profile"]))]
        if profiled:
            yield self._profile_check(types, profiled)
        if ref.code == "Resource" and not _ANY & (codes := _type_codes(facts)):
            yield _resource_check(codes, self._snapshot.url)
        targets = [url for type in types for url in type.get("targetProfile", ())]
        if any(type["code"] == "Reference" for type in types) and targets:
            yield from self._targets(targets, element)
        modes = [mode for type in types for mode in type.get("aggregation", ())]
        if modes:
            yield aggregation_check(modes)

    def _is_of_other_url(self, canonical: str) -> bool:
        """Whether a profile constrains an extension whose url is that of another definition."""
        root = self._dependencies.sources.root(canonical)
        urls = (
            {child.facts.get("fixedUri") for child in root.children or () if child.name == "url"}
            if root
            else ()
        )
        return bool(urls) and canonical.partition("|")[0] not in urls

    def _targets(self, targets: list[str], element: Element) -> Iterator[ValueCheck]:
        known = {url for ref in element.types for url in ref.target_types}
        types = {self._dependencies.sources.type_of(url) for url in targets}
        profiles = tuple(url for url in targets if not _is_base_type(url))
        is_open = "" in types or types & _ANY or (known and types >= known)
        narrower = frozenset() if is_open else frozenset(types)
        free = frozenset(url.removeprefix(STRUCTURES) for url in targets if _is_base_type(url))
        if not free & _ANY and (profiles or narrower):
            yield target_check(profiles, narrower, self._dependencies.mismatch, free)

    def _profile_check(self, types: list[dict[str, Any]], profiled: list[dict[str, Any]]) -> ValueCheck:
        """The check that a value satisfies one of the profiles of its type."""
        checks = [self._dependencies.check_profile(url) for type in profiled for url in type["profile"]]
        if len(checks) == 1 and len(types) == 1:
            return checks[0]
        by_resource = {type["code"]: type.get("profile", ()) for type in types}

        def check(value: Any, context: ValidationContext) -> Findings:
            type_name = value.get("resourceType") if type(value) is dict else None
            urls = by_resource.get(type_name, ()) if type_name in by_resource else None
            mine = checks if urls is None else [self._dependencies.check_profile(url) for url in urls]
            first: Findings = None
            for check_profile in mine:
                found = check_profile(value, context)
                if has_no_errors(found):
                    return None
                first = first or found
            return first

        return check

    # slices

    def _slicing(self, branch: Branch, element: Element) -> Slicing | None:
        if not branch.slices:
            return None
        facts = branch.facts.get("slicing", {})
        criteria = facts.get("discriminator", ())
        slices = [
            self._slice(slice, element, criteria) for slice in branch.slices if slice.slice_name != DEFAULT
        ]
        default = next((slice for slice in branch.slices if slice.slice_name == DEFAULT), None)
        return Slicing(
            element=element.name,
            profile=self._snapshot.url,
            slices=tuple(slices),
            rules=facts.get("rules", "open"),
            ordered=bool(facts.get("ordered")),
            default=self._slice(default, element, ()) if default is not None else None,
            errors_only=self._dependencies.errors_only,
        )

    def _slice(self, branch: Branch, element: Element, criteria: Sequence[Mapping[str, str]]) -> Slice:
        least, most = _cardinality(branch.facts)
        tests = self._tests(branch, element, criteria)
        return Slice(
            name=str(branch.slice_name),
            matches=_all_match(tests),
            criteria=", ".join(test.criteria for test in tests),
            min=least,
            max=most,
            items=self._items(branch, element),
            slicing=self._slicing(branch, element),
        )

    def _tests(
        self, branch: Branch, element: Element, criteria: Sequence[Mapping[str, str]]
    ) -> list[DiscriminatorTest]:
        """The tests of the discriminators that the slice constrains; without discriminators, of the whole
        slice.
        """
        if not criteria:
            return [undiscriminated_test(branch)]
        refs = tuple(TypeRef(code) for code in _type_codes(branch.facts) if not code.startswith("http"))
        static_type = self._types.of_element(element, refs or element.types)
        tests: list[DiscriminatorTest] = []
        silent: list[DiscriminatorTest] = []
        for discriminator in criteria:
            kind, path = discriminator["type"], discriminator["path"]
            try:
                tests.append(discriminator_test(kind, path, branch, static_type, self._sources))
            except Undecidable as error:
                untold = DiscriminatorTest(lambda _placed, _visit: None, path)
                (silent if isinstance(error, Unconstrained) else tests).append(untold)
        return tests or silent


def _resource_check(names: frozenset[str], profile: str) -> ValueCheck:
    """The check that a resource has one of some types."""

    def check(value: Any, _: ValidationContext) -> Findings:
        found = value.get("resourceType") if type(value) is dict else None
        if found in names:
            return None
        text = messages.TYPE_NOT_ALLOWED(profile=profile, type=found, types=quoted_list(sorted(names)))
        return [Finding("structure", text)]

    return check


def _all_match(tests: list[DiscriminatorTest]) -> Callable[[ElementValue, ValidationContext], bool | None]:
    if len(tests) == 1:
        return tests[0].matches

    def matches(element_value: ElementValue, context: ValidationContext) -> bool | None:
        decided: bool | None = True
        for test in tests:
            found = test.matches(element_value, context)
            if found is False:
                return False
            decided = decided and found
        return decided

    return matches


def _cardinality(facts: ElementDefinition) -> tuple[int, int | None]:
    most = facts.get("max", "*")
    return facts.get("min", 0), None if most == "*" else int(most)


def _type_codes(facts: ElementDefinition) -> frozenset[str]:
    return frozenset(type["code"] for type in facts.get("type", ()))


def _is_base_type(canonical: str) -> bool:
    """Whether a canonical is that of a base type, not of a profile."""
    name = canonical.removeprefix(STRUCTURES)
    return name != canonical and "-" not in name and name[:1].isupper()
