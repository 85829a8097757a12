"""QuestionnaireResponse/$score: the score of a passation, its severity, and whether it raises the alert.

Writes nothing: a stored passation is scored in its own commit.
"""

from functools import partial

from fhir_server.core.code_systems import LOINC
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import BusinessRule, InvalidRequest
from fhir_server.extension import Engine, Operation, Resource
from fhir_server.operations.answers import answer_with
from mappings.sesame.guide import Guide
from mappings.sesame.operations import referral_messages as messages
from mappings.sesame.operations.body_parameters import body_parameter, check_query
from mappings.sesame.operations.store_records import addressed_resource
from mappings.sesame.pathway.passation import Passation, passation_of, read_scales
from mappings.sesame.resources.elements import concept, present
from mappings.sesame.resources.observation import CATEGORY, severity
from mappings.sesame.rules.scales import wrong


def score(guide: Guide) -> Operation:
    """The operation."""
    return Operation(
        code="score",
        definition=guide.canonical("OperationDefinition", "questionnaireresponse-score"),
        levels=frozenset({"type", "instance"}),
        handle=partial(_score, guide),
        types=frozenset({"QuestionnaireResponse"}),
    )


def _score(guide: Guide, request: FhirRequest, engine: Engine) -> FhirResponse:
    check_query(request)
    scales = read_scales(guide)
    passation = passation_of(scales, _asked(request, engine))
    if passation is None:
        text = messages.NO_SCALE(known=", ".join(scales))
        raise BusinessRule.of(text, "QuestionnaireResponse.questionnaire")
    if issues := list(wrong(passation)):
        raise BusinessRule(*issues)
    total = passation.score
    assert total is not None, "nothing is missing"
    classes = severity(guide, passation.scale, total)
    found: list[Resource] = [
        {"name": "return", "resource": _observation(guide, passation, total)},
        *({"name": "severity", "valueCoding": one["coding"][0]} for one in classes),
    ]
    if passation.scale.id == "phq-9":
        found.append({"name": "suicideAlert", "valueBoolean": passation.alerts})
    return answer_with(found)


def _asked(request: FhirRequest, engine: Engine) -> Resource:
    """The QuestionnaireResponse of the body or of the path. Raises `InvalidRequest` where there is none."""
    response = body_parameter(request, engine, "response").get("resource")
    if response is not None:
        if response["resourceType"] != "QuestionnaireResponse":
            raise InvalidRequest.of(messages.RESPONSE_NEEDED(), "Parameters.parameter")
        found: Resource = response
        return found
    if len(request.path) < 3:
        raise InvalidRequest.of(messages.RESPONSE_NEEDED(), "Parameters.parameter")
    return addressed_resource(request, engine)


def _observation(guide: Guide, passation: Passation, total: int) -> Resource:
    """The Observation of the score, which claims the profile only if it has a subject and a date."""
    response, scale = passation.response, passation.scale
    stored = {"reference": passation.reference} if passation.id else None
    is_whole = response.get("subject") and response.get("authored")
    meta = {"profile": [guide.profile("sesame-observation-score")]} if is_whole else None
    return present(
        resourceType="Observation",
        meta=meta,
        status="final",
        category=[concept(CATEGORY, "survey")],
        code=concept(LOINC, scale.total, scale.total_label),
        subject=response.get("subject"),
        effectiveDateTime=response.get("authored"),
        interpretation=severity(guide, scale, total),
        derivedFrom=[stored] if stored else None,
    ) | {"valueInteger": total}
