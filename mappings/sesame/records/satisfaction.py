"""satisfaction and satisfaction_professionnel: what patients and professionals think, under a pseudonym.

Nothing here may identify a person: the record's identifier must not be derived from theirs.
https://hl7.org/fhir/R4/questionnaireresponse.html
"""

from collections.abc import Mapping

from fhir_server.conversion.field_kinds import Kind, LogicalReference, flag, moment, whole
from fhir_server.conversion.table import Field, Part, Table
from mappings.sesame.guide import Guide
from mappings.sesame.records import names
from mappings.sesame.records.words import ROLES, SATISFACTION, coded

AT = "QuestionnaireResponse"
OF_PATIENTS = {
    "acces": "La facilité et la rapidité d'accès aux soins.",
    "preferences": "La prise en compte des préférences.",
    "participation": "La participation aux décisions.",
    "non-stigmatisant": "Le caractère non stigmatisant de la prise en charge.",
    "globale": "La satisfaction dans l'ensemble.",
}
OF_PROFESSIONALS = {
    "rapidite": "La rapidité de prise en charge des patients.",
    "appui": "L'appui de l'équipe.",
    "charge": "L'effet sur la charge mentale et l'isolement.",
    "qualite": "La qualité de la prise en charge des patients.",
    "globale": "La satisfaction dans l'ensemble.",
}


def satisfaction(guide: Guide) -> Table:
    """The table of a patient's answers."""
    recommended = _item("recommande", flag(), "Boolean", "Recommanderait SÉSAME à un proche.")
    fields = (*_opinions(guide, OF_PATIENTS), recommended)
    return _table(guide, "satisfaction", "Satisfaction d'un patient", "patient", fields)


def satisfaction_professionnel(guide: Guide) -> Table:
    """The table of a professional's answers."""
    fields = (
        _item("role", coded(guide, "sesame-role", ROLES, concept=False), "Coding", "Rôle de qui répond."),
        _item("vague", whole(1, 99), "Integer", "Numéro de la vague."),
        *_opinions(guide, OF_PROFESSIONALS),
    )
    title = "Satisfaction d'un professionnel"
    return _table(guide, "satisfaction_professionnel", title, "professionnel", fields)


def _table(guide: Guide, name: str, title: str, form: str, fields: tuple[Field, ...]) -> Table:
    seed = {
        "meta": names.profile(guide, "sesame-questionnaireresponse-satisfaction"),
        "questionnaire": guide.canonical("Questionnaire", f"satisfaction-{form}"),
        "status": "completed",
    }
    pseudonym = LogicalReference("Patient", guide.naming_system("pseudonym"))
    return Table(
        name=name,
        title=title,
        system=names.system_of(guide, name),
        parts=(Part(AT, seed, mark=("questionnaire",)),),
        fields=(
            names.key(guide, name, f"{AT}.identifier"),
            Field("pseudonyme", pseudonym, (f"{AT}.subject",), "Pseudonyme de qui répond.", True, "RA"),
            Field("date", moment(), (f"{AT}.authored",), "Date et heure de la réponse.", True, "RA"),
            *fields,
        ),
    )


def _opinions(guide: Guide, texts: Mapping[str, str]) -> tuple[Field, ...]:
    opinion = coded(guide, "sesame-satisfaction", SATISFACTION, concept=False)
    return tuple(_item(link_id, opinion, "Coding", text) for link_id, text in texts.items())


def _item(link_id: str, kind: Kind, type: str, text: str) -> Field:
    place = f"{AT}.item[linkId={link_id}].answer[0].value{type}"
    return Field(link_id.replace("-", "_"), kind, (place,), text, True, "RA")
