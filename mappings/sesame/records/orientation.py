"""orientation: referral of a patient to a psychologist, an association or social services.

https://hl7.org/fhir/R4/servicerequest.html
"""

from fhir_server.conversion.field_kinds import Word, line, moment, text
from fhir_server.conversion.table import Field, Part, Table
from mappings.sesame.guide import Guide
from mappings.sesame.records import names
from mappings.sesame.records.words import ORIENTATIONS, coded

AT = "ServiceRequest"
STATES = {"en-cours": "active", "aboutie": "completed", "abandonnee": "revoked"}


def orientation(guide: Guide) -> Table:
    """The table of the record."""
    seed = {"meta": names.profile(guide, "sesame-servicerequest-orientation"), "intent": "order"}
    return Table(
        name="orientation",
        title="Orientation vers d'autres soins ou services",
        system=names.system_of(guide, "orientation"),
        parts=(Part(AT, seed),),
        fields=_fields(guide),
        recognised_by=("type",),
    )


def _fields(guide: Guide) -> tuple[Field, ...]:
    kind = coded(guide, "sesame-care-type", ORIENTATIONS)
    state = Word(STATES, "http://hl7.org/fhir/request-status")
    return (
        names.key(guide, "orientation", f"{AT}.identifier[record]"),
        names.patient(guide, f"{AT}.subject"),
        names.link(
            guide, "professionnel", "professionnel", f"{AT}.requester", text="Qui oriente.", required=True
        ),
        names.link(guide, "sequence", "sequence", f"{AT}.basedOn[0]", text="La séquence en cours."),
        Field("type", kind, (f"{AT}.code",), "Vers quoi le patient est orienté.", True, "RA"),
        Field("date", moment(), (f"{AT}.authoredOn",), "Date et heure de l'orientation.", True, "D"),
        Field("statut", state, (f"{AT}.status",), "Ce qu'elle est devenue.", True, "D"),
        Field("destinataire", line(), (f"{AT}.performer[0].display",), "Nom du destinataire."),
        Field("motif", text(), (f"{AT}.reasonCode[0].text",), "Motif de l'orientation."),
    )
