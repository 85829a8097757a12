"""Identifiers of records and references between them: identifier systems, and link fields.

Each record has its own system, so that numbers from different tables of the software cannot be confused.
"""

from collections.abc import Mapping
from typing import Any

from fhir_server.conversion.field_kinds import IdentifierValue, Link
from fhir_server.conversion.references import reference_by_identifier
from fhir_server.conversion.table import Field
from mappings.sesame.guide import Guide, Resource
from mappings.sesame.identifiers import HL7_TYPES, VISIT_TYPES

KEY = "identifiant"
TYPES = {
    "patient": "Patient",
    "organisme": "Organization",
    "couverture": "Coverage",
    "professionnel": "PractitionerRole",
    "site": "Organization",
    "equipe": "CareTeam",
    "adressage": "ServiceRequest",
    "parcours": "EpisodeOfCare",
    "evaluation_initiale": "Encounter",
    "sequence": "CarePlan",
    "objectif": "Goal",
    "contact": "Encounter",
    "revue_de_cas": "Encounter",
    "facture": "Claim",
}
"""The resource type to which a reference to a record leads."""

GOVERNED = {"sequence": "care-plan", "parcours": "episode", "sortie": "episode", "facture": "claim"}
"""Records whose identifiers have their own NamingSystem in the guide."""


def system_of(guide: Guide, record: str) -> str:
    """The identifier system of a record."""
    if record in GOVERNED:
        return guide.naming_system(GOVERNED[record])
    return f"{guide.naming_system('record')}/{record}"


def key(guide: Guide, record: str, *places: str, frame: Mapping[str, Any] | None = None) -> Field:
    """The field of the record's own identifier. `frame` adds elements to the Identifier, such as its type."""
    kind = IdentifierValue({**(frame or {}), "system": system_of(guide, record)})
    text = "Identifiant de l'enregistrement dans le logiciel qui le tient : stable, et unique par type."
    return Field(KEY, kind, places, text, required=True, source="D")


def link(
    guide: Guide, name: str, record: str, *places: str, text: str, required: bool = False, source: str = "D"
) -> Field:
    """A field that refers to another record by its identifier."""
    kind = Link(TYPES[record], system_of(guide, record))
    return Field(name, kind, places, text, required=required, source=source)


def patient(guide: Guide, *places: str) -> Field:
    """The field that refers to the patient."""
    text = "Identifiant de l'enregistrement patient."
    return link(guide, "patient", "patient", *places, text=text, required=True)


def of_record(guide: Guide, record: str) -> Resource:
    """A pattern that matches the identifiers of a record."""
    return {"system": system_of(guide, record)}


def visit_type() -> Resource:
    """The type that fr-core-encounter requires of its identifiers."""
    return of_type("VN", VISIT_TYPES)


def of_type(code: str, system: str = HL7_TYPES) -> Resource:
    """The type element of an Identifier."""
    return {"type": {"coding": [{"system": system, "code": code}]}}


def own_reference(guide: Guide, record: str, type: str, values: Mapping[str, Any]) -> Resource:
    """A reference to another part of the same record."""
    return {"reference": reference_by_identifier(type, system_of(guide, record), values[KEY])}


def profile(guide: Guide, id: str) -> Resource:
    """The meta element of a resource that claims a profile of the guide."""
    return {"profile": [guide.profile(id)]}
