"""The synthetic story of `tests/data/story/`, and the resources on record after each of its steps."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fhir_server.core import json

Resource = dict[str, Any]

FOLDER = Path(__file__).parent.parent / "data" / "story"


def files() -> list[Path]:
    """The story's files, in order."""
    return sorted(FOLDER.glob("*.json"))


def steps() -> dict[str, Resource]:
    """The Bundles by the name of their file, in the order of the story."""
    return {file.stem: json.parse(file.read_bytes()) for file in files()}


def resources(type: str | None = None) -> list[Resource]:
    """Every resource of the story, as each step writes it, or those of one type."""
    found = [entry["resource"] for bundle in steps().values() for entry in bundle["entry"]]
    return [resource for resource in found if type in (None, resource["resourceType"])]


def queries(resource: Resource) -> list[str]:
    """The searches that find a resource by one of its identifiers."""
    found = resource["identifier"]
    identifiers = found if isinstance(found, list) else [found]
    return [f"{resource['resourceType']}?identifier={i['system']}|{i['value']}" for i in identifiers]


def references(value: Any) -> Iterator[str]:
    """Every literal reference below a value."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for member in value.values():
            yield from references(member)


class World:
    """What is on record: each resource under the searches that find it. Every Bundle that it takes must be
    complete: no reference may lead nowhere."""

    def __init__(self) -> None:
        self.known: dict[str, Resource] = {}

    def take(self, bundle: Resource) -> None:
        entries = bundle["entry"]
        for entry in entries:
            self._take_entry(entry)
        urls = {entry["fullUrl"] for entry in entries}
        assert len(urls) == len(entries)
        for entry in entries:
            for reference in references(entry["resource"]):
                assert reference in urls or reference in self.known, reference

    def _take_entry(self, entry: Resource) -> None:
        resource, request = entry["resource"], entry["request"]
        assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", entry["fullUrl"])
        if request["method"] == "POST":
            assert request["url"] == resource["resourceType"]
            assert f"{request['url']}?{request['ifNoneExist']}" in queries(resource)
            if queries(resource)[0] in self.known:
                return
        else:
            assert request["method"] == "PUT"
            assert request["url"] in self.known
        self.known.update((query, resource) for query in queries(resource))

    def all(self, type: str) -> list[Resource]:
        found = {id(resource): resource for resource in self.known.values()}
        return [resource for resource in found.values() if resource["resourceType"] == type]
