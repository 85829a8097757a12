"""A FHIR package: its manifest and its conformance resources.

https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from fhir_server.core import json
from fhir_server.definitions.layers import Entry, Resource

R4_CORE_NAMES = frozenset({"hl7.fhir.r4.core", "hl7.fhir.core"})
"""The names of R4's own package, which is built in; packages of 2019 use the second."""

R4_PACKAGES = R4_CORE_NAMES | {
    "hl7.fhir.r4.expansions",
    "hl7.fhir.r4.examples",
    "hl7.fhir.r4.search",
    "hl7.fhir.r4.elements",
}
"""All packages of R4 itself: the others repeat the core in other forms, or hold examples."""

FHIR_VERSION = "4.0"

CONFORMANCE_TYPES = frozenset({
    "StructureDefinition", "ValueSet", "CodeSystem", "ConceptMap", "NamingSystem", "SearchParameter",
    "OperationDefinition", "CapabilityStatement", "ImplementationGuide", "CompartmentDefinition",
    "StructureMap", "GraphDefinition", "MessageDefinition", "Questionnaire",
})  # fmt: skip
"""The types of resources that become part of the registry; others are examples."""


class PackageResource(NamedTuple):
    """A conformance resource in the file `member` of a package; an absent url or version is empty."""

    type: str
    url: str
    version: str
    member: str


class PackageIndex(msgspec.Struct, frozen=True):
    """The index of an installed package, without the content of its resources.

    `left_out` are the members that cannot be used here, each with the reason.
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
        """The key of a member, unique among all packages."""
        return f"{self.label}/{member}"

    def entries(self) -> tuple[Entry, ...]:
        """Its resources as entries of a layer."""
        return tuple(
            Entry(resource.type, resource.url, resource.version, self.key(resource.member))
            for resource in self.resources
        )


@dataclass(frozen=True, slots=True)
class Package:
    """A package read from `file`; `bodies` are its compressed conformance resources by member."""

    file: str
    index: PackageIndex
    bodies: Mapping[str, bytes] = field(repr=False)

    def resource(self, member: str) -> Resource:
        """The resource of a member."""
        return decompress_resource(self.bodies[member])


def compress_resource(resource: Resource) -> bytes:
    """A resource as compressed JSON, as packages are stored."""
    return zlib.compress(json.serialise(resource))


def decompress_resource(body: bytes) -> Resource:
    """The resource from compressed JSON."""
    resource: Resource = json.parse_own(zlib.decompress(body))
    return resource
