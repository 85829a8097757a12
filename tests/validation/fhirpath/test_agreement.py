"""The compiled invariants of R4 say the same as the FHIRPath library, on good examples and on spoilt ones."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_server.core.fhirpath import FhirPath, FhirPathError
from fhir_server.core.json import parse
from fhir_server.definitions.elements import Element, Invariant
from fhir_server.definitions.registry import Registry
from fhir_server.validation.fhirpath.compiled import Scope
from fhir_server.validation.fhirpath.static_types import Types
from fhir_server.validation.invariants.compiler import Focus, Holds, InvariantCompiler
from fhir_server.validation.invariants.corrections import CORRECTIONS
from fhir_server.validation.invariants.native import NATIVE_INVARIANTS, STRUCTURAL

FILES = sorted((Path(__file__).parents[2] / "data" / "hl7-r4").glob("*.json"))
SMALL = [file for file in FILES if file.stat().st_size < 8_000]

# htmlChecks() is no function of the library; dom-6 asks nothing of contained resources
LEFT_OUT = STRUCTURAL | {"dom-6"}

Json = dict[str, Any]


class Item:
    """An object of a resource with the invariants on it."""

    def __init__(
        self, value: Json, focus: Focus, invariants: tuple[Invariant, ...], resource: Json, root: Json
    ) -> None:
        self.value = value
        self.focus = focus
        self.invariants = [invariant for invariant in invariants if invariant.key not in LEFT_OUT]
        self.resource = resource
        self.root = root


class Walk:
    """Finds every object of a resource."""

    def __init__(self) -> None:
        self.registry = Registry.r4()
        self.types = Types(self.registry)
        self.paths = FhirPath()
        self._compiler = InvariantCompiler(self.types, self.paths)
        self._compiled: dict[tuple[str, str], Holds] = {}

    def items(self, resource: Json, root: Json | None = None) -> Iterator[Item]:
        definition = self.registry.type(resource["resourceType"])
        shape = self.types.of_type(definition.name)
        focus = Focus(shape, definition.name, shape)
        yield Item(resource, focus, definition.invariants, resource, root or resource)
        yield from self._within(resource, definition.elements, resource, root or resource)

    def _within(
        self, holder: Json, elements: Mapping[str, Element], resource: Json, root: Json
    ) -> Iterator[Item]:
        for element in elements.values():
            for name, ref in element.json_names().items():
                values = holder.get(name)
                for value in values if isinstance(values, list) else [values]:
                    if not isinstance(value, dict):
                        continue
                    if ref.code == "Resource":
                        yield from self.items(value, root if element.name == "contained" else value)
                        continue
                    definition = self.registry.type(ref.code)
                    path = element.path if element.children else ref.code
                    whole = self.types.of_type(resource["resourceType"])
                    focus = Focus(self.types.of_element(element, (ref,)), path, whole)
                    yield Item(value, focus, element.invariants + definition.invariants, resource, root)
                    yield from self._within(value, element.children or definition.elements, resource, root)

    def compiled(self, item: Item, invariant: Invariant) -> bool | None:
        """The verdict of the closure; None where it cannot be evaluated."""
        key = (invariant.expression, item.focus.path)
        if key not in self._compiled:
            native = NATIVE_INVARIANTS.get((invariant.key, invariant.expression))
            expression = CORRECTIONS.get(invariant.expression, invariant.expression)
            self._compiled[key] = native or self._compiler.holds(expression, item.focus)
        scope = Scope(item.resource, item.root, lambda _: None, lambda *_: None)
        try:
            return self._compiled[key](item.value, scope)
        except FhirPathError:
            return None

    def by_library(self, item: Item, invariant: Invariant) -> bool | None:
        expression = CORRECTIONS.get(invariant.expression, invariant.expression)
        try:
            found = self.paths.evaluate(
                expression,
                item.value,
                type=item.focus.path,
                resource=item.resource,
                environment={"rootResource": item.root},
                resolver=lambda _: None,
            )
        except FhirPathError:
            return None
        return bool(found) and found[0] is not False


@pytest.fixture(scope="module")
def walk() -> Walk:
    return Walk()


@pytest.mark.parametrize("file", SMALL[::3], ids=lambda file: file.stem)
def test_the_examples_satisfy_the_errors_by_both(walk: Walk, file: Path) -> None:
    for item in walk.items(parse(file.read_bytes())):
        for invariant in item.invariants:
            verdict = walk.compiled(item, invariant)
            assert verdict is walk.by_library(item, invariant), (item.focus.path, invariant.key)
            assert verdict or invariant.severity == "warning", (item.focus.path, invariant.key)


def lacks_id(resource: Json) -> bool:
    return any("id" not in inner for inner in resource.get("contained", ()))


@settings(max_examples=25)
@given(st.data())
def test_spoilt_examples_get_the_same_verdict_by_both(walk: Walk, data: Any) -> None:
    resource = parse(data.draw(st.sampled_from(SMALL)).read_bytes())
    items = list(walk.items(resource))
    spoilt = data.draw(st.sampled_from([item for item in items if len(item.value) > 1]))
    name = data.draw(st.sampled_from(sorted(set(spoilt.value) - {"resourceType"})))
    other = data.draw(st.sampled_from(items))
    if data.draw(st.booleans()):
        del spoilt.value[name]
    elif name in other.value and type(other.value[name]) is type(spoilt.value[name]):
        spoilt.value[name] = other.value[name]
    for item in {id(one): one for one in (items[0], spoilt)}.values():
        for invariant in item.invariants:
            if invariant.key == "dom-3" and lacks_id(item.value):
                continue  # by the letter of the expression, what has no id need not be referred to
            mine, theirs = walk.compiled(item, invariant), walk.by_library(item, invariant)
            assert mine is theirs or theirs is None, (item.focus.path, invariant.key, item.value)
