"""professionnel: a doctor or a nurse in one role at one site.

A person who holds two roles is two records with one RPPS number, and one Practitioner.
https://hl7.org/fhir/R4/practitionerrole.html
"""

from collections.abc import Mapping
from typing import Any

from fhir_server.conversion.field_kinds import IdentifierValue, flag, line
from fhir_server.conversion.references import reference_by_identifier
from fhir_server.conversion.table import Derived, Field, Part, Table
from mappings.sesame.guide import Guide, Resource
from mappings.sesame.identifiers import FR_TYPES, RPPS
from mappings.sesame.records import names
from mappings.sesame.records.words import ROLES, coded
from mappings.sesame.resources.elements import concept
from mappings.sesame.resources.practitioner import PROFESSION, PROFESSIONS, SPECIALTY

PROFILES = {"medecin-generaliste": "mg", "psychiatre": "psychiatre", "ide": "ide"}
ROLE, PERSON = "PractitionerRole", "Practitioner"


def professionnel(guide: Guide) -> Table:
    """The table of the record."""
    return Table(
        name="professionnel",
        title="Professionnel dans un rôle sur un site",
        system=names.system_of(guide, "professionnel"),
        parts=(
            Part(ROLE, {"meta": names.profile(guide, "sesame-practitionerrole")}),
            Part(PERSON, identity=(RPPS, "rpps")),
        ),
        fields=_fields(guide),
        derived=_derived(guide),
        patterns={
            "rpps": {"system": RPPS},
            "official": {"use": "official"},
            "phone": {"system": "phone"},
            "email": {"system": "email"},
        },
    )


def _fields(guide: Guide) -> tuple[Field, ...]:
    number = IdentifierValue(
        {"use": "official", **names.of_type("RPPS", FR_TYPES), "system": RPPS}, r"^[0-9]{11}$"
    )
    return (
        names.key(guide, "professionnel", f"{ROLE}.identifier[record]"),
        Field("rpps", number, (f"{PERSON}.identifier[rpps]",), "Numéro RPPS.", True, "V (FR Core)"),
        Field("nom", line(), (f"{PERSON}.name[official].family",), "Nom d'exercice.", True, "V"),
        Field("prenom", line(), (f"{PERSON}.name[official].given[0]",), "Prénom.", True, "V"),
        Field("role", coded(guide, "sesame-role", ROLES), (f"{ROLE}.code[0]",), "Rôle.", True, "AV"),
        names.link(
            guide,
            "site",
            "site",
            f"{ROLE}.organization",
            text="Identifiant du site où le rôle s'exerce.",
            required=True,
            source="RA",
        ),
        Field("telephone", line(40), (f"{ROLE}.telecom[phone].value",), "Téléphone professionnel."),
        Field("courriel", line(), (f"{ROLE}.telecom[email].value",), "Adresse électronique professionnelle."),
        Field("actif", flag(), (f"{ROLE}.active",), "Faux quand le rôle n'est plus exercé."),
    )


def _derived(guide: Guide) -> tuple[Derived, ...]:
    def person(record: Mapping[str, Any]) -> Resource:
        return {"reference": reference_by_identifier(PERSON, RPPS, record["rpps"])}

    def specialty(record: Mapping[str, Any]) -> Resource | None:
        code = PROFESSIONS[record["role"]][1]
        return concept(SPECIALTY, code) if code else None

    def profession(record: Mapping[str, Any]) -> Resource:
        return concept(PROFESSION, PROFESSIONS[record["role"]][0])

    def claimed(record: Mapping[str, Any]) -> Resource:
        return names.profile(guide, f"sesame-practitioner-{PROFILES[record['role']]}")

    return (
        Derived(f"{ROLE}.practitioner", person, "La personne, par son RPPS."),
        Derived(f"{ROLE}.specialty[0]", specialty, "La spécialité qui va avec le rôle."),
        Derived(f"{PERSON}.qualification[0].code", profession, "La profession qui va avec le rôle."),
        Derived(f"{PERSON}.meta", claimed, "Le profil de la profession."),
    )
