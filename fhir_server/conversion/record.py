"""What the engine asks of a native record: its schema, its two views, and how its resources are found."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from fhir_server.conversion.table import Own, Part, Resource


class RecordType(Protocol):
    """A native record of a programme, served at `/{programme}/{record}`, and its two views.

    `system` is that of the record's own identifier, its field `key`, which each of its resources bears;
    `parts` are the kinds of these resources, the first of which is always there.
    """

    @property
    def name(self) -> str: ...

    @property
    def key(self) -> str: ...

    @property
    def system(self) -> str: ...

    @property
    def parts(self) -> tuple[Part, ...]: ...

    def schema(self) -> Mapping[str, Any]: ...

    def to_fhir(self, record: Mapping[str, Any]) -> list[Resource]: ...

    def from_fhir(self, resources: Iterable[Resource]) -> Mapping[str, Any]: ...

    def own(self, part: Part) -> Own:
        """What of a part the record decides on; all else may have been written by anybody."""
        ...

    def field_at(self, resource: Resource, below: str) -> str | None:
        """The name of the field that stands at a place of a resource; None when none does."""
        ...
