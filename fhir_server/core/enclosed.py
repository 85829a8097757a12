"""What references lead to that stay inside: contained resources, and the entries of a Bundle.

https://hl7.org/fhir/R4/references.html#contained
https://hl7.org/fhir/R4/bundle.html#references
"""

from collections.abc import Iterator
from typing import Any

Resource = dict[str, Any]


def contained(root: Resource, id: str) -> Resource | None:
    """The resource that `root` contains by this id; `root` itself by none."""
    if not id:
        return root
    resources = root.get("contained")
    inside = resources if type(resources) is list else ()
    found: Resource | None = next(
        (resource for resource in inside if type(resource) is dict and resource.get("id") == id), None
    )
    return found


class BundleIndex:
    """The resources of a Bundle by their full URL, and by type and id."""

    __slots__ = ("_by_reference", "bundle")

    def __init__(self, bundle: Resource) -> None:
        self.bundle = bundle
        self._by_reference: dict[str, Resource] | None = None

    def find(self, reference: str) -> Resource | None:
        """The resource of an entry that a reference leads to, whatever its version."""
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
