"""evaluation_initiale: the nurse's first assessment, which decides the track.

https://hl7.org/fhir/R4/encounter.html and https://hl7.org/fhir/R4/questionnaireresponse.html
"""

from collections.abc import Mapping
from typing import Any

from fhir_server.conversion.field_kinds import ABSENT, Kind, ListOf, flag, moment, text
from fhir_server.conversion.table import Derived, Field, Part, Table
from mappings.sesame.guide import Guide, Resource
from mappings.sesame.records import names
from mappings.sesame.records.words import (
    CARE,
    DECISIONS,
    PLACES,
    REFUSALS,
    coded,
    foreign,
)
from mappings.sesame.resources.elements import ACT_CODE, concept
from mappings.sesame.resources.encounter import PARTICIPATION

VISIT, FORM = "Encounter", "QuestionnaireResponse"
RULES = {
    "allOf": [
        {
            "if": {"properties": {"idees_suicidaires": {"const": True}}},
            "then": {"required": ["conduite_a_tenir"]},
            "else": {"properties": {"conduite_a_tenir": ABSENT}},
        },
        {
            "if": {"properties": {"decision": {"const": "non-eligible"}}},
            "then": {"required": ["motif_non_eligible"]},
            "else": {"properties": {"motif_non_eligible": ABSENT}},
        },
    ]
}


def evaluation_initiale(guide: Guide) -> Table:
    """The table of the record."""
    return Table(
        name="evaluation_initiale",
        title="Évaluation initiale",
        system=names.system_of(guide, "evaluation_initiale"),
        parts=_parts(guide),
        fields=(*_visit(guide), *_situation(), *_conclusion(guide)),
        derived=_derived(guide),
        rules=RULES,
    )


def _parts(guide: Guide) -> tuple[Part, ...]:
    visit = {
        "meta": names.profile(guide, "sesame-encounter-initial-assessment"),
        "status": "finished",
        "type": [guide.concept("sesame-encounter-type", "initial-assessment")],
    }
    form = {
        "meta": names.profile(guide, "sesame-questionnaireresponse-evaluation"),
        "questionnaire": guide.canonical("Questionnaire", "evaluation-initiale"),
        "status": "completed",
    }
    return (
        Part(VISIT, visit, mark=("type",)),
        Part(FORM, form, mark=("questionnaire",), refers_by="encounter"),
    )


def _visit(guide: Guide) -> tuple[Field, ...]:
    frame = names.visit_type()
    return (
        names.key(
            guide, "evaluation_initiale", f"{VISIT}.identifier[record]", f"{FORM}.identifier", frame=frame
        ),
        names.patient(guide, f"{VISIT}.subject", f"{FORM}.subject"),
        names.link(
            guide,
            "ide",
            "professionnel",
            f"{VISIT}.participant[0].individual",
            f"{FORM}.author",
            text="L'infirmier ou l'infirmière qui évalue.",
            required=True,
            source="AV",
        ),
        names.link(guide, "adressage", "adressage", f"{VISIT}.basedOn[0]", text="L'adressage évalué."),
        names.link(guide, "parcours", "parcours", f"{VISIT}.episodeOfCare[0]", text="Le parcours ouvert."),
        Field(
            "debut",
            moment(),
            (f"{VISIT}.period.start", f"{FORM}.authored"),
            "Début du rendez-vous.",
            True,
            "D",
        ),
        Field("fin", moment(), (f"{VISIT}.period.end",), "Fin du rendez-vous.", source="D"),
        Field(
            "lieu",
            foreign(ACT_CODE, PLACES, concept=False),
            (f"{VISIT}.class",),
            "Où elle a lieu.",
            True,
            "D",
        ),
    )


def _situation() -> tuple[Field, ...]:
    return (
        _item("motif", text(), "situation.motif", "String", "Motif et histoire des troubles."),
        _item("antecedents", text(), "situation.antecedents", "String", "Antécédents."),
        _item("traitement", text(), "situation.traitement", "String", "Traitement en cours."),
        _item(
            "psychotrope_inadapte",
            flag(),
            "situation.psychotrope-inadapte",
            "Boolean",
            "Traitement psychotrope au long cours inadapté ?",
        ),
        _item(
            "grossesse",
            flag(),
            "situation.grossesse",
            "Boolean",
            "Grossesse sous traitement psychotrope ?",
        ),
        _item("consommations", text(), "situation.consommations", "String", "Consommations."),
        _item(
            "vie_quotidienne",
            text(),
            "retentissement.vie-quotidienne",
            "String",
            "Vie quotidienne, travail, entourage.",
        ),
        _item(
            "besoins_sociaux",
            text(),
            "retentissement.besoins-sociaux",
            "String",
            "Besoins sociaux ou médico-sociaux.",
        ),
        _item("ressources", text(), "retentissement.ressources", "String", "Ressources et soutiens."),
    )


def _conclusion(guide: Guide) -> tuple[Field, ...]:
    decision = coded(guide, "sesame-referral-status", DECISIONS, concept=False)
    refusal = coded(guide, "sesame-reject-reason", REFUSALS, concept=False)
    care = ListOf(coded(guide, "sesame-care-type", CARE, concept=False), "valueCoding", len(CARE))
    conclusion = f"{FORM}.item[linkId=conclusion].item[linkId=soins].answer"
    return (
        _item("idees_suicidaires", flag(), "risque.idees", "Boolean", "Idées suicidaires ?", required=True),
        _item(
            "conduite_a_tenir",
            text(),
            "risque.conduite",
            "String",
            "Conduite à tenir ; exigée quand il y a des idées suicidaires.",
        ),
        _item("preferences", text(), "preferences", "String", "Préférences et attentes du patient."),
        _item("decision", decision, "conclusion.decision", "Coding", "Parcours décidé.", required=True),
        _item(
            "motif_non_eligible",
            refusal,
            "conclusion.motif-non-eligible",
            "Coding",
            "Motif, exigé pour un patient non éligible.",
        ),
        Field("soins", care, (conclusion,), "Soins proposés.", source="AV"),
    )


def _item(name: str, kind: Kind, link_ids: str, type: str, text: str, *, required: bool = False) -> Field:
    """A field that is the answer to a question, which `link_ids` lead to."""
    items = ".".join(f"item[linkId={link_id}]" for link_id in link_ids.split("."))
    return Field(name, kind, (f"{FORM}.{items}.answer[0].value{type}",), text, required, "AV")


def _derived(guide: Guide) -> tuple[Derived, ...]:
    def visit(record: Mapping[str, Any]) -> Resource:
        return names.own_reference(guide, "evaluation_initiale", VISIT, record)

    return (
        Derived(f"{FORM}.encounter", visit, "Le rendez-vous."),
        Derived(
            f"{VISIT}.participant[0].type[0]",
            lambda _: concept(PARTICIPATION, "PPRF"),
            "L'infirmier en est le principal intervenant.",
        ),
    )
