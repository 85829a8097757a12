"""revue_de_cas: the review of one patient by nurse and psychiatrist, in the patient's absence, and its
advice.

https://hl7.org/fhir/R4/encounter.html and https://hl7.org/fhir/R4/clinicalimpression.html
"""

from collections.abc import Mapping
from typing import Any

from fhir_server.conversion.field_kinds import moment, text
from fhir_server.conversion.table import Derived, Field, Part, Table
from mappings.sesame.guide import Guide, Resource
from mappings.sesame.records import names
from mappings.sesame.resources.elements import ACT_CODE

REVIEW, FINDING = "Encounter", "ClinicalImpression"


def revue_de_cas(guide: Guide) -> Table:
    """The table of the record."""

    def review(record: Mapping[str, Any]) -> Resource:
        return names.own_reference(guide, "revue_de_cas", REVIEW, record)

    roles = {name: {"type": [guide.concept("sesame-role", name)]} for name in ("ide", "psychiatre")}
    return Table(
        name="revue_de_cas",
        title="Revue de cas",
        system=names.system_of(guide, "revue_de_cas"),
        parts=_parts(guide),
        fields=(*_people(guide), *_findings()),
        derived=(Derived(f"{FINDING}.encounter", review, "La revue."),),
        patterns=roles,
    )


def _parts(guide: Guide) -> tuple[Part, ...]:
    review = {
        "meta": names.profile(guide, "sesame-encounter-case-review"),
        "status": "finished",
        "class": {"system": ACT_CODE, "code": "VR"},
        "type": [guide.concept("sesame-encounter-type", "case-review")],
    }
    finding = {
        "meta": names.profile(guide, "sesame-clinicalimpression-case-review"),
        "status": "completed",
    }
    return (Part(REVIEW, review, mark=("type",)), Part(FINDING, finding, refers_by="encounter"))


def _people(guide: Guide) -> tuple[Field, ...]:
    numbers = (f"{REVIEW}.identifier[record]", f"{FINDING}.identifier[record]")
    return (
        names.key(guide, "revue_de_cas", *numbers, frame=names.visit_type()),
        names.patient(guide, f"{REVIEW}.subject", f"{FINDING}.subject"),
        names.link(
            guide, "parcours", "parcours", f"{REVIEW}.episodeOfCare[0]", text="Le parcours.", required=True
        ),
        names.link(
            guide,
            "ide",
            "professionnel",
            f"{REVIEW}.participant[ide].individual",
            text="L'infirmier ou l'infirmière.",
            required=True,
            source="RA",
        ),
        names.link(
            guide,
            "psychiatre",
            "professionnel",
            f"{REVIEW}.participant[psychiatre].individual",
            f"{FINDING}.assessor",
            text="Le psychiatre.",
            required=True,
            source="RA",
        ),
    )


def _findings() -> tuple[Field, ...]:
    return (
        Field(
            "debut", moment(), (f"{REVIEW}.period.start", f"{FINDING}.date"), "Début de la revue.", True, "RA"
        ),
        Field("fin", moment(), (f"{REVIEW}.period.end",), "Fin de la revue.", source="D"),
        Field("synthese", text(), (f"{FINDING}.summary",), "Ce qui est constaté.", True, "D"),
        Field("recommandation", text(), (f"{FINDING}.note[0].text",), "Ce qui est recommandé.", True, "D"),
    )
