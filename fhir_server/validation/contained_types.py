"""The types of the contained resources that references within a resource can lead to.

https://hl7.org/fhir/R4/references.html#contained
"""

from collections.abc import Mapping
from typing import Any


class ContainedTypes:
    """The types of a resource's contained resources by id, read on first use."""

    __slots__ = ("_container", "_types")

    def __init__(self, container: Mapping[str, Any]) -> None:
        self._container = container
        self._types: dict[str, str] | None = None

    def type_of(self, id: str) -> str | None:
        """The type of the contained resource with this id; of the container itself if the id is empty."""
        if self._types is None:
            contained = self._container.get("contained")
            inside = (
                [resource for resource in contained if type(resource) is dict]
                if type(contained) is list
                else []
            )
            self._types = {str(resource.get("id")): str(resource.get("resourceType")) for resource in inside}
            self._types[""] = str(self._container.get("resourceType"))
        return self._types.get(id)
