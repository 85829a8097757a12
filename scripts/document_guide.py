"""Writes the pages of the guide, in French, one for each profile, the actors and an index: `make docs`.

The content comes from the guide's resources and examples; only `docs/guide/choix.md` is written by hand.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fhir_server.core import json
from fhir_server.definitions.registry import Registry
from mappings.sesame.guide import Guide, Resource, read_guide
from scripts.guide_examples import REPOSITORY, ExampleFile, example_files

FOLDER = REPOSITORY / "docs" / "guide"
BASE = "http://hl7.org/fhir/StructureDefinition/"
R4_PAGES = "https://hl7.org/fhir/R4"
SHOWN_LINES_MAX = 80
STRENGTHS = {
    "required": "obligatoire",
    "extensible": "extensible",
    "preferred": "préféré",
    "example": "exemple",
}
SEVERITIES = {"error": "erreur", "warning": "avertissement"}
KINDS = {
    "Questionnaire": "Questionnaires",
    "CodeSystem": "Systèmes de codes",
    "ValueSet": "Jeux de valeurs",
    "ConceptMap": "Correspondances",
    "NamingSystem": "Systèmes d'identifiants",
    "SearchParameter": "Paramètres de recherche",
    "OperationDefinition": "Opérations",
    "PlanDefinition": "Protocoles",
    "ActivityDefinition": "Activités",
    "Measure": "Indicateurs",
    "Library": "Bibliothèques",
    "GraphDefinition": "Graphes",
    "CapabilityStatement": "Capacités attendues, par acteur",
    "TestScript": "Scénarios de test",
}


def main() -> int:
    """Write all pages, and remove those of profiles that no longer exist."""
    written = pages()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for stale in {path.name for path in FOLDER.glob("sesame-*.md")} - written.keys():
        (FOLDER / stale).unlink()
    for name, text in written.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    print(f"{len(written)} pages in {FOLDER.relative_to(REPOSITORY)}")
    return 0


def pages() -> dict[str, str]:
    """The text of every generated page by file name."""
    guide = read_guide()
    registry = Registry.r4().with_guides(guide.resources)
    profiles = [found for found in _of(guide, "StructureDefinition") if found["kind"] == "resource"]
    written = {f"{profile['id']}.md": _page(guide, registry, profile) for profile in profiles}
    return {"README.md": _index(guide, profiles), "acteurs.md": _actors(guide), **written}


def _of(guide: Guide, type: str) -> list[Resource]:
    return [found for found in guide.resources if found["resourceType"] == type]


def _index(guide: Guide, profiles: list[Resource]) -> str:
    extensions = [found for found in _of(guide, "StructureDefinition") if found["kind"] != "resource"]
    (head,) = _of(guide, "ImplementationGuide")
    parts = [
        f"# {head['title']}\n\n{head['description']}\n",
        f"Racine canonique `{guide.root}`, version {guide.version}, FHIR R4 (4.0.1). "
        "`make guide ROOT=https://...` écrit le paquet FHIR sur une autre racine. "
        "Ces pages sont produites par `make docs`.\n",
        f"Vérifier un fichier : `fhir-server validate F.json --profile {guide.profile('sesame-claim')}`.\n",
        "Ce que chaque logiciel fait : [acteurs](acteurs.md).\n",
        "Ce que le guide a décidé sans source, et ce qui reste incertain : [choix et sources](choix.md).\n",
        _section("Profils", (_profile_row(found) for found in profiles), "Profil | Type | Objet"),
        _section("Extensions", (_extension_row(found) for found in extensions), "Extension | Sur | Objet"),
    ]
    for type, title in KINDS.items():
        rows = (f"`{found['id']}` | {_cell(found['description'])}" for found in _of(guide, type))
        parts.append(_section(title, rows, "Ressource | Objet"))
    return "\n".join(parts)


def _profile_row(profile: Resource) -> str:
    link = f"[{profile['title']}]({profile['id']}.md)"
    return f"{link} | {profile['type']} | {_cell(profile['description'])}"


def _extension_row(extension: Resource) -> str:
    contexts = ", ".join(context["expression"] for context in extension["context"])
    return f"`{extension['id']}` | {contexts} | {_cell(extension['description'])}"


def _actors(guide: Guide) -> str:
    parts = ["# Acteurs\n\nCe que le guide attend de chaque logiciel. [Tous les profils](README.md)\n"]
    for actor in _of(guide, "CapabilityStatement"):
        (rest,) = actor["rest"]
        on_all = [found["code"] for found in rest.get("interaction", ())] + _operations(rest)
        rows = (_resource_row(guide, asked) for asked in rest["resource"])
        parts += [
            f"## {actor['title']}\n\n{actor['description']} {rest['security']['description']}\n",
            f"Sur le système : {', '.join(f'`{name}`' for name in on_all)}.\n",
            _table("Ressource | Profils | Interactions | Recherche | Opérations", rows),
        ]
    return "\n".join(parts)


def _resource_row(guide: Guide, asked: Resource) -> str:
    columns = (
        [asked["type"]],
        [_target(guide, url) for url in asked.get("supportedProfile", ())],
        [found["code"] for found in asked["interaction"]],
        [f"`{found['name']}`" for found in asked.get("searchParam", ())],
        [f"`{name}`" for name in _operations(asked)],
    )
    return " | ".join(", ".join(column) for column in columns)


def _operations(holder: Resource) -> list[str]:
    return [f"${found['name']}" for found in holder.get("operation", ())]


def _section(title: str, rows: Iterable[str], header: str) -> str:
    return f"## {title}\n\n{_table(header, rows)}"


def _table(header: str, rows: Iterable[str]) -> str:
    dashes = " | ".join("---" for _ in header.split(" | "))
    return "\n".join(f"| {row} |" for row in (header, dashes, *rows)) + "\n"


def _cell(text: str) -> str:
    """A text escaped for a table cell."""
    return text.replace("|", "\\|").replace("\n", " ")


def _page(guide: Guide, registry: Registry, profile: Resource) -> str:
    snapshot = {element["id"]: element for element in registry.snapshot(profile["url"]).elements}
    elements = profile["differential"]["element"]
    rows = (
        _element_row(guide, element, snapshot[element["id"]]) for element in elements if "." in element["id"]
    )
    type = profile["type"]
    parts = [
        f"# {profile['title']}\n\n{profile['description']}\n",
        f"Profil `{profile['id']}` de [{type}]({R4_PAGES}/{type.lower()}.html), "
        f"canonique `{profile['url']}`. **S** : à prendre en charge (mustSupport). "
        "[Tous les profils](README.md)\n",
        _section("Éléments", rows, "Élément | Card. | Type | Valeur ou codes | Description"),
        *_rules(elements),
        _examples(profile),
    ]
    return "\n".join(parts)


def _element_row(guide: Guide, element: Resource, complete: Mapping[str, Any]) -> str:
    """The row of an element: `element` is that of the differential, `complete` that of the snapshot."""
    name = element["id"].partition(".")[2]
    cells = (
        f"`{name}`" + (" **S**" if element.get("mustSupport") else ""),
        f"{complete['min']}..{complete['max']}",
        "<br>".join(_type(guide, type) for type in element.get("type", ())),
        "<br>".join(_values(guide, element)),
        element.get("short", ""),
    )
    return " | ".join(_cell(cell) for cell in cells)


def _type(guide: Guide, type: Resource) -> str:
    targets = [*type.get("targetProfile", ()), *type.get("profile", ())]
    named = " ou ".join(_target(guide, target) for target in targets)
    return f"{type['code']} ({named})" if named else str(type["code"])


def _target(guide: Guide, url: str) -> str:
    id = url.rpartition("/")[2]
    known = next((found for found in _of(guide, "StructureDefinition") if found["url"] == url), None)
    if known is None:
        return id
    return f"[{known['title']}]({id}.md)" if known["kind"] == "resource" else f"{known['title']}, `{id}`"


def _values(guide: Guide, element: Resource) -> Iterator[str]:
    for name, value in element.items():
        if name.startswith("fixed"):
            yield f"= `{_short(value)}`"
        elif name.startswith("pattern"):
            yield f"contient `{_short(value)}`"
        elif name.startswith(("minValue", "maxValue")):
            yield f"{'≥' if name.startswith('min') else '≤'} {_short(value)}"
    if "binding" in element:
        value_set = next(
            one for one in _of(guide, "ValueSet") if one["url"] == element["binding"]["valueSet"]
        )
        yield f"{value_set['title']}, `{value_set['id']}` ({STRENGTHS[element['binding']['strength']]})"
    if "slicing" in element:
        yield f"tranches : {element['slicing']['description'].lower()}"


def _short(value: Any) -> str:
    """A short form of a value: a code without its system."""
    if isinstance(value, dict):
        (coding,) = value.get("coding", [value])
        return str(coding["code"])
    return str(value) if isinstance(value, str) else json.serialise(value).decode()


def _rules(elements: Iterable[Resource]) -> Iterator[str]:
    rules = [rule for element in elements for rule in element.get("constraint", ())]
    if rules:
        rows = (
            f"`{rule['key']}` | {SEVERITIES[rule['severity']]} | {_cell(rule['human'])}<br>"
            f"`{_cell(rule['expression'])}`"
            for rule in rules
        )
        yield _section("Règles", rows, "Clé | Gravité | Règle")


def _examples(profile: Resource) -> str:
    """The valid examples, the first in full if it is short, and links to the invalid ones."""
    own = [file for file in example_files() if file.profile == profile["id"]]
    refused = [file for file in example_files("invalid") if file.profile == profile["id"]]
    count = sum(len(json.parse(file.path.read_bytes())) for file in refused)
    return "\n".join(
        (
            "## Exemples\n",
            "Acceptés : " + ", ".join(_link(file) for file in own) + ".\n",
            f"Refusés ({count} cas, chacun avec ce qui est refusé) : "
            + ", ".join(_link(file) for file in refused)
            + ".\n",
            *_shown(own[0]),
        )
    )


def _link(file: ExampleFile) -> str:
    return f"[{file.path.stem}](../../{file.place})"


def _shown(file: ExampleFile) -> Iterator[str]:
    text = file.path.read_text(encoding="utf-8").strip()
    if text.count("\n") < SHOWN_LINES_MAX:
        yield f"```json\n{text}\n```\n"


if __name__ == "__main__":
    sys.exit(main())
