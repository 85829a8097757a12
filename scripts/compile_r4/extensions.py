"""The extensions on R4's definitions that hold facts without an element.

https://hl7.org/fhir/R4/extensibility.html
"""

from typing import Any

STRUCTURES = "http://hl7.org/fhir/StructureDefinition/"
MAX_VALUE_SET = STRUCTURES + "elementdefinition-maxValueSet"

Json = dict[str, Any]


def extension_value(holder: Json, url: str) -> str | None:
    """The value of the extension `url` on `holder`, where it has one."""
    for extension in holder.get("extension", ()):
        if extension["url"] == url:
            return str(next(value for name, value in extension.items() if name.startswith("value")))
    return None
