"""Checks of terminology resources: consistent code systems, value sets of real systems, maps of existing
codes.

https://hl7.org/fhir/R4/codesystem.html
https://hl7.org/fhir/R4/valueset.html
https://hl7.org/fhir/R4/conceptmap.html
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fhir_server.core.reference import is_absolute
from fhir_server.definitions.code_systems import CodeSystem
from fhir_server.issues import Issue
from fhir_server.validation.checks import messages
from fhir_server.validation.checks.check import CheckContext, Resource, finding
from fhir_server.validation.findings import excerpt


class CodeSystemCheck:
    """Checks that `count` is the number of concepts, and that a supplement names its system."""

    types = frozenset({"CodeSystem"})

    def check(self, resource: Resource, context: CheckContext) -> Iterator[Issue]:
        content, count = resource.get("content"), resource.get("count")
        if content == "complete" and type(count) is int:
            found = _count(resource.get("concept", ()))
            if found != count:
                text = messages.CONCEPTS_COUNTED(count=count, found=found)
                yield finding("warning", "invalid", "code-count", text, "CodeSystem.count")
        if "supplements" in resource and content != "supplement":
            text = messages.SUPPLEMENT_CONTENT(content=excerpt(content))
            yield finding("warning", "invalid", "supplement", text, "CodeSystem.content")
        if content == "not-present" and resource.get("concept"):
            text = messages.CONCEPTS_UNWANTED()
            yield finding("warning", "invalid", "code-count", text, "CodeSystem.concept")
        if content == "supplement":
            yield from _supplement(resource, context)


class ValueSetCheck:
    """Checks that the systems of a composition are named by urls of code systems."""

    types = frozenset({"ValueSet"})

    def check(self, resource: Resource, context: CheckContext) -> Iterator[Issue]:
        compose = resource.get("compose", {})
        for part in ("include", "exclude"):
            for index, include in enumerate(compose.get(part, ())):
                system, place = include.get("system"), f"ValueSet.compose.{part}[{index}].system"
                if not isinstance(system, str):
                    continue
                if not is_absolute(system):
                    text = messages.INCLUDED_SYSTEM(system=excerpt(system))
                    yield finding("warning", "invalid", "included-system", text, place)
                elif "/ValueSet/" in system and context.registry.composition(system) is not None:
                    text = messages.INCLUDED_VALUE_SET(system=excerpt(system))
                    yield finding("warning", "invalid", "included-system", text, place)


class ConceptMapCheck:
    """Checks the codes of a map against the code systems that are completely known."""

    types = frozenset({"ConceptMap"})

    def check(self, resource: Resource, context: CheckContext) -> Iterator[Issue]:
        for number, group in enumerate(resource.get("group", ())):
            source, target = (_known(group.get(name), context) for name in ("source", "target"))
            for index, element in enumerate(group.get("element", ())):
                place = f"ConceptMap.group[{number}].element[{index}]"
                yield from _code(element, source, place)
                for position, mapped in enumerate(element.get("target", ())):
                    yield from _code(mapped, target, f"{place}.target[{position}]")


def _supplement(resource: Resource, context: CheckContext) -> Iterator[Issue]:
    """Check that a supplement only adds to existing codes, if its system is completely known."""
    supplements = resource.get("supplements")
    if supplements is None:
        text = messages.SUPPLEMENT_OF_NOTHING()
        yield finding("warning", "required", "supplement", text, "CodeSystem.supplements")
    system = _known(supplements, context)
    if system is None:
        return
    for place, concept in _concepts_with_places(resource.get("concept", ()), "CodeSystem"):
        code = concept.get("code")
        if isinstance(code, str) and system.has(code) is False:
            text = messages.SUPPLEMENT_CODE(code=excerpt(code), system=system.url)
            yield finding("warning", "code-invalid", "supplement", text, f"{place}.code")


def _concepts_with_places(
    concepts: Iterable[Mapping[str, Any]], above: str
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """All concepts with their locations, nested ones included."""
    for index, concept in enumerate(concepts):
        place = f"{above}.concept[{index}]"
        yield place, concept
        yield from _concepts_with_places(concept.get("concept", ()), place)


def _count(concepts: Iterable[Mapping[str, Any]]) -> int:
    """The number of concepts, nested ones included."""
    found, waiting = 0, [*concepts]
    while waiting:
        found += 1
        waiting.extend(waiting.pop().get("concept", ()))
    return found


def _known(url: Any, context: CheckContext) -> CodeSystem | None:
    found = context.registry.code_system(url) if isinstance(url, str) else None
    return found if found is not None and found.content == "complete" else None


def _code(holder: Mapping[str, Any], system: CodeSystem | None, place: str) -> Iterator[Issue]:
    code = holder.get("code")
    if system is not None and isinstance(code, str) and system.has(code) is False:
        text = messages.MAPPED_CODE_UNKNOWN(code=excerpt(code), system=system.url)
        yield finding("warning", "code-invalid", "concept-map-code", text, f"{place}.code")
