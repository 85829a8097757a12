"""What references within one resource can find in its `contained`.

https://hl7.org/fhir/R4/references.html#contained
"""

from collections.abc import Mapping
from typing import Any


class ContainedTypes:
    """A resource that stands for itself, with the types of what it contains; read when first asked."""

    __slots__ = ("_container", "_types")

    def __init__(self, container: Mapping[str, Any]) -> None:
        self._container = container
        self._types: dict[str, str] | None = None

    def type_of(self, id: str) -> str | None:
        """The type of the contained resource with this id; that of the container where the id is empty."""
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
