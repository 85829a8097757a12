"""What tells whether an index was made by the definition that is in force: a fingerprint of that definition.

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
    KEPT_BY_THE_STORE,
    component_expressions,
    is_supported,
)
from fhir_server.search.types.context import Indexing

INDEX_VERSION = 12
"""To be raised whenever the same resource gives other entries than before by the same definitions: then every
index that was made before is pending until it is made anew."""

_SIZE = 8


class Fingerprints:
    """The fingerprints of the definitions of a registry, each worked out once.

    `known` are those of another registry, under the same circumstances: most of its parameters are the same.
    """

    def __init__(self, registry: Registry, indexing: Indexing, known: "Fingerprints | None" = None) -> None:
        self._registry = registry
        self._indexing = indexing
        self._by_url: dict[str, tuple[SearchParameter, str]] = {}
        self._carried = known._by_url if known else {}
        self._by_type: dict[str, dict[str, str]] = {}

    def of(self, type: str) -> dict[str, str]:
        """The fingerprints of a type by the codes of the parameters, and compartments, by which it is
        indexed.
        """
        found = self._by_type.get(type)
        if found is None:
            found = self._by_type[type] = self._of(type)
        return found

    def _of(self, type: str) -> dict[str, str]:
        parameters = self._registry.search_parameters(type)
        found = {
            code: self._fingerprint(parameter)
            for code, parameter in parameters.items()
            if code not in KEPT_BY_THE_STORE
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
        """The fingerprint of all that decides which entries a resource gets; names and descriptions
        do not.
        """
        known = self._by_url.get(parameter.url)
        if known is None:
            known = self._carried.get(parameter.url)
            if known is None or known[0] is not parameter or parameter.components:
                known = parameter, _digest(*self._deciding(parameter))
            self._by_url[parameter.url] = known
        return known[1]

    def _deciding(self, parameter: SearchParameter) -> Iterator[str]:
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
            yield self._indexing.base_url  # addresses change with the port, which must not stop searches


def _digest(*parts: str) -> str:
    text = "\0".join((str(INDEX_VERSION), *parts))
    return blake2b(text.encode(), digest_size=_SIZE).hexdigest()
