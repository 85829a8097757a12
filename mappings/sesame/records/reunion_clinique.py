"""reunion_clinique: a meeting of general practitioners with the nurse and the psychiatrist, without patients.

https://hl7.org/fhir/R4/encounter.html
"""

from fhir_server.conversion.field_kinds import Link, ListOf, moment, text
from fhir_server.conversion.table import Field, Part, Table
from mappings.sesame.guide import Guide
from mappings.sesame.records import names
from mappings.sesame.records.words import foreign
from mappings.sesame.resources.elements import ACT_CODE

AT = "Encounter"
MODES = {"sur-place": "AMB", "a-distance": "VR"}


def reunion_clinique(guide: Guide) -> Table:
    """The table of the record."""
    seed = {
        "meta": names.profile(guide, "sesame-encounter-clinical-meeting"),
        "status": "finished",
        "type": [guide.concept("sesame-encounter-type", "clinical-meeting")],
    }
    return Table(
        name="reunion_clinique",
        title="Réunion clinique des médecins et du binôme",
        system=names.system_of(guide, "reunion_clinique"),
        parts=(Part(AT, seed, mark=("type",)),),
        fields=_fields(guide),
    )


def _fields(guide: Guide) -> tuple[Field, ...]:
    mode = foreign(ACT_CODE, MODES, concept=False)
    people = ListOf(Link("PractitionerRole", names.system_of(guide, "professionnel")), "individual", 50)
    return (
        names.key(guide, "reunion_clinique", f"{AT}.identifier[record]", frame=names.visit_type()),
        Field("participants", people, (f"{AT}.participant",), "Les professionnels présents.", True, "RA"),
        Field("debut", moment(), (f"{AT}.period.start",), "Début de la réunion.", True, "D"),
        Field("fin", moment(), (f"{AT}.period.end",), "Fin de la réunion."),
        Field("mode", mode, (f"{AT}.class",), "Sur place ou à distance.", True, "D"),
        names.link(guide, "site", "site", f"{AT}.serviceProvider", text="Le site qui l'accueille."),
        Field("ordre_du_jour", text(), (f"{AT}.reasonCode[0].text",), "Ordre du jour, sans nom de patient."),
    )
