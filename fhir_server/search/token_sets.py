"""The sets of codes that :in, :not-in, :above and :below stand for.

https://hl7.org/fhir/R4/search.html#token
"""

from fhir_server.core.reference import parse_reference
from fhir_server.definitions.code_systems import CodeSystem
from fhir_server.definitions.registry import Registry
from fhir_server.errors import InvalidSearch
from fhir_server.search import messages
from fhir_server.search.ast import TokenSet
from fhir_server.search.escapes import bar_parts, unescape

CODES_MAX = 10_000
"""The most codes that one value set or concept may expand to in a search."""


def ignores_case(registry: Registry, system: str) -> bool:
    """Whether a code system is known to be case-insensitive."""
    found = registry.code_system(system)
    return found is not None and not found.case_sensitive


def in_value_set(registry: Registry, text: str, parameter: str, base_urls: tuple[str, ...]) -> list[TokenSet]:
    """The codes of a value set, given by canonical url or by its address on this server: one set per system.

    Raises `InvalidSearch` if it is unknown or cannot be expanded.
    """
    url = unescape(text)
    address = parse_reference(url, *base_urls)
    at_address = registry.canonical_at(f"{address.type}/{address.id}") if address.kind == "local" else ""
    found = registry.codes(at_address or url)
    if found is None:
        raise InvalidSearch.of(messages.UNKNOWN_VALUE_SET(value=url, parameter=parameter), code="not-found")
    _check_count(len(found.concepts), url, parameter)
    by_system: dict[str, set[str]] = {}
    for concept in found.concepts:
        by_system.setdefault(concept.system, set()).add(concept.code)
    return [TokenSet(system, frozenset(codes)) for system, codes in by_system.items()]


def below(registry: Registry, text: str, parameter: str) -> TokenSet:
    """The concept `system|code` and all concepts that it subsumes."""
    system, code = _concept(registry, text, parameter)
    return _limited(TokenSet(system.url, system.descendants(code) | {code}), text, parameter)


def above(registry: Registry, text: str, parameter: str) -> TokenSet:
    """The concept `system|code` and all concepts that subsume it."""
    system, code = _concept(registry, text, parameter)
    return _limited(TokenSet(system.url, system.ancestors(code) | {code}), text, parameter)


def _concept(registry: Registry, text: str, parameter: str) -> tuple[CodeSystem, str]:
    """The code system and code of `system|code`. A code that is not in the system subsumes only itself.

    Raises `InvalidSearch` unless the whole code system is known: a fragment does not tell the hierarchy.
    """
    parts = bar_parts(text)
    if len(parts) != 2 or not all(parts):
        raise InvalidSearch.of(messages.NEEDS_CONCEPT(value=text, parameter=parameter), code="invalid")
    system = registry.code_system(parts[0])
    if system is None or system.content != "complete":
        refusal = messages.UNKNOWN_CODE_SYSTEM(value=parts[0], parameter=parameter)
        raise InvalidSearch.of(refusal, code="not-found")
    known = system.find(parts[1])
    return system, known.code if known else parts[1]


def _limited(found: TokenSet, text: str, parameter: str) -> TokenSet:
    _check_count(len(found.codes), text, parameter)
    return found


def _check_count(count: int, value: str, parameter: str) -> None:
    if count > CODES_MAX:
        refusal = messages.TOO_MANY_CODES(value=value, parameter=parameter, limit=CODES_MAX)
        raise InvalidSearch.of(refusal, code="too-costly")
