"""retour_paiement: what the insurer answers to a claim.

https://hl7.org/fhir/R4/claimresponse.html
"""

from collections.abc import Mapping
from typing import Any

from fhir_server.conversion.field_kinds import ABSENT, Plain, Word, day, line, moment
from fhir_server.conversion.table import Derived, Field, Part, Table
from mappings.sesame.guide import Guide, Resource
from mappings.sesame.records import names
from mappings.sesame.records.words import CLAIM_ERRORS, coded
from mappings.sesame.resources.claim import HL7
from mappings.sesame.resources.elements import concept

AT = "ClaimResponse"
RESULTS = {"en-attente": "queued", "accepte": "complete", "partiel": "partial", "rejete": "error"}
RULES = {
    "dependentRequired": {"montant": ["date_paiement"], "date_paiement": ["montant"]},
    "allOf": [
        {"if": {"properties": {"resultat": {"const": "rejete"}}}, "then": {"required": ["erreur"]}},
        {
            "if": {"properties": {"resultat": {"const": "accepte"}}},
            "then": {"properties": {"erreur": ABSENT}},
        },
    ],
}


def retour_paiement(guide: Guide) -> Table:
    """The table of the record."""
    seed = {
        "meta": names.profile(guide, "sesame-claimresponse"),
        "status": "active",
        "type": concept(f"{HL7}/claim-type", "professional"),
        "use": "claim",
    }
    return Table(
        name="retour_paiement",
        title="Retour de l'Assurance maladie sur une facture",
        system=names.system_of(guide, "retour_paiement"),
        parts=(Part(AT, seed),),
        fields=_fields(guide),
        derived=(
            Derived(f"{AT}.payment.type", _payment, "Paiement entier."),
            Derived(f"{AT}.payment.amount.currency", _currency, "L'euro."),
        ),
        rules=RULES,
    )


def _fields(guide: Guide) -> tuple[Field, ...]:
    result = Word(RESULTS, "http://hl7.org/fhir/remittance-outcome")
    amount = Plain({"type": "number", "minimum": 0})
    return (
        names.key(guide, "retour_paiement", f"{AT}.identifier[record]"),
        names.link(guide, "facture", "facture", f"{AT}.request", text="La facture.", required=True),
        names.patient(guide, f"{AT}.patient"),
        names.link(
            guide, "assureur", "organisme", f"{AT}.insurer", text="L'organisme qui répond.", required=True
        ),
        Field("date", moment(), (f"{AT}.created",), "Date et heure du retour.", True, "D"),
        Field("resultat", result, (f"{AT}.outcome",), "Ce que la facture est devenue.", True, "D"),
        Field("montant", amount, (f"{AT}.payment.amount.value",), "Montant payé, en euros."),
        Field("date_paiement", day(), (f"{AT}.payment.date",), "Date du paiement."),
        Field(
            "erreur",
            coded(guide, "sesame-claim-error", CLAIM_ERRORS),
            (f"{AT}.error[0].code",),
            "Motif ; exigé pour un rejet, exclu pour une acceptation.",
        ),
        Field("commentaire", line(500), (f"{AT}.disposition",), "Message de la caisse."),
    )


def _payment(record: Mapping[str, Any]) -> Resource | None:
    return concept(f"{HL7}/ex-paymenttype", "complete") if "montant" in record else None


def _currency(record: Mapping[str, Any]) -> str | None:
    return "EUR" if "montant" in record else None
