"""site: a place where SÉSAME is offered, such as a health centre or a group practice.

https://hl7.org/fhir/R4/organization.html
"""

from fhir_server.conversion.field_kinds import IdentifierValue, ListOf, flag, line
from fhir_server.conversion.table import Field, Part, Table
from mappings.sesame.guide import Guide
from mappings.sesame.identifiers import FINESS, FR_TYPES
from mappings.sesame.records import names
from mappings.sesame.resources.elements import concept
from mappings.sesame.resources.organization import ORGANIZATION_TYPE


def site(guide: Guide) -> Table:
    """The table of the record."""
    seed = {
        "meta": names.profile(guide, "sesame-organization-site"),
        "type": [concept(ORGANIZATION_TYPE, "prov")],
    }
    return Table(
        name="site",
        title="Site",
        system=names.system_of(guide, "site"),
        parts=(Part("Organization", seed, mark=("type",)),),
        fields=_fields(guide),
        patterns={
            "finess": {"system": FINESS},
            "phone": {"system": "phone"},
        },
        recognised_by=("finess",),
    )


def _fields(guide: Guide) -> tuple[Field, ...]:
    number = IdentifierValue(
        {**names.of_type("FINEG", FR_TYPES), "system": FINESS}, r"^([0-9]{2}|2[AB])[0-9]{7}$"
    )
    at, address = "Organization", "Organization.address[0]"
    return (
        # First, because claims name a site by its first identifier.
        Field("finess", number, (f"{at}.identifier[finess]",), "Numéro FINESS géographique.", True, "V"),
        names.key(guide, "site", f"{at}.identifier[record]"),
        Field("nom", line(), (f"{at}.name",), "Nom du site.", True, "RA"),
        Field("adresse.lignes", ListOf(line(), most=5), (f"{address}.line",), "Lignes de l'adresse."),
        Field("adresse.code_postal", line(10), (f"{address}.postalCode",), "Code postal."),
        Field("adresse.ville", line(), (f"{address}.city",), "Commune."),
        Field("adresse.departement", line(3), (f"{address}.district",), "Département.", source="AV"),
        Field("telephone", line(40), (f"{at}.telecom[phone].value",), "Téléphone."),
        Field("actif", flag(), (f"{at}.active",), "Faux quand le site n'offre plus SÉSAME."),
    )
