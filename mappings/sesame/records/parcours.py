"""parcours and sortie: a patient's stay in SÉSAME as it begins, and as it ends.

Both speak of one EpisodeOfCare and bear its identifier. https://hl7.org/fhir/R4/episodeofcare.html
"""

from collections.abc import Mapping
from typing import Any

from fhir_server.conversion.field_kinds import day
from fhir_server.conversion.table import Derived, Field, Part, Table
from mappings.sesame.guide import Guide, Resource
from mappings.sesame.records import names
from mappings.sesame.records.words import EXITS, coded

AT = "EpisodeOfCare"
CARRIER = {"display": "Quartet Santé"}


def parcours(guide: Guide) -> Table:
    """The table of the record that opens a stay."""
    seed = _seed(guide, "active")
    return Table(
        name="parcours",
        title="Parcours d'un patient",
        system=names.system_of(guide, "parcours"),
        # Whether the stay has ended, others say.
        parts=(Part(AT, seed, initial=("status",)),),
        fields=(
            *_stay(guide, "parcours"),
            names.link(
                guide,
                "ide",
                "professionnel",
                f"{AT}.careManager",
                text="L'infirmier ou l'infirmière qui suit le patient.",
            ),
            names.link(
                guide,
                "porteur",
                "organisme",
                f"{AT}.managingOrganization",
                text="Qui porte SÉSAME ; exigé pour facturer.",
                source="RA",
            ),
            names.link(
                guide, "site", "site", f"{AT}.extension[site].valueReference", text="Le site de référence."
            ),
        ),
        patterns={
            "episode": names.of_record(guide, "parcours"),
            "site": {"url": guide.profile("site-referent")},
        },
    )


def sortie(guide: Guide) -> Table:
    """The table of the record that closes a stay."""
    return Table(
        name="sortie",
        title="Sortie d'un patient",
        system=names.system_of(guide, "sortie"),
        parts=(Part(AT, _seed(guide, "finished"), mark=("status",), initial=("managingOrganization",)),),
        fields=(
            *_stay(guide, "sortie"),
            Field("fin", day(), (f"{AT}.period.end",), "Dernier jour du parcours.", True, "D"),
            Field(
                "motif",
                coded(guide, "sesame-exit-reason", EXITS),
                (f"{AT}.extension[exit].valueCodeableConcept",),
                "Pourquoi le parcours prend fin.",
                True,
                "D",
            ),
        ),
        derived=(Derived(f"{AT}.statusHistory[0]", _active, "Le parcours fut en cours jusqu'à sa fin."),),
        patterns={
            "episode": names.of_record(guide, "sortie"),
            "exit": {"url": guide.profile("exit-reason")},
        },
    )


def _seed(guide: Guide, status: str) -> Resource:
    return {
        "meta": names.profile(guide, "sesame-episodeofcare"),
        "status": status,
        "managingOrganization": CARRIER,
    }


def _stay(guide: Guide, record: str) -> tuple[Field, ...]:
    return (
        names.key(guide, record, f"{AT}.identifier[episode]"),
        names.patient(guide, f"{AT}.patient"),
        names.link(
            guide,
            "adressage",
            "adressage",
            f"{AT}.referralRequest[0]",
            text="L'adressage dont le parcours est la suite.",
            required=True,
        ),
        Field("debut", day(), (f"{AT}.period.start",), "Premier jour du parcours.", True, "D"),
    )


def _active(record: Mapping[str, Any]) -> Resource:
    return {"status": "active", "period": {"start": record["debut"], "end": record["fin"]}}
