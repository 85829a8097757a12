"""A snapshot as a value.

https://hl7.org/fhir/R4/structuredefinition.html#snapshot
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ElementDefinition = dict[str, Any]
"""An ElementDefinition as R4's JSON writes it. Snapshots share parts of them: never change one."""


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """A type or profile with its elements complete and in order, the root first.

    `base` is the canonical of what it derives from, None for Resource and Element; `contexts` say where an
    extension may stand, and `context_invariants` are FHIRPath expressions on that place.
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
        """The element that stands for the whole."""
        return self.elements[0]
