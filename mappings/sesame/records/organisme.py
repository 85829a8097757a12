"""organisme: the association that carries SÉSAME, or an insurer that pays.

https://hl7.org/fhir/R4/organization.html
"""

from collections.abc import Mapping
from typing import Any

from fhir_server.conversion.field_kinds import IdentifierValue, line
from fhir_server.conversion.table import Derived, Field, Part, Table
from mappings.sesame.guide import Guide, Resource
from mappings.sesame.identifiers import FR_TYPES, SIRENE
from mappings.sesame.records import names
from mappings.sesame.records.words import foreign
from mappings.sesame.resources.organization import ORGANIZATION_TYPE

AT = "Organization"
KINDS = {"porteur": "bus", "caisse": "pay"}
PROFILES = {"porteur": "sesame-organization-quartet", "caisse": "sesame-organization-insurer"}


def organisme(guide: Guide) -> Table:
    """The table of the record."""

    def claimed(record: Mapping[str, Any]) -> Resource:
        return names.profile(guide, PROFILES[record["nature"]])

    number = IdentifierValue({**names.of_type("SIREN", FR_TYPES), "system": SIRENE}, r"^[0-9]{9}$")
    kind = foreign(ORGANIZATION_TYPE, KINDS)
    return Table(
        name="organisme",
        title="Porteur de SÉSAME ou caisse d'assurance maladie",
        system=names.system_of(guide, "organisme"),
        parts=(Part(AT, {"active": True}),),
        fields=(
            Field(
                "siren",
                number,
                (f"{AT}.identifier[siren]",),
                "Numéro SIREN ; exigé pour le porteur.",
                source="V (FR Core)",
            ),
            names.key(guide, "organisme", f"{AT}.identifier[record]", frame=names.of_type("PRN")),
            Field("nature", kind, (f"{AT}.type[0]",), "Qui porte SÉSAME, ou qui paie.", True, "RA"),
            Field("nom", line(), (f"{AT}.name",), "Nom.", True, "RA"),
        ),
        derived=(Derived(f"{AT}.meta", claimed, "Le profil de la nature."),),
        patterns={"siren": {"system": SIRENE}},
        rules={
            "if": {"properties": {"nature": {"const": "porteur"}}},
            "then": {"required": ["siren"]},
        },
        recognised_by=("nature",),
    )
