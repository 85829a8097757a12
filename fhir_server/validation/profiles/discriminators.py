"""Discriminators compiled to tests of whether a value belongs to a slice.

https://hl7.org/fhir/R4/profiling.html#discriminator
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from fhir_server.core.fhirpath import FhirPathError
from fhir_server.definitions.snapshot.slices import is_choice_name
from fhir_server.definitions.snapshot.snapshot import ElementDefinition
from fhir_server.definitions.snapshot.tree import Node as Branch
from fhir_server.validation.checks.check import Codes
from fhir_server.validation.fhirpath.comparison import bare_value, equal
from fhir_server.validation.fhirpath.compiled import Items, Scope, Unsupported
from fhir_server.validation.fhirpath.compiler import ExpressionCompiler
from fhir_server.validation.fhirpath.parser import Call, Member, Path, Special, Tree, parse
from fhir_server.validation.fhirpath.static_types import StaticType, Types
from fhir_server.validation.findings import excerpt, quoted_list
from fhir_server.validation.profiles.bindings import codes_of, contains_any
from fhir_server.validation.profiles.context import ValidationContext
from fhir_server.validation.profiles.discriminator_paths import FindRoot, Step, definitions_along, steps_of
from fhir_server.validation.profiles.nodes import ElementValue
from fhir_server.validation.profiles.references import target_type
from fhir_server.validation.profiles.slicing import Matches
from fhir_server.validation.profiles.value_checks import choice_value, pattern_test

Conforms = Callable[[Any, tuple[str, ...], ValidationContext], bool | None]
"""Whether a value satisfies one of some profiles; None if none of them is known."""


@dataclass(frozen=True, slots=True, eq=False)
class Sources:
    """What the tests depend on: definitions, the terminology service, and other profiles."""

    types: Types
    codes: Codes
    root: FindRoot
    type_of: Callable[[str], str]
    conforms: Conforms


@dataclass(frozen=True, slots=True, eq=False)
class DiscriminatorTest:
    """The test of one discriminator, and its criteria in words."""

    matches: Matches
    criteria: str


class Undecidable(Exception):
    """The discriminator cannot be evaluated."""


class Unconstrained(Undecidable):
    """The slice does not constrain the discriminator's element."""


def discriminator_test(
    kind: str, path: str, slice: Branch, static_type: StaticType, sources: Sources
) -> DiscriminatorTest:
    """The test of one discriminator for a slice. Raises `Undecidable`."""
    try:
        tree = parse(path)
        steps = list(steps_of(tree))
        select = _selection(tree, static_type, sources)
        match kind:
            case "value" | "pattern":
                return _value_test(path, select, steps, slice, sources)
            case "exists":
                return _exists_test(path, select, steps, slice, sources)
            case "type":
                return _type_test(path, tree, steps, static_type, slice, sources)
            case "profile":
                return _profile_test(path, select, steps, slice, sources)
    except (FhirPathError, Unsupported) as error:
        raise Undecidable(path) from error
    raise Undecidable(kind)


def undiscriminated_test(slice: Branch) -> DiscriminatorTest:
    """The test of a slice without discriminators: by its types and all fixed and pattern values in it."""
    fits = _value_matcher(slice)
    types = set(slice.type_codes) if slice.is_choice else set()
    if not types and not _has_expected_values(slice):
        return DiscriminatorTest(lambda _placed, _visit: None, "")
    return DiscriminatorTest(
        lambda element_value, _visit: (
            (not types or element_value.type in types) and fits(element_value.value)
        ),
        "",
    )


def _has_expected_values(branch: Branch) -> bool:
    """Whether a definition has a fixed or pattern value anywhere."""
    return any(_expected_values(branch.facts, [])) or any(
        map(_has_expected_values, (*(branch.children or ()), *branch.slices))
    )


Select = Callable[[ElementValue, ValidationContext], Items]


def _selection(tree: Tree, static_type: StaticType, sources: Sources) -> Select:
    if tree == Special("this"):
        return lambda element_value, _visit: (element_value.value,)
    run = ExpressionCompiler(sources.types, static_type).compile(tree).run

    def select(element_value: ElementValue, context: ValidationContext) -> Items:
        scope: Scope = context.scope
        try:
            return run(element_value.value, scope)
        except (FhirPathError, Unsupported):
            return ()

    return select


def _value_test(
    path: str, select: Select, steps: list[Step], slice: Branch, sources: Sources
) -> DiscriminatorTest:
    """Test by a fixed or pattern value, absence, a required binding, the content, or the presence of the
    element: the first that the slice defines.
    """
    ways = list(definitions_along(slice, steps, sources.root))
    for branch, remaining in ways:
        for wanted, exact in _expected_values(branch.facts, remaining):
            return DiscriminatorTest(
                _any_value(select, _value_is(wanted, exact)), f"{path} = {excerpt(wanted)}"
            )
    ends = [branch for branch, remaining in ways if not remaining]
    if any(end.facts.get("max") == "0" for end in ends):
        return _absence_test(path, select)
    for end in ends:
        binding = end.facts.get("binding", {})
        if binding.get("strength") == "required" and binding.get("valueSet"):
            value_set = binding["valueSet"]
            return DiscriminatorTest(
                _in_value_set(select, value_set, sources.codes), f"{path} in {value_set}"
            )
    for end in ends:
        if end is not slice and (end.children or end.slices):
            return DiscriminatorTest(_any_value(select, _value_matcher(end)), f"{path} as {slice.slice_name}")
    for end in ends:
        if end is not slice and end.facts.get("min"):
            return DiscriminatorTest(
                lambda element_value, context: bool(select(element_value, context)), path
            )
    raise Unconstrained(path)


def _absence_test(path: str, select: Select) -> DiscriminatorTest:
    """Test that the element is absent."""
    return DiscriminatorTest(
        lambda element_value, context: not select(element_value, context), f"{path}.empty()"
    )


def _expected_values(facts: ElementDefinition, remaining: list[Step]) -> Iterable[tuple[Any, bool]]:
    """The fixed and pattern values of a definition at the end of the remaining steps, and whether they are
    fixed.
    """
    for prefix in ("fixed", "pattern"):
        found = choice_value(facts, prefix)
        if found is not None:
            for value in _values_at(found[1], remaining):
                yield value, prefix == "fixed"


def _values_at(value: Any, steps: list[Step]) -> list[Any]:
    reached = [value]
    for kind, name in steps:
        if kind != "child":
            return []
        inner = [holder.get(name) for holder in reached if type(holder) is dict]
        reached = [
            item
            for member in inner
            for item in (member if type(member) is list else [member])
            if item is not None
        ]
    return reached


def _any_value(select: Select, test: Callable[[Any], bool]) -> Matches:
    """Match if one of the selected values passes a test."""
    return lambda element_value, context: any(map(test, select(element_value, context)))


def _in_value_set(select: Select, value_set: str, codes: Codes) -> Matches:
    def matches(element_value: ElementValue, context: ValidationContext) -> bool | None:
        pairs = [pair for value in select(element_value, context) for pair in codes_of(value) or ()]
        return contains_any(codes, value_set, pairs) if pairs else False

    return matches


def _value_matcher(branch: Branch) -> Callable[[Any], bool]:
    """The test whether a value has the fixed and pattern values of a definition and of its children."""
    tests = [_value_is(wanted, exact) for wanted, exact in _expected_values(branch.facts, [])]
    below = [
        (child, _value_matcher(slice), slice.facts.get("min", 0), slice is child)
        for child in branch.children or ()
        for slice in (child, *child.slices)
    ]

    def fits(value: Any) -> bool:
        if not all(test(value) for test in tests):
            return False
        for child, fits_below, least, is_asked_of_all in below:
            values = _children(value, child)
            fitting = sum(map(fits_below, values))
            if fitting < least or (is_asked_of_all and fitting < len(values)):
                return False
        return True

    return fits


def _children(value: Any, child: Branch) -> list[Any]:
    """The values of a child of an object; of a choice under any of its JSON names."""
    if type(value) is not dict:
        return []
    if child.is_choice:
        return [member for name, member in value.items() if is_choice_name(child, name)]
    inside = value.get(child.name)
    return inside if type(inside) is list else [] if inside is None else [inside]


def _value_is(wanted: Any, exact: bool) -> Callable[[Any], bool]:
    """The test whether a value equals a fixed value, or matches a pattern."""
    if exact:
        return lambda value: equal(value, wanted)
    matches = pattern_test(wanted)
    return lambda value: matches(bare_value(value))


def _exists_test(
    path: str, select: Select, steps: list[Step], slice: Branch, sources: Sources
) -> DiscriminatorTest:
    for branch, remaining in definitions_along(slice, steps, sources.root):
        if remaining:
            continue
        if branch.facts.get("max") == "0":
            return _absence_test(path, select)
        if branch.facts.get("min"):
            return DiscriminatorTest(
                lambda element_value, context: bool(select(element_value, context)), f"{path}.exists()"
            )
    raise Unconstrained(path)


def _type_test(
    path: str, tree: Tree, steps: list[Step], static_type: StaticType, slice: Branch, sources: Sources
) -> DiscriminatorTest:
    resolves = bool(steps) and steps[-1][0] == "resolve"
    ways = definitions_along(slice, steps[:-1] if resolves else steps, sources.root)
    ends = [end for end, remaining in ways if not remaining]
    if resolves:
        names = {sources.type_of(url) for end in ends for url in end.canonicals("targetProfile")}
    else:
        names = {code for end in ends for code in end.type_codes}
    if not names:
        raise Unconstrained(path)
    criteria = f"{path}: {quoted_list(sorted(names))}"
    if not steps:
        return DiscriminatorTest(lambda element_value, _visit: _is_of(element_value, names), criteria)
    if resolves:
        reference = tree.left if isinstance(tree, Path) else Special("this")
        return DiscriminatorTest(_reference_to(_selection(reference, static_type, sources), names), criteria)
    ofs = [_selection(Path(tree, Call("ofType", (Member(name),))), static_type, sources) for name in names]
    return DiscriminatorTest(
        lambda element_value, context: any(select(element_value, context) for select in ofs), criteria
    )


def _is_of(element_value: ElementValue, names: set[str]) -> bool:
    value = element_value.value
    if type(value) is dict and "resourceType" in value:
        return value["resourceType"] in names
    return element_value.type in names


def _reference_to(select: Select, names: set[str]) -> Matches:
    """Match by the type of a reference's target, or if that is not found, by the type that the reference
    states.
    """

    def matches(element_value: ElementValue, context: ValidationContext) -> bool | None:
        references = [item for item in select(element_value, context) if type(item) is dict]
        return any(target_type(reference, context) in names for reference in references)

    return matches


def _profile_test(
    path: str, select: Select, steps: list[Step], slice: Branch, sources: Sources
) -> DiscriminatorTest:
    resolves = bool(steps) and steps[-1][0] == "resolve"
    name = "targetProfile" if resolves else "profile"
    profiles = tuple(
        url
        for branch, remaining in definitions_along(slice, steps[:-1] if resolves else steps, sources.root)
        if not remaining
        for url in branch.canonicals(name)
    )
    if not profiles:
        raise Unconstrained(path)

    def matches(element_value: ElementValue, context: ValidationContext) -> bool | None:
        answers = [sources.conforms(value, profiles, context) for value in select(element_value, context)]
        return True if True in answers else None if None in answers else False

    return DiscriminatorTest(matches, f"{path}: {quoted_list(profiles)}")
