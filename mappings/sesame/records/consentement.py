"""consentement: a patient agrees to the team's care or to research, or is informed of the evaluation and does
not object.

Agreement is opt-in for care and research; for the evaluation refusal is an objection.
https://hl7.org/fhir/R4/consent.html
"""

from collections.abc import Mapping
from typing import Any

from fhir_server.conversion.field_kinds import Word, moment
from fhir_server.conversion.table import Derived, Field, Part, Table
from mappings.sesame.guide import Guide, Resource
from mappings.sesame.records import names
from mappings.sesame.records.words import PURPOSES, coded
from mappings.sesame.resources.consent import PURPOSES as SCOPES
from mappings.sesame.resources.consent import SCOPE
from mappings.sesame.resources.elements import ACT_CODE, concept

DECISIONS = {"accord": "permit", "refus": "deny"}
STATES = {"actif": "active", "remplace": "inactive", "saisi-par-erreur": "entered-in-error"}
PROFILES = {"soins": "care", "evaluation": "evaluation", "recherche": "research"}
SIGNED = {
    "if": {"properties": {"objet": {"const": "recherche"}, "decision": {"const": "accord"}}},
    "then": {"required": ["date_signature"]},
}


def consentement(guide: Guide) -> Table:
    """The table of the record."""
    return Table(
        name="consentement",
        title="Consentement ou opposition d'un patient",
        system=names.system_of(guide, "consentement"),
        parts=(Part("Consent"),),
        fields=_fields(guide),
        derived=_derived(guide),
        rules=SIGNED,
        recognised_by=("objet",),
    )


def _fields(guide: Guide) -> tuple[Field, ...]:
    purpose = coded(guide, "sesame-consent-purpose", PURPOSES)
    decision = Word(DECISIONS, "http://hl7.org/fhir/consent-provision-type")
    state = Word(STATES, "http://hl7.org/fhir/consent-state-codes")
    return (
        names.key(guide, "consentement", "Consent.identifier[record]"),
        names.patient(guide, "Consent.patient", "Consent.performer[0]"),
        Field("objet", purpose, ("Consent.category[0]",), "Ce à quoi le patient consent.", True, "P, RA"),
        Field(
            "decision",
            decision,
            ("Consent.provision.type",),
            "Accord ou refus ; pour l'évaluation, refus est l'opposition d'un patient informé.",
            True,
            "RA",
        ),
        Field(
            "date", moment(), ("Consent.dateTime",), "Date de l'information et de la décision.", True, "RA"
        ),
        Field("statut", state, ("Consent.status",), "Ce que vaut cet enregistrement.", True, "D"),
        Field(
            "date_signature",
            moment(),
            ("Consent.verification[0].verificationDate",),
            "Date de la signature ; exigée pour un accord à la recherche.",
            source="RA",
        ),
    )


def _derived(guide: Guide) -> tuple[Derived, ...]:
    def claimed(record: Mapping[str, Any]) -> Resource:
        return names.profile(guide, f"sesame-consent-{PROFILES[record['objet']]}")

    def scope(record: Mapping[str, Any]) -> Resource:
        return concept(SCOPE, SCOPES[PURPOSES[record["objet"]]][0])

    def policy(record: Mapping[str, Any]) -> Resource:
        return concept(ACT_CODE, SCOPES[PURPOSES[record["objet"]]][1])

    def signed(record: Mapping[str, Any]) -> bool | None:
        return True if "date_signature" in record else None

    return (
        Derived("Consent.meta", claimed, "Le profil de l'objet."),
        Derived("Consent.scope", scope, "Soins ou recherche."),
        Derived("Consent.policyRule", policy, "Accord exigé (OPTIN), ou droit d'opposition (OPTOUT)."),
        Derived("Consent.verification[0].verified", signed, "Vrai quand il y a une signature."),
    )
