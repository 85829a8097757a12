"""ConceptMap/$translate: translates a code by concept maps.

https://hl7.org/fhir/R4/conceptmap-operation-translate.html
"""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from fhir_server.codes import messages as codes_messages
from fhir_server.codes.issues import tx_error
from fhir_server.codes.translation import (
    NO_MATCH,
    ConceptMap,
    Dependency,
    Match,
    TranslationRequest,
    applicable_maps,
    is_compatible,
    without_duplicates,
)
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import FhirError, InvalidRequest, NotFound
from fhir_server.extension import Engine, Operation
from fhir_server.operations.answers import answer_with
from fhir_server.operations.terminology import messages
from fhir_server.operations.terminology.call import CALL_PARAMETERS, TerminologyCall, versioned
from fhir_server.operations.terminology.inputs import Inputs, Kind, Resource

TRANSLATE_PARAMETERS: dict[str, Kind] = {
    "url": "text",
    "conceptMap": "resource",
    "conceptMapVersion": "text",
    "code": "text",
    "system": "text",
    "version": "text",
    "source": "text",
    "coding": "coding",
    "codeableConcept": "concept",
    "target": "text",
    "targetsystem": "text",
    "dependency": "parts",
    "reverse": "flag",
    **CALL_PARAMETERS,
}


def translate(request: FhirRequest, engine: Engine) -> FhirResponse:
    """GET or POST ConceptMap/$translate or ConceptMap/[id]/$translate: the matches."""
    inputs = Inputs(request, TRANSLATE_PARAMETERS)
    call = TerminologyCall(request, engine, inputs)
    codings = _codings(inputs)
    named = _named(call)
    known = call.terminology.concept_maps() if named is None else ()
    dependencies = tuple(_dependencies(inputs))
    requests = [_translation_request(inputs, coding, dependencies) for coding in codings]
    maps = [
        applicable_maps(known, asked) if named is None else _if_fitting(named, asked) for asked in requests
    ]
    if named is None and requests and not any(maps):
        raise _no_map(requests[0])
    found = (call.terminology.translate(*asked) for asked in zip(maps, requests, strict=True))
    return _answer(without_duplicates(chain.from_iterable(found)), codings, request)


def _codings(inputs: Inputs) -> list[Resource]:
    inputs.check_subject()
    concept = inputs.content("codeableConcept")
    if concept is not None:
        return [coding for coding in concept.get("coding", ()) if "code" in coding]
    return [inputs.coding()]


def _named(call: TerminologyCall) -> ConceptMap | None:
    """The map in the URL, the body or the path of the request. Raises `NotFound` for an unknown one."""
    sent, instance, url = call.inputs.content("conceptMap"), call.instance(), call.inputs.text("url")
    if sum(given is not None for given in (sent, instance, url)) > 1:
        raise InvalidRequest.of(messages.ONE_OF(names="id, conceptMap, url"))
    if url is None:
        return sent or instance
    canonical = versioned(url, call.inputs.text("conceptMapVersion"))
    found = call.terminology.registry.canonical(canonical, "ConceptMap")
    if found is None:
        raise tx_error(NotFound, codes_messages.UNKNOWN_CONCEPT_MAP(url=canonical), "not-found")
    return found


def _if_fitting(named: ConceptMap, asked: TranslationRequest) -> tuple[ConceptMap, ...]:
    return (named,) if is_compatible(named, asked) else ()


def _no_map(asked: TranslationRequest) -> FhirError:
    source, target = asked.source or asked.system or "?", asked.target or asked.target_system or "?"
    text = codes_messages.NO_CONCEPT_MAP(source=source, target=target)
    return tx_error(NotFound, text, "not-found")


def _translation_request(
    inputs: Inputs, coding: Resource, dependencies: tuple[Dependency, ...]
) -> TranslationRequest:
    return TranslationRequest(
        coding.get("system"),
        str(coding.get("code", "")),
        coding.get("version"),
        source=inputs.text("source"),
        target=inputs.text("target"),
        target_system=inputs.text("targetsystem"),
        dependencies=dependencies,
        reverse=inputs.flag("reverse"),
    )


def _dependencies(inputs: Inputs) -> Iterator[Dependency]:
    """The dependencies of mappings: elements and the codes that they hold."""
    for parts in inputs.all("dependency"):
        by_name = {str(part.get("name")): part for part in parts}
        element = str(by_name.get("element", {}).get("valueUri", ""))
        concept: Any = by_name.get("concept", {}).get("valueCodeableConcept")
        if not isinstance(concept, dict):
            continue
        if "text" in concept:
            yield element, None, str(concept["text"])
        codings = concept.get("coding", [])
        for coding in codings if isinstance(codings, list) else []:
            if isinstance(coding, dict):
                yield element, coding.get("system"), str(coding.get("code", ""))


def _answer(matches: list[Match], codings: list[Resource], request: FhirRequest) -> FhirResponse:
    found = any(match.equivalence not in NO_MATCH and match.code is not None for match in matches)
    parts: list[dict[str, Any]] = [{"name": "result", "valueBoolean": found}]
    if not found:
        names = ", ".join(f"{coding.get('system', '')}#{coding.get('code', '')}" for coding in codings) or "-"
        text = codes_messages.NOTHING_MAPPED(code=names).render(request.language)
        parts.append({"name": "message", "valueString": text})
    parts += [match.part() for match in matches]
    return answer_with(parts)


TRANSLATE = Operation(
    code="translate",
    definition="http://hl7.org/fhir/OperationDefinition/ConceptMap-translate",
    levels=frozenset({"type", "instance"}),
    handle=translate,
    types=frozenset({"ConceptMap"}),
)
