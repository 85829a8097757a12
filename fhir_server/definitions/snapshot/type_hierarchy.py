"""The derivation hierarchy of types and profiles.

https://hl7.org/fhir/R4/types.html
"""

from collections.abc import Callable, Iterator
from typing import Any

from fhir_server.definitions.elements import STRUCTURES, TypeDefinition, type_url
from fhir_server.definitions.snapshot.base_types import FHIR_TYPE, SYSTEM_TYPES

Json = dict[str, Any]
_DERIVATIONS_MAX = 100


class TypeHierarchy:
    """The hierarchy of R4's types and the known StructureDefinitions."""

    def __init__(
        self, definition: Callable[[str], TypeDefinition], structure: Callable[[str], Json | None]
    ) -> None:
        self._definition = definition
        self._structure = structure

    def is_type(self, code: str) -> bool:
        """Whether it is a type of R4 or a FHIRPath System type."""
        return code.startswith(SYSTEM_TYPES) or self._type(code) is not None

    def is_a(self, code: str, base: str) -> bool:
        """Whether the type is `base` or derives from it."""
        hierarchy: str | None = code
        while hierarchy is not None and hierarchy != base:
            type = self._type(hierarchy)
            hierarchy = type.base if type else None
        return hierarchy is not None

    def derives(self, profile: str, bases: frozenset[str]) -> bool | None:
        """Whether a profile or type (by canonical) is one of `bases` or derives from one; None if a
        definition in its derivation chain is unknown.
        """
        for url in self._derivation_chain(profile.partition("|")[0]):
            if url is None:
                return None
            if url in bases:
                return True
        return False

    def is_known(self, profile: str) -> bool:
        """Whether a canonical is that of an R4 type or a known StructureDefinition."""
        return (
            self._type(profile.removeprefix(STRUCTURES)) is not None or self._structure(profile) is not None
        )

    def _derivation_chain(self, url: str) -> Iterator[str | None]:
        """A canonical and those of its base definitions; ends with None if the next one is unknown."""
        for _ in range(_DERIVATIONS_MAX):
            yield url
            type = self._type(url.removeprefix(STRUCTURES)) if url.startswith(STRUCTURES) else None
            if type is not None:
                if type.base is None:
                    return
                url = type_url(type.base)
                continue
            base = (self._structure(url) or {}).get("baseDefinition")
            if not isinstance(base, str):
                break
            url = base.partition("|")[0]
        yield None

    def _type(self, name: str) -> TypeDefinition | None:
        try:
            return self._definition(name)
        except KeyError:
            return None


def fhir_code(type: Json) -> str:
    """The FHIR type of an ElementDefinition.type: R4 gives ids the type System.String and `id` as an
    extension.
    """
    if not type["code"].startswith(SYSTEM_TYPES):
        return str(type["code"])
    for extension in type.get("extension", ()):
        if isinstance(extension, dict) and extension.get("url") == FHIR_TYPE:
            return str(extension.get("valueUrl") or extension.get("valueUri") or type["code"])
    return str(type["code"])
