"""The registry of all definitions: of R4, packages, guides and clients, by type and by canonical.

https://hl7.org/fhir/R4/conformance-module.html
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeGuard

from fhir_server.core import ucum
from fhir_server.core.code_systems import LOINC
from fhir_server.definitions.code_lists import CodeList
from fhir_server.definitions.code_systems import CodeSystem, code_system_from_resource, has_no_content
from fhir_server.definitions.compositions import CircularImport, Compositions
from fhir_server.definitions.elements import TypeDefinition
from fhir_server.definitions.facts import Facts
from fhir_server.definitions.grammars import GRAMMARS, grammar_system
from fhir_server.definitions.iso_codes import COUNTRIES, CURRENCIES, countries, currencies
from fhir_server.definitions.layers import Layer, LazyLayer, LoadedLayer
from fhir_server.definitions.named_queries import NamedQuery, named_query_from_resource
from fhir_server.definitions.search_parameters import SearchParameter, search_parameter_from_resource
from fhir_server.definitions.snapshot.base_types import VERSION
from fhir_server.definitions.snapshot.generator import Snapshots
from fhir_server.definitions.snapshot.snapshot import Snapshot
from fhir_server.definitions.value_sets import all_codes, composition_of

Resource = dict[str, Any]

_IMPLICIT = {f"{LOINC}/vs": LOINC, f"{ucum.SYSTEM}/vs": ucum.SYSTEM}
"""The value sets of all codes of a code system that R4 defines:
https://hl7.org/fhir/R4/terminologies-systems.html
"""

_COUNTRIES_LISTED = "http://hl7.org/fhir/ValueSet/iso3166-1-2"


@dataclass(frozen=True, slots=True)
class Compartment:
    """By type, the codes of the search parameters by which a resource is in the compartment of `code`.

    `{def}` instead of a parameter stands for the resource of the compartment itself.
    """

    code: str
    inclusion: Mapping[str, tuple[str, ...]]


class Registry:
    """R4's definitions with layers of conformance resources on top; a later layer wins.

    The layers are, from bottom to top: installed packages, the programmes' guides, resources of clients that
    are read on first use (`clients`), and resources of clients in memory (`stored`). A registry is immutable:
    `with_guides`, `with_packages` and `with_stored` return a new one. It caches what it derives from
    resources.
    """

    def __init__(
        self,
        facts: Facts,
        guides: tuple[Resource, ...] = (),
        stored: tuple[Resource, ...] = (),
        packages: LazyLayer | None = None,
        clients: LazyLayer | None = None,
    ) -> None:
        self._facts = facts
        self._guides = guides
        self.stored = stored
        self.packages = packages or LazyLayer()
        self.clients = clients or LazyLayer()
        self._layers: tuple[Layer, ...] = (
            self.packages,
            LoadedLayer(guides),
            self.clients,
            LoadedLayer(stored),
        )
        self._parameters_by_type: dict[str, Mapping[str, SearchParameter]] = {}
        self._snapshots = Snapshots(facts.base_types, self.structure)
        self._code_systems: dict[str, CodeSystem] = {}

    @classmethod
    def r4(cls) -> "Registry":
        """R4 (4.0.1) alone."""
        return cls(Facts())

    def with_guides(self, resources: Iterable[Resource]) -> "Registry":
        """A registry with these conformance resources added on top of the guides of this one."""
        guides = (*self._guides, *resources)
        return Registry(self._facts, guides, self.stored, self.packages, self.clients)

    def with_packages(self, packages: LazyLayer) -> "Registry":
        """A registry with these packages instead of those of this one."""
        return Registry(self._facts, self._guides, self.stored, packages, self.clients)

    def with_stored(self, resources: Iterable[Resource], clients: LazyLayer | None = None) -> "Registry":
        """A registry with these resources instead of those that clients had stored before.

        `clients` replaces the layer of client resources that are read on first use.
        """
        return Registry(self._facts, self._guides, tuple(resources), self.packages, clients or self.clients)

    # types

    @property
    def resource_types(self) -> tuple[str, ...]:
        """The names of the concrete resource types, sorted."""
        return self._facts.resource_types

    def is_resource_type(self, name: str) -> bool:
        """Whether `name` is a concrete resource type."""
        summary = self._facts.types.get(name)
        return summary is not None and summary.kind == "resource" and not summary.abstract

    def is_resource(self, value: object) -> TypeGuard[Resource]:
        """Whether a parsed value is an object with a known resourceType."""
        name = value.get("resourceType") if isinstance(value, dict) else None
        return isinstance(name, str) and self.is_resource_type(name)

    def resource_types_of(self, base: str) -> tuple[str, ...]:
        """The concrete resource types of `base`: itself, or those derived from an abstract type."""
        if self.is_resource_type(base):
            return (base,)
        return tuple(name for name in self.resource_types if base in self._bases(name))

    def _bases(self, name: str) -> Iterator[str]:
        base = self._facts.types[name].base
        while base:
            yield base
            base = self._facts.types[base].base

    def type(self, name: str) -> TypeDefinition:
        """The definition of a resource, complex or primitive type. Raises KeyError if it is unknown."""
        return self._facts.definition(name)

    # profiles

    def snapshot(self, canonical: str) -> Snapshot:
        """The snapshot of a type, profile or extension by `url` or `url|version`.

        Raises KeyError if it is unknown, `SnapshotError` if it is faulty.
        """
        return self._snapshots.snapshot(canonical)

    def snapshot_of(self, structure: Resource) -> Snapshot:
        """The snapshot of a profile that is not (yet) in the registry, from its differential.

        Raises `SnapshotError`. Its issues with the codes `not-found` and `incomplete` concern other
        definitions.
        """
        return self._snapshots.snapshot_of(structure)

    def structure(self, canonical: str) -> Resource | None:
        """The StructureDefinition of a profile or extension, from any layer or from R4 itself."""
        own = self.canonical(canonical, "StructureDefinition")
        return own or self._facts.structure(canonical.removesuffix(f"|{VERSION}"))

    # search

    @cached_property
    def _parameters_by_url(self) -> Mapping[str, SearchParameter]:
        """All parameters by url. Of several resources with the same url the last wins; if it is not active,
        there is none.
        """
        last = {resource["url"]: resource for resource in self.resources("SearchParameter")}
        own = [
            search_parameter_from_resource(resource)
            for resource in last.values()
            if resource["status"] == "active"
        ]
        return {parameter.url: parameter for parameter in (*self._facts.search_parameters, *own)}

    @cached_property
    def _parameters_by_base(self) -> Mapping[str, Mapping[str, SearchParameter]]:
        by_base: dict[str, dict[str, SearchParameter]] = {}
        for parameter in self._parameters_by_url.values():
            for base in parameter.base:
                by_base.setdefault(base, {})[parameter.code] = parameter
        return by_base

    def search_parameters(self, resource_type: str) -> Mapping[str, SearchParameter]:
        """The parameters of a type and its base types, by code."""
        found = self._parameters_by_type.get(resource_type)
        if found is None:
            base = self._facts.types[resource_type].base
            inherited = self.search_parameters(base) if base else {}
            found = {**inherited, **self._parameters_by_base.get(resource_type, {})}
            self._parameters_by_type[resource_type] = found
        return found

    def search_parameter(self, url: str) -> SearchParameter | None:
        """The parameter with this canonical url."""
        return self._parameters_by_url.get(url.partition("|")[0])

    @cached_property
    def named_queries(self) -> tuple[NamedQuery, ...]:
        """The named queries of all layers; of several with the same url the last wins."""
        last = {resource.get("url"): resource for resource in self.resources("OperationDefinition")}
        found = (named_query_from_resource(resource) for resource in last.values())
        return tuple(query for query in found if query is not None)

    def compartment(self, code: str) -> Compartment | None:
        """The compartment of a type such as `Patient`; None if R4 defines none."""
        inclusion = self._facts.compartments.get(code)
        return None if inclusion is None else Compartment(code, inclusion)

    # codes

    def codes(self, value_set: str) -> CodeList | None:
        """The members of a value set; None if it is unknown or its codes cannot be listed."""
        try:
            found = self._compositions.get(value_set)
        except CircularImport:
            return None
        return None if found is None or found.gaps else found.code_list

    @cached_property
    def _compositions(self) -> Compositions:
        return Compositions(self.code_system, self.composition)

    def composition(self, value_set: str) -> Mapping[str, Any] | None:
        """The composition of the value set at `url` or `url|version`, as JSON.

        R4's own value sets exist in one version, and R4's bindings name all of them with the version of R4,
        those of v2 and v3 too.
        """
        own = self.canonical(value_set, "ValueSet")
        if own is not None:
            return composition_of(own)
        url, _, version = value_set.partition("|")
        fact = self._facts.value_set(url)
        if fact is None and value_set in self._implicit_value_sets:
            return all_codes(self._implicit_value_sets[url])
        return fact if fact is None or version in ("", VERSION, fact.get("version")) else None

    @cached_property
    def _implicit_value_sets(self) -> Mapping[str, str]:
        """Code systems by the url of the value set of all their codes, which need not exist as a resource."""
        own = (
            resource
            for resource in self.resources("CodeSystem")
            if "valueSet" in resource and "url" in resource
        )
        return {**_IMPLICIT, **{resource["valueSet"]: resource["url"] for resource in own}}

    def code_system(self, url: str) -> CodeSystem | None:
        """The code system at `url` or `url|version`, with its known codes."""
        found = self._code_systems.get(url)
        if found is None and (found := self._code_system(url)) is not None:
            self._code_systems[url] = found
        return found

    def _code_system(self, url: str) -> CodeSystem | None:
        """The code system of the resource, unless it has no codes and the system is built in, or the built-in
        system is a grammar.
        """
        own = self._most_complete(url)
        if own is not None and own.get("content") == "complete":
            return code_system_from_resource(own)
        known = self._builtin_system(url)
        if own is None or (known is not None and (known.grammar is not None or has_no_content(own))):
            return known
        return code_system_from_resource(own)

    def _most_complete(self, url: str) -> Resource | None:
        """The most complete CodeSystem resource at a canonical.

        A complete one of a package is preferred to a guide's fragment, and one with codes to one without.
        """
        found = self.canonical(url, "CodeSystem")
        if found is not None and has_no_content(found):
            others = (layer.find(url, "CodeSystem") for layer in reversed(self._layers))
            found = next(
                (resource for resource in others if resource is not None and not has_no_content(resource)),
                found,
            )
        if found is not None and found.get("content") == "fragment" and self._is_in_guides(found):
            packaged = self.packages.find(url, "CodeSystem")
            if packaged is not None and packaged.get("content") == "complete":
                return packaged
        return found

    def _is_in_guides(self, resource: Resource) -> bool:
        return any(resource is guide for guide in self._guides)

    def code_system_versions(self) -> Mapping[str, tuple[str, ...]]:
        """All known code systems with their versions; the last one is the default."""
        known = [(url, version or "") for url, version in self._facts.code_system_versions.items()]
        known += [(url, "") for url in (*GRAMMARS, CURRENCIES, COUNTRIES)]
        for layer in self._layers:
            known += layer.versions("CodeSystem")
        versions: dict[str, dict[str, None]] = {}
        for url, version in known:
            of_url = versions.setdefault(url, {})
            of_url.pop(version, None)
            of_url[version] = None
        return {url: tuple(filter(None, found)) for url, found in versions.items() if url}

    def _builtin_system(self, canonical: str) -> CodeSystem | None:
        url, _, version = canonical.partition("|")
        found = self._facts.code_system(url) or grammar_system(url)
        if found is None and url == CURRENCIES:
            found = currencies()
        if found is None and url == COUNTRIES:
            found = countries((self._facts.value_set(_COUNTRIES_LISTED) or {})["include"][0]["concept"])
        return found if found is None or version in ("", found.version) else None

    # layers

    def canonical(self, url: str, type_name: str | None = None) -> Resource | None:
        """The resource with this canonical `url` or `url|version`, from the topmost layer that has it."""
        for layer in reversed(self._layers):
            if (found := layer.find(url, type_name)) is not None:
                return found
        return None

    def canonical_at(self, reference: str) -> str:
        """The canonical of the resource that clients have stored at `Type/id`; empty if there is none."""
        return self._addresses.get(reference, "")

    @cached_property
    def _addresses(self) -> Mapping[str, str]:
        return {
            entry.key.rpartition("/")[0]: f"{entry.url}|{entry.version}".rstrip("|")
            for entry in self.clients.entries
        }

    def resources(self, type_name: str) -> tuple[Resource, ...]:
        """The resources of one type, in the order they were layered; of packages and clients only those of
        types of which all are needed (`layers.LISTED`).
        """
        return tuple(resource for layer in self._layers for resource in layer.of_type(type_name))
