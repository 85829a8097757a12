"""The checks that the engine brings, in one table."""

from fhir_server.validation.checks.bundle import BundleCheck
from fhir_server.validation.checks.check import Check
from fhir_server.validation.checks.narrative import NarrativeCheck
from fhir_server.validation.checks.questionnaire import QuestionnaireCheck
from fhir_server.validation.checks.questionnaire_response import QuestionnaireResponseCheck
from fhir_server.validation.checks.structure_definition import StructureDefinitionCheck

CHECKS: tuple[Check, ...] = (
    BundleCheck(),
    NarrativeCheck(),
    QuestionnaireCheck(),
    QuestionnaireResponseCheck(),
    StructureDefinitionCheck(),
)
