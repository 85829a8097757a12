"""couverture: a patient's rights to compulsory health insurance, for billing.

https://hl7.org/fhir/R4/coverage.html
"""

from fhir_server.conversion.field_kinds import Plain, Word, day
from fhir_server.conversion.table import Field, Part, Table
from mappings.sesame.guide import Guide
from mappings.sesame.records import names
from mappings.sesame.records.patient import NUMBER
from mappings.sesame.records.words import FINANCIAL_STATES
from mappings.sesame.resources.coverage import RELATIONSHIP
from mappings.sesame.resources.elements import ACT_CODE, concept

AT = "Coverage"


def couverture(guide: Guide) -> Table:
    """The table of the record."""
    seed = {
        "meta": names.profile(guide, "sesame-coverage"),
        "type": concept(ACT_CODE, "PUBLICPOL", "Assurance maladie obligatoire (AMO)"),
        "relationship": concept(RELATIONSHIP, "self"),
    }
    return Table(
        name="couverture",
        title="Droits à l'assurance maladie",
        system=names.system_of(guide, "couverture"),
        parts=(Part(AT, seed, mark=("type",)),),
        fields=_fields(guide),
    )


def _fields(guide: Guide) -> tuple[Field, ...]:
    social = Plain({"type": "string", "pattern": NUMBER})
    state = Word(FINANCIAL_STATES, "http://hl7.org/fhir/fm-status")
    return (
        names.key(guide, "couverture", f"{AT}.identifier[record]"),
        names.patient(guide, f"{AT}.beneficiary", f"{AT}.subscriber"),
        Field("nss", social, (f"{AT}.subscriberId",), "Numéro de sécurité sociale, avec sa clé.", True, "V"),
        names.link(
            guide, "caisse", "organisme", f"{AT}.payor[0]", text="L'organisme qui paie.", required=True
        ),
        Field("statut", state, (f"{AT}.status",), "Ce que valent ces droits.", True, "D"),
        Field("debut", day(), (f"{AT}.period.start",), "Premier jour des droits."),
        Field("fin", day(), (f"{AT}.period.end",), "Dernier jour des droits."),
    )
