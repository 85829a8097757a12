"""Checks of capability statements: search parameters have the type of their definitions.

https://hl7.org/fhir/R4/capabilitystatement-definitions.html#CapabilityStatement.rest.resource.searchParam.type
"""

from collections.abc import Iterator, Mapping
from typing import Any

from fhir_server.definitions.registry import Registry
from fhir_server.issues import Issue
from fhir_server.validation.checks import messages
from fhir_server.validation.checks.check import CheckContext, Resource, finding
from fhir_server.validation.findings import excerpt


class CapabilityStatementCheck:
    """Checks search parameters whose definitions are known."""

    types = frozenset({"CapabilityStatement"})

    def check(self, resource: Resource, context: CheckContext) -> Iterator[Issue]:
        for number, rest in enumerate(resource.get("rest", ())):
            place = f"CapabilityStatement.rest[{number}]"
            yield from _parameters(rest, place, context.registry)
            for index, offered in enumerate(rest.get("resource", ())):
                yield from _parameters(offered, f"{place}.resource[{index}]", context.registry)


def _parameters(holder: Mapping[str, Any], place: str, registry: Registry) -> Iterator[Issue]:
    for index, parameter in enumerate(holder.get("searchParam", ())):
        definition, type = parameter.get("definition"), parameter.get("type")
        known = registry.search_parameter(definition) if isinstance(definition, str) else None
        if known is None or known.type == type:
            continue
        text = messages.PARAMETER_TYPE(type=excerpt(type), url=known.url, right=known.type)
        yield finding("warning", "invalid", "parameter-type", text, f"{place}.searchParam[{index}].type")
