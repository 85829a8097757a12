"""tache_ide: one line of the nurse's activity grid.

https://hl7.org/fhir/R4/task.html
"""

from fhir_server.conversion.field_kinds import line, moment, text
from fhir_server.conversion.table import Field, Part, Table
from mappings.sesame.guide import Guide
from mappings.sesame.records import names

AT = "Task"


def tache_ide(guide: Guide) -> Table:
    """The table of the record."""
    seed = {
        "meta": names.profile(guide, "sesame-task-nurse-activity"),
        "status": "completed",
        "intent": "order",
        "code": guide.concept("sesame-task-code", "nurse-activity"),
    }
    return Table(
        name="tache_ide",
        title="Tâche de l'infirmier (grille d'activité)",
        system=names.system_of(guide, "tache_ide"),
        parts=(Part(AT, seed, mark=("code",)),),
        fields=_fields(guide),
    )


def _fields(guide: Guide) -> tuple[Field, ...]:
    patient = names.link(guide, "patient", "patient", f"{AT}.for", text="Le patient, s'il y en a un.")
    return (
        names.key(guide, "tache_ide", f"{AT}.identifier[record]"),
        names.link(
            guide,
            "ide",
            "professionnel",
            f"{AT}.owner",
            text="L'infirmier ou l'infirmière.",
            required=True,
            source="RA",
        ),
        patient,
        Field("activite", line(), (f"{AT}.description",), "Ce qui fut fait.", True, "RA"),
        Field("debut", moment(), (f"{AT}.executionPeriod.start",), "Début.", True, "D"),
        Field("fin", moment(), (f"{AT}.executionPeriod.end",), "Fin.", True, "D"),
        Field("commentaire", text(), (f"{AT}.note[0].text",), "Commentaire."),
    )
