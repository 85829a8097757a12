"""facture: the claim of a sequence. This server writes claims itself: the record is meant to be read, or sent
to a server that does not bill by itself.

https://hl7.org/fhir/R4/claim.html
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from fhir_server.conversion.field_kinds import Link, LogicalReference, Plain, Word, day, whole
from fhir_server.conversion.table import Derived, Field, Part, Table
from mappings.sesame.guide import Guide, Resource
from mappings.sesame.identifiers import FINESS
from mappings.sesame.records import names
from mappings.sesame.records.patient import social_number
from mappings.sesame.records.words import FINANCIAL_STATES, TRACKS, coded
from mappings.sesame.resources.claim import FORFAIT, HL7
from mappings.sesame.resources.elements import concept

AT = "Claim"
INFORMATION = {"rank": "sequence-rank", "plan": "care-plan", "site": "site"}


def facture(guide: Guide) -> Table:
    """The table of the record."""
    return Table(
        name="facture",
        title="Facture d'une séquence",
        system=names.system_of(guide, "facture"),
        parts=(Part(AT, _seed(guide), mark=("subType",)),),
        fields=(*_sequence(guide), *_parties(guide), *_amount(guide)),
        derived=_derived(),
        patterns=_patterns(guide),
    )


def _seed(guide: Guide) -> Resource:
    return {
        "meta": names.profile(guide, "sesame-claim"),
        "type": concept(f"{HL7}/claim-type", "professional"),
        "subType": guide.concept("sesame-claim-subtype", FORFAIT),
        "use": "claim",
        "priority": concept(f"{HL7}/processpriority", "normal"),
        "payee": {"type": concept(f"{HL7}/payeetype", "provider")},
    }


def _patterns(guide: Guide) -> dict[str, Resource]:
    information = {
        name: {"category": guide.concept("sesame-claim-information", code)}
        for name, code in INFORMATION.items()
    }
    prior = {"relationship": concept(f"{HL7}/ex-relatedclaimrelationship", "prior")}
    replaces = {"relationship": guide.concept("sesame-claim-relationship", "replaces")}
    number = names.of_record(guide, "facture")
    return {"number": number, "prior": prior, "replaces": replaces, **information}


def _sequence(guide: Guide) -> tuple[Field, ...]:
    line = f"{AT}.item[0]"
    plan = LogicalReference("CarePlan", names.system_of(guide, "sequence"))
    site = LogicalReference("Organization", FINESS)
    rank = f"{AT}.supportingInfo[rank].valueQuantity.value"
    track = coded(guide, "sesame-forfait", TRACKS)
    starts = (f"{AT}.billablePeriod.start", f"{line}.servicedPeriod.start")
    ends = (f"{AT}.billablePeriod.end", f"{line}.servicedPeriod.end")
    return (
        names.key(guide, "facture", f"{AT}.identifier[number]"),
        Field("forfait", track, (f"{line}.productOrService",), "Classique ou léger.", True, "AV"),
        Field("rang", whole(1, 4), (rank,), "Rang de la séquence.", True, "AV"),
        Field(
            "sequence",
            plan,
            (f"{AT}.supportingInfo[plan].valueReference",),
            "Identifiant de la séquence : rien de clinique n'est joint.",
            True,
            "D",
        ),
        Field(
            "site_finess",
            site,
            (f"{AT}.supportingInfo[site].valueReference",),
            "FINESS du site.",
            source="D",
        ),
        Field("debut", day(), starts, "Premier jour de la séquence.", True, "AV"),
        Field("fin", day(), ends, "Dernier jour de la séquence.", True, "AV"),
    )


def _parties(guide: Guide) -> tuple[Field, ...]:
    social = social_number()
    referral = LogicalReference("ServiceRequest", names.system_of(guide, "adressage"))
    return (
        names.patient(guide, f"{AT}.patient"),
        Field("nss", social, (f"{AT}.patient.identifier",), "Numéro de sécurité sociale.", source="V"),
        Field("adressage", referral, (f"{AT}.referral",), "Identifiant de l'adressage.", True, "D"),
        names.link(
            guide,
            "couverture",
            "couverture",
            f"{AT}.insurance[0].coverage",
            text="Les droits du patient.",
            required=True,
        ),
        names.link(
            guide, "assureur", "organisme", f"{AT}.insurer", text="L'organisme qui paie.", required=True
        ),
        names.link(
            guide,
            "porteur",
            "organisme",
            f"{AT}.provider",
            text="L'organisme qui facture.",
            required=True,
            source="RA",
        ),
    )


def _amount(guide: Guide) -> tuple[Field, ...]:
    state = Word(FINANCIAL_STATES, "http://hl7.org/fhir/fm-status")
    amounts = (f"{AT}.total.value", f"{AT}.item[0].unitPrice.value", f"{AT}.item[0].net.value")
    other = Link("Claim", names.system_of(guide, "facture"))
    return (
        Field("montant", Plain({"type": "number", "minimum": 0}), amounts, "Montant, en euros.", True, "AV"),
        Field("date", day(), (f"{AT}.created",), "Date de la facture.", True, "D"),
        Field("statut", state, (f"{AT}.status",), "Ce que vaut la facture.", True, "D"),
        Field(
            "precedente",
            other,
            (f"{AT}.related[prior].claim",),
            "La facture de la séquence renouvelée.",
            source="D",
        ),
        Field(
            "remplace",
            other,
            (f"{AT}.related[replaces].claim",),
            "La facture que celle-ci corrige.",
            source="D",
        ),
    )


def _derived() -> tuple[Derived, ...]:
    line = f"{AT}.item[0]"
    always: dict[str, Any] = {
        f"{AT}.insurance[0].sequence": 1,
        f"{AT}.insurance[0].focal": True,
        f"{line}.sequence": 1,
        f"{line}.quantity.value": 1,
        f"{AT}.supportingInfo[rank].sequence": 1,
        f"{AT}.supportingInfo[plan].sequence": 2,
    }
    money = (f"{AT}.total.currency", f"{line}.unitPrice.currency", f"{line}.net.currency")
    constants = {**always, **dict.fromkeys(money, "EUR")}
    return (
        *(Derived(place, partial(_same, value), str(value)) for place, value in constants.items()),
        Derived(f"{AT}.supportingInfo[site].sequence", _third, "3, quand le site est dit."),
    )


def _same(value: Any, _: Mapping[str, Any]) -> Any:
    return value


def _third(record: Mapping[str, Any]) -> int | None:
    return 3 if "site_finess" in record else None
