"""passation_echelle: a patient's answers to the PHQ-9, the GAD-7 or the PHQ-2.

https://hl7.org/fhir/R4/questionnaireresponse.html
"""

from collections.abc import Mapping
from typing import Any

from fhir_server.conversion.field_kinds import Custom, moment
from fhir_server.conversion.table import Derived, Field, Part, Table
from fhir_server.core.code_systems import LOINC
from mappings.sesame.guide import Guide, Resource
from mappings.sesame.records import names
from mappings.sesame.records.scale_answers import answers, exact_lengths, total
from mappings.sesame.records.words import foreign
from mappings.sesame.scales import SHIPPED, Scale, read_scale

DIFFICULTIES = {
    "pas-du-tout": "LA6572-7",
    "assez": "LA6573-5",
    "tres": "LA6575-0",
    "extremement": "LA6574-3",
}
TYPE = "QuestionnaireResponse"


def passation_echelle(guide: Guide) -> Table:
    """The table of the record."""
    scales = {id: read_scale(guide, id) for id in SHIPPED}
    return Table(
        name="passation_echelle",
        title="Passation d'une échelle",
        system=names.system_of(guide, "passation_echelle"),
        parts=(Part(TYPE, {"status": "completed"}),),
        fields=_fields(guide, scales),
        derived=_derived(guide, scales),
        recognised_by=("echelle",),
        rules={
            **exact_lengths(scales),
            "dependentSchemas": {"difficulte": {"properties": {"echelle": {"const": "phq-9"}}}},
        },
    )


def _fields(guide: Guide, scales: Mapping[str, Scale]) -> tuple[Field, ...]:
    return (
        names.key(guide, "passation_echelle", f"{TYPE}.identifier"),
        names.patient(guide, f"{TYPE}.subject"),
        Field("echelle", _scale(scales), (f"{TYPE}.questionnaire",), "L'échelle.", True, "P"),
        Field("date", moment(), (f"{TYPE}.authored",), "Date et heure de la passation.", True, "RA"),
        names.link(
            guide,
            "professionnel",
            "professionnel",
            f"{TYPE}.author",
            text="Le professionnel qui l'a faite passer.",
        ),
        names.link(
            guide,
            "contact",
            "contact",
            f"{TYPE}.encounter",
            text="Le contact au cours duquel elle a eu lieu.",
        ),
        Field(
            "reponses",
            answers(tuple(scales.values())),
            (f"{TYPE}.item",),
            "Une réponse de 0 à 3 par question, dans l'ordre de l'échelle, sans lacune.",
            True,
            "V",
        ),
        Field(
            "difficulte",
            foreign(LOINC, DIFFICULTIES, concept=False),
            (f"{TYPE}.item[linkId=69722-7].answer[0].valueCoding",),
            "Gêne dans la vie quotidienne (PHQ-9 seul).",
            source="V",
        ),
    )


def _scale(scales: Mapping[str, Scale]) -> Custom:
    """The scale as the canonical url of its Questionnaire, whatever the version."""
    urls = {scale.questionnaire: id for id, scale in scales.items()}
    return Custom(
        {"type": "string", "enum": list(scales)},
        lambda id: scales[id].questionnaire,
        lambda url: urls.get(url.partition("|")[0]),
        "canonical",
    )


def _derived(guide: Guide, scales: Mapping[str, Scale]) -> tuple[Derived, ...]:
    def claimed(record: Mapping[str, Any]) -> Resource:
        id = record["echelle"].replace("-", "")
        return names.profile(guide, f"sesame-questionnaireresponse-{id}")

    def stated(record: Mapping[str, Any]) -> Resource:
        return total(scales[record["echelle"]], record["reponses"])

    return (
        Derived(f"{TYPE}.meta", claimed, "Le profil de l'échelle."),
        # Last, as the Questionnaire has it.
        Derived(f"{TYPE}.item[+]", stated, "La somme des réponses."),
    )
