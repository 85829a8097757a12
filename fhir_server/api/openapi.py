"""The OpenAPI description of the FHIR base, built from its resource types and search parameters.

https://spec.openapis.org/oas/v3.1.0
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]

FHIR_JSON = "application/fhir+json"
ID = {"$ref": "#/components/parameters/id"}
COUNT = {"$ref": "#/components/parameters/_count"}
SINCE = {"$ref": "#/components/parameters/_since"}
IF_MATCH = {"$ref": "#/components/parameters/If-Match"}
IF_NONE_EXIST = {"$ref": "#/components/parameters/If-None-Exist"}
RESOURCE = {"$ref": "#/components/responses/Resource"}
BUNDLE = {"$ref": "#/components/responses/Bundle"}
DONE = {"$ref": "#/components/responses/Done"}
OUTCOME = {"$ref": "#/components/responses/OperationOutcome"}
BODY = {"$ref": "#/components/requestBodies/Resource"}
PATCH_BODY = {"$ref": "#/components/requestBodies/Patch"}


@dataclass(frozen=True, slots=True)
class SearchableType:
    """A resource type with the search parameters it has: code -> (type, description)."""

    name: str
    parameters: Mapping[str, tuple[str, str]]


def document(title: str, version: str, types: Iterable[SearchableType]) -> Document:
    """The description as plain JSON."""
    paths: Document = {
        "/fhir/metadata": {"get": _operation("System", "What this server can do", RESOURCE)},
        "/fhir": {
            "get": _operation(
                "System", "Search all types (needs _type or a parameter of every type)", BUNDLE
            ),
            "post": _operation("System", "Run a batch or a transaction", BUNDLE, body=BODY),
        },
        "/fhir/_history": {"get": _operation("System", "Changes to everything", BUNDLE, COUNT, SINCE)},
    }
    for type in types:
        paths |= _paths_of(type)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "description": "FHIR R4 (4.0.1) REST API"},
        "paths": paths,
        "components": _components(),
    }


def _paths_of(type: SearchableType) -> Document:
    type_path, id_path = f"/fhir/{type.name}", f"/fhir/{type.name}/{{id}}"
    search = [_search_parameter(code, *about) for code, about in sorted(type.parameters.items())]
    return {
        type_path: {
            "get": _operation(type.name, f"Search {type.name}", BUNDLE, *search, COUNT),
            "post": _operation(type.name, f"Create a {type.name}", RESOURCE, IF_NONE_EXIST, body=BODY),
        },
        id_path: {
            "get": _operation(type.name, f"Read a {type.name}", RESOURCE, ID),
            "put": _operation(
                type.name, f"Replace or create a {type.name}", RESOURCE, ID, IF_MATCH, body=BODY
            ),
            "patch": _operation(
                type.name, f"Change parts of a {type.name}", RESOURCE, ID, IF_MATCH, body=PATCH_BODY
            ),
            "delete": _operation(type.name, f"Delete a {type.name}", DONE, ID, IF_MATCH),
        },
        f"{id_path}/_history": {
            "get": _operation(type.name, f"Versions of a {type.name}", BUNDLE, ID, COUNT, SINCE)
        },
        f"{id_path}/_history/{{version}}": {
            "get": _operation(type.name, f"One version of a {type.name}", RESOURCE, ID, _in_path("version"))
        },
    }


def _operation(
    tag: str, summary: str, success: Document, *parameters: Document, body: Document | None = None
) -> Document:
    operation: Document = {
        "tags": [tag],
        "summary": summary,
        "responses": {"2XX": success, "default": OUTCOME},
    }
    if parameters:
        operation["parameters"] = list(parameters)
    if body is not None:
        operation["requestBody"] = body
    return operation


def _search_parameter(code: str, type: str, about: str) -> Document:
    return {"name": code, "in": "query", "description": f"({type}) {about}", "schema": {"type": "string"}}


def _in_path(name: str) -> Document:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _header(name: str, about: str) -> Document:
    return {"name": name, "in": "header", "description": about, "schema": {"type": "string"}}


def _components() -> Document:
    return {
        "parameters": {
            "id": _in_path("id"),
            "_count": {"name": "_count", "in": "query", "schema": {"type": "integer", "minimum": 0}},
            "_since": {"name": "_since", "in": "query", "schema": {"type": "string", "format": "date-time"}},
            "If-Match": _header("If-Match", 'The version that you read, such as W/"3"'),
            "If-None-Exist": _header("If-None-Exist", "A search; nothing is created when it finds one"),
        },
        "requestBodies": {
            "Resource": {"required": True, "content": {FHIR_JSON: {"schema": {"type": "object"}}}},
            "Patch": {
                "required": True,
                "content": {
                    "application/json-patch+json": {"schema": {"type": "array", "items": {"type": "object"}}},
                    FHIR_JSON: {"schema": {"type": "object", "description": "FHIRPath Patch: Parameters"}},
                },
            },
        },
        "responses": {
            "Resource": _response("A resource"),
            "Bundle": _response("A Bundle"),
            "Done": {"description": "Done"},
            "OperationOutcome": _response("What is wrong, where, and what to do"),
        },
    }


def _response(about: str) -> Document:
    return {"description": about, "content": {FHIR_JSON: {"schema": {"type": "object"}}}}
