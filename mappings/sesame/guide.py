"""The SÉSAME guide as plain resources, on any canonical root.

The root, the version and the date are stated once, in `profiles/sesame/ImplementationGuide/sesame.json`.
https://hl7.org/fhir/R4/implementationguide.html
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from fhir_server.core import json

Resource = dict[str, Any]

FOLDERS = ("profiles.sesame", "terminology.sesame")
HEAD = "ImplementationGuide/sesame"
# `version` comes first: NamingSystem has all of these elements except that one.
STAMPED = ("version", "date", "publisher", "jurisdiction")
GROUPS = {
    "profils": ("Profils et extensions", ("StructureDefinition",)),
    "terminologie": ("Terminologie", ("CodeSystem", "ValueSet", "ConceptMap", "NamingSystem")),
    "questionnaires": ("Questionnaires", ("Questionnaire",)),
    "protocoles": (
        "Protocoles et indicateurs",
        ("PlanDefinition", "ActivityDefinition", "Measure", "Library"),
    ),
    "echanges": (
        "Échanges",
        (
            *("CapabilityStatement", "OperationDefinition", "SearchParameter", "GraphDefinition"),
            "TestScript",
        ),
    ),
}


@dataclass(frozen=True, slots=True, eq=False)
class Guide:
    """The guide's resources and the displays of its codes. Compared by identity, so that it can be a cache
    key.
    """

    root: str
    version: str
    date: str
    resources: tuple[Resource, ...]
    displays: Mapping[tuple[str, str], str]

    def canonical(self, type: str, id: str) -> str:
        """The canonical URL of one of the guide's resources."""
        return f"{self.root}/{type}/{id}"

    def profile(self, id: str) -> str:
        """The canonical URL of a profile or an extension."""
        return self.canonical("StructureDefinition", id)

    def naming_system(self, id: str) -> str:
        """The identifier system that a NamingSystem of the guide defines."""
        return self.canonical("NamingSystem", id)

    def coding(self, code_system: str, code: str) -> Resource:
        """A Coding of one of the guide's code systems. Raises `KeyError` for an unknown code."""
        system = self.canonical("CodeSystem", code_system)
        return {"system": system, "code": code, "display": self.displays[system, code]}

    def concept(self, code_system: str, code: str) -> Resource:
        """The same code as a CodeableConcept."""
        return {"coding": [self.coding(code_system, code)]}


@lru_cache(maxsize=4)
def read_guide(root: str | None = None) -> Guide:
    """The guide on the canonical root `root`, by default its own. Cached: callers must not modify it."""
    return _read(root)


def _read(root: str | None) -> Guide:
    head = _head()
    own_root = head["url"].removesuffix(f"/{HEAD}")
    root = (root or own_root).rstrip("/")
    resources = (json.parse(body.replace(own_root.encode(), root.encode())) for body in _bodies())
    stamped = sorted((_stamped(resource, head, root) for resource in resources), key=_key)
    complete = tuple(_with_contents(resource, stamped) for resource in stamped)
    return Guide(root, head["version"], head["date"], complete, dict(_displays(complete)))


def load_guide(root: str | None = None) -> list[Resource]:
    """The guide's resources on the canonical root `root`, by default its own, ready to be stored.

    Read anew at each call, so that the caller may modify them.
    """
    return list(_read(root).resources)


def guide_version() -> str:
    """The version of the guide."""
    version: str = _head()["version"]
    return version


def _head() -> Resource:
    """The ImplementationGuide as its file states it."""
    head: Resource = json.parse(files("profiles.sesame").joinpath(f"{HEAD}.json").read_bytes())
    return head


def _bodies() -> Iterator[bytes]:
    for folder in FOLDERS:
        for kind in files(folder).iterdir():
            if kind.is_dir():
                yield from _json_in(kind)


def _json_in(folder: Traversable) -> Iterator[bytes]:
    return (file.read_bytes() for file in folder.iterdir() if file.name.endswith(".json"))


def _key(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def _stamped(resource: Resource, head: Resource, root: str) -> Resource:
    """The resource with the guide's version, date and publisher; excerpts of others' resources stay
    unchanged.
    """
    if not resource.get("url", root).startswith(root):
        return resource
    names = STAMPED[1:] if resource["resourceType"] == "NamingSystem" else STAMPED
    return resource | {name: head[name] for name in names if name in head}


def _with_contents(resource: Resource, all_resources: Iterable[Resource]) -> Resource:
    """The ImplementationGuide with the list of its resources; any other resource unchanged."""
    if _key(resource) != HEAD:
        return resource
    groups = [{"id": id, "name": name} for id, (name, _) in GROUPS.items()]
    listed = [_listed(found) for found in all_resources if _key(found) != HEAD]
    return resource | {"definition": {"grouping": groups, "resource": listed}}


def _listed(resource: Resource) -> Resource:
    """The entry of `ImplementationGuide.definition.resource` for one resource."""
    group = next(id for id, (_, types) in GROUPS.items() if resource["resourceType"] in types)
    return {
        "reference": {"reference": _key(resource)},
        "name": _title(resource),
        "description": resource["description"],
        "exampleBoolean": False,
        "groupingId": group,
    }


def _title(resource: Resource) -> str:
    title: str = resource.get("title") or resource["name"]
    return title


def _displays(resources: Iterable[Resource]) -> Iterator[tuple[tuple[str, str], str]]:
    for resource in resources:
        if resource["resourceType"] == "CodeSystem":
            for concept in resource["concept"]:
                if "display" in concept:
                    yield (resource["url"], concept["code"]), concept["display"]
