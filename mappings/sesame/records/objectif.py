"""objectif: a target score of the care.

https://hl7.org/fhir/R4/goal.html
"""

from fhir_server.conversion.field_kinds import Word, day, line, whole
from fhir_server.conversion.table import Field, Part, Table
from fhir_server.core.code_systems import LOINC
from mappings.sesame.guide import Guide
from mappings.sesame.records import names
from mappings.sesame.records.words import foreign
from mappings.sesame.resources.goal import ACHIEVEMENT
from mappings.sesame.scales import read_scale

AT = "Goal"
STATES = {
    "propose": "proposed",
    "actif": "active",
    "suspendu": "on-hold",
    "termine": "completed",
    "annule": "cancelled",
}
ACHIEVED = {
    "en-cours": "in-progress",
    "ameliore": "improving",
    "sans-changement": "no-change",
    "aggrave": "worsening",
    "atteint": "achieved",
    "non-atteint": "not-achieved",
}
HIGHEST = {"phq-9": 26, "gad-7": 20}


def objectif(guide: Guide) -> Table:
    """The table of the record."""
    return Table(
        name="objectif",
        title="Objectif d'un patient",
        system=names.system_of(guide, "objectif"),
        parts=(Part(AT, {"meta": names.profile(guide, "sesame-goal-target")}),),
        fields=_fields(guide),
        rules={
            "if": {"properties": {"echelle": {"const": "gad-7"}}},
            "then": {"properties": {"score_maximal": {"maximum": HIGHEST["gad-7"]}}},
        },
        recognised_by=("echelle",),
    )


def _fields(guide: Guide) -> tuple[Field, ...]:
    scales = {id: read_scale(guide, id).total for id in HIGHEST}
    state = Word(STATES, "http://hl7.org/fhir/goal-status")
    return (
        names.key(guide, "objectif", f"{AT}.identifier[record]"),
        names.patient(guide, f"{AT}.subject"),
        Field("texte", line(500), (f"{AT}.description.text",), "L'objectif, pour le patient.", True, "D"),
        Field("echelle", foreign(LOINC, scales), (f"{AT}.target[0].measure",), "L'échelle.", True, "P"),
        Field(
            "score_maximal",
            whole(0, HIGHEST["phq-9"]),
            (f"{AT}.target[0].detailRange.high.value",),
            "Le score à ne plus dépasser ; 4 pour une rémission.",
            True,
            "P",
        ),
        Field("debut", day(), (f"{AT}.startDate",), "Date à laquelle il est fixé.", True, "D"),
        Field("statut", state, (f"{AT}.lifecycleStatus",), "Où en est l'objectif.", True, "D"),
        Field("resultat", foreign(ACHIEVEMENT, ACHIEVED), (f"{AT}.achievementStatus",), "S'il est atteint."),
    )
