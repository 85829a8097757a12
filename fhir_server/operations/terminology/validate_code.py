"""ValueSet/$validate-code and CodeSystem/$validate-code: whether a code is valid.

https://hl7.org/fhir/R4/valueset-operation-validate-code.html
https://hl7.org/fhir/R4/codesystem-operation-validate-code.html
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from fhir_server.codes import messages as codes_messages
from fhir_server.codes.validation import CodeValidator
from fhir_server.codes.validation_results import (
    CodingResult,
    ConceptResult,
    Place,
    ValidationOptions,
    canonical_of,
    is_of_other_system,
)
from fhir_server.codes.view import ValueSet, View
from fhir_server.core.outcome import coding
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import InvalidRequest
from fhir_server.extension import Engine, Operation
from fhir_server.issues import Issue, Language
from fhir_server.operations.answers import answer_with
from fhir_server.operations.terminology import messages
from fhir_server.operations.terminology.call import CALL_PARAMETERS, TerminologyCall, versioned
from fhir_server.operations.terminology.inputs import Inputs, Kind, Resource

Part = dict[str, Any]

_CHECKED: dict[str, Kind] = {
    "code": "text",
    "system": "text",
    "systemVersion": "text",
    "version": "text",
    "display": "text",
    "coding": "coding",
    "codeableConcept": "concept",
    "abstract": "flag",
    "activeOnly": "flag",
    "inferSystem": "flag",
    "lenient-display-validation": "flag",
    "mode": "text",
    "valueSetMode": "text",
    "valueset-membership-only": "flag",
}
VALUE_SET_PARAMETERS: dict[str, Kind] = {
    "url": "text",
    "valueSet": "resource",
    "valueSetVersion": "text",
    "context": "text",
    **_CHECKED,
    **CALL_PARAMETERS,
}
CODE_SYSTEM_PARAMETERS: dict[str, Kind] = {
    "url": "text",
    "codeSystem": "resource",
    **_CHECKED,
    **CALL_PARAMETERS,
}

_LENIENT = "lenient-display-validation"
"""The value of `mode` that replaces the parameter of that name."""

_MEMBERSHIP = ("CHECK_MEMBERSHIP_ONLY", "CHECK_MEMERSHIP_ONLY")
"""Values of `valueSetMode` that replace `valueset-membership-only`; some clients misspell it."""

_REPEATED = frozenset(
    {
        codes_messages.WRONG_DISPLAY,
        codes_messages.STALE_DISPLAY,
        codes_messages.DISPLAY_IN_OTHER_LANGUAGE,
        codes_messages.REVIEW_STATUS,
    }
)
"""The warnings that the message repeats besides errors."""


def validate_in_value_set(request: FhirRequest, engine: Engine) -> FhirResponse:
    """GET or POST ValueSet/$validate-code or ValueSet/[id]/$validate-code."""
    inputs = Inputs(request, VALUE_SET_PARAMETERS)
    call = TerminologyCall(request, engine, inputs)
    inputs.check_subject()
    view, value_set = call.value_set()
    validator = CodeValidator(view, _strictness(inputs, call, infer=not inputs.all("system")))
    concept = inputs.content("codeableConcept")
    if concept is not None:
        own = validator.validate_codings(value_set, concept)
        verdicts = tuple(_asked_elsewhere(verdict, call, value_set) for verdict in own)
        return _answer_concept(validator.concept_result(value_set, verdicts), concept, request)
    verdict = validator.validate_coding(value_set, *_coding(inputs))
    return _answer(_asked_elsewhere(verdict, call, value_set), request)


def validate_in_code_system(request: FhirRequest, engine: Engine) -> FhirResponse:
    """GET or POST CodeSystem/$validate-code or CodeSystem/[id]/$validate-code."""
    inputs = Inputs(request, CODE_SYSTEM_PARAMETERS)
    call = TerminologyCall(request, engine, inputs)
    inputs.check_subject()
    view, canonical = _code_system(call)
    validator = CodeValidator(view, _strictness(inputs, call, infer=False))
    concept = inputs.content("codeableConcept")
    if concept is not None:
        return _answer_concept(validator.validate_concept_in_system(canonical, concept), concept, request)
    given, place = _coding(inputs)
    if is_of_other_system(canonical, given):
        text = codes_messages.OTHER_SYSTEM(system=canonical_of(given), url=canonical)
        raise InvalidRequest.of(text, place.of("system"))
    return _answer(validator.validate_coding_in_system(canonical, given, place), request)


def _strictness(inputs: Inputs, call: TerminologyCall, infer: bool) -> ValidationOptions:
    return ValidationOptions(
        languages=call.languages,
        abstract_allowed=inputs.flag("abstract", default=True),
        active_only=inputs.flag("activeOnly"),
        lenient_display=inputs.flag("lenient-display-validation") or _LENIENT in inputs.all("mode"),
        infer_system=inputs.flag("inferSystem", default=infer and inputs.has("code")),
        membership_only=inputs.flag("valueset-membership-only") or inputs.text("valueSetMode") in _MEMBERSHIP,
    )


def _coding(inputs: Inputs) -> tuple[Resource, Place]:
    """The coding to check, and the location of its parts in the request."""
    return inputs.coding(), Place("Coding" if inputs.has("coding") else "")


def _code_system(call: TerminologyCall) -> tuple[View, str | None]:
    """The canonical URL of the code system; None where each coding has its own."""
    inline, instance, url = (
        call.inputs.content("codeSystem"),
        call.code_system(),
        call.inputs.text("url"),
    )
    if sum(given is not None for given in (inline, instance, url)) > 1:
        raise InvalidRequest.of(messages.ONE_OF(names="id, codeSystem, url"))
    if inline is not None:
        call.terminology = call.terminology.with_resources([inline])
        return call.view(), versioned(inline["url"], inline.get("version"))
    if instance is not None:
        return call.view(), instance
    url = url or call.inputs.text("system")
    concept, single = call.inputs.content("codeableConcept"), call.inputs.content("coding")
    if url is None and concept is None and single is None:
        raise InvalidRequest.of(messages.CODE_SYSTEM_NEEDED(names="url, codeSystem"), code="required")
    version = call.inputs.text("version") or call.inputs.text("systemVersion")
    return call.view(), versioned(url, version) if url else None


def _asked_elsewhere(verdict: CodingResult, call: TerminologyCall, value_set: ValueSet) -> CodingResult:
    """The verdict, with the membership from another server where it is unknown here."""
    if verdict.member is not None:
        return verdict
    given = verdict.coding
    code, version = str(given.get("code", "")), given.get("version")
    sent, system = call.inputs.content("valueSet"), given.get("system")
    member = call.terminology.ask_remote(value_set.canonical, system, code, version, sent)
    if member is None:
        return verdict
    issues = (
        tuple(issue for issue in verdict.issues if issue.code != "not-found") if member else verdict.issues
    )
    return replace(verdict, issues=issues, member=member, unknown_system=None)


# responses


def _answer(verdict: CodingResult, request: FhirRequest) -> FhirResponse:
    result = verdict.result and verdict.member is True
    parts = [*_coding_parts(verdict), *_findings(result, verdict.issues, request.language)]
    return answer_with(parts)


def _answer_concept(verdict: ConceptResult, concept: Resource, request: FhirRequest) -> FhirResponse:
    best = verdict.best
    parts: list[Part] = [*(_coding_parts(best) if best else ())]
    parts.append({"name": "codeableConcept", "valueCodeableConcept": concept})
    unknown = {
        other.unknown_system: other for other in verdict.results if other is not best and other.unknown_system
    }
    parts += [_missing_system(other) for other in unknown.values()]
    return answer_with([*parts, *_findings(verdict.result, verdict.issues, request.language)])


def _coding_parts(verdict: CodingResult) -> Iterator[Part]:
    """The parameters about the coding that was checked."""
    given, concept, system = verdict.coding, verdict.concept, verdict.system
    if "code" in given:
        yield {"name": "code", "valueCode": given["code"]}
    if given.get("system"):
        yield {"name": "system", "valueUri": given["system"]}
    known = system is not None and (concept is not None or not system.is_complete)
    version = system.version if system is not None and known else given.get("version")
    if version:
        yield {"name": "version", "valueString": version}
    if concept is not None:
        if verdict.display:
            yield {"name": "display", "valueString": verdict.display}
        if concept.inactive:
            yield {"name": "inactive", "valueBoolean": True}
            if concept.status not in ("active", "inactive"):
                yield {"name": "status", "valueString": concept.status}
        if concept.code != given.get("code"):
            yield {"name": "normalized-code", "valueCode": concept.code}
    if verdict.unknown_system:
        yield _missing_system(verdict)


def _missing_system(verdict: CodingResult) -> Part:
    """The unknown system: as a mere fact, or as the cause of a result that is unknown."""
    cause = "x-unknown-system" if verdict.member is False else "x-caused-by-unknown-system"
    return {"name": cause, "valueCanonical": verdict.unknown_system}


def _findings(result: bool, issues: tuple[Issue, ...], language: Language) -> Iterator[Part]:
    """The parameters with the result, the message and the issues."""
    yield {"name": "result", "valueBoolean": result}
    said = {issue.text.render(language) for issue in issues if _is_summed_up(issue)}
    if said:
        yield {"name": "message", "valueString": "; ".join(sorted(said))}
    if issues:
        found = [_entry(issue, language) for issue in issues]
        outcome = {"resourceType": "OperationOutcome", "issue": found}
        yield {"name": "issues", "resource": outcome}


def _is_summed_up(issue: Issue) -> bool:
    """Whether the message repeats an issue: every error, and warnings on displays and statuses."""
    return issue.severity == "error" or issue.text.template in _REPEATED


def _entry(issue: Issue, language: Language) -> Part:
    entry: Part = {"severity": issue.severity, "code": issue.code, "details": {}}
    if issue.key:
        entry["details"]["coding"] = [coding(issue.key)]
    entry["details"]["text"] = issue.text.render(language)
    if issue.expression:
        entry["location"] = list(issue.expression)
        entry["expression"] = list(issue.expression)
    return entry


VALUE_SET_VALIDATE_CODE = Operation(
    code="validate-code",
    definition="http://hl7.org/fhir/OperationDefinition/ValueSet-validate-code",
    levels=frozenset({"type", "instance"}),
    handle=validate_in_value_set,
    types=frozenset({"ValueSet"}),
    asks_codes=True,
)
CODE_SYSTEM_VALIDATE_CODE = Operation(
    code="validate-code",
    definition="http://hl7.org/fhir/OperationDefinition/CodeSystem-validate-code",
    levels=frozenset({"type", "instance"}),
    handle=validate_in_code_system,
    types=frozenset({"CodeSystem"}),
)
