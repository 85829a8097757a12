"""Fingerprints of the definitions of search parameters, which tell whether an index is up to date.

https://hl7.org/fhir/R4/searchparameter.html
"""

from collections.abc import Iterator
from hashlib import blake2b

from fhir_server.definitions.registry import Registry
from fhir_server.definitions.search_parameters import SearchParameter
from fhir_server.search.aliases import aliases
from fhir_server.search.index_plan import (
    COMPARTMENT,
    COMPARTMENTS,
    EVALUATED_BY_STORE,
    component_expressions,
    is_supported,
)
from fhir_server.search.types.context import Indexing

INDEX_VERSION = 12
"""Raise this whenever the code makes other index entries by the same definitions: every older index is then
pending until it is rebuilt."""

_SIZE = 8


class Fingerprints:
    """The fingerprints of a registry's search parameters, each computed once.

    `known` are those of another registry with the same `indexing`: parameters that both share are reused.
    """

    def __init__(self, registry: Registry, indexing: Indexing, known: "Fingerprints | None" = None) -> None:
        self._registry = registry
        self._indexing = indexing
        self._by_url: dict[str, tuple[SearchParameter, str]] = {}
        self._carried = known._by_url if known else {}
        self._by_type: dict[str, dict[str, str]] = {}

    def of(self, type: str) -> dict[str, str]:
        """The fingerprints of a type by parameter code; its compartments have one under `COMPARTMENT`."""
        found = self._by_type.get(type)
        if found is None:
            found = self._by_type[type] = self._of(type)
        return found

    def _of(self, type: str) -> dict[str, str]:
        parameters = self._registry.search_parameters(type)
        found = {
            code: self._fingerprint(parameter)
            for code, parameter in parameters.items()
            if code not in EVALUATED_BY_STORE
        }
        for code, shared in aliases(self._registry, type).items():
            found[code] = _digest(shared, found[shared])
        codes = {code for name in COMPARTMENTS for code in self._inclusion(name, type)}
        if codes or type in COMPARTMENTS:
            found[COMPARTMENT] = _digest(*sorted(f"{code} {found.get(code)}" for code in codes))
        return found

    def _inclusion(self, compartment: str, type: str) -> tuple[str, ...]:
        definition = self._registry.compartment(compartment)
        return definition.inclusion.get(type, ()) if definition else ()

    def _fingerprint(self, parameter: SearchParameter) -> str:
        """The fingerprint of everything that determines index entries, such as the expression; not of names
        and descriptions.
        """
        known = self._by_url.get(parameter.url)
        if known is None:
            known = self._carried.get(parameter.url)
            if known is None or known[0] is not parameter or parameter.components:
                known = parameter, _digest(*self._determining_parts(parameter))
            self._by_url[parameter.url] = known
        return known[1]

    def _determining_parts(self, parameter: SearchParameter) -> Iterator[str]:
        yield parameter.type
        yield parameter.expression or ""
        yield str(is_supported(parameter))
        yield from sorted(parameter.targets)
        types = {parameter.type}
        for component, expression in zip(parameter.components, component_expressions(parameter), strict=True):
            found = self._registry.search_parameter(component.definition)
            types.add(found.type if found else "")
            yield f"{expression} {found.type if found else ''}"
        if "date" in types:
            yield self._indexing.zone.key
        if "reference" in types:
            yield self._indexing.base_url  # not the addresses: a change of port must not make indexes pending


def _digest(*parts: str) -> str:
    text = "\0".join((str(INDEX_VERSION), *parts))
    return blake2b(text.encode(), digest_size=_SIZE).hexdigest()
