"""Search expressions without an engine: the same values as FHIRPath finds, on HL7's own examples."""

from collections.abc import Iterator
from typing import Any

import pytest

from fhir_server.core.fhirpath import FhirPath, exact_numbers
from fhir_server.definitions.registry import Registry
from fhir_server.definitions.search_parameters import SearchParameter
from fhir_server.search.entries import Entries
from fhir_server.search.expression_paths import (
    Coded,
    ComplexExpression,
    Equals,
    Extended,
    First,
    OfType,
    Path,
    Property,
    Resolves,
    parse_paths,
    parse_presence,
)
from fhir_server.search.index_plan import is_supported
from fhir_server.search.index_tree import Branch
from fhir_server.search.path_resolver import PathResolver
from tests.search.universe import example_resources

RESOURCES = example_resources()


def native(resolver: PathResolver, expression: str, resource: dict[str, Any]) -> list[Any]:
    """What the tree finds for a plain expression."""
    found: list[Any] = []
    tree = Branch()
    for path in parse_paths(expression):
        for resolved in dict.fromkeys(resolver.resolve(path, resource["resourceType"])):
            tree.branch_at(resolved.steps).indexers.append(lambda value, _: found.append(value))
    tree.build().visit(resource, resource, Entries())
    return found


def distinct(values: list[Any]) -> set[str]:
    return set(map(repr, values))


@pytest.fixture(scope="module")
def fhirpath() -> FhirPath:
    return FhirPath()


@pytest.mark.parametrize("file", RESOURCES)
def test_plain_paths_find_what_fhirpath_finds(registry: Registry, fhirpath: FhirPath, file: str) -> None:
    resource, resolver = exact_numbers(RESOURCES[file]), PathResolver(registry)
    for code, parameter in registry.search_parameters(resource["resourceType"]).items():
        expression = parameter.expression
        if expression is None or not is_plain(expression):
            continue
        found = native(resolver, expression, resource)
        assert distinct(found) == distinct(fhirpath.evaluate(expression, resource)), code


MARK = "urn:mark"
MARKED = {
    "resourceType": "Patient",
    "active": True,
    "birthDate": "1970-01-01",
    "_birthDate": {"id": "b", "extension": [{"url": MARK, "valueDateTime": "1970-01-01T10:00:00Z"}]},
    "name": [
        {
            "given": ["Ann", None, "Lea"],
            "_given": [None, {"extension": [{"url": MARK, "valueString": "x"}]}, {"id": "g"}],
        }
    ],
    "extension": [{"url": "urn:other", "valueString": "x"}],
}


@pytest.mark.parametrize(
    "expression",
    [
        f"Patient.birthDate.extension('{MARK}').value",
        f"Patient.birthDate.extension.where(url = '{MARK}').value.ofType(dateTime)",
        "Patient.birthDate.id",
        f"Patient.name.given.extension('{MARK}').value",
        "Patient.name.given.extension.url",
        "Patient.name.given.id",
    ],
)
def test_what_belongs_to_primitives_is_found(registry: Registry, fhirpath: FhirPath, expression: str) -> None:
    found = native(PathResolver(registry), expression, MARKED)
    assert found
    assert distinct(found) == distinct(fhirpath.evaluate(expression, MARKED))


@pytest.mark.parametrize(
    "expression",
    [
        f"Patient.name.given.where(hasExtension('{MARK}'))",
        "Patient.name.given.where(system = 'x')",
        "Patient.name.where(given = 'Ann').family",
        "Patient.extension.where(value = 'x').url",
        "Patient.contact.where(relationship = 'x').gender",
        "Patient.contact.where(gender.coding.where(system = 's' and code = 'c').exists()).name",
        "Patient.active.where(resolve() is Patient)",
        "Patient.contained.name",
        "Patient.meta.profile.where(resolve() is StructureDefinition).extension('urn:x').value",
    ],
)
def test_conditions_that_take_more_than_a_look_are_left_to_the_engine(
    registry: Registry, expression: str
) -> None:
    with pytest.raises(ComplexExpression):
        native(PathResolver(registry), expression, MARKED)


def is_plain(expression: str) -> bool:
    try:
        parse_paths(expression)
    except ComplexExpression:
        return False
    return True


def every_parameter(registry: Registry) -> Iterator[SearchParameter]:
    for type in registry.resource_types:
        yield from registry.search_parameters(type).values()


def test_the_official_expressions_need_no_engine(registry: Registry) -> None:
    expressions = {p.expression for p in every_parameter(registry) if is_supported(p) and p.expression}
    parts = {c.expression for p in every_parameter(registry) for c in p.components}
    engine = {e for e in expressions | parts if not is_plain(e) and parse_presence(e) is None}
    assert engine == set()


@pytest.mark.parametrize(
    ("expression", "paths"),
    [
        ("Patient.name", (Path("Patient", (Property("name"),)),)),
        ("(A.b as Quantity) | A.c.as(Range)", (
            Path("A", (Property("b"), OfType("Quantity"))),
            Path("A", (Property("c"), OfType("Range"))),
        )),
        ("(A.b as CodeableConcept).text", (
            Path("A", (Property("b"), OfType("CodeableConcept"), Property("text"))),
        )),
        ("A.b.where(resolve() is Patient)", (Path("A", (Property("b"), Resolves("Patient"))),)),
        ("A.b.where(system='phone').value", (
            Path("A", (Property("b"), Equals("system", "phone"), Property("value"))),
        )),
        ("A.extension('urn:x').value.ofType(Coding)", (
            Path("A", (Property("extension"), Equals("url", "urn:x"), Property("value"), OfType("Coding"))),
        )),
        ("A.b.where(hasExtension('urn:x')).c", (
            Path("A", (Property("b"), Extended("urn:x"), Property("c"))),
        )),
        ("A.b.where(c.coding.where(system = 'urn:s' and code = 'x').exists()).d", (
            Path("A", (Property("b"), Coded("c", "urn:s", "x"), Property("d"))),
        )),
        ("Bundle.entry[0].resource", (Path("Bundle", (Property("entry"), First(), Property("resource"))),)),
        ("value.as(Quantity)", (Path("", (Property("value"), OfType("Quantity"))),)),
        ("%resource.a", (Path("%resource", (Property("a"),)),)),
    ],
)  # fmt: skip
def test_how_an_expression_is_read(expression: str, paths: tuple[Path, ...]) -> None:
    assert parse_paths(expression) == paths


@pytest.mark.parametrize(
    "expression",
    [
        "A.b.first()",
        "A.b.where(c > 1)",
        "A.b.where(c = 1)",
        "A.b.where(c = 'x' and d = 'y')",
        "A.b.c[0]",
        "A.b[1]",
        "A.b and A.c",
        "A.b.exists()",
        "A.",
        "(A.b",
        "A.b)",
        "A.b |",
        "'text'",
        "",
    ],
)
def test_what_is_left_to_the_engine(expression: str) -> None:
    with pytest.raises(ComplexExpression):
        parse_paths(expression)


def test_a_presence_is_recognised() -> None:
    paths = (Path("Patient", (Property("deceased"),)),)
    assert parse_presence("Patient.deceased.exists() and Patient.deceased != false") == paths
    assert parse_presence("(Patient.deceased.exists() and Patient.deceased != false)") == paths
    assert parse_presence("Patient.deceased.exists() and Patient.active != false") is None


@pytest.mark.parametrize(
    "expression",
    ["(" * 17 + "Patient.name" + ")" * 17, "Patient" + ".extension('u')" * 17, "Patient" + ".a" * 33],
)
def test_what_goes_deeper_than_anything_in_a_resource_is_no_plain_path(expression: str) -> None:
    with pytest.raises(ComplexExpression):
        parse_paths(expression)
