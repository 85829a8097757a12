"""Targets of references within one document: contained resources, and entries of the same Bundle.

https://hl7.org/fhir/R4/references.html#contained
https://hl7.org/fhir/R4/bundle.html#references
"""

from collections.abc import Iterator
from typing import Any

Resource = dict[str, Any]


def find_contained(root: Resource, id: str) -> Resource | None:
    """The resource with this id that `root` contains; `root` itself for an empty id."""
    if not id:
        return root
    resources = root.get("contained")
    inside = resources if type(resources) is list else ()
    found: Resource | None = next(
        (resource for resource in inside if type(resource) is dict and resource.get("id") == id), None
    )
    return found


class BundleIndex:
    """The resources of a Bundle by full URL, and by type and id. Built at the first look-up."""

    __slots__ = ("_by_reference", "bundle")

    def __init__(self, bundle: Resource) -> None:
        self.bundle = bundle
        self._by_reference: dict[str, Resource] | None = None

    def find(self, reference: str) -> Resource | None:
        """The resource of the entry that a reference points at; a version in the reference is ignored."""
        if self._by_reference is None:
            self._by_reference = dict(_addressed(self.bundle))
        return self._by_reference.get(reference.partition("/_history/")[0])


def _addressed(bundle: Resource) -> Iterator[tuple[str, Resource]]:
    entries = bundle.get("entry")
    for entry in entries if type(entries) is list else ():
        resource = entry.get("resource") if type(entry) is dict else None
        if type(resource) is dict:
            yield f"{resource.get('resourceType')}/{resource.get('id')}", resource
            yield str(entry.get("fullUrl")), resource
