"""equipe: the trinôme of a patient, one doctor, one nurse, one psychiatrist.

https://hl7.org/fhir/R4/careteam.html
"""

from fhir_server.conversion.field_kinds import Word, day
from fhir_server.conversion.table import Field, Part, Table
from mappings.sesame.guide import Guide
from mappings.sesame.records import names

STATES = {"active": "active", "inactive": "inactive"}
MEMBERS = {
    "medecin": ("medecin-generaliste", "Le médecin généraliste."),
    "ide": ("ide", "L'infirmier ou l'infirmière."),
    "psychiatre": ("psychiatre", "Le psychiatre."),
}


def equipe(guide: Guide) -> Table:
    """The table of the record."""
    seed = {"meta": names.profile(guide, "sesame-careteam"), "name": "Trinôme SÉSAME"}
    patterns = {name: {"role": [guide.concept("sesame-role", role)]} for name, (role, _) in MEMBERS.items()}
    return Table(
        name="equipe",
        title="Trinôme d'un patient",
        system=names.system_of(guide, "equipe"),
        parts=(Part("CareTeam", seed),),
        fields=_fields(guide),
        patterns=patterns,
    )


def _fields(guide: Guide) -> tuple[Field, ...]:
    members = (
        names.link(
            guide,
            name,
            "professionnel",
            f"CareTeam.participant[{name}].member",
            text=text,
            required=True,
            source="RA",
        )
        for name, (_, text) in MEMBERS.items()
    )
    system = "http://hl7.org/fhir/care-team-status"
    return (
        names.key(guide, "equipe", "CareTeam.identifier[record]"),
        names.patient(guide, "CareTeam.subject"),
        *members,
        Field("debut", day(), ("CareTeam.period.start",), "Premier jour.", True, "D"),
        Field("fin", day(), ("CareTeam.period.end",), "Dernier jour.", source="D"),
        Field("statut", Word(STATES, system), ("CareTeam.status",), "En fonction ou non.", True, "D"),
    )
