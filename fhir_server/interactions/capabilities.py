"""capabilities: the CapabilityStatement, built from the registry and the programme's operations.

https://hl7.org/fhir/R4/http.html#capabilities
"""

from collections.abc import Sequence
from typing import Any
from zlib import crc32

from fhir_server.codes.capabilities import terminology_elements
from fhir_server.core import json
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.core.temporal import format_instant
from fhir_server.definitions.named_queries import NamedQuery
from fhir_server.errors import InvalidRequest
from fhir_server.extension import Engine, Operation
from fhir_server.interactions import messages
from fhir_server.interactions.conditional_headers import names_version
from fhir_server.interactions.subset import asked_subset
from fhir_server.search.ast import EVERY
from fhir_server.search.capabilities import documentation, search_params

FHIR_VERSION = "4.0.1"
FORMATS = ("application/fhir+json", "json")
PATCH_FORMATS = ("application/json-patch+json", "application/fhir+json")
TYPE_INTERACTIONS = (
    "read",
    "vread",
    "update",
    "patch",
    "delete",
    "history-instance",
    "history-type",
    "create",
    "search-type",
)
SYSTEM_INTERACTIONS = ("transaction", "batch", "search-system", "history-system")


def capabilities(request: FhirRequest, engine: Engine) -> FhirResponse:
    """GET metadata, as a CapabilityStatement or, by mode=terminology, as TerminologyCapabilities."""
    mode = request.parameter("mode") or "full"
    if mode not in ("full", "normative", "terminology"):
        raise InvalidRequest.of(messages.UNKNOWN_MODE(mode=mode))
    build = _terminology if mode == "terminology" else _statement
    statement = build(request.base_url, engine)
    body = json.serialise(statement)
    subset = asked_subset(request.query, statement["resourceType"], engine.registry)
    body = subset.of(body) if subset else body
    version = crc32(body)
    if names_version(request.conditions, version):
        return FhirResponse(304, version=version)
    return FhirResponse(200, body=body, version=version)


def _head(kind: str, name: str, base_url: str, engine: Engine) -> dict[str, Any]:
    software = engine.software
    return {
        "resourceType": kind,
        "version": software.version,
        "name": name,
        "title": software.name,
        "status": "active",
        "date": format_instant(software.started),
        "kind": "instance",
        "software": {"name": software.name, "version": software.version},
        "implementation": {"description": software.name, "url": base_url},
    }


def _statement(base_url: str, engine: Engine) -> dict[str, Any]:
    guides = [guide["url"] for guide in engine.registry.resources("ImplementationGuide")]
    return {
        **_head("CapabilityStatement", "Capabilities", base_url, engine),
        "fhirVersion": FHIR_VERSION,
        "format": list(FORMATS),
        "patchFormat": list(PATCH_FORMATS),
        **({"implementationGuide": guides} if guides else {}),
        "rest": [_rest(engine)],
    }


def _rest(engine: Engine) -> dict[str, Any]:
    rest: dict[str, Any] = {
        "mode": "server",
        "documentation": documentation(),
        "security": {"cors": True},
        "resource": [_resource(type, engine) for type in engine.registry.resource_types],
        "interaction": [{"code": code} for code in SYSTEM_INTERACTIONS],
        "searchParam": list(search_params(engine.registry, "Resource")),
        "compartment": [
            f"http://hl7.org/fhir/CompartmentDefinition/{code.lower()}"
            for code in engine.registry.resource_types
            if engine.registry.compartment(code)
        ],
    }
    operations = [operation for operation in engine.operations if "system" in operation.levels]
    return rest | _operations(operations, _queries(engine))


def _resource(type: str, engine: Engine) -> dict[str, Any]:
    profiles = [
        profile["url"]
        for profile in engine.registry.resources("StructureDefinition")
        if profile.get("type") == type
    ]
    several = engine.conditional_delete_multiple
    parameters = engine.registry.search_parameters(type)
    references = [code for code, parameter in parameters.items() if parameter.type == "reference"]
    operations = [
        operation
        for operation in engine.operations
        if operation.levels & {"type", "instance"} and (not operation.types or type in operation.types)
    ]
    return {
        "type": type,
        "profile": f"http://hl7.org/fhir/StructureDefinition/{type}",
        **({"supportedProfile": profiles} if profiles else {}),
        "interaction": [{"code": code} for code in TYPE_INTERACTIONS],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": True,
        "conditionalCreate": True,
        "conditionalRead": "full-support",
        "conditionalUpdate": True,
        "conditionalDelete": "multiple" if several else "single",
        "referencePolicy": ["literal", "logical", "local"],
        **({"searchInclude": [EVERY, *(f"{type}:{code}" for code in references)]} if references else {}),
        "searchRevInclude": [EVERY],
        "searchParam": list(search_params(engine.registry, type)),
        **_operations(operations, _queries(engine, type)),
    }


def _queries(engine: Engine, *types: str) -> list[NamedQuery]:
    """The named queries of a type; without one, those of several types."""
    return [query for query in engine.registry.named_queries if query.is_for(types)]


def _operations(operations: Sequence[Operation], queries: Sequence[NamedQuery]) -> dict[str, Any]:
    """The operations and named queries, which R4 lists together."""
    offered = [{"name": operation.code, "definition": operation.definition} for operation in operations]
    offered += [{"name": query.code, "definition": query.url} for query in queries]
    return {"operation": offered} if offered else {}


def _terminology(base_url: str, engine: Engine) -> dict[str, Any]:
    head = _head("TerminologyCapabilities", "Terminology", base_url, engine)
    return {**head, **terminology_elements(engine.registry)}
