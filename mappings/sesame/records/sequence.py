"""sequence: a sequence of care, classique or léger.

https://hl7.org/fhir/R4/careplan.html
"""

from collections.abc import Mapping
from typing import Any

from fhir_server.conversion.field_kinds import ABSENT, Link, ListOf, Word, day, whole
from fhir_server.conversion.table import Derived, Field, Part, Table
from mappings.sesame.guide import Guide, Resource
from mappings.sesame.records import names
from mappings.sesame.records.words import TRACKS, coded
from mappings.sesame.resources.care_plan import EPISODE, title

AT = "CarePlan"
STATES = {
    "prevue": "draft",
    "en-cours": "active",
    "suspendue": "on-hold",
    "terminee": "completed",
    "annulee": "revoked",
    "saisie-par-erreur": "entered-in-error",
}
RULES = {
    "if": {"properties": {"rang": {"const": 1}}},
    "then": {"properties": {"remplace": ABSENT}},
    "else": {"required": ["remplace"], "properties": {"filiere": {"const": "classique"}}},
}


def sequence(guide: Guide) -> Table:
    """The table of the record."""
    return Table(
        name="sequence",
        title="Séquence de soins",
        system=names.system_of(guide, "sequence"),
        parts=(Part(AT, {"intent": "plan"}),),
        fields=(*_course(guide), *_links(guide)),
        derived=_derived(guide),
        patterns={
            "number": names.of_record(guide, "sequence"),
            "rank": {"url": guide.profile("sequence-rank")},
            "track": {"url": guide.profile("track")},
            "episode": {"url": EPISODE},
        },
        rules=RULES,
        recognised_by=("filiere",),
    )


def _course(guide: Guide) -> tuple[Field, ...]:
    track = coded(guide, "sesame-track", TRACKS, concept=False)
    state = Word(STATES, "http://hl7.org/fhir/request-status")
    return (
        names.key(guide, "sequence", f"{AT}.identifier[number]"),
        names.patient(guide, f"{AT}.subject"),
        Field("filiere", track, (f"{AT}.extension[track].valueCoding",), "Classique ou léger.", True, "AV"),
        Field(
            "rang", whole(1, 4), (f"{AT}.extension[rank].valuePositiveInt",), "Rang, de 1 à 4.", True, "AV"
        ),
        Field("debut", day(), (f"{AT}.period.start",), "Premier jour.", True, "AV"),
        Field(
            "fin",
            day(),
            (f"{AT}.period.end",),
            "Dernier jour, compris : moins de trois mois après le premier.",
            True,
            "AV",
        ),
        Field("statut", state, (f"{AT}.status",), "Où en est la séquence.", True, "D"),
    )


def _links(guide: Guide) -> tuple[Field, ...]:
    goals = ListOf(Link("Goal", names.system_of(guide, "objectif")), most=10)
    return (
        names.link(
            guide,
            "parcours",
            "parcours",
            f"{AT}.extension[episode].valueReference",
            text="Le parcours dont elle fait partie.",
            required=True,
        ),
        names.link(
            guide,
            "evaluation",
            "evaluation_initiale",
            f"{AT}.encounter",
            text="L'évaluation initiale qui en a décidé.",
            source="AV",
        ),
        names.link(guide, "equipe", "equipe", f"{AT}.careTeam[0]", text="Le trinôme.", source="RA"),
        Field("objectifs", goals, (f"{AT}.goal",), "Les objectifs du patient.", source="P"),
        names.link(
            guide,
            "remplace",
            "sequence",
            f"{AT}.replaces[0]",
            text="La séquence qu'elle renouvelle ; exigée dès le rang 2.",
            source="AV",
        ),
    )


def _derived(guide: Guide) -> tuple[Derived, ...]:
    def claimed(record: Mapping[str, Any]) -> Resource:
        return names.profile(guide, f"sesame-careplan-{TRACKS[record['filiere']]}")

    def protocol(record: Mapping[str, Any]) -> list[str]:
        return [guide.canonical("PlanDefinition", f"sesame-{TRACKS[record['filiere']]}")]

    def called(record: Mapping[str, Any]) -> str:
        return title(guide, TRACKS[record["filiere"]], record["rang"])

    return (
        Derived(f"{AT}.meta", claimed, "Le profil de la filière."),
        Derived(f"{AT}.instantiatesCanonical", protocol, "Le protocole de la filière."),
        Derived(f"{AT}.title", called, "La filière et le rang."),
    )
