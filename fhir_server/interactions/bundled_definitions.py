"""The definitions in a transaction, which apply to its other resources too.

https://hl7.org/fhir/R4/http.html#trules
"""

from collections.abc import Iterable
from dataclasses import replace

from fhir_server.definitions.layers import Entry as Listing
from fhir_server.extension import Engine
from fhir_server.interactions.bundle_entries import Entry
from fhir_server.interactions.conformance import CLIENT_TYPES
from fhir_server.interactions.definition_changes import is_known


def with_bundled_definitions(engine: Engine, writing: Iterable[Entry]) -> Engine:
    """An engine that also validates by the definitions among the entries; the engine itself if it has them
    all. Structurally invalid ones are left out, as they are refused anyway.
    """
    brought = {
        _listing(entry): entry.request.content
        for entry in writing
        if _defines(entry) and not engine.validator.structure(entry.request.content)
    }
    if all(is_known(resource, engine.registry) for resource in brought.values()):
        return engine
    registry = engine.registry.with_stored(
        engine.registry.stored, engine.registry.clients.with_pending(brought)
    )
    codes = engine.codes.with_registry(registry)
    return replace(
        engine, registry=registry, codes=codes, validator=engine.validator.with_registry(registry, codes)
    )


def _defines(entry: Entry) -> bool:
    content = entry.request.content
    return (
        entry.request.method in ("POST", "PUT")
        and isinstance(content, dict)
        and content.get("resourceType") in CLIENT_TYPES
    )


def _listing(entry: Entry) -> Listing:
    """The listing that the definition will have. One without a known id replaces no other."""
    path, resource = entry.request.path, entry.request.content
    id = path[1] if entry.request.method == "PUT" and len(path) == 2 else f"#{entry.index}"
    type, url, version = (resource.get(name, "") for name in ("resourceType", "url", "version"))
    return Listing(type, url, version, f"{type}/{id}/")
