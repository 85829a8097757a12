"""avis_psychiatre: what the psychiatrist tells the referring doctor after a case review.

https://hl7.org/fhir/R4/communication.html
"""

from fhir_server.conversion.field_kinds import moment, text
from fhir_server.conversion.table import Field, Part, Table
from mappings.sesame.guide import Guide
from mappings.sesame.records import names

AT = "Communication"


def avis_psychiatre(guide: Guide) -> Table:
    """The table of the record."""
    seed = {
        "meta": names.profile(guide, "sesame-communication-advice"),
        "status": "completed",
        "category": [guide.concept("sesame-communication-category", "case-review-advice")],
    }
    return Table(
        name="avis_psychiatre",
        title="Avis du psychiatre au médecin",
        system=names.system_of(guide, "avis_psychiatre"),
        parts=(Part(AT, seed, mark=("category",)),),
        fields=_fields(guide),
    )


def _fields(guide: Guide) -> tuple[Field, ...]:
    return (
        names.key(guide, "avis_psychiatre", f"{AT}.identifier[record]"),
        names.patient(guide, f"{AT}.subject"),
        names.link(
            guide,
            "adressage",
            "adressage",
            f"{AT}.basedOn[0]",
            text="L'adressage auquel l'avis répond.",
            required=True,
        ),
        names.link(guide, "revue", "revue_de_cas", f"{AT}.encounter", text="La revue de cas."),
        names.link(
            guide, "psychiatre", "professionnel", f"{AT}.sender", text="Le psychiatre.", required=True
        ),
        names.link(
            guide, "medecin", "professionnel", f"{AT}.recipient[0]", text="Le médecin.", required=True
        ),
        Field("date", moment(), (f"{AT}.sent",), "Date et heure de l'envoi.", True, "D"),
        Field("texte", text(), (f"{AT}.payload[0].contentString",), "L'avis.", True, "D"),
    )
