"""contact and tentative_contact: a nurse meets a patient, or tries to and does not.

A failed attempt is not an encounter. https://hl7.org/fhir/R4/encounter.html and
https://hl7.org/fhir/R4/communication.html
"""

from collections.abc import Mapping
from typing import Any

from fhir_server.conversion.field_kinds import moment, text
from fhir_server.conversion.table import Derived, Field, Part, Table
from mappings.sesame.guide import Guide, Resource
from mappings.sesame.records import names
from mappings.sesame.records.words import (
    ATTEMPTS,
    MODALITIES,
    MODALITY_PLACES,
    PLACES,
    coded,
    foreign,
)
from mappings.sesame.resources.elements import ACT_CODE, concept
from mappings.sesame.resources.encounter import PARTICIPATION

VISIT, ATTEMPT = "Encounter", "Communication"


def contact(guide: Guide) -> Table:
    """The table of a contact that took place."""
    seed = {
        "meta": names.profile(guide, "sesame-encounter-contact"),
        "status": "finished",
        "type": [guide.concept("sesame-encounter-type", "nurse-contact")],
    }
    return Table(
        name="contact",
        title="Contact de l'infirmier avec le patient",
        system=names.system_of(guide, "contact"),
        parts=(Part(VISIT, seed, mark=("type",)),),
        fields=_met(guide),
        derived=(
            Derived(f"{VISIT}.participant[0].type[0]", _performer, "L'infirmier en est l'intervenant."),
        ),
        patterns={
            "modality": {"url": guide.profile("contact-modality")},
        },
        rules={"allOf": [_agreeing(mode, place) for mode, place in MODALITY_PLACES.items()]},
    )


def _met(guide: Guide) -> tuple[Field, ...]:
    modality = coded(guide, "sesame-contact-modality", MODALITIES)
    return (
        names.key(guide, "contact", f"{VISIT}.identifier[record]", frame=names.visit_type()),
        names.patient(guide, f"{VISIT}.subject"),
        names.link(
            guide,
            "ide",
            "professionnel",
            f"{VISIT}.participant[0].individual",
            text="L'infirmier ou l'infirmière.",
            required=True,
        ),
        names.link(
            guide, "parcours", "parcours", f"{VISIT}.episodeOfCare[0]", text="Le parcours.", required=True
        ),
        Field("debut", moment(), (f"{VISIT}.period.start",), "Début du contact.", True, "D"),
        Field("fin", moment(), (f"{VISIT}.period.end",), "Fin du contact.", source="D"),
        Field(
            "lieu", foreign(ACT_CODE, PLACES, concept=False), (f"{VISIT}.class",), "Où il a lieu.", True, "D"
        ),
        Field(
            "modalite",
            modality,
            (f"{VISIT}.extension[modality].valueCodeableConcept",),
            "Comment le contact a eu lieu ; elle s'accorde avec le lieu.",
            source="D",
        ),
        Field("objet", text(), (f"{VISIT}.reasonCode[0].text",), "Objet du contact."),
    )


def _agreeing(modality: str, place: str) -> dict[str, Any]:
    """The rule of a JSON Schema that a modality goes with one place."""
    condition = {"properties": {"modalite": {"const": modality}}, "required": ["modalite"]}
    return {"if": condition, "then": {"properties": {"lieu": {"const": place}}}}


def _performer(_: Mapping[str, Any]) -> Resource:
    return concept(PARTICIPATION, "PPRF")


def tentative_contact(guide: Guide) -> Table:
    """The table of a failed attempt."""
    seed = {
        "meta": names.profile(guide, "sesame-communication-contact-attempt"),
        "status": "not-done",
        "category": [guide.concept("sesame-communication-category", "contact-attempt")],
    }
    return Table(
        name="tentative_contact",
        title="Tentative de contact restée vaine",
        system=names.system_of(guide, "tentative_contact"),
        parts=(Part(ATTEMPT, seed, mark=("category",)),),
        fields=_missed(guide),
    )


def _missed(guide: Guide) -> tuple[Field, ...]:
    outcome = coded(guide, "sesame-attempt-outcome", ATTEMPTS)
    return (
        names.key(guide, "tentative_contact", f"{ATTEMPT}.identifier[record]"),
        names.patient(guide, f"{ATTEMPT}.subject"),
        names.link(
            guide,
            "ide",
            "professionnel",
            f"{ATTEMPT}.sender",
            text="L'infirmier ou l'infirmière.",
            required=True,
        ),
        names.link(guide, "adressage", "adressage", f"{ATTEMPT}.basedOn[0]", text="L'adressage en cause."),
        Field("date", moment(), (f"{ATTEMPT}.sent",), "Date et heure de la tentative.", True, "D"),
        Field("issue", outcome, (f"{ATTEMPT}.statusReason",), "Pourquoi elle fut vaine.", True, "D"),
    )
