"""adressage: a general practitioner refers a patient to SÉSAME.

https://hl7.org/fhir/R4/servicerequest.html
"""

from typing import Any

from fhir_server.conversion.field_kinds import OpenCode, flag, moment, text
from fhir_server.conversion.table import Derived, Field, Part, Table
from mappings.sesame.guide import Guide
from mappings.sesame.records import names
from mappings.sesame.resources.service_request import ICD_10

FORM = "QuestionnaireResponse.item"


def adressage(guide: Guide) -> Table:
    """The table of the record."""
    return Table(
        name="adressage",
        title="Adressage d'un patient par son médecin",
        system=names.system_of(guide, "adressage"),
        parts=_parts(guide),
        fields=(*_request(guide), *_answers()),
        derived=_derived(guide),
        patterns={
            "placer": names.of_record(guide, "adressage"),
            "no-follow-up": {"url": guide.profile("sans-suivi-psychiatrique")},
        },
    )


def _parts(guide: Guide) -> tuple[Part, ...]:
    request = {
        "meta": names.profile(guide, "sesame-servicerequest-referral"),
        "status": "active",
        "intent": "order",
        "code": guide.concept("sesame-service", "soins-collaboratifs"),
    }
    form = {
        "meta": names.profile(guide, "sesame-questionnaireresponse-adressage"),
        "questionnaire": guide.canonical("Questionnaire", "adressage"),
        "status": "completed",
    }
    task = {
        "meta": names.profile(guide, "sesame-task-referral"),
        "status": "requested",
        "intent": "order",
        "code": guide.concept("sesame-task-code", "referral"),
    }
    return (
        # Its status follows the Task, which others move on.
        Part("ServiceRequest", request, mark=("code",), initial=("status",)),
        Part("QuestionnaireResponse", form, mark=("questionnaire",)),
        Part("Task", task, mark=("code",), refers_by="focus", write_once=True),
    )


_NUMBERS = (
    "ServiceRequest.identifier[placer]",
    "QuestionnaireResponse.identifier",
    "Task.identifier[placer]",
)
"""The path of the identifier from the doctor's software."""


def _request(guide: Guide) -> tuple[Field, ...]:
    return (
        names.key(guide, "adressage", *_NUMBERS, frame=names.of_type("PLAC")),
        names.patient(guide, "ServiceRequest.subject", "QuestionnaireResponse.subject", "Task.for"),
        names.link(
            guide,
            "medecin",
            "professionnel",
            "ServiceRequest.requester",
            "QuestionnaireResponse.author",
            "Task.requester",
            text="Identifiant du professionnel qui adresse.",
            required=True,
            source="AV",
        ),
        Field(
            "date",
            moment(),
            ("ServiceRequest.authoredOn", "QuestionnaireResponse.authored", "Task.authoredOn"),
            "Date et heure de l'adressage : c'est à cette date que l'âge compte.",
            True,
            "D",
        ),
        Field("motif", text(), ("ServiceRequest.reasonCode[0].text",), "Motif de l'adressage.", True, "AV"),
        Field(
            "motif_cim10",
            OpenCode(ICD_10, r"^[A-Z][0-9]{2}(\.[0-9]{1,2})?$"),
            ("ServiceRequest.reasonCode[0].coding[0]",),
            "Code CIM-10 du motif.",
            source="AV",
        ),
    )


def _answers() -> tuple[Field, ...]:
    """The fields of the referral form."""
    return (
        Field(
            "suivi_psychiatrique",
            flag(),
            (f"{FORM}[linkId=suivi-psychiatrique].answer[0].valueBoolean",),
            "Le patient fait-il l'objet d'un suivi psychiatrique en cours ? Vrai : l'adressage sera refusé.",
            True,
            "AV",
        ),
        Field(
            "evaluation_clinique",
            text(),
            (f"{FORM}[linkId=evaluation-clinique].answer[0].valueString",),
            "Évaluation clinique du médecin.",
            source="P",
        ),
        Field(
            "preferences",
            text(),
            (f"{FORM}[linkId=preferences].answer[0].valueString",),
            "Préférences et attentes du patient.",
            source="RA",
        ),
    )


def _derived(guide: Guide) -> tuple[Derived, ...]:
    def own(type: str) -> Any:
        return lambda record: names.own_reference(guide, "adressage", type, record)

    return (
        Derived(
            "ServiceRequest.extension[no-follow-up].valueBoolean",
            lambda record: not record["suivi_psychiatrique"],
            "Le contraire de suivi_psychiatrique.",
        ),
        Derived("ServiceRequest.supportingInfo[0]", own("QuestionnaireResponse"), "Le formulaire."),
        Derived("Task.focus", own("ServiceRequest"), "La demande."),
        Derived("Task.basedOn[0]", own("ServiceRequest"), "La demande."),
    )
