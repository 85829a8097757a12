"""Which search parameters are asked about, and the elements that they look at."""

import re
from collections.abc import Sequence
from functools import cache

from fhir_server.definitions.search_parameters import SearchParameter
from tests.search.oracle.search import Definitions

EVERY = ("_id", "_lastUpdated", "_tag", "_profile", "_security", "_source")
PARAMETERS = {
    "Patient": "identifier active name family given phonetic telecom email phone gender birthdate death-date"
    " deceased address address-city address-postalcode address-use language general-practitioner"
    " organization",
    "Practitioner": "identifier active name family given gender",
    "Organization": "identifier name type partof",
    "Observation": "identifier status category code subject patient encounter performer has-member date"
    " value-quantity value-concept value-string value-date component-code component-value-quantity"
    " component-value-concept combo-code combo-value-quantity combo-value-concept code-value-quantity"
    " code-value-concept code-value-string code-value-date component-code-value-quantity"
    " component-code-value-concept combo-code-value-quantity combo-code-value-concept",
    "Encounter": "identifier status class subject patient date length participant practitioner"
    " participant-type service-provider part-of location-period",
    "ChargeItem": "identifier code subject patient context occurrence entered-date factor-override"
    " price-override quantity",
    "RiskAssessment": "subject patient condition date probability",
    "Condition": "clinical-status code subject patient encounter onset-date onset-age onset-info"
    " recorded-date",
    "CarePlan": "status intent subject patient date based-on condition instantiates-canonical"
    " instantiates-uri activity-date",
    "Group": "type actual characteristic exclude value characteristic-value member",
    "Questionnaire": "url version name title status date effective subject-type context context-type"
    " context-quantity context-type-quantity context-type-value",
    "QuestionnaireResponse": "questionnaire subject patient authored",
}
"""The parameters that are asked about, by type."""


@cache
def asked(definitions: Definitions, type: str, kinds: tuple[str, ...]) -> tuple[SearchParameter, ...]:
    """The parameters of some kinds that are asked about on a type."""
    known = map(definitions(type).__getitem__, (*EVERY, *PARAMETERS[type].split()))
    return tuple(parameter for parameter in known if parameter.type in kinds)


@cache
def looked_at(definitions: Definitions, type: str, kinds: tuple[str, ...]) -> frozenset[str]:
    """The elements of a type that parameters of some kinds look at."""
    found: set[str] = set()
    for parameter in asked(definitions, type, kinds):
        found.update(re.findall(rf"\b(?:{type}|Resource)\.(\w+)", parameter.expression or ""))
        found.update(re.split(r"\W", component.expression)[0] for component in parameter.components)
    return frozenset(found)


@cache
def targets(parameter: SearchParameter, type: str) -> Sequence[str]:
    """The types that a reference may lead to, which an expression may narrow further."""
    narrowed: list[str] = re.findall(
        rf"\b{type}\.\w+\.where\(resolve\(\) is (\w+)", parameter.expression or ""
    )
    return narrowed or parameter.targets
