"""The entries of an expansion: codes with display, designations and properties.

https://hl7.org/fhir/R4/valueset-definitions.html#ValueSet.expansion.contains
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from fhir_server.codes.concept_extensions import PROPERTY_URIS, extension_properties, repeated_extensions
from fhir_server.codes.languages import Languages, best_display_with_source, language_matches
from fhir_server.definitions.code_systems import CodeSystem, Concept, Fact, value_of

PROPERTY = "http://hl7.org/fhir/5.0/StructureDefinition/extension-ValueSet.expansion.contains.property"
PROPERTY_DEFINITION = "http://hl7.org/fhir/5.0/StructureDefinition/extension-ValueSet.expansion.property"
"""R4 has no elements for properties in an expansion; these extensions stand for R5's elements."""

_DISPLAY_USE = {
    "system": "http://terminology.hl7.org/CodeSystem/hl7TermMaintInfra",
    "code": "preferredForLanguage",
}
_LANGUAGE_SYSTEM = "urn:ietf:bcp:47"
_KNOWN_URIS = "http://hl7.org/fhir/concept-properties#"

_DERIVED = frozenset({"definition", "parent", "child", "status", "inactive", "abstract", "notSelectable"})


class EntryBuilder:
    """Builds entries for codes of some systems."""

    def __init__(
        self,
        systems: Mapping[str, CodeSystem],
        languages: Languages,
        properties: tuple[str, ...],
        designations: bool,
    ) -> None:
        self._systems = systems
        self._languages = languages
        self._properties = properties
        self._designations = designations
        self._shown: dict[str, None] = {}

    def build(
        self, concept: Concept, versioned: Collection[str] = (), designation_of: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """One entry; codes of the `versioned` systems get their version."""
        entry: dict[str, Any] = {}
        if shown := list(self._extensions(concept)):
            entry["extension"] = shown
        entry["system"] = concept.system
        if concept.abstract:
            entry["abstract"] = True
        if concept.inactive:
            entry["inactive"] = True
        if concept.version and concept.system in versioned:
            entry["version"] = concept.version
        entry["code"] = concept.code
        system = self._systems.get(concept.system)
        own = system.language if system else None
        text, source = best_display_with_source(concept, own, self._languages)
        if text:
            entry["display"] = text
        if self._designations or designation_of:
            others = self._other_texts(concept, own, text, source)
            more = [designation for designation in others if _is_asked_for(designation, designation_of)]
            if more:
                entry["designation"] = more
        return entry

    def _other_texts(
        self, concept: Concept, own: str | None, shown: str | None, source: Fact | None
    ) -> Iterator[Fact]:
        """The designations, and the system's display, except the text that is shown as display."""
        if concept.display and concept.display != shown:
            yield display_designation(concept, own)
        yield from (designation for designation in concept.designations if designation is not source)

    def _extensions(self, concept: Concept) -> Iterator[Fact]:
        if concept.extensions:
            yield from repeated_extensions(concept)
        for name, value in self._shown_properties(concept):
            self._shown[name] = None
            yield {
                "url": PROPERTY,
                "extension": [{"url": "code", "valueCode": name}, {"url": "value", **value}],
            }

    def _shown_properties(self, concept: Concept) -> Iterator[tuple[str, dict[str, Any]]]:
        """The requested properties, the status of an inactive code, and properties given as extensions."""
        for name in self._properties:
            for value in property_values(concept, self._systems.get(concept.system), name):
                yield name, value
        if (concept.inactive or concept.status != "active") and "status" not in self._properties:
            yield "status", {"valueCode": "inactive" if concept.status == "active" else concept.status}
        if concept.extensions:
            yield from (named for named in extension_properties(concept) if named[0] not in self._properties)

    def property_definitions(self) -> Iterator[Fact]:
        """The definitions of the properties that the entries have used."""
        for name in self._shown:
            uris = (system.property_uris.get(name) for system in self._systems.values())
            uri = next(filter(None, uris), _KNOWN_URIS + name if name in _DERIVED else None)
            if uri is None and name in PROPERTY_URIS:
                uri = _KNOWN_URIS + PROPERTY_URIS[name]
            known = [{"url": "uri", "valueUri": uri}] if uri else []
            yield {"url": PROPERTY_DEFINITION, "extension": [{"url": "code", "valueCode": name}, *known]}


def display_designation(concept: Concept, language: str | None) -> Fact:
    """The display of a concept as a designation in the language of its system."""
    spoken = {"language": language} if language else {}
    return {**spoken, "use": _DISPLAY_USE, "value": concept.display}


def property_values(concept: Concept, system: CodeSystem | None, name: str) -> list[dict[str, Any]]:
    """The values of a property, each as its value[x]."""
    own = [
        {key: value for key, value in property.items() if key.startswith("value")}
        for property in concept.properties
        if property.get("code") == name and value_of(property) is not None
    ]
    return own or list(_derived(concept, system, name))


def _derived(concept: Concept, system: CodeSystem | None, name: str) -> Iterator[dict[str, Any]]:
    match name:
        case "definition" if concept.definition:
            yield {"valueString": concept.definition}
        case "parent":
            yield from ({"valueCode": parent} for parent in concept.parents)
        case "child" if system:
            yield from ({"valueCode": child} for child in system.children(concept.code))
        case "status" if concept.status != "active":
            yield {"valueCode": concept.status}
        case "inactive":
            yield {"valueBoolean": concept.inactive}
        case "notSelectable" | "abstract" if concept.abstract:
            yield {"valueBoolean": True}


def _is_asked_for(designation: Fact, wanted: tuple[str, ...]) -> bool:
    """Whether a designation has one of the wanted languages or uses, each `system|code`; true if none is
    wanted.
    """
    if not wanted:
        return True
    use = designation.get("use", {})
    for token in wanted:
        system, _, code = token.rpartition("|")
        if system == _LANGUAGE_SYSTEM:
            if language_matches(designation.get("language"), code):
                return True
        elif use.get("code") == code and system in ("", use.get("system")):
            return True
    return False
