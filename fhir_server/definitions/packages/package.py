"""A package as a value: its manifest, and the conformance resources that it brings.

https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from fhir_server.core import json
from fhir_server.definitions.layers import Entry, Resource

CORES = frozenset({"hl7.fhir.r4.core", "hl7.fhir.core"})
"""The names of R4's own package, which is built in; the second is that of packages of 2019."""

OF_R4 = CORES | {
    "hl7.fhir.r4.expansions",
    "hl7.fhir.r4.examples",
    "hl7.fhir.r4.search",
    "hl7.fhir.r4.elements",
}
"""All packages of R4 itself: they say the same in other forms, or hold examples."""

FHIR_VERSION = "4.0"

CONFORMANCE = frozenset({
    "StructureDefinition", "ValueSet", "CodeSystem", "ConceptMap", "NamingSystem", "SearchParameter",
    "OperationDefinition", "CapabilityStatement", "ImplementationGuide", "CompartmentDefinition",
    "StructureMap", "GraphDefinition", "MessageDefinition", "Questionnaire",
})  # fmt: skip
"""The types of resources that are layered; the others are examples."""


class PackageResource(NamedTuple):
    """A conformance resource of a package, in its file `member`; an absent url or version is empty."""

    type: str
    url: str
    version: str
    member: str


class PackageIndex(msgspec.Struct, frozen=True):
    """What is known of an installed package without reading its resources. `left_out` are members that cannot
    be used here, each with the reason.
    """

    name: str
    version: str
    title: str = ""
    dependencies: dict[str, str] = {}
    resources: tuple[PackageResource, ...] = ()
    left_out: dict[str, str] = {}

    @property
    def label(self) -> str:
        return f"{self.name}#{self.version}"

    def key(self, member: str) -> str:
        """Names a member among those of all packages."""
        return f"{self.label}/{member}"

    def entries(self) -> tuple[Entry, ...]:
        """Its resources, to be listed in a layer."""
        return tuple(
            Entry(resource.type, resource.url, resource.version, self.key(resource.member))
            for resource in self.resources
        )


@dataclass(frozen=True, slots=True)
class Package:
    """A package that was read from `file`; `bodies` are its conformance resources by member, compressed."""

    file: str
    index: PackageIndex
    bodies: Mapping[str, bytes] = field(repr=False)

    def resource(self, member: str) -> Resource:
        """The resource of a member."""
        return unpacked(self.bodies[member])


def packed(resource: Resource) -> bytes:
    """A resource as packages keep it."""
    return zlib.compress(json.serialise(resource))


def unpacked(body: bytes) -> Resource:
    """The resource that was packed."""
    resource: Resource = json.parse_own(zlib.decompress(body))
    return resource
