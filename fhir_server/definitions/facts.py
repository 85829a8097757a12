"""The compiled facts of R4: JSON files that are read on first use and cached.

https://hl7.org/fhir/R4/downloads.html
"""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from fhir_server.core import json
from fhir_server.definitions.code_systems import CodeSystem, code_system_from_fact
from fhir_server.definitions.elements import Kind, TypeDefinition
from fhir_server.definitions.search_parameters import SearchParameter, search_parameter_from_fact
from fhir_server.definitions.snapshot.base_types import BaseTypes
from fhir_server.definitions.type_builder import build_type

FOLDER = Path(__file__).parent / "r4"

T = TypeVar("T")


class TypeSummary(msgspec.Struct, frozen=True):
    """The kind and base of a type, without its elements."""

    kind: Kind
    abstract: bool
    base: str | None


class _Versioned(msgspec.Struct, frozen=True):
    version: str | None = None


class Facts:
    """The compiled definitions of one FHIR version."""

    def __init__(self) -> None:
        self._definitions: dict[str, TypeDefinition] = {}
        self._code_systems: dict[str, CodeSystem] = {}

    def _read(self, name: str, shape: type[T]) -> T:
        return msgspec.json.decode((FOLDER / name).read_bytes(), type=shape)

    @cached_property
    def types(self) -> Mapping[str, TypeSummary]:
        """Every type by its name."""
        return self._read("types.json", dict[str, TypeSummary])

    @cached_property
    def resource_types(self) -> tuple[str, ...]:
        """The names of the concrete resource types."""
        return tuple(
            name
            for name, summary in self.types.items()
            if summary.kind == "resource" and not summary.abstract
        )

    def definition(self, name: str) -> TypeDefinition:
        """One type with all its elements. Raises KeyError for an unknown type."""
        found = self._definitions.get(name)
        if found is None:
            if name not in self.types:
                raise KeyError(name)
            facts = self._read(f"types/{name}.json", dict[str, Any])
            found = self._definitions[name] = build_type(facts, self.definition)
        return found

    @cached_property
    def base_types(self) -> BaseTypes:
        """The snapshots of the types."""
        return BaseTypes(self.definition)

    @cached_property
    def _structures(self) -> Mapping[str, msgspec.Raw]:
        return self._read("structures.json", dict[str, msgspec.Raw])

    def structure(self, url: str) -> dict[str, Any] | None:
        """The StructureDefinition of one of R4's profiles or extensions, with its differential; else None."""
        raw = self._structures.get(url)
        return None if raw is None else json.parse_own(bytes(raw))

    @cached_property
    def search_parameters(self) -> tuple[SearchParameter, ...]:
        """All search parameters of R4."""
        facts = self._read("search-parameters.json", dict[str, dict[str, Any]])
        every_target = tuple(name for name in self.resource_types if name != "Parameters")
        return tuple(search_parameter_from_fact(url, fact, every_target) for url, fact in facts.items())

    @cached_property
    def compartments(self) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        """By compartment and type: the codes of the search parameters that include a resource."""
        return self._read("compartments.json", dict[str, dict[str, tuple[str, ...]]])

    @cached_property
    def _value_sets(self) -> Mapping[str, msgspec.Raw]:
        return self._read("value-sets.json", dict[str, msgspec.Raw])

    def value_set(self, url: str) -> Mapping[str, Any] | None:
        """The composition of one of HL7's value sets."""
        raw = self._value_sets.get(url)
        return None if raw is None else msgspec.json.decode(raw, type=dict[str, Any])

    @cached_property
    def _raw_code_systems(self) -> Mapping[str, msgspec.Raw]:
        return self._read("code-systems.json", dict[str, msgspec.Raw])

    @cached_property
    def code_system_versions(self) -> Mapping[str, str | None]:
        """The versions of HL7's code systems."""
        return {
            url: system.version
            for url, system in self._read("code-systems.json", dict[str, _Versioned]).items()
        }

    def code_system(self, url: str) -> CodeSystem | None:
        """One of HL7's code systems."""
        found = self._code_systems.get(url)
        if found is None and (raw := self._raw_code_systems.get(url)) is not None:
            fact = msgspec.json.decode(raw, type=dict[str, Any])
            found = self._code_systems[url] = code_system_from_fact(url, fact)
        return found
