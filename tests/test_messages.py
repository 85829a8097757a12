"""Every message exists in both languages, with the same placeholders, and gets all of them."""

import ast
import importlib
import pkgutil
import string
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import fhir_server
import mappings
from fhir_server.issues import Template

ROOT = Path(__file__).parents[1]
PACKAGES = (fhir_server, mappings)
BY_THE_WAY = {"here"}
"""Placeholders that are filled in where an issue is placed."""


def message_modules() -> list[ModuleType]:
    return [
        importlib.import_module(found.name)
        for package in PACKAGES
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if found.name.endswith("messages")
    ]


MODULES = message_modules()
TEMPLATES = [
    pytest.param(value, id=f"{module.__name__}.{name}")
    for module in MODULES
    for name, value in vars(module).items()
    if isinstance(value, Template)
]


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def test_there_are_messages() -> None:
    assert len(TEMPLATES) > 50


@pytest.mark.parametrize("template", TEMPLATES)
def test_both_languages_say_the_same_values(template: Template) -> None:
    assert bool(template.en) == bool(template.fr)
    assert placeholders(template.en) == placeholders(template.fr)


@pytest.mark.parametrize("module", MODULES, ids=[module.__name__ for module in MODULES])
def test_no_message_stands_in_the_place_of_another(module: ModuleType) -> None:
    body = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8")).body
    names = [
        ast.unparse(target)
        for statement in body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
    ]
    assert [name for name in names if names.count(name) > 1] == []


def imported(tree: ast.AST) -> dict[str, object]:
    """What a file imports from our packages, by the names that it has there."""
    found: dict[str, object] = {}
    for one in ast.walk(tree):
        if isinstance(one, ast.ImportFrom) and (one.module or "").startswith(("fhir_server", "mappings")):
            module = importlib.import_module(str(one.module))
            for name in one.names:
                if name.name.endswith("messages"):
                    found[name.asname or name.name] = importlib.import_module(f"{one.module}.{name.name}")
                else:
                    found[name.asname or name.name] = getattr(module, name.name, None)
    return found


def uses(file: Path) -> Iterator[tuple[ast.Call, Template]]:
    """The calls of templates in a file, but for those whose values are not written out."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    names = imported(tree)
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and all(keyword.arg for keyword in call.keywords):
            owner, _, name = ast.unparse(call.func).rpartition(".")
            template = getattr(names.get(owner), name, None) if owner else names.get(name)
            if isinstance(template, Template):
                yield call, template


def test_every_message_is_given_its_values() -> None:
    wrong = []
    for package in PACKAGES:
        for file in sorted((ROOT / package.__name__).rglob("*.py")):
            for call, template in uses(file):
                given = {str(keyword.arg) for keyword in call.keywords}
                if given | BY_THE_WAY != placeholders(template.en) | BY_THE_WAY:
                    wrong.append(f"{file.relative_to(ROOT)}:{call.lineno}: {ast.unparse(call)}")
    assert wrong == []
