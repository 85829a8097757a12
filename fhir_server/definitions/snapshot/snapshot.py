"""The snapshot of a StructureDefinition.

https://hl7.org/fhir/R4/structuredefinition.html#snapshot
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ElementDefinition = dict[str, Any]
"""An ElementDefinition as JSON. Snapshots share parts of them: never mutate one."""


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """A type or profile with all its elements in order, the root first.

    `base` is the canonical of the base definition, None for Resource and Element. `contexts` and
    `context_invariants` (FHIRPath) say where an extension is allowed.
    """

    url: str
    version: str | None
    name: str
    type: str
    kind: str
    abstract: bool
    base: str | None
    derivation: str | None
    elements: tuple[ElementDefinition, ...]
    contexts: tuple[Mapping[str, Any], ...] = ()
    context_invariants: tuple[str, ...] = ()

    @property
    def root(self) -> ElementDefinition:
        """The root element."""
        return self.elements[0]
