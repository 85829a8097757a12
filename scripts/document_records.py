"""Writes the tables and examples of docs/records.md from the tables of the records: `make docs`.

The part above the mark is written by hand.
"""

import sys
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from fhir_server.conversion.field_kinds import Coded, Kind, ListOf, Word
from fhir_server.conversion.table import Field, Table
from fhir_server.core import json
from mappings.sesame.guide import Guide, read_guide
from mappings.sesame.records.table import tables
from scripts.guide_examples import REPOSITORY

PAGE = REPOSITORY / "docs" / "records.md"
MARK = "<!-- Ce qui suit est écrit par `make docs`"
KINDS = {
    "string": "texte",
    "integer": "entier",
    "number": "nombre",
    "boolean": "vrai ou faux",
    "array": "liste",
}


def main() -> int:
    """Write the part below the mark."""
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(PAGE.relative_to(REPOSITORY))
    return 0


def examples() -> dict[str, Any]:
    """An example of each record, in the order in which they can be sent."""
    body = files("mappings.sesame.records").joinpath("examples.json").read_bytes()
    found: dict[str, Any] = json.parse(body)
    return found


def page(text: str) -> str:
    """The updated page, from the present one."""
    head, mark, rest = text.partition(MARK)
    comment = rest.partition("\n")[0]
    guide, shown = read_guide(), examples()
    sections = [_section(guide, table, shown[table.name]) for table in tables(guide)]
    return f"{head}{mark}{comment}\n\n" + "\n".join(sections)


def _section(guide: Guide, table: Table, example: Any) -> str:
    lines = [
        f"## {table.name}",
        "",
        f"{table.title}. Identifiant FHIR : `{_short(guide, table.system)}`.",
        "",
        "| Champ | Type | Chemin FHIR | Codes ou système | Sens | Source |",
        "|---|---|---|---|---|---|",
        *(_row(guide, field) for field in table.fields),
        "",
        *_derived(table),
        "```json",
        json.indent(json.serialise(example)).decode(),
        "```",
        "",
    ]
    return "\n".join(lines)


def _row(guide: Guide, field: Field) -> str:
    name = f"**{field.name}**" if field.required else field.name
    places = "<br>".join(f"`{place}`" for place in field.places)
    system = f"`{_short(guide, field.kind.system)}`" if field.kind.system else ""
    cells = (name, _kind(field), places, system, field.description, field.source)
    return "| " + " | ".join(cells) + " |"


def _kind(field: Field) -> str:
    """The form of a value; the words of a list of codes."""
    schema = field.kind.schema
    items = schema.get("items", {})
    if words := schema.get("enum") or items.get("enum"):
        listed = ", ".join(_word(field.kind, word) for word in words)
        return f"liste de {listed}" if items else listed
    if "format" in schema:
        return "date" if schema["format"] == "date" else "moment"
    return KINDS[schema["type"]] + (f" de {KINDS[items['type']]}s" if items else "")


def _word(kind: Kind, word: str) -> str:
    """A word, with its code if they differ."""
    kind = kind.kind if isinstance(kind, ListOf) else kind
    code = kind.codes[word] if isinstance(kind, Word) else word
    if isinstance(kind, Coded):
        code = kind.codings[word]["code"]
    return f"`{word}`" if code == word else f"`{word}` (`{code}`)"


def _derived(table: Table) -> Iterator[str]:
    """The elements of the resources that are not fields."""
    if table.derived:
        said = (f"`{one.place}` ({one.description.rstrip('.')})" for one in table.derived)
        yield from (f"De là viennent aussi : {', '.join(said)}.", "")


def _short(guide: Guide, text: str) -> str:
    """Systems of the guide without its root."""
    return ", ".join(system.removeprefix(f"{guide.root}/") for system in text.split(", "))


if __name__ == "__main__":
    sys.exit(main())
