"""Which types, and which profiles, derive from which.

https://hl7.org/fhir/R4/types.html
"""

from collections.abc import Callable, Iterator
from typing import Any

from fhir_server.definitions.elements import STRUCTURES, TypeDefinition, type_url
from fhir_server.definitions.snapshot.base_types import FHIR_TYPE, SYSTEM_TYPES

Json = dict[str, Any]
_LINE_MAX = 100


class TypeLine:
    """Answers from R4's types and the StructureDefinitions at hand."""

    def __init__(
        self, definition: Callable[[str], TypeDefinition], structure: Callable[[str], Json | None]
    ) -> None:
        self._definition = definition
        self._structure = structure

    def is_type(self, code: str) -> bool:
        """Whether R4, or FHIRPath's system, has this type."""
        return code.startswith(SYSTEM_TYPES) or self._type(code) is not None

    def is_a(self, code: str, base: str) -> bool:
        """Whether the type is `base` or derives from it."""
        line: str | None = code
        while line is not None and line != base:
            type = self._type(line)
            line = type.base if type else None
        return line is not None

    def derives(self, profile: str, bases: frozenset[str]) -> bool | None:
        """Whether a profile or type (by canonical) is one of `bases` or derives from one; None if not all of
        its line is known.
        """
        for url in self._line(profile.partition("|")[0]):
            if url is None:
                return None
            if url in bases:
                return True
        return False

    def is_known(self, profile: str) -> bool:
        """Whether a canonical names a type of R4 or a StructureDefinition at hand."""
        return (
            self._type(profile.removeprefix(STRUCTURES)) is not None or self._structure(profile) is not None
        )

    def _line(self, url: str) -> Iterator[str | None]:
        """A canonical and those it derives from, then None where the next is not known."""
        for _ in range(_LINE_MAX):
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
    """The FHIR type that a type stands for: R4 writes ids as FHIRPath strings and says `id` beside that."""
    if not type["code"].startswith(SYSTEM_TYPES):
        return str(type["code"])
    for extension in type.get("extension", ()):
        if isinstance(extension, dict) and extension.get("url") == FHIR_TYPE:
            return str(extension.get("valueUrl") or extension.get("valueUri") or type["code"])
    return str(type["code"])
