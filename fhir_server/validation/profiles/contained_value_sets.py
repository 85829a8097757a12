"""The value sets contained in a profile, which its bindings refer to by `#id`.

https://hl7.org/fhir/R4/references.html#canonical
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fhir_server.definitions.registry import Registry
from fhir_server.validation.checks.check import Codes, Resource

_DERIVATIONS_MAX = 100


@dataclass(frozen=True, slots=True, eq=False)
class CodesWithContained:
    """The terminology service with the contained value sets of a profile, by `#id`."""

    codes: Codes
    own: Mapping[str, Resource]

    def contains(
        self, value_set: str, system: str | None, code: str, *, version: str | None = None
    ) -> bool | None:
        """As `Codes` has it."""
        if value_set in self.own:
            return self.codes.contains_in(self.own[value_set], system, code)
        return self.codes.contains(value_set, system, code, version=version)

    def contains_in(self, value_set: Resource, system: str | None, code: str) -> bool | None:
        """As `Codes` has it."""
        return self.codes.contains_in(value_set, system, code)


def with_contained_value_sets(codes: Codes, registry: Registry, url: str) -> Codes:
    """The terminology service for a profile, with its contained value sets and those of its base profiles."""
    own: dict[str, Resource] = {}
    for structure in _derivation_chain(registry, url):
        for contained in structure.get("contained", ()):
            if contained.get("resourceType") == "ValueSet" and "id" in contained:
                own.setdefault(f"#{contained['id']}", contained)
    return CodesWithContained(codes, own) if own else codes


def _derivation_chain(registry: Registry, url: str) -> Iterator[Resource]:
    """A profile and the profiles it derives from, as far as they are known."""
    for _ in range(_DERIVATIONS_MAX):
        structure = registry.canonical(url, "StructureDefinition")
        if structure is None:
            return
        yield structure
        url = str(structure.get("baseDefinition"))
