"""Named queries, read from an OperationDefinition of kind `query`.

R4 leaves the semantics of a named query to the server. Here an extension of the definition holds a search in
which `{name}` stands for the value of a parameter: `status=requested&owner={owner}`.
https://hl7.org/fhir/R4/operationdefinition.html
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

CRITERIA = "urn:fhir-server:StructureDefinition:query-criteria"
"""The extension (valueString) that holds the search."""

EVERY_TYPE = "Resource"
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
"""The placeholder for the value of a parameter."""


@dataclass(frozen=True, slots=True)
class QueryParameter:
    """A parameter of a named query; `repeats` if it may be given more than once."""

    name: str
    required: bool
    repeats: bool


@dataclass(frozen=True, slots=True)
class NamedQuery:
    """A named query. With `on_type` it can search one of `types`, with `on_system` several types at once."""

    code: str
    url: str
    types: tuple[str, ...]
    on_type: bool
    on_system: bool
    criteria: tuple[tuple[str, str], ...]
    parameters: tuple[QueryParameter, ...]

    def is_for(self, types: Iterable[str]) -> bool:
        """Whether the query can be used on these types; empty means all types."""
        searched = tuple(types)
        if len(searched) != 1:
            return self.on_system
        return self.on_type and (searched[0] in self.types or EVERY_TYPE in self.types)

    def is_sound(self) -> bool:
        """Whether the criteria use only declared parameters, and none inside a `_filter`."""
        declared = {parameter.name for parameter in self.parameters}
        placeholders = [
            (name, placeholder) for name, value in self.criteria for placeholder in PLACEHOLDER.findall(value)
        ]
        return all(placeholder in declared and name != "_filter" for name, placeholder in placeholders)


def named_query_from_resource(resource: Mapping[str, Any]) -> NamedQuery | None:
    """The named query of an OperationDefinition.

    None if it is not an active query, has no url or criteria, or its criteria are not sound.
    """
    extensions = resource.get("extension", ())
    criteria = next(
        (extension.get("valueString") for extension in extensions if extension.get("url") == CRITERIA), None
    )
    is_active = resource.get("kind") == "query" and resource.get("status") == "active"
    if not is_active or not criteria or "url" not in resource:
        return None
    query = NamedQuery(
        code=resource["code"],
        url=resource["url"],
        types=tuple(resource.get("resource", ())),
        on_type=resource.get("type", False),
        on_system=resource.get("system", False),
        criteria=tuple(parse_qsl(criteria, keep_blank_values=True)),
        parameters=tuple(
            QueryParameter(parameter["name"], parameter.get("min", 0) > 0, parameter.get("max") != "1")
            for parameter in resource.get("parameter", ())
            if parameter.get("use") == "in"
        ),
    )
    return query if query.is_sound() else None
