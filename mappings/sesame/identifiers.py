"""French and SÉSAME identifiers, as FR Core 2.2.0 writes them.

https://hl7.fr/ig/fhir/core
"""

from fhir_server.core.name_based_uuid import name_based_uuid
from mappings.sesame.guide import Guide, Resource

FR_CORE = "https://hl7.fr/ig/fhir/core"
FR_TYPES = f"{FR_CORE}/CodeSystem/fr-core-cs-v2-0203"
HL7_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"
VISIT_TYPES = f"{FR_CORE}/CodeSystem/fr-core-cs-identifier-type"
NOS = "https://mos.esante.gouv.fr/NOS"
"""The prefix of the code systems of the French digital health agency (ANS)."""

# The INS-NIR and the social security number share one OID: the type tells them apart.
NIR = "urn:oid:1.2.250.1.213.1.4.8"
INS_NIR_TEST = "urn:oid:1.2.250.1.213.1.4.10"
RPPS = "https://rpps.esante.gouv.fr"
FINESS = "https://finess.esante.gouv.fr"
SIRENE = "https://sirene.fr"


def identifier(
    system: str, value: str, type: tuple[str, str] | None = None, use: str | None = None
) -> Resource:
    """An Identifier; `type` is the system and code of `Identifier.type`."""
    found: Resource = {"use": use} if use else {}
    if type:
        found["type"] = {"coding": [{"system": type[0], "code": type[1]}]}
    return found | {"system": system, "value": value}


def ins_nir_test(value: str) -> Resource:
    """The national health identifier of a fictitious test patient: 13 characters and the key."""
    return identifier(INS_NIR_TEST, value, (FR_TYPES, "INS-NIR-TEST"), "official")


def social_security(value: str) -> Resource:
    """The social security number, for billing only."""
    return identifier(NIR, value, (HL7_TYPES, "NH"), "official")


def internal(system: str, value: str) -> Resource:
    """An organisation's own patient identifier (IPP)."""
    return identifier(system, value, (HL7_TYPES, "PI"), "usual")


def rpps(value: str) -> Resource:
    """A health professional's 11-digit national number."""
    return identifier(RPPS, value, (FR_TYPES, "RPPS"), "official")


def finess(value: str) -> Resource:
    """A health site's 9-character number (entité géographique)."""
    return identifier(FINESS, value, (FR_TYPES, "FINEG"))


def siren(value: str) -> Resource:
    """A legal entity's 9-digit number."""
    return identifier(SIRENE, value, (FR_TYPES, "SIREN"))


def placer(system: str, value: str) -> Resource:
    """The identifier of a referral in the software that sends it."""
    return identifier(system, value, (HL7_TYPES, "PLAC"))


def filler(guide: Guide, value: str) -> Resource:
    """The number that a SÉSAME server assigns to a referral that it receives."""
    return identifier(guide.naming_system("referral"), value, (HL7_TYPES, "FILL"))


def visit(guide: Guide, value: str) -> Resource:
    """The identifier of an encounter, with the type that fr-core-encounter requires."""
    return identifier(guide.naming_system("record"), value, (VISIT_TYPES, "VN"))


def numbered(guide: Guide, naming_system: str, value: str) -> Resource:
    """An identifier in one of the guide's own naming systems."""
    return identifier(guide.naming_system(naming_system), value)


def record_id(type: str, identifier: Resource) -> str:
    """The logical id derived from an identifier: the same identifier always gives the same id."""
    return name_based_uuid(f"{type}|{identifier['system']}|{identifier['value']}")
