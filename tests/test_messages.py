"""Every message exists in both languages and says the same things in them."""

import importlib
import pkgutil
import string
from types import ModuleType

import pytest

import fhir_server
import mappings
from fhir_server.issues import Template


def message_modules() -> list[ModuleType]:
    return [
        importlib.import_module(found.name)
        for package in (fhir_server, mappings)
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if found.name.endswith(".messages")
    ]


TEMPLATES = [
    pytest.param(value, id=f"{module.__name__}.{name}")
    for module in message_modules()
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
