"""depistage: the two questions that a general practitioner asks to find depression, the PHQ-2.

https://hl7.org/fhir/R4/questionnaireresponse.html
"""

from collections.abc import Mapping
from typing import Any

from fhir_server.conversion.field_kinds import moment
from fhir_server.conversion.table import Derived, Field, Part, Table
from mappings.sesame.guide import Guide, Resource
from mappings.sesame.records import names
from mappings.sesame.records.scale_answers import answers, total
from mappings.sesame.scales import Scale, read_scale

AT = "QuestionnaireResponse"


def depistage(guide: Guide) -> Table:
    """The table of the record."""
    scale = read_scale(guide, "phq-2")
    seed = {
        "meta": names.profile(guide, "sesame-questionnaireresponse-phq2"),
        "questionnaire": scale.questionnaire,
        "status": "completed",
    }

    def stated(record: Mapping[str, Any]) -> Resource:
        return total(scale, record["reponses"])

    return Table(
        name="depistage",
        title="Dépistage par le médecin (PHQ-2)",
        system=names.system_of(guide, "depistage"),
        parts=(Part(AT, seed, mark=("questionnaire",)),),
        fields=_fields(guide, scale),
        # Last, as the Questionnaire has it.
        derived=(Derived(f"{AT}.item[+]", stated, "La somme des réponses."),),
    )


def _fields(guide: Guide, scale: Scale) -> tuple[Field, ...]:
    return (
        names.key(guide, "depistage", f"{AT}.identifier"),
        names.patient(guide, f"{AT}.subject"),
        names.link(
            guide, "medecin", "professionnel", f"{AT}.author", text="Le médecin.", required=True, source="P"
        ),
        Field("date", moment(), (f"{AT}.authored",), "Date et heure du dépistage.", True, "P"),
        names.link(guide, "adressage", "adressage", f"{AT}.basedOn[0]", text="L'adressage qui a suivi."),
        Field(
            "reponses",
            answers((scale,)),
            (f"{AT}.item",),
            "Humeur et anhédonie : deux réponses de 0 à 3.",
            True,
            "P",
        ),
    )
