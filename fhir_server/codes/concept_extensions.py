"""Extensions of concepts that an expansion repeats, as extensions or as properties.

https://hl7.org/fhir/R4/valueset-profiles.html
https://hl7.org/fhir/R4/codesystem-profiles.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

from fhir_server.definitions.code_systems import Concept, Fact
from fhir_server.definitions.elements import STRUCTURES

_REPEATED = frozenset(
    STRUCTURES + name
    for name in (
        *("rendering-style", "rendering-xhtml", "valueset-concept-definition", "valueset-deprecated"),
        "structuredefinition-standards-status",
    )
)
_TEXT = {"valueString": "valueString"}
_NUMBER = {"valueInteger": "valueDecimal", "valueDecimal": "valueDecimal"}
_PROPERTIES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    STRUCTURES + "codesystem-label": ("label", _TEXT),
    STRUCTURES + "valueset-label": ("label", _TEXT),
    STRUCTURES + "codesystem-conceptOrder": ("order", _NUMBER),
    STRUCTURES + "valueset-conceptOrder": ("order", _NUMBER),
    STRUCTURES + "itemWeight": ("weight", _NUMBER),
}
"""By the url of an extension: the code of the property it becomes, and the name of the property's value[x] by
that of the extension's value[x].
"""

PROPERTY_URIS: Mapping[str, str] = {"label": "label", "order": "order", "weight": "itemWeight"}
"""The codes of these properties in FHIR's own list of concept properties."""


def repeated_extensions(concept: Concept) -> Iterator[Fact]:
    """The extensions that an expansion repeats unchanged."""
    return (extension for extension in concept.extensions if extension["url"] in _REPEATED)


def extension_properties(concept: Concept) -> Iterator[tuple[str, dict[str, Any]]]:
    """The properties given as extensions, each once; those of the value set before the system's."""
    seen: set[str] = set()
    for extension in concept.extensions:
        code, kinds = _PROPERTIES.get(extension["url"], ("", {}))
        values = {kinds[name]: value for name, value in extension.items() if name in kinds}
        if values and code not in seen:
            seen.add(code)
            yield code, values
