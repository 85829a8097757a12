"""prevention_rechute: the signs by which a patient recognises a relapse, and what to do then.

https://hl7.org/fhir/R4/questionnaireresponse.html
"""

from fhir_server.conversion.field_kinds import ListOf, moment, text
from fhir_server.conversion.table import Field, Part, Table
from mappings.sesame.guide import Guide
from mappings.sesame.records import names

AT = "QuestionnaireResponse"
LISTS = {
    "signes": "Les signes qui annoncent une rechute.",
    "actions": "Ce que le patient fait alors.",
    "contacts": "Qui le patient appelle.",
}


def prevention_rechute(guide: Guide) -> Table:
    """The table of the record."""
    seed = {
        "meta": names.profile(guide, "sesame-questionnaireresponse-prevention"),
        "questionnaire": guide.canonical("Questionnaire", "prevention-rechute"),
        "status": "completed",
    }
    return Table(
        name="prevention_rechute",
        title="Plan de prévention de la rechute",
        system=names.system_of(guide, "prevention_rechute"),
        parts=(Part(AT, seed, mark=("questionnaire",)),),
        fields=_fields(guide),
    )


def _fields(guide: Guide) -> tuple[Field, ...]:
    texts = ListOf(text(), "valueString")
    lists = (
        Field(name, texts, (f"{AT}.item[linkId={name}].answer",), description, name != "contacts", "AV")
        for name, description in LISTS.items()
    )
    return (
        names.key(guide, "prevention_rechute", f"{AT}.identifier"),
        names.patient(guide, f"{AT}.subject"),
        names.link(
            guide, "ide", "professionnel", f"{AT}.author", text="L'infirmier ou l'infirmière.", required=True
        ),
        names.link(
            guide,
            "sequence",
            "sequence",
            f"{AT}.basedOn[0]",
            text="La séquence classique dont elle fait partie.",
            source="AV",
        ),
        Field("date", moment(), (f"{AT}.authored",), "Date et heure du plan.", True, "D"),
        *lists,
    )
