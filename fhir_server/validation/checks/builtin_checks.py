"""The table of the engine's own checks."""

from fhir_server.validation.checks.bundle import BundleCheck
from fhir_server.validation.checks.capability_statement import CapabilityStatementCheck
from fhir_server.validation.checks.check import Check
from fhir_server.validation.checks.contained import ContainedCheck
from fhir_server.validation.checks.element_ids import ElementIdCheck
from fhir_server.validation.checks.measure_report import MeasureReportCheck
from fhir_server.validation.checks.meta import MetaCheck
from fhir_server.validation.checks.narrative import NarrativeCheck
from fhir_server.validation.checks.questionnaire import QuestionnaireCheck
from fhir_server.validation.checks.questionnaire_response import QuestionnaireResponseCheck
from fhir_server.validation.checks.search_parameter import SearchParameterCheck
from fhir_server.validation.checks.structure_definition import StructureDefinitionCheck
from fhir_server.validation.checks.terminology import CodeSystemCheck, ConceptMapCheck, ValueSetCheck

CHECKS: tuple[Check, ...] = (
    BundleCheck(),
    CapabilityStatementCheck(),
    CodeSystemCheck(),
    ConceptMapCheck(),
    ContainedCheck(),
    ElementIdCheck(),
    MeasureReportCheck(),
    MetaCheck(),
    NarrativeCheck(),
    QuestionnaireCheck(),
    QuestionnaireResponseCheck(),
    SearchParameterCheck(),
    StructureDefinitionCheck(),
    ValueSetCheck(),
)
