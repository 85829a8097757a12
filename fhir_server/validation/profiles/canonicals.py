"""Targets of canonicals: a resource of a type that the element allows.

https://hl7.org/fhir/R4/references.html#canonical
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from fhir_server.definitions.registry import Registry
from fhir_server.validation.findings import Finding, Findings, quoted_list
from fhir_server.validation.profiles import messages
from fhir_server.validation.profiles.context import ValidationContext
from fhir_server.validation.profiles.value_checks import ValueCheck

_CACHE_MAX = 1024


def canonical_type_checks(registry: Registry) -> Callable[[Iterable[str]], ValueCheck]:
    """A factory of checks that a canonical is that of one of some types; unknown canonicals pass."""
    known = lru_cache(maxsize=_CACHE_MAX)(lambda url: _types_at(url, registry))

    def check_of(types: Iterable[str]) -> ValueCheck:
        wanted = frozenset(types)

        def check(value: Any, _: ValidationContext) -> Findings:
            found = known(value) if type(value) is str else wanted
            if not found or not wanted.isdisjoint(found):
                return None
            if any(registry.canonical(value, type_name) is not None for type_name in wanted):
                return None  # resources of several types may share a url
            text = messages.CANONICAL_TYPE(
                url=value, found=quoted_list(sorted(found)), wanted=quoted_list(sorted(wanted))
            )
            return [Finding("value", text, key="canonical-type", severity="warning")]

        return check

    return check_of


def _types_at(url: str, registry: Registry) -> frozenset[str]:
    """The types of the known resources with this canonical."""
    own = registry.canonical(url)
    found = {own["resourceType"]} if own is not None else set()
    looks: tuple[tuple[str, Callable[[str], object]], ...] = (
        ("CodeSystem", registry.code_system),
        ("SearchParameter", registry.search_parameter),
        ("StructureDefinition", registry.structure),
        ("ValueSet", registry.composition),
    )
    return frozenset(found | {type_name for type_name, look in looks if look(url) is not None})
