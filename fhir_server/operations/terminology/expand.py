"""ValueSet/$expand: the codes of a value set.

https://hl7.org/fhir/R4/valueset-operation-expand.html
"""

from collections.abc import Iterator
from typing import Any

from fhir_server.codes.expansion import UNCLOSED, Expansion, ExpansionRequest
from fhir_server.codes.view import ValueSet
from fhir_server.core import json
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.core.temporal import format_instant
from fhir_server.extension import Engine, Operation
from fhir_server.operations.terminology.call import CALL_PARAMETERS, TerminologyCall
from fhir_server.operations.terminology.inputs import Inputs, Kind

_REPEATED: dict[str, Kind] = {
    "activeOnly": "flag",
    "count": "number",
    "designation": "text",
    "displayLanguage": "text",
    "exclude-system": "text",
    "excludeNested": "flag",
    "excludeNotForUI": "flag",
    "excludePostCoordinated": "flag",
    "filter": "text",
    "includeDefinition": "flag",
    "includeDesignations": "flag",
    "offset": "number",
    "property": "text",
    "system-version": "text",
    "check-system-version": "text",
    "force-system-version": "text",
    "default-valueset-version": "text",
}
"""The parameters that the expansion returns in `expansion.parameter`."""

_URIS = frozenset(
    {"exclude-system", "system-version", "check-system-version", "force-system-version"}
    | {"default-valueset-version"}
)

EXPAND_PARAMETERS: dict[str, Kind] = {
    "url": "text",
    "valueSet": "resource",
    "valueSetVersion": "text",
    "context": "text",
    "contextDirection": "text",
    **_REPEATED,
    **CALL_PARAMETERS,
}
_LEFT_OUT = frozenset({"text", "meta", "contained", "compose", "expansion", "implicitRules"})


def expand(request: FhirRequest, engine: Engine) -> FhirResponse:
    """GET or POST ValueSet/$expand or ValueSet/[id]/$expand: the value set with its expansion."""
    inputs = Inputs(request, EXPAND_PARAMETERS, bare=("ValueSet", "valueSet"))
    call = TerminologyCall(request, engine, inputs)
    view, value_set = call.value_set()
    made = call.terminology.expand(view, value_set, _wanted(inputs, call))
    repeated = list(_repeated(inputs, call))
    return FhirResponse(200, body=json.serialise(_resource(value_set, made, repeated, inputs, engine)))


def _wanted(inputs: Inputs, call: TerminologyCall) -> ExpansionRequest:
    return ExpansionRequest(
        filter=inputs.text("filter") or "",
        offset=inputs.number("offset") or 0,
        count=inputs.number("count"),
        active_only=inputs.flag("activeOnly"),
        selectable_only=inputs.flag("excludeNotForUI"),
        nested=not inputs.flag("excludeNested", default=True),
        designations=inputs.flag("includeDesignations"),
        designation_of=tuple(inputs.all("designation")),
        properties=tuple(inputs.all("property")),
        languages=call.languages,
        excluded_systems=tuple(inputs.all("exclude-system")),
    )


def _repeated(inputs: Inputs, call: TerminologyCall) -> Iterator[dict[str, Any]]:
    """The entries of `expansion.parameter`."""
    for name, kind in _REPEATED.items():
        for value in inputs.all(name):
            yield {"name": name, _value_name(name, kind): value}
    if not inputs.all("displayLanguage") and call.display_language:
        yield {"name": "displayLanguage", "valueCode": call.display_language}


def _value_name(name: str, kind: Kind) -> str:
    if name == "displayLanguage":
        return "valueCode"
    if name in _URIS:
        return "valueUri"
    return {"flag": "valueBoolean", "number": "valueInteger"}.get(kind, "valueString")


def _resource(
    value_set: ValueSet, made: Expansion, repeated: list[dict[str, Any]], inputs: Inputs, engine: Engine
) -> dict[str, Any]:
    published = {name: value for name, value in value_set.resource.items() if name not in _LEFT_OUT}
    if inputs.flag("includeDefinition") and "compose" in value_set.resource:
        published["compose"] = value_set.resource["compose"]
    extensions = [{"url": UNCLOSED, "valueBoolean": True}] if made.unclosed else []
    paged = inputs.has("offset") or inputs.has("count")
    expansion = {
        **({"extension": [*extensions, *made.properties]} if extensions or made.properties else {}),
        "identifier": f"urn:uuid:{engine.new_id()}",
        "timestamp": format_instant(engine.now()),
        "total": made.total,
        **({"offset": inputs.number("offset") or 0} if paged else {}),
        "parameter": [*repeated, *made.parameters],
        **({"contains": made.contains} if made.contains else {}),
    }
    if not expansion["parameter"]:
        del expansion["parameter"]
    return {"resourceType": "ValueSet", "status": "active", **published, "expansion": expansion}


EXPAND = Operation(
    code="expand",
    definition="http://hl7.org/fhir/OperationDefinition/ValueSet-expand",
    levels=frozenset({"type", "instance"}),
    handle=expand,
    types=frozenset({"ValueSet"}),
)
