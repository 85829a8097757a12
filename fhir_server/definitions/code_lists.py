"""The codes of a value set that can be listed.

https://hl7.org/fhir/R4/valueset.html#expansion
"""

from dataclasses import dataclass
from functools import cached_property

from fhir_server.definitions.code_systems import Concept


@dataclass(frozen=True)
class CodeList:
    """The members of a value set, in the order of its composition."""

    value_set: str
    concepts: tuple[Concept, ...]

    @cached_property
    def codes(self) -> frozenset[str]:
        """The codes of all systems, without the systems."""
        return frozenset(concept.code for concept in self.concepts)

    @cached_property
    def _pairs(self) -> frozenset[tuple[str, str]]:
        return frozenset((concept.system, concept.code) for concept in self.concepts)

    def contains(self, system: str | None, code: str) -> bool:
        """Whether the code is a member; without a system, of any system."""
        return code in self.codes if system is None else (system, code) in self._pairs
