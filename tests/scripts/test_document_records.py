"""The page of the records matches their tables and examples."""

import re

from mappings.sesame.guide import read_guide
from mappings.sesame.records.table import tables
from scripts.document_records import PAGE, examples, page

TEXT = PAGE.read_text(encoding="utf-8")


def test_the_page_is_the_one_that_the_script_writes() -> None:
    assert page(TEXT) == TEXT, "run 'make docs'"


def test_every_record_has_its_section_and_its_example() -> None:
    names = [table.name for table in tables(read_guide())]
    assert re.findall(r"^## ([a-z_]+)$", TEXT, re.MULTILINE) == names
    assert list(examples()) == names
