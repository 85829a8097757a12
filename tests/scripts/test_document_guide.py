"""The pages of the guide match its resources and examples."""

import re

import pytest

from mappings.sesame.guide import read_guide
from scripts.document_guide import FOLDER, pages

PAGES = pages()


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_the_one_that_the_script_writes(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name], "run 'make docs'"


def test_no_page_is_left_of_a_profile_that_is_gone() -> None:
    assert {path.name for path in FOLDER.glob("*.md")} == {*PAGES, "choix.md"}


@pytest.mark.parametrize("name", [*PAGES, "choix.md"])
def test_every_link_leads_somewhere(name: str) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", text):
        assert target.startswith("https://") or (FOLDER / target).resolve().is_file(), target


def test_every_profile_has_its_page_and_every_resource_its_line() -> None:
    for resource in read_guide().resources:
        if resource["resourceType"] == "StructureDefinition" and resource["kind"] == "resource":
            assert f"({resource['id']}.md)" in PAGES["README.md"]
        elif resource["resourceType"] != "ImplementationGuide":
            assert f"`{resource['id']}`" in PAGES["README.md"]


def test_the_rules_that_the_choices_name_exist() -> None:
    named = set(re.findall(r"`(ses-[a-z0-9-]+)`", (FOLDER / "choix.md").read_text(encoding="utf-8")))
    keys = {
        rule["key"]
        for found in read_guide().resources
        if found["resourceType"] == "StructureDefinition"
        for element in found["differential"]["element"]
        for rule in element.get("constraint", ())
    }
    assert named
    assert named <= keys
